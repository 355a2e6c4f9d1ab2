/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a model that is not one GGUF file (a safetensors folder, a split GGUF model), open and read as one:
 * src/import says how their bytes become those of a GGUF file. */
#ifndef CLIENT_SEAL_IMPORT_H
#define CLIENT_SEAL_IMPORT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/virtual_file.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_import_file {
    int fd;
    uint64_t len;
    uint8_t *head; /* up to the first tensor; kept while the model is read in */
    size_t head_len;
};

struct seal_import {
    struct virtual_file file;
    struct seal_import_file *files;
    size_t files_n;
    void *memory; /* of file and what it points to */
    size_t memory_len;
};

/* True when path is a folder, or named like a part of a split GGUF model. */
bool seal_import_wants(const char *path, bool is_folder);

/* Opens the model at path, for which seal_import_wants is true.  Statuses as split_join and folder_convert, and of the
 * files.  Close with seal_import_close, also after an error. */
must_check enum status seal_import_open(struct seal_import *i, const char *path, bool is_folder, struct reason *why);
void seal_import_close(struct seal_import *i);

/* Bytes [offset, offset + len) of the GGUF file; any thread. */
must_check enum status seal_import_read(const struct seal_import *i, uint64_t offset, uint8_t *out, size_t len,
                                        struct reason *why);

/* True when no file has another length than when it was opened. */
bool seal_import_is_unchanged(const struct seal_import *i);

#endif
