/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 F, BW, VL, DQ and VNNI.  A lane is a row of a group (products), a position (scores) or one of the 16 partial
 * sums of the reference; no operation is fused that the reference rounds in two. */
#include "engine/kernel/kernels.h"
#include "engine/numerics.h"

enum {
    TILE = 8,        /* tokens whose sums stay in registers */
    PREFETCH = 2048, /* bytes ahead of the weights */
};

static inline __m512 load(const float *x)
{
    return _mm512_loadu_ps(x);
}

static inline __m512i load_bytes(const uint8_t *bytes)
{
    return _mm512_loadu_si512(bytes);
}

/* sums + the four unsigned bytes of each lane of w times the four signed bytes at q.  In assembly because compilers
 * load the broadcast by itself, which doubles the instructions of the innermost loop. */
static inline __m512i dot4(__m512i sums, __m512i w, const int8_t *q)
{
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(w), "m"(*(const int32_t *)(const void *)q));
    return sums;
}

static inline __m512 halves(const uint8_t *bytes)
{
    __m256i half;
    memcpy(&half, bytes, 32);
    return _mm512_cvtph_ps(half);
}

static float lanes_sum(__m512 v)
{
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

static inline __m512 exp16(__m512 x)
{
    __mmask16 kept = _mm512_cmp_ps_mask(x, _mm512_set1_ps(EXP_MIN), _CMP_NLT_UQ);
    __m512 clamped = _mm512_min_ps(_mm512_set1_ps(EXP_MAX), x); /* NaN stays: the second operand */
    __m512 shifted = _mm512_add_ps(_mm512_mul_ps(clamped, _mm512_set1_ps(EXP_LOG2E)), _mm512_set1_ps(EXP_ROUND));
    __m512 n = _mm512_sub_ps(shifted, _mm512_set1_ps(EXP_ROUND));
    __m512 r = _mm512_sub_ps(clamped, _mm512_mul_ps(n, _mm512_set1_ps(EXP_LN2_HI)));
    r = _mm512_sub_ps(r, _mm512_mul_ps(n, _mm512_set1_ps(EXP_LN2_LO)));
    __m512 p = _mm512_set1_ps(EXP_C6);
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(EXP_C5));
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(EXP_C4));
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(EXP_C3));
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(EXP_C2));
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(1.0f));
    p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(1.0f));
    __m512i power = _mm512_slli_epi32(_mm512_add_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(127)), 23);
    return _mm512_maskz_mul_ps(kept, p, _mm512_castsi512_ps(power));
}

static void quantise(int8_t *q, float *scale, int32_t *sum, const float *x, size_t n)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    for (size_t block = 0; block < n / LAYOUT_BLOCK; block++, x += LAYOUT_BLOCK, q += LAYOUT_BLOCK) {
        __m512 low = load(x);
        __m512 high = load(x + 16);
        __m512i bits = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), magnitude),
                                        _mm512_and_si512(_mm512_castps_si512(high), magnitude));
        int32_t largest = _mm512_reduce_max_epi32(bits);
        if (largest < QUANTISE_TINY || largest >= QUANTISE_NOT_FINITE) {
            scale[block] = largest < QUANTISE_TINY ? 0.0f : f32_from_bits(QUANTISE_NAN);
            sum[block] = 0;
            memset(q, 0, LAYOUT_BLOCK);
            continue;
        }
        __m512 inverse = _mm512_set1_ps(127.0f / f32_from_bits((uint32_t)largest));
        scale[block] = f32_from_bits((uint32_t)largest) / 127.0f;
        __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse)); /* to nearest even */
        __m512i b = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
        sum[block] = _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
        _mm_storeu_si128((__m128i *)(void *)q, _mm512_cvtepi32_epi8(a));
        _mm_storeu_si128((__m128i *)(void *)(q + 16), _mm512_cvtepi32_epi8(b));
    }
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    __m512 squares = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += LAYOUT_ROWS)
        squares = _mm512_add_ps(squares, _mm512_mul_ps(load(x + i), load(x + i)));
    __m512 factor = _mm512_set1_ps(1.0f / f32_sqrt(lanes_sum(squares) / (float)n + epsilon));
    for (size_t i = 0; i < n; i += LAYOUT_ROWS)
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_mul_ps(load(x + i), factor), load(w + i)));
}

static void swiglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += LAYOUT_ROWS) {
        __m512 g = load(gate + i);
        __m512 below = _mm512_add_ps(_mm512_set1_ps(1.0f), exp16(_mm512_sub_ps(_mm512_setzero_ps(), g)));
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_div_ps(g, below), load(up + i)));
    }
}

