/* SPDX-License-Identifier: Apache-2.0 */
/* From a piece of a group in the layout to codes and scales, for all types, in plain C: each kernel file includes this
 * and the compiler makes vectors of it.  Every operation is exact, so all instruction sets agree. */
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

/* The functions below work on eight bytes at once; n is a multiple of LINE. */
static inline uint64_t load_eight(const uint8_t *bytes)
{
    uint64_t eight;
    memcpy(&eight, bytes, 8);
    return eight;
}

static inline void store_eight(uint8_t *bytes, uint64_t eight)
{
    memcpy(bytes, &eight, 8);
}

#define EACH_BYTE(value) (0x0101010101010101U * (value))

static inline void split_nibbles(uint8_t *restrict low, uint8_t *restrict high, const uint8_t *restrict bytes, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t eight = load_eight(bytes + i);
        store_eight(low + i, eight & EACH_BYTE(15));
        store_eight(high + i, eight >> 4 & EACH_BYTE(15));
    }
}

/* out |= the bits `mask` of each byte shifted down by `from`, at bit `to`. */
static inline void add_bits(uint8_t *restrict out, const uint8_t *restrict bytes, size_t n, int from, uint64_t mask,
                            int to)
{
    for (size_t i = 0; i < n; i += 8)
        store_eight(out + i, load_eight(out + i) | (load_eight(bytes + i) >> from & EACH_BYTE(mask)) << to);
}

static inline void take_two(uint8_t *restrict out, const uint8_t *restrict bytes, size_t n, int from)
{
    for (size_t i = 0; i < n; i += 8)
        store_eight(out + i, load_eight(bytes + i) >> from & EACH_BYTE(3));
}

/* Codes of n columns of 4 bits in blocks of 32: byte j of a block holds column j low, j + 16 high. */
static inline void expand_nibble_blocks(uint8_t *codes, const uint8_t *bytes, size_t n)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++)
        split_nibbles(codes + b * 8 * LINE, codes + b * 8 * LINE + 4 * LINE, bytes + b * 4 * LINE, 4 * LINE);
}

/* Codes of 256 columns of 4 bits: byte j of 32 holds column j of a block low, of the next block high. */
static inline void expand_nibble_pairs(uint8_t *codes, const uint8_t *bytes)
{
    for (size_t pair = 0; pair < 4; pair++)
        split_nibbles(codes + pair * 16 * LINE, codes + pair * 16 * LINE + 8 * LINE, bytes + pair * 8 * LINE, 8 * LINE);
}

static inline void expand_scales(struct panel *p, const uint8_t *halves, size_t column, size_t n)
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

static inline void expand_q2_k(struct panel *p, const struct weight_group *g, size_t unit)
{
    float d[FORMAT_ROWS], least[FORMAT_ROWS];
    uint8_t high[FORMAT_ROWS];
    const uint8_t *bits = g->field[0] + unit * 64 * FORMAT_ROWS;
    const uint8_t *scales = g->field[3] + unit * 16 * FORMAT_ROWS;
    expand_halves(d, g->field[1] + unit * 2 * FORMAT_ROWS);
    expand_halves(least, g->field[2] + unit * 2 * FORMAT_ROWS);
    for (size_t b = 0; b < 8; b++)
        take_two(p->room + b * 8 * LINE, bits + b / 4 * 8 * LINE, 8 * LINE, (int)(b % 4) * 2);
    for (size_t b = 0; b < 16; b++) {
        multiply_u8(p->scale[b], d, scales + b * FORMAT_ROWS, 15);
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            high[row] = scales[b * FORMAT_ROWS + row] >> 4;
        multiply_u8(p->min[b], least, high, 15);
    }
}

static inline void expand_q3_k(struct panel *p, const struct weight_group *g, size_t unit)
{
    const uint8_t *bits = g->field[0] + unit * 64 * FORMAT_ROWS;
    const uint8_t *high = g->field[2] + unit * 32 * FORMAT_ROWS;
    for (size_t b = 0; b < 8; b++) {
        take_two(p->room + b * 8 * LINE, bits + b / 4 * 8 * LINE, 8 * LINE, (int)(b % 4) * 2);
        add_bits(p->room + b * 8 * LINE, high, 8 * LINE, (int)b, 1, 2);
    }
    expand_signed_scales(p, g->field[1] + unit * 2 * FORMAT_ROWS, g->field[3] + unit * 16 * FORMAT_ROWS, 16);
}

static inline void expand_q5_k(struct panel *p, const struct weight_group *g, size_t unit)
{
    const uint8_t *high = g->field[4] + unit * 32 * FORMAT_ROWS;
    expand_nibble_pairs(p->room, g->field[0] + unit * 128 * FORMAT_ROWS);
    for (size_t b = 0; b < 8; b++)
        add_bits(p->room + b * 8 * LINE, high, 8 * LINE, (int)b, 1, 4);
    expand_q4_k_scales(p, g, unit);
}

