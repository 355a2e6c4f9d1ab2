/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX2 and FMA. */
#include "engine/kernel/avx2.h"

#include "engine/kernel/avx2_lanes.h"
#include "engine/kernel/expand.h"

static void look_up(uint8_t *bytes, size_t n, const uint8_t table[16])
{
    __m128i half;
    memcpy(&half, table, 16);
    __m256i both = _mm256_broadcastsi128_si256(half);
    for (size_t i = 0; i < n; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(bytes + i), _mm256_shuffle_epi8(both, load_bytes(bytes + i)));
}

void avx2_expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n)
{
    expand_codes(p, type, g, column, n, look_up);
}

static inline __m256i broadcast4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, 4);
    return _mm256_set1_epi32(four);
}

/* How a panel is read; constant where the functions below are inlined. */
struct shape {
    size_t block; /* columns with one scale */
    size_t widen; /* columns whose products 16 bits hold: code_max * 127 * 2 * widen / 4 < 2^15 */
    bool wide;    /* codes of all of a byte, less 128 */
    bool has_min;
};

/* Exact sums of `widen` columns from column on, of T tokens, are added to exact. */
__attribute__((always_inline)) static inline void add_narrow(struct ints16 *exact, const uint8_t *w, const int8_t *q,
                                                             size_t widen, size_t tokens_n)
{
    const __m256i ones = _mm256_set1_epi16(1);
    struct ints16 sums[4];
    for (size_t i = 0; i < widen / 4; i++) {
        __m256i low = load_bytes(w + i * LINE);
        __m256i high = load_bytes(w + i * LINE + 32);
        for (size_t t = 0; t < tokens_n; t++) {
            __m256i four = broadcast4(q + t * FORMAT_SUPER + i * 4);
            __m256i a = _mm256_maddubs_epi16(low, four);
            __m256i b = _mm256_maddubs_epi16(high, four);
            sums[t].low = i == 0 ? a : _mm256_add_epi16(sums[t].low, a);
            sums[t].high = i == 0 ? b : _mm256_add_epi16(sums[t].high, b);
        }
    }
    for (size_t t = 0; t < tokens_n; t++) {
        exact[t].low = _mm256_add_epi32(exact[t].low, _mm256_madd_epi16(sums[t].low, ones));
        exact[t].high = _mm256_add_epi32(exact[t].high, _mm256_madd_epi16(sums[t].high, ones));
    }
}

/* Four columns of 8-bit codes.  |value| <= 128 and |q| <= 127, so a pair is at most 32512 and does not saturate. */
__attribute__((always_inline)) static inline void add_wide(struct ints16 *exact, const uint8_t *w, const int8_t *q,
                                                           size_t tokens_n)
{
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i flip = _mm256_set1_epi8((char)0x80);
    __m256i low = _mm256_xor_si256(load_bytes(w), flip);
    __m256i high = _mm256_xor_si256(load_bytes(w + 32), flip);
    __m256i low_size = _mm256_abs_epi8(low);
    __m256i high_size = _mm256_abs_epi8(high);
    for (size_t t = 0; t < tokens_n; t++) {
        __m256i four = broadcast4(q + t * FORMAT_SUPER);
        __m256i a = _mm256_maddubs_epi16(low_size, _mm256_sign_epi8(four, low));
        __m256i b = _mm256_maddubs_epi16(high_size, _mm256_sign_epi8(four, high));
        exact[t].low = _mm256_add_epi32(exact[t].low, _mm256_madd_epi16(a, ones));
        exact[t].high = _mm256_add_epi32(exact[t].high, _mm256_madd_epi16(b, ones));
    }
}

