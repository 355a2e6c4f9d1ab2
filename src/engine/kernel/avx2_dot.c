/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX2 and FMA. */
#include "engine/kernel/avx2.h"

#include "engine/kernel/avx2_sums.h"
#include "engine/kernel/expand.h"

void avx2_expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n)
{
    expand_panel(p, type, g, column, n);
}

/* Keeps the compiler from adding in another order than written, for which it would need more registers than there are.
 */
static inline __m256i in_order(__m256i sum)
{
    __asm__("" : "+x"(sum));
    return sum;
}

enum {
    TILE = 4,        /* tokens whose sums of 8 rows stay in registers */
    BF16_TILE = 6,   /* the same, of BF16 */
    PREFETCH = 2048, /* bytes ahead of the weights */
};

/* Eight rows: the exact sums of `widen` columns are added to exact. */
__attribute__((always_inline)) static inline void add_narrow(__m256i *exact, const uint8_t *w, const int8_t *q,
                                                             size_t widen, size_t tokens_n)
{
    __m256i sums[TILE];
    for (size_t i = 0; i < widen / 4; i++) {
        __m256i codes = load_bytes(w + i * LINE);
        for (size_t t = 0; t < tokens_n; t++) {
            __m256i pairs = _mm256_maddubs_epi16(codes, broadcast4(q + t * FORMAT_SUPER + i * 4));
            sums[t] = in_order(i == 0 ? pairs : _mm256_add_epi16(sums[t], pairs));
        }
    }
    for (size_t t = 0; t < tokens_n; t++)
        exact[t] = _mm256_add_epi32(exact[t], sum_pairs(sums[t]));
}

/* The same, of four columns of wide codes. */
__attribute__((always_inline)) static inline void add_wide(__m256i *exact, const uint8_t *w, const int8_t *q,
                                                           size_t tokens_n)
{
    __m256i codes = load_bytes(w);
    for (size_t t = 0; t < tokens_n; t++)
        exact[t] = in_order(_mm256_add_epi32(exact[t], sum_pairs(wide_pairs(codes, broadcast4(q + t * FORMAT_SUPER)))));
}

/* One block of eight rows from row `row` on is added to sums, for tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void add_block(__m256 *sums, const struct panel *p, size_t row, size_t b,
                                                            const struct codes_input *in, size_t first, struct shape s,
                                                            size_t tokens_n)
{
    __m256i exact[TILE];
    const uint8_t *w = p->codes + b * s.block * FORMAT_ROWS + row * 4;
    const int8_t *q = in->q + first * FORMAT_SUPER + b * s.block;
    for (size_t t = 0; t < tokens_n; t++)
        exact[t] = _mm256_setzero_si256();
    for (size_t i = 0; i < s.block && s.widen == 0; i += 4)
        add_wide(exact, w + i * FORMAT_ROWS, q + i, tokens_n);
    for (size_t i = 0; i < s.block && s.widen != 0; i += s.widen)
        add_narrow(exact, w + i * FORMAT_ROWS, q + i, s.widen, tokens_n);
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = add_exact(sums[t], exact[t], p, row, b, in->scales + first + t, s);
}

/* n columns of a panel for tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void dot_tile(float *y, size_t y_stride, const struct panel *p,
                                                           const struct codes_input *in, size_t first, size_t n,
                                                           struct shape s, size_t tokens_n)
{
    for (size_t row = 0; row < FORMAT_ROWS; row += 8) {
        __m256 sums[TILE];
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = _mm256_loadu_ps(y + t * y_stride + row);
        for (size_t b = 0; b < n / s.block; b++)
            add_block(sums, p, row, b, in, first, s, tokens_n);
        for (size_t t = 0; t < tokens_n; t++)
            _mm256_storeu_ps(y + t * y_stride + row, sums[t]);
    }
}

__attribute__((always_inline)) static inline void dot_tiles(float *y, size_t y_stride, const struct panel *p,
                                                            const struct codes_input *in, size_t n, struct shape s,
                                                            size_t tokens_n)
{
    size_t t = 0;
    for (; t + TILE <= tokens_n; t += TILE)
        dot_tile(y + t * y_stride, y_stride, p, in, t, n, s, TILE);
    y += t * y_stride;
    switch (tokens_n - t) {
    case 3: dot_tile(y, y_stride, p, in, t, n, s, 3); break;
    case 2: dot_tile(y, y_stride, p, in, t, n, s, 2); break;
    case 1: dot_tile(y, y_stride, p, in, t, n, s, 1); break;
    default: break;
    }
}

void avx2_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                    const struct codes_input *in, size_t n, size_t tokens_n)
{
    int offset = f->code_offset;
    if (f->code_max == 255)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 0, false, 0}, tokens_n);
    else if (f->block == 32 && f->code_max <= 15 && !f->has_min)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 32, false, offset}, tokens_n);
    else if (f->block == 32 && f->code_max <= 15)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 32, true, 0}, tokens_n);
    else if (f->block == 32 && !f->has_min)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 16, false, offset}, tokens_n);
    else if (f->block == 32)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 16, true, 0}, tokens_n);
    else if (f->has_min)
        dot_tiles(y, y_stride, p, in, n, (struct shape){16, 16, true, 0}, tokens_n);
    else
        dot_tiles(y, y_stride, p, in, n, (struct shape){16, 8, false, offset}, tokens_n);
}

/* tokens_n <= 4; half: F16 weights. */
__attribute__((always_inline)) static inline void float_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                             const float *x, size_t x_stride, size_t tokens_n,
                                                             bool half)
{
    struct floats16 sums[4];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = load(y + t * y_stride);
    for (size_t i = 0; i < n; i++) {
        struct floats16 weights = {_mm256_castsi256_ps(load_bytes(w)), _mm256_castsi256_ps(load_bytes(w + 32))};
        if (half)
            weights = (struct floats16){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)w)),
                                        _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(w + 16)))};
        _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
        w += half ? 32 : 64;
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = fma16(weights, every(x[t * x_stride + i]), sums[t]);
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
}

