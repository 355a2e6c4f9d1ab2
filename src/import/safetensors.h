/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a safetensors file: 8 bytes of length, a JSON object of that length, then the tensors' bytes.  The
 * bytes are from outside.  Format: the safetensors project; spec/import.md, IMP-1 to IMP-3. */
#ifndef IMPORT_SAFETENSORS_H
#define IMPORT_SAFETENSORS_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SAFETENSORS_LEN_LEN = 8, /* bytes of the length */
    SAFETENSORS_HEADER_MAX = 100000000,
    SAFETENSORS_TENSORS_MAX = 65536,
    SAFETENSORS_DIMENSIONS_MAX = 4,
    SAFETENSORS_NAME_MAX = 256,
};

struct safetensors_type {
    const char *name; /* "BF16" */
    uint32_t bits;
};

struct safetensors_tensor {
    const char *name; /* not NUL-terminated */
    size_t name_len;
    const struct safetensors_type *type;
    uint32_t dimensions_n;                           /* 0: a single number */
    uint64_t dimensions[SAFETENSORS_DIMENSIONS_MAX]; /* outermost first, 1 where absent */
    uint64_t offset;                                 /* from the start of the file */
    uint64_t len;
};

struct safetensors {
    struct safetensors_tensor *tensors; /* in the order of their bytes */
    size_t tensors_n;
};

/* Bytes up to the first tensor, from the first SAFETENSORS_LEN_LEN bytes of a file of file_len bytes.
 * STATUS_TRUNCATED: the file is shorter; STATUS_LIMIT: the header is longer than SAFETENSORS_HEADER_MAX. */
must_check enum status safetensors_header_len(uint64_t *header_len, const void *start, size_t start_len,
                                              uint64_t file_len, struct reason *why);

/* Parses those header_len bytes.  Names point into header or a, which live as long as *s.  The tensors' bytes fill the
 * rest of the file without gap or overlap.  Arena: safetensors_arena_len(header_len) at most.
 * STATUS_MALFORMED, _TRUNCATED, _UNSUPPORTED (a type that is not known), _LIMIT, _NO_MEMORY; *s is zeroed on error. */
must_check enum status safetensors_parse(struct safetensors *s, struct arena *a, const void *header, size_t header_len,
                                         uint64_t file_len, struct reason *why);

/* Arena bytes that safetensors_parse can need. */
size_t safetensors_arena_len(size_t header_len);

#endif
