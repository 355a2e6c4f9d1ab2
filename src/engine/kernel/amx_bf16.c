/* SPDX-License-Identifier: Apache-2.0 */
/* Products with BF16 in AMX: the input is packed once for all groups, then four tiles of sums go side by side, either
 * of four groups of rows or, when there is one group, of four times 16 tokens.  TDPBF16PS adds as NUM-23 and NUM-24
 * say.  Few tokens, and what is left over of many, go to AVX-512, which gives the same bits. */
#include "engine/kernel/amx.h"

#include "engine/kernel/amx_shape.h"
#include "engine/kernel/avx512.h"
#include "engine/kernel/avx512_lanes.h"

enum {
    COLUMNS = 256, /* that are packed at once */
    BATCH = 8,     /* times 16 tokens that are packed at once */
};

/* out: BF16 [tokens, 32]; takes step columns of each token, which hold BF16 values, and leaves out the lower halves. */
static void pack(uint16_t *out, const float *x, size_t x_stride, size_t step, size_t tokens_n)
{
    static const uint16_t upper[2 * FORMAT_ROWS] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                                    33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    const __m512i which = load_bytes(upper);
    uint32_t columns = (uint32_t)((1ULL << step) - 1);
    for (size_t t = 0; t < tokens_n; t++) {
        __m512i first = _mm512_maskz_loadu_epi32((__mmask16)columns, x + t * x_stride);
        __m512i second = _mm512_maskz_loadu_epi32((__mmask16)(columns >> 16), x + t * x_stride + FORMAT_ROWS);
        _mm512_storeu_si512(out + t * FORMAT_BLOCK, _mm512_permutex2var_epi16(first, which, second));
    }
}

/* Up to four tiles of sums, each 16 tokens and 16 rows: down, with the same rows and the next tokens, or across, with
 * the same tokens and the next rows.  next: from one to the next. */
struct quad {
    float *y;
    size_t y_stride, y_next;
    const uint8_t *w;
    size_t w_next;
    const uint16_t *input; /* packed */
    size_t input_next;
    size_t n; /* tiles */
};

/* One tile deep, four times the tokens. */
static inline void multiply_down(const struct quad *q, const uint8_t *w, const uint16_t *input)
{
    tile_load(WEIGHTS, w, LINE);
    tile_load(INPUT, input, LINE);
    tile_dot_bf16(0, INPUT, WEIGHTS);
    if (q->n > 1) {
        tile_load(INPUT + 1, input + q->input_next, LINE);
        tile_dot_bf16(1, INPUT + 1, WEIGHTS);
    }
    if (q->n > 2) {
        tile_load(INPUT, input + 2 * q->input_next, LINE);
        tile_dot_bf16(2, INPUT, WEIGHTS);
    }
    if (q->n > 3) {
        tile_load(INPUT + 1, input + 3 * q->input_next, LINE);
        tile_dot_bf16(3, INPUT + 1, WEIGHTS);
    }
}

/* One tile deep, four groups of rows. */
static inline void multiply_across(const struct quad *q, const uint8_t *w, const uint16_t *input)
{
    tile_load(INPUT, input, LINE);
    tile_load(WEIGHTS, w, LINE);
    tile_dot_bf16(0, INPUT, WEIGHTS);
    if (q->n > 1) {
        tile_load(WEIGHTS + 1, w + q->w_next, LINE);
        tile_dot_bf16(1, INPUT, WEIGHTS + 1);
    }
    if (q->n > 2) {
        tile_load(WEIGHTS, w + 2 * q->w_next, LINE);
        tile_dot_bf16(2, INPUT, WEIGHTS);
    }
    if (q->n > 3) {
        tile_load(WEIGHTS + 1, w + 3 * q->w_next, LINE);
        tile_dot_bf16(3, INPUT, WEIGHTS + 1);
    }
}

static inline void load_sums(const struct quad *q)
{
    size_t stride = q->y_stride * sizeof *q->y;
    tile_load(0, q->y, stride);
    if (q->n > 1)
        tile_load(1, q->y + q->y_next, stride);
    if (q->n > 2)
        tile_load(2, q->y + 2 * q->y_next, stride);
    if (q->n > 3)
        tile_load(3, q->y + 3 * q->y_next, stride);
}

static inline void store_sums(const struct quad *q)
{
    size_t stride = q->y_stride * sizeof *q->y;
    tile_store(q->y, stride, 0);
    if (q->n > 1)
        tile_store(q->y + q->y_next, stride, 1);
    if (q->n > 2)
        tile_store(q->y + 2 * q->y_next, stride, 2);
    if (q->n > 3)
        tile_store(q->y + 3 * q->y_next, stride, 3);
}

