/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX-512 and VNNI.  A lane is a row of a group. */
#include "engine/kernel/avx512.h"

#include "engine/kernel/avx512_sums.h"
#include "engine/kernel/expand.h"

enum {
    TILE = 8,        /* tokens whose sums stay in registers */
    PREFETCH = 2048, /* bytes ahead of the weights */
};

void avx512_expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n)
{
    expand_panel(p, type, g, column, n);
}

/* n columns of a panel for tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void dot_tile(float *y, size_t y_stride, const struct panel *p,
                                                           const struct codes_input *in, size_t first, size_t n,
                                                           struct shape s, size_t tokens_n)
{
    __m512 sums[TILE];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = load(y + t * y_stride);
    for (size_t b = 0; b < n / s.block; b++) {
        __m512i exact[TILE];
        const uint8_t *w = p->codes + b * s.block * FORMAT_ROWS;
        const int8_t *q = in->q + first * FORMAT_SUPER + b * s.block;
        for (size_t t = 0; t < tokens_n; t++)
            exact[t] = _mm512_setzero_si512();
        for (size_t i = 0; i < s.block; i += 4) {
            __m512i codes = load_bytes(w + i * FORMAT_ROWS);
            for (size_t t = 0; t < tokens_n; t++)
                exact[t] = dot4(exact[t], codes, q + t * FORMAT_SUPER + i);
        }
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = add_exact(sums[t], exact[t], p, b, in->scales + first + t, s);
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void dot_tiles(float *y, size_t y_stride, const struct panel *p,
                                                            const struct codes_input *in, size_t n, struct shape s,
                                                            size_t tokens_n)
{
    size_t t = 0;
    for (; t + TILE <= tokens_n; t += TILE)
        dot_tile(y + t * y_stride, y_stride, p, in, t, n, s, TILE);
    for (; t + 4 <= tokens_n; t += 4)
        dot_tile(y + t * y_stride, y_stride, p, in, t, n, s, 4);
    for (; t + 2 <= tokens_n; t += 2)
        dot_tile(y + t * y_stride, y_stride, p, in, t, n, s, 2);
    for (; t < tokens_n; t++)
        dot_tile(y + t * y_stride, y_stride, p, in, t, n, s, 1);
}

void avx512_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                      const struct codes_input *in, size_t n, size_t tokens_n)
{
    int offset = f->code_offset;
    if (f->block == 32 && f->has_min)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 0, true, 0}, tokens_n);
    else if (f->block == 32)
        dot_tiles(y, y_stride, p, in, n, (struct shape){32, 0, false, offset}, tokens_n);
    else if (f->has_min)
        dot_tiles(y, y_stride, p, in, n, (struct shape){16, 0, true, 0}, tokens_n);
    else
        dot_tiles(y, y_stride, p, in, n, (struct shape){16, 0, false, offset}, tokens_n);
}

/* tokens_n <= TILE; half: F16 weights. */
__attribute__((always_inline)) static inline void float_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                             const float *x, size_t x_stride, size_t tokens_n,
                                                             bool half)
{
    __m512 sums[TILE];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = load(y + t * y_stride);
    for (size_t i = 0; i < n; i++) {
        __m512 weights = half ? _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)w))
                              : _mm512_castsi512_ps(load_bytes(w));
        _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
        w += half ? 32 : 64;
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = _mm512_fmadd_ps(weights, _mm512_set1_ps(x[t * x_stride + i]), sums[t]);
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void float_tiles(float *y, size_t y_stride, const uint8_t *group, size_t n,
                                                              const float *x, size_t x_stride, size_t tokens_n,
                                                              bool half)
{
    size_t t = 0;
    for (; t + TILE <= tokens_n; t += TILE)
        float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, TILE, half);
    for (; t < tokens_n; t++)
        float_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1, half);
}

void avx512_dot_float(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                      size_t x_stride, size_t tokens_n)
{
    if (half)
        float_tiles(y, y_stride, group, n, x, x_stride, tokens_n, true);
    else
        float_tiles(y, y_stride, group, n, x, x_stride, tokens_n, false);
}

/* NUM-24: 32 columns in two chains, even and odd. */
__attribute__((always_inline)) static inline void bf16_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                            const float *x, size_t x_stride, size_t tokens_n)
{
    const __m512i high = _mm512_set1_epi32((int)0xffff0000);
    for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
        __m512 even[TILE], odd[TILE];
        size_t last = n - first < FORMAT_BLOCK ? n : first + FORMAT_BLOCK;
        for (size_t t = 0; t < tokens_n; t++)
            even[t] = odd[t] = _mm512_setzero_ps();
        for (size_t i = first; i < last; i += 2, w += LINE) {
            __m512i pairs = load_bytes(w);
            _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
            __m512 a = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
            __m512 b = _mm512_castsi512_ps(_mm512_and_si512(pairs, high));
            for (size_t t = 0; t < tokens_n; t++) {
                even[t] = _mm512_fmadd_ps(a, _mm512_set1_ps(x[t * x_stride + i]), even[t]);
                odd[t] = _mm512_fmadd_ps(b, _mm512_set1_ps(x[t * x_stride + i + 1]), odd[t]);
            }
        }
        for (size_t t = 0; t < tokens_n; t++)
            store(y + t * y_stride, _mm512_add_ps(load(y + t * y_stride), _mm512_add_ps(even[t], odd[t])));
    }
}

void avx512_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                     size_t tokens_n)
{
    unsigned mode = _mm_getcsr();
    size_t t = 0;
    _mm_setcsr(mode | NUMERICS_FLUSH);
    for (; t + TILE <= tokens_n; t += TILE)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, TILE);
    for (; t + 4 <= tokens_n; t += 4)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 4);
    for (; t < tokens_n; t++)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1);
    _mm_setcsr(mode);
}
