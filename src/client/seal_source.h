/* SPDX-License-Identifier: Apache-2.0 */
/* Where the plaintext of a model to seal comes from: a file as it is, one that an older tool encrypted, or the files of
 * a model that become one GGUF file on the way. */
#ifndef CLIENT_SEAL_SOURCE_H
#define CLIENT_SEAL_SOURCE_H

#include "client/fernet.h"
#include "client/seal_import.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/header.h"
#include <stdbool.h>
#include <stdint.h>

struct seal_source {
    int fd;
    uint64_t file_len;          /* of the file, in bytes */
    uint64_t plain_len;         /* of the model in it */
    struct fernet *fernet;      /* NULL: the file is the model */
    struct seal_import *import; /* NULL: it is one file */
};

/* Opens path: a file, a safetensors folder, or the first part of a split GGUF model; with a fernet key the file is
 * decrypted on the way.  STATUS_NOT_FOUND, _USAGE (no regular file, empty), _MALFORMED, and those of seal_import_open.
 *  Close with seal_source_close. */
must_check enum status seal_source_open(struct seal_source *source, const char *path,
                                        const struct fernet_key *fernet_key, struct reason *why);
void seal_source_close(struct seal_source *source);

/* Plaintext bytes [offset, offset + len).  Threads may call it at once when seal_source_is_parallel says so. */
must_check enum status seal_source_read(struct seal_source *source, uint64_t offset, uint8_t *out, size_t len,
                                        struct reason *why);

/* The first pass reads everything once, in order when the source is not parallel, and ends with this: STATUS_FORGED
 * when the source is authenticated and what was read is not genuine. */
must_check enum status seal_source_end_first_pass(struct seal_source *source, struct reason *why);
bool seal_source_is_parallel(const struct seal_source *source);

/* True when the model is a folder, or in parts. */
bool seal_source_is_imported(const struct seal_source *source);

/* STATUS_BUSY when the file's length is not what it was. */
must_check enum status seal_source_check_unchanged(const struct seal_source *source, struct reason *why);

/* How many leading bytes hold no weights: of a GGUF file what comes before its tensors, otherwise 0. */
must_check enum status seal_source_meta_len(uint64_t *meta_len, struct seal_source *source, struct reason *why);

#endif