/* n columns of a panel for tokens_n <= 4 tokens from token first on. */
__attribute__((always_inline)) static inline void dot_tile(float *y, size_t y_stride, const struct panel *p,
                                                           int32_t offset, const struct codes_input *in, size_t first,
                                                           size_t n, struct shape s, size_t tokens_n)
{
    struct floats16 sums[4];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = load(y + t * y_stride);
    for (size_t b = 0; b < n / s.block; b++) {
        struct ints16 exact[4];
        const uint8_t *w = p->codes + b * s.block * FORMAT_ROWS;
        const int8_t *q = in->q + first * FORMAT_SUPER + b * s.block;
        for (size_t t = 0; t < tokens_n; t++) {
            const int32_t *sum = in->sum + (first + t) * 16 + b * s.block / 16;
            __m256i start = _mm256_set1_epi32(s.wide ? 0 : -offset * (s.block == 16 ? sum[0] : sum[0] + sum[1]));
            exact[t] = (struct ints16){start, start};
        }
        for (size_t i = 0; i < s.block && s.wide; i += 4)
            add_wide(exact, w + i * FORMAT_ROWS, q + i, tokens_n);
        for (size_t i = 0; i < s.block && !s.wide; i += s.widen)
            add_narrow(exact, w + i * FORMAT_ROWS, q + i, s.widen, tokens_n);
        for (size_t t = 0; t < tokens_n; t++) {
            struct floats16 whole = {_mm256_cvtepi32_ps(exact[t].low), _mm256_cvtepi32_ps(exact[t].high)};
            struct floats16 scale = every(in->scale[(first + t) * 8 + b * s.block / FORMAT_BLOCK]);
            sums[t] = fma16(whole, multiply(load(p->scale[b]), scale), sums[t]);
            for (size_t half = 0; half < s.block / 16 && s.has_min; half++)
                sums[t] = fma16_negated(load(p->min[b]), every(in->bias[(first + t) * 16 + b * s.block / 16 + half]),
                                        sums[t]);
        }
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void dot_tiles(float *y, size_t y_stride, const struct panel *p,
                                                            int32_t offset, const struct codes_input *in, size_t n,
                                                            struct shape s, size_t tokens_n)
{
    size_t t = 0;
    for (; t + 4 <= tokens_n; t += 4)
        dot_tile(y + t * y_stride, y_stride, p, offset, in, t, n, s, 4);
    y += t * y_stride;
    switch (tokens_n - t) {
    case 3: dot_tile(y, y_stride, p, offset, in, t, n, s, 3); break;
    case 2: dot_tile(y, y_stride, p, offset, in, t, n, s, 2); break;
    case 1: dot_tile(y, y_stride, p, offset, in, t, n, s, 1); break;
    default: break;
    }
}

void avx2_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                    const struct codes_input *in, size_t n, size_t tokens_n)
{
    int32_t offset = f->code_offset;
    if (f->code_max == 255)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){32, 0, true, false}, tokens_n);
    else if (f->block == 32 && f->code_max <= 15 && !f->has_min)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){32, 32, false, false}, tokens_n);
    else if (f->block == 32 && f->code_max <= 15)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){32, 32, false, true}, tokens_n);
    else if (f->block == 32 && !f->has_min)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){32, 16, false, false}, tokens_n);
    else if (f->block == 32)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){32, 16, false, true}, tokens_n);
    else if (f->has_min)
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){16, 16, false, true}, tokens_n);
    else
        dot_tiles(y, y_stride, p, offset, in, n, (struct shape){16, 8, false, false}, tokens_n);
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

/* NUM-24: 32 columns in two chains, even and odd.  tokens_n <= 3. */
__attribute__((always_inline)) static inline void bf16_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                            const float *x, size_t x_stride, size_t tokens_n)
{
    const __m256i high = _mm256_set1_epi32((int)0xffff0000);
    for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
        struct floats16 even[3], odd[3];
        size_t last = n - first < FORMAT_BLOCK ? n : first + FORMAT_BLOCK;
        for (size_t t = 0; t < tokens_n; t++)
            even[t] = odd[t] = every(0.0f);
        for (size_t i = first; i < last; i += 2, w += LINE) {
            __m256i low_pairs = load_bytes(w);
            __m256i high_pairs = load_bytes(w + 32);
            struct floats16 a = {_mm256_castsi256_ps(_mm256_slli_epi32(low_pairs, 16)),
                                 _mm256_castsi256_ps(_mm256_slli_epi32(high_pairs, 16))};
            struct floats16 b = {_mm256_castsi256_ps(_mm256_and_si256(low_pairs, high)),
                                 _mm256_castsi256_ps(_mm256_and_si256(high_pairs, high))};
            for (size_t t = 0; t < tokens_n; t++) {
                even[t] = fma16(a, every(x[t * x_stride + i]), even[t]);
                odd[t] = fma16(b, every(x[t * x_stride + i + 1]), odd[t]);
            }
        }
        for (size_t t = 0; t < tokens_n; t++)
            store(y + t * y_stride, add(load(y + t * y_stride), add(even[t], odd[t])));
    }
}

void avx2_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                   size_t tokens_n)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | NUMERICS_FLUSH);
    size_t t = 0;
    for (; t + 3 <= tokens_n; t += 3)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 3);
    if (tokens_n - t == 2)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 2);
    else if (tokens_n - t == 1)
        bf16_tile(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1);
    _mm_setcsr(mode);
}
