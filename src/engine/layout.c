/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/layout.h"

#include <string.h>

uint64_t layout_row_len(enum weight_type type, uint64_t columns_n)
{
    const struct weight_format *f = format_of(type);
    return columns_n / f->unit_columns * f->unit_len;
}

/* Bytes of a field's section in a group. */
static uint64_t section_len(const struct weight_format *f, size_t field, uint64_t columns_n)
{
    return columns_n / f->unit_columns * f->fields[field].room * FORMAT_ROWS;
}

uint64_t layout_group_len(enum weight_type type, uint64_t columns_n)
{
    const struct weight_format *f = format_of(type);
    uint64_t len = 0;
    for (size_t i = 0; i < f->fields_n; i++)
        len += section_len(f, i, columns_n);
    return (len + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
}

size_t layout_groups_n(const struct matrix *m)
{
    return (m->rows_n + (size_t)FORMAT_ROWS - 1) / FORMAT_ROWS;
}

static size_t field_at(const struct matrix *m, size_t field)
{
    const struct weight_format *f = format_of(m->type);
    uint64_t at = 0;
    for (size_t i = 0; i < field; i++)
        at += section_len(f, i, m->columns_n);
    return (size_t)at;
}

struct weight_group layout_group(const struct matrix *m, const uint8_t *weights, size_t index)
{
    struct weight_group group = {{NULL}};
    const uint8_t *start = weights + m->at + index * m->group_len;
    for (size_t i = 0; i < format_of(m->type)->fields_n; i++)
        group.field[i] = start + field_at(m, i);
    return group;
}

/* ---- placing ---- */

/* Where a matrix is written. */
struct target {
    const struct weight_format *format;
    uint8_t *group; /* of the row that is written */
    size_t sections[FORMAT_FIELDS_MAX];
};

/* Byte at of the file's unit, of one row; a byte that no field holds is dropped. */
static void place_byte(const struct target *t, size_t row, size_t unit, size_t at, uint8_t byte)
{
    for (size_t i = 0; i < t->format->fields_n; i++) {
        const struct weight_field *f = &t->format->fields[i];
        if (at < f->at || at >= (size_t)f->at + f->len)
            continue;
        size_t in = at - f->at;
        uint8_t *to = t->group + t->sections[i] + unit * f->room * FORMAT_ROWS;
        to[(in / f->piece * FORMAT_ROWS + row) * f->piece + in % f->piece] =
            f->kind == FIELD_SIGNED ? byte ^ 0x80 : byte;
    }
}

static inline void place_fours(uint8_t *to, const uint8_t *bytes, size_t len, uint32_t flip)
{
    for (size_t at = 0; at < len; at += 4) {
        uint32_t four;
        memcpy(&four, bytes + at, 4);
        four ^= flip;
        memcpy(to + at * FORMAT_ROWS, &four, 4);
    }
}

/* Whole units of one row, a field at a time. */
static void place_units(const struct target *t, size_t row, size_t unit, const uint8_t *bytes, size_t units_n)
{
    for (size_t i = 0; i < t->format->fields_n; i++) {
        const struct weight_field *f = &t->format->fields[i];
        size_t step = (size_t)f->room * FORMAT_ROWS;
        uint8_t *to = t->group + t->sections[i] + unit * step + row * f->piece;
        const uint8_t *from = bytes + f->at;
        for (size_t u = 0; u < units_n; u++, from += t->format->unit_len, to += step) {
            if (f->piece == 4)
                place_fours(to, from, f->len, f->kind == FIELD_SIGNED ? 0x80808080 : 0);
            else if (f->piece == 2 && f->len == 2)
                memcpy(to, from, 2);
            else
                for (size_t at = 0; at < f->len; at += f->piece)
                    memcpy(to + at * FORMAT_ROWS, from + at, f->piece);
        }
    }
}

/* The same for all 16 rows of a group, so that each line of cache is written once. */
static void place_group(const struct target *t, const uint8_t *bytes, size_t row_len)
{
    size_t units_n = row_len / t->format->unit_len;
    for (size_t unit = 0; unit < units_n; unit++)
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            place_units(t, row, unit, bytes + row * row_len + unit * t->format->unit_len, 1);
}

void layout_place(const struct matrix *m, uint8_t *weights, uint64_t offset, const uint8_t *bytes, size_t len)
{
    if (m->vector) {
        memcpy(weights + m->at + offset, bytes, len);
        return;
    }
    struct target t = {.format = format_of(m->type)};
    size_t row_len = (size_t)layout_row_len(m->type, m->columns_n);
    size_t unit_len = t.format->unit_len;
    for (size_t i = 0; i < t.format->fields_n; i++)
        t.sections[i] = field_at(m, i);
    for (size_t placed; len != 0; offset += placed, bytes += placed, len -= placed) {
        size_t row = (size_t)(offset / row_len);
        size_t at = (size_t)(offset % row_len);
        size_t left = row_len - at < len ? row_len - at : len;
        t.group = weights + m->at + row / FORMAT_ROWS * m->group_len;
        if (at == 0 && row % FORMAT_ROWS == 0 && len / FORMAT_ROWS >= row_len) {
            place_group(&t, bytes, row_len);
            placed = row_len * FORMAT_ROWS;
        } else if (at % unit_len == 0 && left >= unit_len) {
            place_units(&t, row % FORMAT_ROWS, at / unit_len, bytes, left / unit_len);
            placed = left - left % unit_len;
        } else {
            placed = unit_len - at % unit_len < left ? unit_len - at % unit_len : left;
            for (size_t i = 0; i < placed; i++)
                place_byte(&t, row % FORMAT_ROWS, at / unit_len, at % unit_len + i, bytes[i]);
        }
    }
}

/* ---- finishing ---- */

/* Byte k of the result holds in bit i the bit 4i + k: so the codes of columns 4i.. 4i + 3 are one shift away. */
static uint32_t spread_high(uint32_t bits)
{
    uint32_t out = 0;
    for (unsigned column = 0; column < FORMAT_BLOCK; column++)
        out |= (bits >> column & 1) << (column % 4 * 8 + column / 4);
    return out;
}

/* The 6-bit scales and minima of Q4_K and Q5_K. */
static void unpack4(uint8_t *unit, uint8_t packed[FORMAT_ROWS][12])
{
    for (size_t row = 0; row < FORMAT_ROWS; row++) {
        const uint8_t *p = packed[row];
        for (size_t i = 0; i < 8; i++) {
            int scale = i < 4 ? p[i] & 63 : ((p[i + 4] & 15) | (p[i - 4] >> 6) << 4);
            int min = i < 4 ? p[i + 4] & 63 : (p[i + 4] >> 4 | (p[i] >> 6) << 4);
            unit[i * FORMAT_ROWS + row] = (uint8_t)scale;
            unit[(8 + i) * FORMAT_ROWS + row] = (uint8_t)min;
        }
    }
}

/* The 6-bit scales of Q3_K, less 32: low 4 bits in the first 8 bytes, high 2 bits in the last 4. */
static void unpack3(uint8_t *unit, uint8_t packed[FORMAT_ROWS][12])
{
    for (size_t row = 0; row < FORMAT_ROWS; row++)
        for (size_t i = 0; i < 16; i++) {
            int low = packed[row][i % 8] >> (i < 8 ? 0 : 4) & 15;
            int high = packed[row][8 + i % 4] >> (i / 4 * 2) & 3;
            unit[i * FORMAT_ROWS + row] = (uint8_t)((low | high << 4) - 32);
        }
}

/* The 6-bit scales of IQ4_XS, less 32: 16 bits of high halves, then 4 bytes of low halves. */
static void unpackx(uint8_t *unit, uint8_t packed[FORMAT_ROWS][12])
{
    for (size_t row = 0; row < FORMAT_ROWS; row++)
        for (size_t i = 0; i < 8; i++) {
            int high = (packed[row][0] | packed[row][1] << 8) >> (2 * i) & 3;
            int low = packed[row][2 + i / 2] >> (i % 2 * 4) & 15;
            unit[i * FORMAT_ROWS + row] = (uint8_t)((low | high << 4) - 32);
        }
}

static void unpack(const struct weight_field *f, uint8_t *section, size_t units_n)
{
    uint8_t packed[FORMAT_ROWS][12];
    for (size_t u = 0; u < units_n; u++, section += (size_t)f->room * FORMAT_ROWS) {
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            memcpy(packed[row], section + row * f->len, f->len);
        if (f->kind == FIELD_PACKED4)
            unpack4(section, packed);
        else if (f->kind == FIELD_PACKED3)
            unpack3(section, packed);
        else
            unpackx(section, packed);
    }
}

static bool halves_finite(const uint8_t *bytes, size_t len, uint16_t exponent)
{
    bool bad = false;
    for (size_t i = 0; i + 2 <= len; i += 2) {
        uint16_t half;
        memcpy(&half, bytes + i, 2);
        bad = bad || (half & exponent) == exponent;
    }
    return !bad;
}

static bool floats_finite(const uint8_t *bytes, size_t len)
{
    bool bad = false;
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t bits;
        memcpy(&bits, bytes + i, 4);
        bad = bad || (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}

static bool finish_field(const struct weight_field *f, uint8_t *section, size_t len)
{
    size_t units_n = len / ((size_t)f->room * FORMAT_ROWS);
    switch (f->kind) {
    case FIELD_F16: return halves_finite(section, len, 0x7c00);
    case FIELD_BF16: return halves_finite(section, len, 0x7f80);
    case FIELD_F32: return floats_finite(section, len);
    case FIELD_E8M0: return memchr(section, 0xff, len) == NULL;
    case FIELD_HIGH:
        for (size_t i = 0; i < len; i += 4) {
            uint32_t bits;
            memcpy(&bits, section + i, 4);
            bits = spread_high(bits);
            memcpy(section + i, &bits, 4);
        }
        return true;
    case FIELD_PACKED4:
    case FIELD_PACKED3:
    case FIELD_PACKEDX: unpack(f, section, units_n); return true;
    case FIELD_BITS:
    case FIELD_SIGNED: return true;
    }
    return false;
}

enum status layout_finish(const struct matrix *m, uint8_t *weights, size_t first, size_t n)
{
    const struct weight_format *format = format_of(m->type);
    if (m->vector)
        return floats_finite(weights + m->at, (size_t)m->columns_n * 4) ? STATUS_OK : STATUS_MALFORMED;
    for (size_t g = first; g < first + n; g++)
        for (size_t i = 0; i < format->fields_n; i++) {
            uint8_t *section = weights + m->at + g * m->group_len + field_at(m, i);
            if (!finish_field(&format->fields[i], section, (size_t)section_len(format, i, m->columns_n)))
                return STATUS_MALFORMED;
        }
    return STATUS_OK;
}
