/* SPDX-License-Identifier: Apache-2.0 */
/* The one layout of weights for all instruction sets (spec/numerics.md, "Layout"): 16 rows interleaved, and 4 columns
 * together for the quantised types.  Placing is a byte-for-byte map from the file, so a range can start and end
 * anywhere.
 *
 * A group holds 16 rows; n is the columns, b = n / 32 the blocks of a row:
 *   F32   n x [16 rows] float
 *   F16   n x [16 rows] half
 *   Q8_0  b x 8 x [16 rows][4 columns] uint8 (value + 128), then b x [16 rows] half scale
 *   Q4_0  b x 4 x [16 rows][4 bytes] nibbles (byte j of the file's 16: column j low, j + 16 high), then the scales
 * Each group starts at a multiple of 64; rows past the last one are zero.  A vector is n floats, zero to a multiple of
 * 16. */
#ifndef ENGINE_LAYOUT_H
#define ENGINE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAYOUT_ROWS = 16,  /* rows in a group, and lanes in every fixed sum */
    LAYOUT_BLOCK = 32, /* columns in a block of a quantised type */
    LAYOUT_ALIGN = 64,
};

enum weight_type { WEIGHT_F32 = 0, WEIGHT_F16, WEIGHT_Q8_0, WEIGHT_Q4_0, WEIGHT_TYPES_N };

struct matrix {
    enum weight_type type;
    bool vector; /* kept as it is in the file: F32 only, rows 1 */
    uint32_t rows_n;
    uint32_t columns_n;   /* a multiple of LAYOUT_BLOCK for the quantised types */
    uint64_t file_offset; /* in the model's file */
    uint64_t file_len;
    uint64_t group_len; /* bytes from a group of rows to the next in the layout */
    uint64_t at;        /* offset in the weights, a multiple of LAYOUT_ALIGN */
};

const char *weight_type_name(enum weight_type type);

/* Bytes of columns_n columns of one row in the file. */
uint64_t layout_row_len(enum weight_type type, uint64_t columns_n);

/* Bytes of one group of rows in the layout. */
uint64_t layout_group_len(enum weight_type type, uint64_t columns_n);

/* Groups of rows in the matrix. */
size_t layout_groups_n(const struct matrix *m);

/* Writes len bytes that stand at offset (in the tensor's own bytes) of the file to the tensor's place; weights is the
 * start of all weights.  offset + len <= file_len. */
void layout_place(const struct matrix *m, uint8_t *weights, uint64_t offset, const uint8_t *bytes, size_t len);

/* row: columns_n floats of one row of the matrix; an exact conversion but for one rounded product with the scale. */
void layout_row_read(float *row, const struct matrix *m, const uint8_t *weights, size_t index);

#endif
