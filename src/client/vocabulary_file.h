/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer of a model's file: the leading part of a GGUF file is read, weights are not. */
#ifndef CLIENT_VOCABULARY_FILE_H
#define CLIENT_VOCABULARY_FILE_H

#include "engine/tokenizer/tokenizer.h"

struct vocabulary_file {
    struct tokenizer tokenizer;
    uint8_t *meta;
    void *tables;
};

/* Opens the tokenizer of the GGUF file at path, which may have no tensors.  Ends with vocabulary_file_close in every
 * case.  Statuses as tokenizer_open, and those of a file that cannot be read. */
must_check enum status vocabulary_file_open(struct vocabulary_file *f, const char *path, struct reason *why);
void vocabulary_file_close(struct vocabulary_file *f);

#endif