void avx2_dot_float(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                    size_t x_stride, size_t tokens_n)
{
    size_t t = 0;
    for (; t + 4 <= tokens_n; t += 4) {
        if (half)
            float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 4, true);
        else
            float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 4, false);
    }
    for (; t < tokens_n; t++) {
        if (half)
            float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1, true);
        else
            float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1, false);
    }
}

/* NUM-23: 8 * halves rows, 32 columns in two chains.  tokens_n * halves <= BF16_TILE. */
__attribute__((always_inline)) static inline void bf16_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                            const float *x, size_t x_stride, size_t tokens_n,
                                                            size_t halves)
{
    const __m256i high = _mm256_set1_epi32((int)0xffff0000);
    for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
        __m256 even[BF16_TILE], odd[BF16_TILE];
        size_t last = n - first < FORMAT_BLOCK ? n : first + FORMAT_BLOCK;
        for (size_t i = 0; i < tokens_n * halves; i++)
            even[i] = odd[i] = _mm256_setzero_ps();
        for (size_t i = first; i < last; i += 2, w += LINE) {
            _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
            for (size_t h = 0; h < halves; h++) {
                __m256i pairs = load_bytes(w + h * 32);
                __m256 a = _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
                __m256 b = _mm256_castsi256_ps(_mm256_and_si256(pairs, high));
                for (size_t t = 0; t < tokens_n; t++) {
                    size_t sum = t * halves + h;
                    even[sum] = _mm256_fmadd_ps(a, _mm256_set1_ps(x[t * x_stride + i]), even[sum]);
                    odd[sum] = _mm256_fmadd_ps(b, _mm256_set1_ps(x[t * x_stride + i + 1]), odd[sum]);
                }
            }
        }
        for (size_t i = 0; i < tokens_n * halves; i++) {
            float *out = y + i / halves * y_stride + i % halves * 8;
            _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), _mm256_add_ps(even[i], odd[i])));
        }
    }
}

void avx2_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                   size_t tokens_n)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | NUMERICS_FLUSH);
    size_t t = 0;
    for (; t + BF16_TILE <= tokens_n; t += BF16_TILE) {
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, BF16_TILE, 1);
        bf16_tile(y + t * y_stride + 8, y_stride, group + 32, n, x + t * x_stride, x_stride, BF16_TILE, 1);
    }
    for (; t + 2 <= tokens_n; t += 2)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 2, 2);
    if (t < tokens_n)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1, 2);
    _mm_setcsr(mode);
}
