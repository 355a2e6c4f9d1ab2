/* SPDX-License-Identifier: Apache-2.0 */
/* The one layout of weights for all instruction sets (spec/numerics.md, "Layout"): groups of 16 rows, each a section a
 * field (engine/format.h), the rows interleaved.  Placing is a byte-for-byte map from the file, so a range can start
 * and end anywhere and be placed by any thread; finishing then unpacks what is packed across bytes and checks that
 * every number is finite.
 *
 * A group starts at a multiple of 64; rows past the last one are zero.  A vector is n floats, zero to a multiple of 16.
 */
#ifndef ENGINE_LAYOUT_H
#define ENGINE_LAYOUT_H

#include "core/base/status.h"
#include "engine/format.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_ALIGN = 64 };

struct matrix {
    enum weight_type type;
    bool vector; /* kept as it is in the file: F32 only, rows 1 */
    uint32_t rows_n;
    uint32_t columns_n; /* a multiple of the type's unit; 0: the matrix is not there */
    uint64_t group_len; /* bytes from a group of rows to the next in the layout */
    uint64_t at;        /* offset in the weights, a multiple of LAYOUT_ALIGN */
};

/* Where the sections of a group start. */
struct weight_group {
    const uint8_t *field[FORMAT_FIELDS_MAX];
};

/* Bytes of columns_n columns of one row in the file. */
uint64_t layout_row_len(enum weight_type type, uint64_t columns_n);

/* Bytes of one group of rows in the layout. */
uint64_t layout_group_len(enum weight_type type, uint64_t columns_n);

/* Groups of rows in the matrix. */
size_t layout_groups_n(const struct matrix *m);

/* Group index of the matrix; weights is the start of all weights. */
struct weight_group layout_group(const struct matrix *m, const uint8_t *weights, size_t index);

/* Writes len bytes that stand at offset (in the tensor's own bytes) of the file to the tensor's place; weights is the
 * start of all weights. */
void layout_place(const struct matrix *m, uint8_t *weights, uint64_t offset, const uint8_t *bytes, size_t len);

/* Unpacks and checks groups [first, first + n) once all their bytes are placed; exactly once for each group.
 * STATUS_MALFORMED: a number is infinite or NaN. */
must_check enum status layout_finish(const struct matrix *m, uint8_t *weights, size_t first, size_t n);

#endif
