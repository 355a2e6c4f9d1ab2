/* SPDX-License-Identifier: Apache-2.0 */
/* From a piece of a group in the layout to codes and scales, for all types: each kernel file includes this after it has
 * said what its lanes are:
 *   lane_bits     whole 64-bit words, LANE_BYTES bytes of them, with >> << & |
 *   load_lanes, store_lanes
 *   look_up       each byte, below 16, replaced by the table's
 * Every operation is exact, so all instruction sets agree. */
#ifndef ENGINE_KERNEL_EXPAND_H
#define ENGINE_KERNEL_EXPAND_H

#include "engine/kernel/kernels.h"
#include "engine/numerics.h"

enum { LINE = 4 * FORMAT_ROWS }; /* bytes of four columns of all rows */

/* The value of 16 finite halves. */
static inline void expand_halves(float *restrict out, const uint8_t *restrict bytes)
{
#if defined(__F16C__) && defined(__AVX__)
    for (size_t row = 0; row < FORMAT_ROWS; row += 8)
        _mm256_storeu_ps(out + row, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(bytes + row * 2))));
    return;
#endif
    for (size_t row = 0; row < FORMAT_ROWS; row++) {
        uint16_t half;
        memcpy(&half, bytes + row * 2, 2);
        out[row] = f32_from_finite_f16(half);
    }
}

#define EACH_BYTE(value) (0x0101010101010101U * (value))

/* What each nibble stands for, as codes. */
static const uint8_t codes_iq4[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
static const uint8_t codes_mxfp4[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

/* The bits `mask` of each byte, from bit `from` on. */
__attribute__((always_inline)) static inline lane_bits bits_at(const uint8_t *bytes, size_t from, uint64_t mask)
{
    return load_lanes(bytes) >> from & EACH_BYTE(mask);
}

/* 32 columns of a chunk of a group. */
struct block {
    const struct weight_group *g;
    size_t column; /* where the chunk starts: a multiple of 256 */
    size_t index;  /* in the chunk */
    /* for products with one token */
    const struct panel *p; /* scales and minima of the chunk */
    const int8_t *q;       /* of the block */
    const struct codes_scales *in;
};

/* Codes of four columns, from 4 * line on in the block, of the rows whose bytes stand from `at` on in a line.  Fields
 * as in format.c; those that layout_finish unpacks, as it leaves them. */
__attribute__((always_inline)) static inline lane_bits codes_at(enum weight_type type, const struct block *b,
                                                                size_t line, size_t at)
{
    const struct weight_group *g = b->g;
    const uint8_t *low = g->field[0] + at;
    size_t wide = b->column * FORMAT_ROWS; /* where the chunk would start in a field of bytes */
    size_t block = b->index;
    size_t half = block / 4;
    size_t quarter = block % 4;
    const uint8_t *nibbles = low + wide / 2 + (block * 4 + line % 4) * LINE;
    const uint8_t *pairs = low + wide / 2 + (block / 2 * 8 + line) * LINE;
    switch (type) {
    case WEIGHT_Q4_0:
    case WEIGHT_Q4_1: return bits_at(nibbles, line / 4 * 4, 15);
    case WEIGHT_Q5_0:
    case WEIGHT_Q5_1:
        return bits_at(nibbles, line / 4 * 4, 15) | bits_at(g->field[2] + at + wide / 8 + block * LINE, line, 1) << 4;
    case WEIGHT_Q8_0:
    case WEIGHT_Q8_K: return load_lanes(low + wide + (block * 8 + line) * LINE);
    case WEIGHT_Q2_K: return bits_at(low + wide / 4 + (half * 8 + line) * LINE, quarter * 2, 3);
    case WEIGHT_Q3_K:
        return bits_at(low + wide / 4 + (half * 8 + line) * LINE, quarter * 2, 3) |
               bits_at(g->field[2] + at + wide / 8 + line * LINE, block, 1) << 2;
    case WEIGHT_Q4_K: return bits_at(pairs, block % 2 * 4, 15);
    case WEIGHT_Q5_K:
        return bits_at(pairs, block % 2 * 4, 15) | bits_at(g->field[4] + at + wide / 8 + line * LINE, block, 1) << 4;
    case WEIGHT_Q6_K:
        return bits_at(low + wide / 2 + (half * 16 + quarter % 2 * 8 + line) * LINE, quarter / 2 * 4, 15) |
               bits_at(g->field[2] + at + wide / 4 + (half * 8 + line) * LINE, quarter * 2, 3) << 4;
    case WEIGHT_IQ4_NL:
    case WEIGHT_IQ4_XS: return look_up(bits_at(nibbles, line / 4 * 4, 15), codes_iq4);
    case WEIGHT_MXFP4: return look_up(bits_at(nibbles, line / 4 * 4, 15), codes_mxfp4);
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
    return bits_at(low, 0, 0);
}

static inline void expand_block_scales(struct panel *p, const uint8_t *halves, size_t column, size_t n)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++)
        expand_halves(p->scale[b], halves + (column / FORMAT_BLOCK + b) * FORMAT_ROWS * 2);
}

static inline void expand_mins(struct panel *p, const uint8_t *halves, size_t column, size_t n, float sign)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++) {
        expand_halves(p->min[b], halves + (column / FORMAT_BLOCK + b) * FORMAT_ROWS * 2);
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            p->min[b][row] *= sign;
    }
}

