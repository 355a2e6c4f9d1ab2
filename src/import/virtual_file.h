/* SPDX-License-Identifier: Apache-2.0 */
/* A GGUF file that is nowhere whole: metadata in memory, and segments that say where the bytes of each tensor come from
 * and how they change on the way.  spec/import.md, IMP-20 to IMP-24. */
#ifndef IMPORT_VIRTUAL_FILE_H
#define IMPORT_VIRTUAL_FILE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/format.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum segment_kind {
    SEGMENT_MEMORY,
    SEGMENT_COPY,    /* bytes as they are */
    SEGMENT_NUMBERS, /* to F32 */
    SEGMENT_PAIRS,   /* rows of a head's two halves become neighbours */
};

/* Bytes [at, at + len) of the file; what lies between segments is zero. */
struct virtual_segment {
    uint64_t at, len;
    enum segment_kind kind;
    uint32_t source; /* number of the source file */
    uint64_t offset; /* in it */
    const uint8_t *memory;
    enum weight_type type; /* SEGMENT_NUMBERS: of the source, F32, F16 or BF16 */
    bool plus_one;         /* SEGMENT_NUMBERS: 1 is added */
    uint64_t row_len;      /* SEGMENT_PAIRS: bytes of a row */
    uint32_t head_rows;    /* SEGMENT_PAIRS: rows of a head, even; of SEGMENT_NUMBERS: if not 0, numbers pair so too */
};

struct virtual_file {
    struct virtual_segment *segments; /* in order, none empty */
    size_t segments_n;
    uint64_t len;
    uint64_t meta_len; /* bytes before the first tensor */
};

/* Reads len bytes of a source file at offset. */
typedef enum status virtual_read_source(void *ctx, uint32_t source, uint64_t offset, void *out, size_t len,
                                        struct reason *why);

/* Bytes [offset, offset + len) of the file to out; threads may call it at once when read_source allows.
 * STATUS_USAGE: beyond the file's end; otherwise what read_source says. */
must_check enum status virtual_file_read(const struct virtual_file *f, uint64_t offset, uint8_t *out, size_t len,
                                         virtual_read_source *read_source, void *ctx, struct reason *why);

#endif