/* One group, tokens_n <= TILE tokens; half: F16 weights.  Inlined with constant half and tokens_n. */
__attribute__((always_inline)) static inline void float_tile(float *y, size_t y_stride, const uint8_t *w,
                                                             size_t columns_n, const float *x, size_t stride,
                                                             size_t tokens_n, bool half)
{
    __m512 sums[TILE];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = _mm512_setzero_ps();
    for (size_t i = 0; i < columns_n; i++) {
        _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
        __m512 weights = half ? halves(w) : _mm512_loadu_ps(w);
        w += half ? 32 : 64;
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = _mm512_add_ps(sums[t], _mm512_mul_ps(weights, _mm512_set1_ps(x[t * stride + i])));
    }
    for (size_t t = 0; t < tokens_n; t++)
        _mm512_storeu_ps(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void float_groups(float *y, size_t y_stride, const uint8_t *groups,
                                                               size_t groups_n, size_t columns_n,
                                                               const struct activations *a, size_t tokens_n, bool half)
{
    size_t group_len = (size_t)layout_group_len(half ? WEIGHT_F16 : WEIGHT_F32, columns_n);
    for (size_t g = 0; g < groups_n; g++, groups += group_len, y += LAYOUT_ROWS) {
        size_t t = 0;
        for (; t + TILE <= tokens_n; t += TILE)
            float_tile(y + t * y_stride, y_stride, groups, columns_n, a->x + t * a->stride, a->stride, TILE, half);
        for (; t + TILE / 2 <= tokens_n; t += TILE / 2)
            float_tile(y + t * y_stride, y_stride, groups, columns_n, a->x + t * a->stride, a->stride, TILE / 2, half);
        for (; t < tokens_n; t++)
            float_tile(y + t * y_stride, y_stride, groups, columns_n, a->x + t * a->stride, a->stride, 1, half);
    }
}

static void matmul_f32(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                       const struct activations *a, size_t tokens_n)
{
    float_groups(y, y_stride, groups, groups_n, columns_n, a, tokens_n, false);
}

static void matmul_f16(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                       const struct activations *a, size_t tokens_n)
{
    float_groups(y, y_stride, groups, groups_n, columns_n, a, tokens_n, true);
}

/* One group of 32-column blocks, tokens_n <= TILE tokens from token first on.  The sums start at -bias * (sum of q),
 * because the weights are stored unsigned with that bias. */
__attribute__((always_inline)) static inline void block_tile(float *y, size_t y_stride, const uint8_t *w,
                                                             size_t columns_n, const struct activations *a,
                                                             size_t first, size_t tokens_n, bool four_bits)
{
    const size_t len = four_bits ? 256 : 512;
    const __m512i nibble = _mm512_set1_epi8(15);
    size_t blocks_n = columns_n / LAYOUT_BLOCK;
    size_t scale_stride = a->stride / LAYOUT_BLOCK;
    const uint8_t *scales = w + blocks_n * len;
    const int8_t *q = a->q + first * a->stride;
    const float *x_scale = a->scale + first * scale_stride;
    const int32_t *x_sum = a->sum + first * scale_stride;
    __m512 sums[TILE];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks_n; b++, w += len, q += LAYOUT_BLOCK, scales += 32) {
        __m512i v[8];
        __m512 scale = halves(scales);
        for (size_t i = 0; i < len; i += 64)
            _mm_prefetch((const char *)(w + PREFETCH + i), _MM_HINT_T0);
        for (size_t i = 0; i < 8; i++)
            v[i] = !four_bits ? load_bytes(w + i * 64)
                   : i < 4    ? _mm512_and_si512(load_bytes(w + i * 64), nibble)
                              : _mm512_and_si512(_mm512_srli_epi16(load_bytes(w + (i - 4) * 64), 4), nibble);
        for (size_t t = 0; t < tokens_n; t++) {
            const int8_t *qt = q + t * a->stride;
            __m512i exact = _mm512_set1_epi32(-(four_bits ? 8 : 128) * x_sum[t * scale_stride + b]);
            __m512i other = _mm512_setzero_si512();
            for (size_t i = 0; i < 8; i += 2) {
                exact = dot4(exact, v[i], qt + i * 4);
                other = dot4(other, v[i + 1], qt + i * 4 + 4);
            }
            exact = _mm512_add_epi32(exact, other);
            __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(x_scale[t * scale_stride + b]));
            sums[t] = _mm512_add_ps(sums[t], _mm512_mul_ps(_mm512_cvtepi32_ps(exact), both));
        }
    }
    for (size_t t = 0; t < tokens_n; t++)
        _mm512_storeu_ps(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void block_groups(float *y, size_t y_stride, const uint8_t *groups,
                                                               size_t groups_n, size_t columns_n,
                                                               const struct activations *a, size_t tokens_n,
                                                               bool four_bits)
{
    size_t group_len = (size_t)layout_group_len(four_bits ? WEIGHT_Q4_0 : WEIGHT_Q8_0, columns_n);
    for (size_t g = 0; g < groups_n; g++, groups += group_len, y += LAYOUT_ROWS) {
        size_t t = 0;
        for (; t + TILE <= tokens_n; t += TILE)
            block_tile(y + t * y_stride, y_stride, groups, columns_n, a, t, TILE, four_bits);
        for (; t + TILE / 2 <= tokens_n; t += TILE / 2)
            block_tile(y + t * y_stride, y_stride, groups, columns_n, a, t, TILE / 2, four_bits);
        for (; t < tokens_n; t++)
            block_tile(y + t * y_stride, y_stride, groups, columns_n, a, t, 1, four_bits);
    }
}

static void matmul_q8_0(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                        const struct activations *a, size_t tokens_n)
{
    block_groups(y, y_stride, groups, groups_n, columns_n, a, tokens_n, false);
}

static void matmul_q4_0(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                        const struct activations *a, size_t tokens_n)
{
    block_groups(y, y_stride, groups, groups_n, columns_n, a, tokens_n, true);
}

static void scores(float *s, const float *q, const float *k, size_t head_dim, size_t n, float scale)
{
    size_t groups_n = (n + LAYOUT_ROWS - 1) / LAYOUT_ROWS;
    size_t step = head_dim * LAYOUT_ROWS;
    size_t g = 0;
    for (; g + 4 <= groups_n; g += 4, k += 4 * step) {
        __m512 sums[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
        for (size_t d = 0; d < head_dim; d++)
            for (size_t i = 0; i < 4; i++)
                sums[i] =
                    _mm512_add_ps(sums[i], _mm512_mul_ps(_mm512_set1_ps(q[d]), load(k + i * step + d * LAYOUT_ROWS)));
        for (size_t i = 0; i < 4; i++)
            _mm512_storeu_ps(s + (g + i) * LAYOUT_ROWS, _mm512_mul_ps(sums[i], _mm512_set1_ps(scale)));
    }
    for (; g < groups_n; g++, k += step) {
        __m512 sum = _mm512_setzero_ps();
        for (size_t d = 0; d < head_dim; d++)
            sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_set1_ps(q[d]), load(k + d * LAYOUT_ROWS)));
        _mm512_storeu_ps(s + g * LAYOUT_ROWS, _mm512_mul_ps(sum, _mm512_set1_ps(scale)));
    }
}

static float softmax(float *s, size_t n)
{
    const __m512 lowest = _mm512_set1_ps(f32_from_bits(0xff800000));
    __mmask16 tail = (__mmask16)(0xffff >> ((LAYOUT_ROWS - n % LAYOUT_ROWS) % LAYOUT_ROWS));
    size_t last = (n - 1) / LAYOUT_ROWS * LAYOUT_ROWS;
    __m512 largest = _mm512_mask_mov_ps(lowest, tail, load(s + last));
    for (size_t p = 0; p < last; p += LAYOUT_ROWS)
        largest = _mm512_max_ps(largest, load(s + p));
    __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
    __m512 sum = _mm512_setzero_ps();
    for (size_t p = 0; p <= last; p += LAYOUT_ROWS) {
        __m512 e = exp16(_mm512_sub_ps(load(s + p), top));
        e = p == last ? _mm512_maskz_mov_ps(tail, e) : e;
        _mm512_storeu_ps(s + p, e);
        sum = _mm512_add_ps(sum, e);
    }
    return lanes_sum(sum);
}

/* registers columns of 16 at once. */
__attribute__((always_inline)) static inline void mix_tile(float *y, const float *s, const float *v, size_t v_stride,
                                                           size_t n, float factor, size_t registers)
{
    __m512 sums[4];
    for (size_t i = 0; i < registers; i++)
        sums[i] = _mm512_setzero_ps();
    for (size_t p = 0; p < n; p++, v += v_stride)
        for (size_t i = 0; i < registers; i++)
            sums[i] = _mm512_add_ps(sums[i], _mm512_mul_ps(_mm512_set1_ps(s[p]), load(v + i * LAYOUT_ROWS)));
    for (size_t i = 0; i < registers; i++)
        _mm512_storeu_ps(y + i * LAYOUT_ROWS, _mm512_mul_ps(sums[i], _mm512_set1_ps(factor)));
}

static void mix(float *y, const float *s, const float *v, size_t v_stride, size_t width, size_t n, float factor)
{
    size_t d = 0;
    for (; d + 64 <= width; d += 64)
        mix_tile(y + d, s, v + d, v_stride, n, factor, 4);
    for (; d < width; d += LAYOUT_ROWS)
        mix_tile(y + d, s, v + d, v_stride, n, factor, 1);
}

const struct kernels kernels_avx512 = {
    .name = "avx512",
    .quantise = quantise,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .matmul = {matmul_f32, matmul_f16, matmul_q8_0, matmul_q4_0},
    .scores = scores,
    .softmax = softmax,
    .mix = mix,
};