static inline void multiply_u8(float *restrict out, const float *restrict d, const uint8_t *restrict scales, int mask)
{
    for (size_t row = 0; row < FORMAT_ROWS; row++)
        out[row] = d[row] * (float)(scales[row] & mask);
}

static inline void multiply_s8(float *restrict out, const float *restrict d, const uint8_t *restrict scales)
{
    for (size_t row = 0; row < FORMAT_ROWS; row++)
        out[row] = d[row] * (float)(int8_t)scales[row];
}

static inline void expand_signed_scales(struct panel *p, const uint8_t *halves, const uint8_t *scales, size_t blocks_n)
{
    float d[FORMAT_ROWS];
    expand_halves(d, halves);
    for (size_t b = 0; b < blocks_n; b++)
        multiply_s8(p->scale[b], d, scales + b * FORMAT_ROWS);
}

static inline void expand_q4_k_scales(struct panel *p, const struct weight_group *g, size_t unit)
{
    float d[FORMAT_ROWS], least[FORMAT_ROWS];
    const uint8_t *packed = g->field[3] + unit * 16 * FORMAT_ROWS;
    expand_halves(d, g->field[1] + unit * 2 * FORMAT_ROWS);
    expand_halves(least, g->field[2] + unit * 2 * FORMAT_ROWS);
    for (size_t b = 0; b < 8; b++) {
        multiply_u8(p->scale[b], d, packed + b * FORMAT_ROWS, 63);
        multiply_u8(p->min[b], least, packed + (8 + b) * FORMAT_ROWS, 63);
    }
}

static inline void expand_q2_k_scales(struct panel *p, const struct weight_group *g, size_t unit)
{
    float d[FORMAT_ROWS], least[FORMAT_ROWS];
    uint8_t high[FORMAT_ROWS];
    const uint8_t *scales = g->field[3] + unit * 16 * FORMAT_ROWS;
    expand_halves(d, g->field[1] + unit * 2 * FORMAT_ROWS);
    expand_halves(least, g->field[2] + unit * 2 * FORMAT_ROWS);
    for (size_t b = 0; b < 16; b++) {
        multiply_u8(p->scale[b], d, scales + b * FORMAT_ROWS, 15);
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            high[row] = scales[b * FORMAT_ROWS + row] >> 4;
        multiply_u8(p->min[b], least, high, 15);
    }
}

/* MXFP4: half the power of two, so that values are whole numbers. */
static inline void expand_e8m0(struct panel *p, const uint8_t *bytes, size_t n)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++)
        for (size_t row = 0; row < FORMAT_ROWS; row++) {
            uint32_t e = bytes[b * FORMAT_ROWS + row];
            p->scale[b][row] = f32_from_bits(e < 2 ? 0x00200000U << e : (e - 1) << 23);
        }
}