/* Two halves of 128 columns; in each, block b has its low bits in nibble b / 2 of the bytes of block b % 2. */
static inline void expand_q6_k(struct panel *p, const struct weight_group *g, size_t unit)
{
    for (size_t half = 0; half < 2; half++) {
        const uint8_t *low = g->field[0] + (unit * 128 + half * 64) * FORMAT_ROWS;
        const uint8_t *high = g->field[2] + (unit * 64 + half * 32) * FORMAT_ROWS;
        uint8_t *codes = p->room + half * 32 * LINE;
        split_nibbles(codes, codes + 16 * LINE, low, 16 * LINE);
        for (size_t b = 0; b < 4; b++)
            add_bits(codes + b * 8 * LINE, high, 8 * LINE, (int)b * 2, 3, 4);
    }
    expand_signed_scales(p, g->field[1] + unit * 2 * FORMAT_ROWS, g->field[3] + unit * 16 * FORMAT_ROWS, 16);
}

/* The high bits of Q5_0 and Q5_1, unpacked by layout_finish. */
static inline void add_high_blocks(struct panel *p, const uint8_t *bytes, size_t n)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++)
        for (size_t i = 0; i < 8; i++)
            add_bits(p->room + (b * 8 + i) * LINE, bytes + b * LINE, LINE, (int)i, 1, 4);
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

/* What each nibble stands for, as codes. */
static const uint8_t codes_iq4[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
static const uint8_t codes_mxfp4[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

/* Columns [column, column + n) of a group of CLASS_CODES; column is a multiple of 256, n at most 256 and a multiple of
 * the type's unit.  look_up(bytes, n, table) replaces nibbles by the table's bytes. */
static inline void expand_codes(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column,
                                size_t n, void (*look_up)(uint8_t *bytes, size_t n, const uint8_t table[16]))
{
    size_t unit = column / FORMAT_SUPER;
    const uint8_t *nibbles = g->field[0] + column / 2 * FORMAT_ROWS;
    p->codes = p->room;
    switch (type) {
    case WEIGHT_Q4_0:
        expand_nibble_blocks(p->room, nibbles, n);
        expand_scales(p, g->field[1], column, n);
        break;
    case WEIGHT_Q4_1:
        expand_nibble_blocks(p->room, nibbles, n);
        expand_scales(p, g->field[1], column, n);
        expand_mins(p, g->field[2], column, n, -1.0f);
        break;
    case WEIGHT_Q5_0:
    case WEIGHT_Q5_1:
        expand_nibble_blocks(p->room, nibbles, n);
        add_high_blocks(p, g->field[2] + column / 8 * FORMAT_ROWS, n);
        expand_scales(p, g->field[1], column, n);
        if (type == WEIGHT_Q5_1)
            expand_mins(p, g->field[3], column, n, -1.0f);
        break;
    case WEIGHT_Q8_0:
        p->codes = g->field[0] + column * FORMAT_ROWS;
        expand_scales(p, g->field[1], column, n);
        break;
    case WEIGHT_Q2_K: expand_q2_k(p, g, unit); break;
    case WEIGHT_Q3_K: expand_q3_k(p, g, unit); break;
    case WEIGHT_Q4_K:
        expand_nibble_pairs(p->room, nibbles);
        expand_q4_k_scales(p, g, unit);
        break;
    case WEIGHT_Q5_K: expand_q5_k(p, g, unit); break;
    case WEIGHT_Q6_K: expand_q6_k(p, g, unit); break;
    case WEIGHT_Q8_K:
        p->codes = g->field[0] + column * FORMAT_ROWS;
        for (size_t b = 0; b < 8; b++)
            memcpy(p->scale[b], g->field[1] + unit * 4 * FORMAT_ROWS, 4 * FORMAT_ROWS);
        break;
    case WEIGHT_IQ4_NL:
        expand_nibble_blocks(p->room, nibbles, n);
        look_up(p->room, n * FORMAT_ROWS, codes_iq4);
        expand_scales(p, g->field[1], column, n);
        break;
    case WEIGHT_IQ4_XS:
        expand_nibble_blocks(p->room, nibbles, n);
        look_up(p->room, n * FORMAT_ROWS, codes_iq4);
        expand_signed_scales(p, g->field[1] + unit * 2 * FORMAT_ROWS, g->field[2] + unit * 8 * FORMAT_ROWS, 8);
        break;
    case WEIGHT_MXFP4:
        expand_nibble_blocks(p->room, nibbles, n);
        look_up(p->room, n * FORMAT_ROWS, codes_mxfp4);
        expand_e8m0(p, g->field[1] + column / FORMAT_BLOCK * FORMAT_ROWS, n);
        break;
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
}

#endif
