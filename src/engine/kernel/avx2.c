/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2, FMA and F16C: everything but the products; no operation is fused here. */
#include "engine/kernel/avx2.h"

#include "engine/kernel/avx2_lanes.h"

static float lanes_sum(struct floats16 v)
{
    __m256 a = _mm256_add_ps(v.low, v.high);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

static inline __m256 exp8(__m256 x)
{
    __m256 kept = _mm256_cmp_ps(x, _mm256_set1_ps(EXP_MIN), _CMP_NLT_UQ);
    __m256 clamped = _mm256_min_ps(_mm256_set1_ps(EXP_MAX), x); /* NaN stays: the second operand */
    __m256 shifted = _mm256_add_ps(_mm256_mul_ps(clamped, _mm256_set1_ps(EXP_LOG2E)), _mm256_set1_ps(EXP_ROUND));
    __m256 n = _mm256_sub_ps(shifted, _mm256_set1_ps(EXP_ROUND));
    __m256 r = _mm256_sub_ps(clamped, _mm256_mul_ps(n, _mm256_set1_ps(EXP_LN2_HI)));
    r = _mm256_sub_ps(r, _mm256_mul_ps(n, _mm256_set1_ps(EXP_LN2_LO)));
    __m256 p = _mm256_set1_ps(EXP_C6);
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(EXP_C5));
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(EXP_C4));
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(EXP_C3));
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(EXP_C2));
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(1.0f));
    p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(1.0f));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(kept, _mm256_mul_ps(p, _mm256_castsi256_ps(power)));
}

static inline struct floats16 exp16(struct floats16 x)
{
    return (struct floats16){exp8(x.low), exp8(x.high)};
}

/* Adds, or takes the largest of, 8 whole numbers. */
static int32_t sum8(__m256i v)
{
    __m128i a = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32(a, 0xb1)));
}

static int32_t largest8(__m256i v)
{
    __m128i a = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    a = _mm_max_epi32(a, _mm_shuffle_epi32(a, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(a, _mm_shuffle_epi32(a, 0xb1)));
}

/* q of a block; returns the sums of its two halves of 16. */
static void quantise_plain(int8_t *q, float *half_sum, const float *x, float inverse)
{
    __m256i v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * 8), _mm256_set1_ps(inverse)));
    half_sum[0] = (float)sum8(_mm256_add_epi32(v[0], v[1]));
    half_sum[1] = (float)sum8(_mm256_add_epi32(v[2], v[3]));
    /* packing works within halves of 128 bits: put the groups of four back in order */
    __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)q, packed);
}

static void quantise(int8_t *q, struct codes_scales *s, const float *x, size_t n)
{
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++, x += FORMAT_BLOCK, q += FORMAT_BLOCK) {
        __m256i bits = _mm256_setzero_si256();
        for (size_t i = 0; i < FORMAT_BLOCK; i += 8)
            bits = _mm256_max_epi32(bits, _mm256_castps_si256(_mm256_and_ps(_mm256_loadu_ps(x + i), magnitude)));
        int32_t largest = largest8(bits);
        if (largest < QUANTISE_TINY || largest >= QUANTISE_NOT_FINITE) {
            s->scale[b] = largest < QUANTISE_TINY ? 0.0f : f32_from_bits(QUANTISE_NAN);
            s->half_sum[2 * b] = s->half_sum[2 * b + 1] = 0.0f;
            memset(q, 0, FORMAT_BLOCK);
        } else {
            s->scale[b] = f32_from_bits((uint32_t)largest) / 127.0f;
            quantise_plain(q, s->half_sum + 2 * b, x, 127.0f / f32_from_bits((uint32_t)largest));
        }
        codes_scales_complete(s, b);
    }
}

