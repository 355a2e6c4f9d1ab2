/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/layout.h"

#include "engine/numerics.h"

#include <string.h>

enum {
    Q8_0_LEN = 34, /* half scale, 32 int8 */
    Q4_0_LEN = 18, /* half scale, 16 bytes of nibbles */
    SCALE_LEN = 2,
    Q8_0_BIAS = 0x80, /* turns int8 into value + 128 */
};

const char *weight_type_name(enum weight_type type)
{
    static const char *const names[WEIGHT_TYPES_N] = {"F32", "F16", "Q8_0", "Q4_0"};
    return type < WEIGHT_TYPES_N ? names[type] : "unknown";
}

/* Columns and file bytes of the smallest unit of a row. */
static uint64_t unit_columns(enum weight_type type)
{
    return type == WEIGHT_Q8_0 || type == WEIGHT_Q4_0 ? LAYOUT_BLOCK : 1;
}

static uint64_t unit_len(enum weight_type type)
{
    static const uint8_t lens[WEIGHT_TYPES_N] = {4, 2, Q8_0_LEN, Q4_0_LEN};
    return lens[type];
}

uint64_t layout_row_len(enum weight_type type, uint64_t columns_n)
{
    return columns_n / unit_columns(type) * unit_len(type);
}

uint64_t layout_group_len(enum weight_type type, uint64_t columns_n)
{
    uint64_t len = layout_row_len(type, columns_n) * LAYOUT_ROWS;
    return (len + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
}

size_t layout_groups_n(const struct matrix *m)
{
    return (m->rows_n + (size_t)LAYOUT_ROWS - 1) / LAYOUT_ROWS;
}

/* Bytes of all blocks' values in a group, before the scales. */
static size_t values_len(const struct matrix *m)
{
    size_t per_block = m->type == WEIGHT_Q8_0 ? Q8_0_LEN - SCALE_LEN : Q4_0_LEN - SCALE_LEN;
    return m->columns_n / LAYOUT_BLOCK * per_block * LAYOUT_ROWS;
}

/* Writes bytes [from, from + len) of one unit of one row.  group: the layout of its 16 rows. */
static void place_part(const struct matrix *m, uint8_t *group, size_t row, size_t unit, const uint8_t *bytes,
                       size_t from, size_t len)
{
    size_t size = (size_t)unit_len(m->type);
    if (m->type == WEIGHT_F32 || m->type == WEIGHT_F16) {
        memcpy(group + (unit * LAYOUT_ROWS + row) * size + from, bytes, len);
        return;
    }
    uint8_t *scale = group + values_len(m) + (unit * LAYOUT_ROWS + row) * SCALE_LEN;
    uint8_t *values = group + unit * (size - SCALE_LEN) * LAYOUT_ROWS + row * 4;
    uint8_t bias = m->type == WEIGHT_Q8_0 ? Q8_0_BIAS : 0;
    for (size_t i = 0; i < len; i++) {
        size_t at = from + i;
        if (at < SCALE_LEN)
            scale[at] = bytes[i];
        else
            values[(at - SCALE_LEN) / 4 * 64 + (at - SCALE_LEN) % 4] = bytes[i] ^ bias;
    }
}

/* Whole units of one row. */
static void place_units(const struct matrix *m, uint8_t *group, size_t row, size_t unit, const uint8_t *bytes, size_t n)
{
    if (m->type == WEIGHT_F32) {
        for (size_t i = 0; i < n; i++)
            memcpy(group + ((unit + i) * LAYOUT_ROWS + row) * 4, bytes + i * 4, 4);
    } else if (m->type == WEIGHT_F16) {
        for (size_t i = 0; i < n; i++)
            memcpy(group + ((unit + i) * LAYOUT_ROWS + row) * 2, bytes + i * 2, 2);
    } else {
        size_t size = (size_t)unit_len(m->type);
        uint32_t bias = m->type == WEIGHT_Q8_0 ? 0x80808080 : 0;
        uint8_t *scales = group + values_len(m) + row * SCALE_LEN;
        for (size_t i = 0; i < n; i++, bytes += size) {
            uint8_t *values = group + (unit + i) * (size - SCALE_LEN) * LAYOUT_ROWS + row * 4;
            memcpy(scales + (unit + i) * LAYOUT_ROWS * SCALE_LEN, bytes, SCALE_LEN);
            for (size_t at = 0; at < size - SCALE_LEN; at += 4) {
                uint32_t four;
                memcpy(&four, bytes + SCALE_LEN + at, 4);
                four ^= bias;
                memcpy(values + at * LAYOUT_ROWS, &four, 4);
            }
        }
    }
}

/* One line of 64 bytes: four bytes of each of the 16 rows. */
static inline void place_line(uint8_t *line, const uint8_t *bytes, size_t row_len, uint32_t bias)
{
    for (size_t row = 0; row < LAYOUT_ROWS; row++) {
        uint32_t four;
        memcpy(&four, bytes + row * row_len, 4);
        four ^= bias;
        memcpy(line + row * 4, &four, 4);
    }
}

/* All 16 rows of a group: writes the layout front to back. */
static void place_group(const struct matrix *m, uint8_t *group, const uint8_t *bytes, size_t row_len)
{
    size_t size = (size_t)unit_len(m->type);
    size_t units = m->columns_n / (size_t)unit_columns(m->type);
    if (m->type == WEIGHT_F32) {
        for (size_t unit = 0; unit < units; unit++)
            place_line(group + unit * 64, bytes + unit * 4, row_len, 0);
        return;
    }
    if (m->type == WEIGHT_F16) {
        for (size_t unit = 0; unit < units; unit++)
            for (size_t row = 0; row < LAYOUT_ROWS; row++)
                memcpy(group + (unit * LAYOUT_ROWS + row) * 2, bytes + row * row_len + unit * 2, 2);
        return;
    }
    uint8_t *scales = group + values_len(m);
    uint32_t bias = m->type == WEIGHT_Q8_0 ? 0x80808080 : 0;
    for (size_t unit = 0; unit < units; unit++, bytes += size) {
        for (size_t row = 0; row < LAYOUT_ROWS; row++, scales += SCALE_LEN)
            memcpy(scales, bytes + row * row_len, SCALE_LEN);
        for (size_t at = SCALE_LEN; at < size; at += 4, group += 64)
            place_line(group, bytes + at, row_len, bias);
    }
}

/* Places the bytes from offset up to the end of the row, the unit or len, whichever is next; returns how many. */
static size_t place_some(const struct matrix *m, uint8_t *matrix, uint64_t offset, const uint8_t *bytes, size_t len)
{
    size_t row_len = (size_t)layout_row_len(m->type, m->columns_n);
    size_t size = (size_t)unit_len(m->type);
    size_t row = (size_t)(offset / row_len);
    size_t column = (size_t)(offset % row_len);
    uint8_t *group = matrix + row / LAYOUT_ROWS * (size_t)m->group_len;
    if (column == 0 && row % LAYOUT_ROWS == 0 && len / LAYOUT_ROWS >= row_len) {
        place_group(m, group, bytes, row_len);
        return row_len * LAYOUT_ROWS;
    }
    size_t left = row_len - column < len ? row_len - column : len;
    if (column % size == 0 && left >= size) {
        place_units(m, group, row % LAYOUT_ROWS, column / size, bytes, left / size);
        return left - left % size;
    }
    size_t part = size - column % size;
    part = part < left ? part : left;
    place_part(m, group, row % LAYOUT_ROWS, column / size, bytes, column % size, part);
    return part;
}

void layout_place(const struct matrix *m, uint8_t *weights, uint64_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t *matrix = weights + m->at;
    if (m->vector) {
        memcpy(matrix + offset, bytes, len);
        return;
    }
    while (len != 0) {
        size_t placed = place_some(m, matrix, offset, bytes, len);
        offset += placed;
        bytes += placed;
        len -= placed;
    }
}

static void quantised_row_read(float *row, const struct matrix *m, const uint8_t *group, size_t lane)
{
    size_t per_block = (m->type == WEIGHT_Q8_0 ? Q8_0_LEN : Q4_0_LEN) - SCALE_LEN;
    const uint8_t *scales = group + values_len(m) + lane * SCALE_LEN;
    for (size_t block = 0; block < m->columns_n / LAYOUT_BLOCK; block++) {
        const uint8_t *values = group + block * per_block * LAYOUT_ROWS + lane * 4;
        float scale = f32_from_f16(scales + block * LAYOUT_ROWS * SCALE_LEN);
        for (size_t i = 0; i < LAYOUT_BLOCK; i++, row++) {
            size_t j = m->type == WEIGHT_Q8_0 ? i : i % 16;
            int byte = values[j / 4 * 64 + j % 4];
            int value = m->type == WEIGHT_Q8_0 ? byte - 128 : (byte >> (i < 16 ? 0 : 4) & 15) - 8;
            *row = (float)value * scale;
        }
    }
}

void layout_row_read(float *row, const struct matrix *m, const uint8_t *weights, size_t index)
{
    const uint8_t *group = weights + m->at + index / LAYOUT_ROWS * m->group_len;
    size_t lane = index % LAYOUT_ROWS;
    if (m->type == WEIGHT_F32) {
        for (size_t i = 0; i < m->columns_n; i++)
            memcpy(&row[i], group + (i * LAYOUT_ROWS + lane) * 4, 4);
    } else if (m->type == WEIGHT_F16) {
        for (size_t i = 0; i < m->columns_n; i++)
            row[i] = f32_from_f16(group + (i * LAYOUT_ROWS + lane) * 2);
    } else {
        quantised_row_read(row, m, group, lane);
    }
}
