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

/* Keeps the compiler from adding in another order than written, for which it would need more registers than there are.
 */
static inline __m256i in_order(__m256i sum)
{
    __asm__("" : "+x"(sum));
    return sum;
}

/* How a panel is read; constant where the functions below are inlined. */
struct shape {
    size_t block; /* columns with one scale */
    size_t widen; /* columns whose products 16 bits hold: code_max * 127 * 2 * widen / 4 < 2^15 */
    bool wide;    /* codes of all of a byte, less 128 */
    bool has_min;
};

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
        exact[t] = _mm256_add_epi32(exact[t], _mm256_madd_epi16(sums[t], _mm256_set1_epi16(1)));
}

/* Eight rows, four columns of 8-bit codes.  |value| <= 128 and |q| <= 127, so a pair is at most 32512 and does not
 * saturate. */
__attribute__((always_inline)) static inline void add_wide(__m256i *exact, const uint8_t *w, const int8_t *q,
                                                           size_t tokens_n)
{
    __m256i values = _mm256_xor_si256(load_bytes(w), _mm256_set1_epi8((char)0x80));
    __m256i sizes = _mm256_abs_epi8(values);
    for (size_t t = 0; t < tokens_n; t++) {
        __m256i pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(broadcast4(q + t * FORMAT_SUPER), values));
        exact[t] = in_order(_mm256_add_epi32(exact[t], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
    }
}

/* One block of eight rows from row `row` on is added to sums, for tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void add_block(__m256 *sums, const struct panel *p, size_t row, size_t b,
                                                            __m256 offset, const struct codes_input *in, size_t first,
                                                            struct shape s, size_t tokens_n)
{
    __m256i exact[TILE];
    const uint8_t *w = p->codes + b * s.block * FORMAT_ROWS + row * 4;
    const int8_t *q = in->q + first * FORMAT_SUPER + b * s.block;
    for (size_t t = 0; t < tokens_n; t++)
        exact[t] = _mm256_setzero_si256();
    for (size_t i = 0; i < s.block && s.wide; i += 4)
        add_wide(exact, w + i * FORMAT_ROWS, q + i, tokens_n);
    for (size_t i = 0; i < s.block && !s.wide; i += s.widen)
        add_narrow(exact, w + i * FORMAT_ROWS, q + i, s.widen, tokens_n);
    __m256 w_scale = _mm256_loadu_ps(p->scale[b] + row);
    for (size_t t = 0; t < tokens_n; t++) {
        const struct codes_scales *in_scales = in->scales + first + t;
        __m256 whole = _mm256_cvtepi32_ps(exact[t]);
        if (!s.wide) /* exact: whole numbers below 2^24 */
            whole = _mm256_fnmadd_ps(_mm256_set1_ps(s.block == 16 ? in_scales->half_sum[b] : in_scales->sum[b]), offset,
                                     whole);
        __m256 scale = _mm256_mul_ps(w_scale, _mm256_set1_ps(in_scales->scale[b * s.block / FORMAT_BLOCK]));
        sums[t] = _mm256_fmadd_ps(whole, scale, sums[t]);
        if (s.has_min)
            sums[t] =
                _mm256_fnmadd_ps(_mm256_loadu_ps(p->min[b] + row),
                                 _mm256_set1_ps(s.block == 16 ? in_scales->half_bias[b] : in_scales->bias[b]), sums[t]);
    }
}

/* n columns of a panel for tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void dot_tile(float *y, size_t y_stride, const struct panel *p,
                                                           __m256 offset, const struct codes_input *in, size_t first,
                                                           size_t n, struct shape s, size_t tokens_n)
{
    for (size_t row = 0; row < FORMAT_ROWS; row += 8) {
        __m256 sums[TILE];
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = _mm256_loadu_ps(y + t * y_stride + row);
        for (size_t b = 0; b < n / s.block; b++)
            add_block(sums, p, row, b, offset, in, first, s, tokens_n);
        for (size_t t = 0; t < tokens_n; t++)
            _mm256_storeu_ps(y + t * y_stride + row, sums[t]);
    }
}

__attribute__((always_inline)) static inline void dot_tiles(float *y, size_t y_stride, const struct panel *p,
                                                            __m256 offset, const struct codes_input *in, size_t n,
                                                            struct shape s, size_t tokens_n)
{
    size_t t = 0;
    for (; t + TILE <= tokens_n; t += TILE)
        dot_tile(y + t * y_stride, y_stride, p, offset, in, t, n, s, TILE);
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
    __m256 offset = _mm256_set1_ps((float)f->code_offset);
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

/* NUM-23, eight rows from w on, 32 columns in two chains.  tokens_n <= BF16_TILE. */
__attribute__((always_inline)) static inline void bf16_tile(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                            const float *x, size_t x_stride, size_t tokens_n)
{
    const __m256i high = _mm256_set1_epi32((int)0xffff0000);
    for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
        __m256 even[BF16_TILE], odd[BF16_TILE];
        size_t last = n - first < FORMAT_BLOCK ? n : first + FORMAT_BLOCK;
        for (size_t t = 0; t < tokens_n; t++)
            even[t] = odd[t] = _mm256_setzero_ps();
        for (size_t i = first; i < last; i += 2, w += LINE) {
            __m256i pairs = load_bytes(w);
            _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
            __m256 a = _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
            __m256 b = _mm256_castsi256_ps(_mm256_and_si256(pairs, high));
            for (size_t t = 0; t < tokens_n; t++) {
                even[t] = _mm256_fmadd_ps(a, _mm256_set1_ps(x[t * x_stride + i]), even[t]);
                odd[t] = _mm256_fmadd_ps(b, _mm256_set1_ps(x[t * x_stride + i + 1]), odd[t]);
            }
        }
        for (size_t t = 0; t < tokens_n; t++) {
            __m256 sum = _mm256_add_ps(_mm256_loadu_ps(y + t * y_stride), _mm256_add_ps(even[t], odd[t]));
            _mm256_storeu_ps(y + t * y_stride, sum);
        }
    }
}

/* All 16 rows. */
__attribute__((always_inline)) static inline void bf16_rows(float *y, size_t y_stride, const uint8_t *w, size_t n,
                                                            const float *x, size_t x_stride, size_t tokens_n)
{
    bf16_tile(y, y_stride, w, n, x, x_stride, tokens_n);
    bf16_tile(y + 8, y_stride, w + 32, n, x, x_stride, tokens_n);
}

void avx2_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                   size_t tokens_n)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | NUMERICS_FLUSH);
    size_t t = 0;
    for (; t + BF16_TILE <= tokens_n; t += BF16_TILE)
        bf16_rows(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, BF16_TILE);
    for (; t + 2 <= tokens_n; t += 2)
        bf16_rows(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 2);
    if (t < tokens_n)
        bf16_rows(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1);
    _mm_setcsr(mode);
}