static inline __m256 round8(__m256 x)
{
    __m256i bits = _mm256_castps_si256(x);
    __m256i even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), even);
    __m256i exponent = _mm256_set1_epi32(0x7f800000);
    __m256i special = _mm256_cmpeq_epi32(_mm256_and_si256(bits, exponent), exponent);
    /* a NaN whose upper half is that of infinity stays a NaN */
    __m256i quiet = _mm256_or_si256(
        bits, _mm256_and_si256(_mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)), _mm256_set1_epi32(0x400000)));
    rounded = _mm256_blendv_epi8(rounded, quiet, special);
    return _mm256_castsi256_ps(_mm256_and_si256(rounded, _mm256_set1_epi32((int)0xffff0000)));
}

static void round_bf16(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += 8)
        _mm256_storeu_ps(y + i, round8(_mm256_loadu_ps(x + i)));
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    struct floats16 squares = every(0.0f);
    for (size_t i = 0; i < n; i += FORMAT_ROWS)
        squares = add(squares, multiply(load(x + i), load(x + i)));
    struct floats16 factor = every(1.0f / f32_sqrt(lanes_sum(squares) / (float)n + epsilon));
    for (size_t i = 0; i < n; i += FORMAT_ROWS)
        store(y + i, multiply(multiply(load(x + i), factor), load(w + i)));
}

static void swiglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 below = _mm256_add_ps(_mm256_set1_ps(1.0f), exp8(_mm256_sub_ps(_mm256_setzero_ps(), g)));
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_div_ps(g, below), _mm256_loadu_ps(up + i)));
    }
}

static void geglu(float *y, const float *gate, const float *up, size_t n)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    for (size_t i = 0; i < n; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 cube = _mm256_mul_ps(_mm256_mul_ps(g, g), _mm256_set1_ps(GELU_CUBE));
        __m256 z = _mm256_mul_ps(_mm256_mul_ps(g, _mm256_add_ps(one, cube)), _mm256_set1_ps(GELU_SCALE));
        __m256 below = _mm256_add_ps(one, exp8(_mm256_sub_ps(_mm256_setzero_ps(), z)));
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_div_ps(g, below), _mm256_loadu_ps(up + i)));
    }
}

static void soft_cap(float *x, size_t n, float cap)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 two = _mm256_set1_ps(2.0f);
    for (size_t i = 0; i < n; i += 8) {
        __m256 e = exp8(_mm256_mul_ps(_mm256_div_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(cap)), two));
        __m256 tanh = _mm256_sub_ps(one, _mm256_div_ps(two, _mm256_add_ps(one, e)));
        _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_set1_ps(cap), tanh));
    }
}

static float softmax(float *s, size_t n, bool round)
{
    size_t padded = (n + FORMAT_ROWS - 1) / FORMAT_ROWS * FORMAT_ROWS;
    for (size_t p = n; p < padded; p++)
        s[p] = f32_from_bits(0xff800000);
    __m256 most = _mm256_loadu_ps(s);
    for (size_t p = 8; p < padded; p += 8)
        most = _mm256_max_ps(most, _mm256_loadu_ps(s + p));
    float lanes[8];
    _mm256_storeu_ps(lanes, most);
    float largest = lanes[0];
    for (size_t i = 1; i < 8; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    struct floats16 sum = every(0.0f);
    for (size_t p = 0; p < padded; p += FORMAT_ROWS) {
        struct floats16 x = load(s + p);
        struct floats16 e = exp16((struct floats16){_mm256_sub_ps(x.low, _mm256_set1_ps(largest)),
                                                    _mm256_sub_ps(x.high, _mm256_set1_ps(largest))});
        if (round)
            e = (struct floats16){round8(e.low), round8(e.high)};
        store(s + p, e);
        sum = add(sum, e);
    }
    return lanes_sum(sum);
}

const struct kernels kernels_avx2 = {
    .name = "avx2",
    .quantise = quantise,
    .round_bf16 = round_bf16,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .geglu = geglu,
    .soft_cap = soft_cap,
    .expand = avx2_expand,
    .dot_codes = avx2_dot_codes,
    .gemv_codes = avx2_gemv_codes,
    .dot_float = avx2_dot_float,
    .dot_bf16 = avx2_dot_bf16,
    .softmax = softmax,
};
