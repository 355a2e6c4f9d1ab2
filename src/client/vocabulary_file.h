/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer of a model's file: the leading part of a GGUF file, whose weights are not read, or a tokenizer.json. */
#ifndef CLIENT_VOCABULARY_FILE_H
#define CLIENT_VOCABULARY_FILE_H

#include "engine/tokenizer/tokenizer.h"
#include "sys/command.h"

struct vocabulary_file {
    struct tokenizer tokenizer;
    void *meta, *tables;
};

/* Opens the tokenizer at path: a GGUF file, which may have no tensors, a tokenizer.json, or a folder that holds one.  A
 * file that is named tokenizer.json is read with tokenizer_config.json, config.json and generation_config.json beside
 * it, if they are there.  Ends with vocabulary_file_close in every case.  Statuses as tokenizer_open and
 * tokenizer_file_convert, STATUS_MALFORMED for any other file, and those of a file that cannot be read. */
must_check enum status vocabulary_file_open(struct vocabulary_file *f, const char *path, struct reason *why);
void vocabulary_file_close(struct vocabulary_file *f);

/* What a command does with the bytes of its input. */
typedef enum status vocabulary_work(const struct tokenizer *t, const uint8_t *input, size_t input_len,
                                    const struct command_line *line, struct reason *why);

/* A command on a vocabulary (--model) and an input of at most input_max bytes, which is a file or standard input; its
 * exit code. */
int vocabulary_command_run(const struct command_line *line, size_t input_max, vocabulary_work *work);

#endif
