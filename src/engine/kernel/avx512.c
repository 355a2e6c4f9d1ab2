/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 F, BW, VL and DQ: everything but the products; no operation is fused here. */
#include "engine/kernel/avx512.h"

#include "engine/kernel/amx.h"
#include "engine/kernel/avx512_lanes.h"

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

static void quantise(int8_t *q, struct codes_scales *s, const float *x, size_t n)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++, x += FORMAT_BLOCK, q += FORMAT_BLOCK) {
        __m512 low = load(x);
        __m512 high = load(x + 16);
        __m512i bits = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), magnitude),
                                        _mm512_and_si512(_mm512_castps_si512(high), magnitude));
        int32_t largest = _mm512_reduce_max_epi32(bits);
        if (largest < QUANTISE_TINY || largest >= QUANTISE_NOT_FINITE) {
            s->scale[b] = largest < QUANTISE_TINY ? 0.0f : f32_from_bits(QUANTISE_NAN);
            s->half_sum[2 * b] = s->half_sum[2 * b + 1] = 0.0f;
            memset(q, 0, FORMAT_BLOCK);
        } else {
            __m512 inverse = _mm512_set1_ps(127.0f / f32_from_bits((uint32_t)largest));
            s->scale[b] = f32_from_bits((uint32_t)largest) / 127.0f;
            __m512i first = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse)); /* to nearest even */
            __m512i second = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
            s->half_sum[2 * b] = (float)_mm512_reduce_add_epi32(first);
            s->half_sum[2 * b + 1] = (float)_mm512_reduce_add_epi32(second);
            _mm_storeu_si128((__m128i *)(void *)q, _mm512_cvtepi32_epi8(first));
            _mm_storeu_si128((__m128i *)(void *)(q + 16), _mm512_cvtepi32_epi8(second));
        }
        codes_scales_complete(s, b);
    }
}

static inline __m512 round16(__m512 x)
{
    const __m512i exponent = _mm512_set1_epi32(0x7f800000);
    __m512i bits = _mm512_castps_si512(x);
    __m512i even = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), even);
    __mmask16 special = _mm512_cmpeq_epi32_mask(_mm512_and_si512(bits, exponent), exponent);
    /* a NaN whose upper half is that of infinity stays a NaN */
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    rounded = _mm512_mask_mov_epi32(rounded, special, bits);
    rounded = _mm512_mask_or_epi32(rounded, nan, rounded, _mm512_set1_epi32(0x400000));
    return _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32((int)0xffff0000)));
}

static void round_bf16(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += FORMAT_ROWS)
        _mm512_storeu_ps(y + i, round16(load(x + i)));
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    __m512 squares = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += FORMAT_ROWS)
        squares = _mm512_add_ps(squares, _mm512_mul_ps(load(x + i), load(x + i)));
    __m512 factor = _mm512_set1_ps(1.0f / f32_sqrt(lanes_sum(squares) / (float)n + epsilon));
    for (size_t i = 0; i < n; i += FORMAT_ROWS)
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_mul_ps(load(x + i), factor), load(w + i)));
}

static void swiglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += FORMAT_ROWS) {
        __m512 g = load(gate + i);
        __m512 below = _mm512_add_ps(_mm512_set1_ps(1.0f), exp16(_mm512_sub_ps(_mm512_setzero_ps(), g)));
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_div_ps(g, below), load(up + i)));
    }
}

static void geglu(float *y, const float *gate, const float *up, size_t n)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    for (size_t i = 0; i < n; i += FORMAT_ROWS) {
        __m512 g = load(gate + i);
        __m512 cube = _mm512_mul_ps(_mm512_mul_ps(g, g), _mm512_set1_ps(GELU_CUBE));
        __m512 z = _mm512_mul_ps(_mm512_mul_ps(g, _mm512_add_ps(one, cube)), _mm512_set1_ps(GELU_SCALE));
        __m512 below = _mm512_add_ps(one, exp16(_mm512_sub_ps(_mm512_setzero_ps(), z)));
        _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_div_ps(g, below), load(up + i)));
    }
}

static void soft_cap(float *x, size_t n, float cap)
{
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 two = _mm512_set1_ps(2.0f);
    for (size_t i = 0; i < n; i += FORMAT_ROWS) {
        __m512 e = exp16(_mm512_mul_ps(_mm512_div_ps(load(x + i), _mm512_set1_ps(cap)), two));
        __m512 tanh = _mm512_sub_ps(one, _mm512_div_ps(two, _mm512_add_ps(one, e)));
        _mm512_storeu_ps(x + i, _mm512_mul_ps(_mm512_set1_ps(cap), tanh));
    }
}

static float softmax(float *s, size_t n, bool round)
{
    const __m512 lowest = _mm512_set1_ps(f32_from_bits(0xff800000));
    __mmask16 tail = (__mmask16)(0xffff >> ((FORMAT_ROWS - n % FORMAT_ROWS) % FORMAT_ROWS));
    size_t last = (n - 1) / FORMAT_ROWS * FORMAT_ROWS;
    __m512 largest = _mm512_mask_mov_ps(lowest, tail, load(s + last));
    for (size_t p = 0; p < last; p += FORMAT_ROWS)
        largest = _mm512_max_ps(largest, load(s + p));
    __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
    __m512 sum = _mm512_setzero_ps();
    for (size_t p = 0; p <= last; p += FORMAT_ROWS) {
        __m512 e = exp16(_mm512_sub_ps(load(s + p), top));
        e = round ? round16(e) : e;
        e = p == last ? _mm512_maskz_mov_ps(tail, e) : e;
        _mm512_storeu_ps(s + p, e);
        sum = _mm512_add_ps(sum, e);
    }
    return lanes_sum(sum);
}

const struct kernels kernels_avx512 = {
    .name = "avx512",
    .quantise = quantise,
    .round_bf16 = round_bf16,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .geglu = geglu,
    .soft_cap = soft_cap,
    .expand = avx512_expand,
    .dot_codes = avx512_dot_codes,
    .gemv_codes = avx512_gemv_codes,
    .dot_float = avx512_dot_float,
    .dot_bf16 = avx512_dot_bf16,
    .softmax = softmax,
};

const struct kernels kernels_amx = {
    .name = "amx",
    .quantise = quantise,
    .round_bf16 = round_bf16,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .geglu = geglu,
    .soft_cap = soft_cap,
    .expand = avx512_expand,
    .dot_codes = amx_dot_codes,
    .gemv_codes = avx512_gemv_codes,
    .dot_float = avx512_dot_float,
    .dot_bf16 = amx_dot_bf16,
    .dot_bf16_groups = amx_dot_bf16_groups,
    .softmax = softmax,
};