/* Scales and minima of columns [column, column + n). */
static inline void expand_scales(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column,
                                 size_t n)
{
    size_t unit = column / FORMAT_SUPER;
    switch (type) {
    case WEIGHT_Q4_0:
    case WEIGHT_Q5_0:
    case WEIGHT_Q8_0:
    case WEIGHT_IQ4_NL: expand_block_scales(p, g->field[1], column, n); break;
    case WEIGHT_Q4_1:
    case WEIGHT_Q5_1:
        expand_block_scales(p, g->field[1], column, n);
        expand_mins(p, g->field[type == WEIGHT_Q4_1 ? 2 : 3], column, n, -1.0f);
        break;
    case WEIGHT_Q2_K: expand_q2_k_scales(p, g, unit); break;
    case WEIGHT_Q3_K:
    case WEIGHT_Q6_K:
        expand_signed_scales(p, g->field[1] + unit * 2 * FORMAT_ROWS, g->field[3] + unit * 16 * FORMAT_ROWS, 16);
        break;
    case WEIGHT_Q4_K:
    case WEIGHT_Q5_K: expand_q4_k_scales(p, g, unit); break;
    case WEIGHT_Q8_K:
        for (size_t b = 0; b < 8; b++)
            memcpy(p->scale[b], g->field[1] + unit * 4 * FORMAT_ROWS, 4 * FORMAT_ROWS);
        break;
    case WEIGHT_IQ4_XS:
        expand_signed_scales(p, g->field[1] + unit * 2 * FORMAT_ROWS, g->field[2] + unit * 8 * FORMAT_ROWS, 8);
        break;
    case WEIGHT_MXFP4: expand_e8m0(p, g->field[1] + column / FORMAT_BLOCK * FORMAT_ROWS, n); break;
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
}

/* The codes alone; a constant type makes the loop as short as can be. */
__attribute__((always_inline)) static inline void expand_codes_of(struct panel *p, enum weight_type type,
                                                                  const struct weight_group *g, size_t column, size_t n)
{
    struct block b = {.g = g, .column = column};
    for (uint8_t *out = p->room; b.index < n / FORMAT_BLOCK; b.index++)
        for (size_t line = 0; line < 8; line++)
            for (size_t at = 0; at < LINE; at += LANE_BYTES, out += LANE_BYTES)
                store_lanes(out, codes_at(type, &b, line, at));
}

/* Columns [column, column + n) of a group of CLASS_CODES; column is a multiple of 256, n at most 256 and a multiple of
 * the type's unit. */
static inline void expand_panel(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column,
                                size_t n)
{
    expand_scales(p, type, g, column, n);
    p->codes = p->room;
    switch (type) {
    case WEIGHT_Q4_0:
    case WEIGHT_Q4_1: expand_codes_of(p, WEIGHT_Q4_0, g, column, n); break;
    case WEIGHT_Q5_0:
    case WEIGHT_Q5_1: expand_codes_of(p, WEIGHT_Q5_0, g, column, n); break;
    case WEIGHT_Q8_0:
    case WEIGHT_Q8_K: p->codes = g->field[0] + column * FORMAT_ROWS; break;
    case WEIGHT_Q2_K: expand_codes_of(p, WEIGHT_Q2_K, g, column, n); break;
    case WEIGHT_Q3_K: expand_codes_of(p, WEIGHT_Q3_K, g, column, n); break;
    case WEIGHT_Q4_K: expand_codes_of(p, WEIGHT_Q4_K, g, column, n); break;
    case WEIGHT_Q5_K: expand_codes_of(p, WEIGHT_Q5_K, g, column, n); break;
    case WEIGHT_Q6_K: expand_codes_of(p, WEIGHT_Q6_K, g, column, n); break;
    case WEIGHT_IQ4_NL:
    case WEIGHT_IQ4_XS: expand_codes_of(p, WEIGHT_IQ4_NL, g, column, n); break;
    case WEIGHT_MXFP4: expand_codes_of(p, WEIGHT_MXFP4, g, column, n); break;
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
}

#endif