/* n columns, step at once. */
static void multiply_quad(const struct quad *q, size_t n, size_t step, bool down)
{
    load_sums(q);
    for (size_t i = 0; i < n; i += step) {
        if (down)
            multiply_down(q, q->w + i / 2 * LINE, q->input + i * TOKENS);
        else
            multiply_across(q, q->w + i / 2 * LINE, q->input + i * TOKENS);
    }
    store_sums(q);
}

/* The groups of rows of a product; their columns start at the same place in each. */
struct rows {
    const uint8_t *w;
    size_t len; /* bytes from group to group */
    size_t n;
};

/* At most COLUMNS columns, for times <= BATCH times tokens_n tokens. */
static void multiply_batch(float *y, size_t y_stride, const struct rows *rows, size_t n, size_t step, const float *x,
                           size_t x_stride, size_t times, size_t tokens_n)
{
    enum { PACKED = COLUMNS * TOKENS };
    _Alignas(64) uint16_t packed[BATCH][PACKED]; /* [times][columns / 32, tokens, 32] */
    for (size_t t = 0; t < times; t++)
        for (size_t i = 0; i < n; i += step)
            pack(packed[t] + i * TOKENS, x + t * TOKENS * x_stride + i, x_stride, step, tokens_n);
    struct quad q = {.y_stride = y_stride, .w_next = rows->len, .input_next = PACKED};
    for (size_t t = 0; t < times && rows->n == 1; t += TILES) {
        q.y = y + t * TOKENS * y_stride;
        q.y_next = TOKENS * y_stride;
        q.w = rows->w;
        q.input = packed[t];
        q.n = times - t < TILES ? times - t : TILES;
        multiply_quad(&q, n, step, true);
    }
    for (size_t g = 0; g < rows->n && rows->n != 1; g += TILES)
        for (size_t t = 0; t < times; t++) {
            q.y = y + t * TOKENS * y_stride + g * FORMAT_ROWS;
            q.y_next = FORMAT_ROWS;
            q.w = rows->w + g * rows->len;
            q.input = packed[t];
            q.n = rows->n - g < TILES ? rows->n - g : TILES;
            multiply_quad(&q, n, step, false);
        }
}

/* times times tokens_n tokens, n columns, step of them at once. */
static void multiply_columns(float *y, size_t y_stride, struct rows rows, size_t n, size_t step, const float *x,
                             size_t x_stride, size_t times, size_t tokens_n)
{
    amx_configure(tokens_n, step * 2);
    for (size_t at = 0; at < n; at += COLUMNS, rows.w += COLUMNS / 2 * LINE)
        for (size_t t = 0; t < times; t += BATCH)
            multiply_batch(y + t * TOKENS * y_stride, y_stride, &rows, n - at < COLUMNS ? n - at : COLUMNS, step,
                           x + t * TOKENS * x_stride + at, x_stride, times - t < BATCH ? times - t : BATCH, tokens_n);
}

/* NUM-23: the last columns, if fewer than 32, have tiles of their own shape; zeros in the place of the missing ones
 * would give some zeros another sign. */
static void multiply_tokens(float *y, size_t y_stride, struct rows rows, size_t n, const float *x, size_t x_stride,
                            size_t times, size_t tokens_n)
{
    size_t last = n % FORMAT_BLOCK;
    size_t others = n - last;
    if (others != 0)
        multiply_columns(y, y_stride, rows, others, FORMAT_BLOCK, x, x_stride, times, tokens_n);
    rows.w += others / 2 * LINE;
    if (last != 0)
        multiply_columns(y, y_stride, rows, last, last, x + others, x_stride, times, tokens_n);
}

void amx_dot_bf16_groups(float *y, size_t y_stride, const uint8_t *groups, size_t group_len, size_t groups_n, size_t n,
                         const float *x, size_t x_stride, size_t tokens_n)
{
    struct rows rows = {.w = groups, .len = group_len, .n = groups_n};
    size_t left = tokens_n % TOKENS;
    size_t t = tokens_n - left;
    if (t != 0)
        multiply_tokens(y, y_stride, rows, n, x, x_stride, t / TOKENS, TOKENS);
    if (left >= TOKENS_MIN) {
        multiply_tokens(y + t * y_stride, y_stride, rows, n, x + t * x_stride, x_stride, 1, left);
        t = tokens_n;
    }
    if (t != 0)
        tiles_release();
    for (size_t g = 0; g < groups_n && t < tokens_n; g++)
        avx512_dot_bf16(y + t * y_stride + g * FORMAT_ROWS, y_stride, groups + g * group_len, n, x + t * x_stride,
                        x_stride, tokens_n - t);
}

void amx_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                  size_t tokens_n)
{
    amx_dot_bf16_groups(y, y_stride, group, 0, 1, n, x, x_stride, tokens_n);
}
