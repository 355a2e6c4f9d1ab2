/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 and F16C: the 16 lanes of the reference in two registers; no operation is fused. */
#include "engine/kernel/kernels.h"
#include "engine/numerics.h"

enum {
    TILE = 2,        /* tokens whose sums stay in registers */
    PREFETCH = 2048, /* bytes ahead of the weights */
};

/* 16 floats, or 16 whole numbers. */
struct floats16 {
    __m256 low, high;
};

struct ints16 {
    __m256i low, high;
};

static inline struct floats16 load(const float *x)
{
    return (struct floats16){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)};
}

static inline void store(float *y, struct floats16 v)
{
    _mm256_storeu_ps(y, v.low);
    _mm256_storeu_ps(y + 8, v.high);
}

static inline struct floats16 every(float value)
{
    return (struct floats16){_mm256_set1_ps(value), _mm256_set1_ps(value)};
}

static inline struct floats16 add(struct floats16 a, struct floats16 b)
{
    return (struct floats16){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

static inline struct floats16 multiply(struct floats16 a, struct floats16 b)
{
    return (struct floats16){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

static inline struct floats16 halves(const uint8_t *bytes)
{
    __m128i low, high;
    memcpy(&low, bytes, 16);
    memcpy(&high, bytes + 16, 16);
    return (struct floats16){_mm256_cvtph_ps(low), _mm256_cvtph_ps(high)};
}

static inline __m256i load_bytes(const uint8_t *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

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

static void quantise_plain(int8_t *q, int32_t *sum, const float *x, float inverse)
{
    __m256i v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * 8), _mm256_set1_ps(inverse)));
    *sum = sum8(_mm256_add_epi32(_mm256_add_epi32(v[0], v[1]), _mm256_add_epi32(v[2], v[3])));
    /* packing works within halves of 128 bits: put the groups of four back in order */
    __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)q, packed);
}

static void quantise(int8_t *q, float *scale, int32_t *sum, const float *x, size_t n)
{
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    for (size_t block = 0; block < n / LAYOUT_BLOCK; block++, x += LAYOUT_BLOCK, q += LAYOUT_BLOCK) {
        __m256i bits = _mm256_setzero_si256();
        for (size_t i = 0; i < LAYOUT_BLOCK; i += 8)
            bits = _mm256_max_epi32(bits, _mm256_castps_si256(_mm256_and_ps(_mm256_loadu_ps(x + i), magnitude)));
        int32_t largest = largest8(bits);
        if (largest < QUANTISE_TINY || largest >= QUANTISE_NOT_FINITE) {
            scale[block] = largest < QUANTISE_TINY ? 0.0f : f32_from_bits(QUANTISE_NAN);
            sum[block] = 0;
            memset(q, 0, LAYOUT_BLOCK);
            continue;
        }
        scale[block] = f32_from_bits((uint32_t)largest) / 127.0f;
        quantise_plain(q, &sum[block], x, 127.0f / f32_from_bits((uint32_t)largest));
    }
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    struct floats16 squares = every(0.0f);
    for (size_t i = 0; i < n; i += LAYOUT_ROWS)
        squares = add(squares, multiply(load(x + i), load(x + i)));
    struct floats16 factor = every(1.0f / f32_sqrt(lanes_sum(squares) / (float)n + epsilon));
    for (size_t i = 0; i < n; i += LAYOUT_ROWS)
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

/* One group, tokens_n <= 4 tokens; half: F16 weights.  Inlined with constant half and tokens_n. */
__attribute__((always_inline)) static inline void float_tile(float *y, size_t y_stride, const uint8_t *w,
                                                             size_t columns_n, const float *x, size_t stride,
                                                             size_t tokens_n, bool half)
{
    struct floats16 sums[4];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = every(0.0f);
    for (size_t i = 0; i < columns_n; i++) {
        struct floats16 weights =
            half ? halves(w)
                 : (struct floats16){_mm256_castsi256_ps(load_bytes(w)), _mm256_castsi256_ps(load_bytes(w + 32))};
        _mm_prefetch((const char *)(w + PREFETCH), _MM_HINT_T0);
        w += half ? 32 : 64;
        for (size_t t = 0; t < tokens_n; t++)
            sums[t] = add(sums[t], multiply(weights, every(x[t * stride + i])));
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
}

__attribute__((always_inline)) static inline void float_groups(float *y, size_t y_stride, const uint8_t *groups,
                                                               size_t groups_n, size_t columns_n,
                                                               const struct activations *a, size_t tokens_n, bool half)
{
    size_t group_len = (size_t)layout_group_len(half ? WEIGHT_F16 : WEIGHT_F32, columns_n);
    for (size_t g = 0; g < groups_n; g++, groups += group_len, y += LAYOUT_ROWS) {
        size_t t = 0;
        for (; t + 4 <= tokens_n; t += 4)
            float_tile(y + t * y_stride, y_stride, groups, columns_n, a->x + t * a->stride, a->stride, 4, half);
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

static inline __m256i broadcast4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, 4);
    return _mm256_set1_epi32(four);
}

/* Eight rows, four columns: the exact sums of value * q.  |value| <= 128 and |q| <= 127, so a pair is at most 32512 and
 * the 16-bit sums of maddubs do not saturate. */
static inline __m256i eight_q8_0(__m256i sums, const uint8_t *w, __m256i q)
{
    __m256i values = _mm256_xor_si256(load_bytes(w), _mm256_set1_epi8((char)0x80));
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(values), _mm256_sign_epi8(q, values));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline struct ints16 block_q8_0(const uint8_t *w, const int8_t *q)
{
    struct ints16 sums = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t i = 0; i < 8; i++) {
        __m256i four = broadcast4(q + i * 4);
        sums.low = eight_q8_0(sums.low, w + i * 64, four);
        sums.high = eight_q8_0(sums.high, w + i * 64 + 32, four);
    }
    return sums;
}

/* Nibbles 0..15 times |q| <= 127: a pair is at most 3810 and eight of them 30480, which 16 bits hold. */
static inline __m256i eight_q4_0(__m256i sums, const uint8_t *w, __m256i low, __m256i high)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i bytes = load_bytes(w);
    sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_and_si256(bytes, nibble), low));
    return _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble), high));
}

static inline struct ints16 block_q4_0(const uint8_t *w, const int8_t *q, int32_t q_sum)
{
    struct ints16 sums = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i bias = _mm256_set1_epi32(8 * q_sum);
    for (size_t i = 0; i < 4; i++) {
        __m256i low = broadcast4(q + i * 4);
        __m256i high = broadcast4(q + i * 4 + 16);
        sums.low = eight_q4_0(sums.low, w + i * 64, low, high);
        sums.high = eight_q4_0(sums.high, w + i * 64 + 32, low, high);
    }
    return (struct ints16){_mm256_sub_epi32(_mm256_madd_epi16(sums.low, ones), bias),
                           _mm256_sub_epi32(_mm256_madd_epi16(sums.high, ones), bias)};
}

/* One group of 32-column blocks, tokens_n <= TILE tokens from token first on. */
__attribute__((always_inline)) static inline void block_tile(float *y, size_t y_stride, const uint8_t *w,
                                                             size_t columns_n, const struct activations *a,
                                                             size_t first, size_t tokens_n, bool four_bits)
{
    const size_t len = four_bits ? 256 : 512;
    size_t blocks_n = columns_n / LAYOUT_BLOCK;
    const uint8_t *scales = w + blocks_n * len;
    struct floats16 sums[TILE];
    for (size_t t = 0; t < tokens_n; t++)
        sums[t] = every(0.0f);
    for (size_t b = 0; b < blocks_n; b++, w += len, scales += 32) {
        struct floats16 scale = halves(scales);
        for (size_t i = 0; i < len; i += 64)
            _mm_prefetch((const char *)(w + PREFETCH + i), _MM_HINT_T0);
        for (size_t t = 0; t < tokens_n; t++) {
            size_t at = (first + t) * (a->stride / LAYOUT_BLOCK) + b;
            const int8_t *q = a->q + at * LAYOUT_BLOCK;
            struct ints16 exact = four_bits ? block_q4_0(w, q, a->sum[at]) : block_q8_0(w, q);
            struct floats16 whole = {_mm256_cvtepi32_ps(exact.low), _mm256_cvtepi32_ps(exact.high)};
            sums[t] = add(sums[t], multiply(whole, multiply(scale, every(a->scale[at]))));
        }
    }
    for (size_t t = 0; t < tokens_n; t++)
        store(y + t * y_stride, sums[t]);
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
    size_t step = head_dim * LAYOUT_ROWS;
    size_t groups_n = (n + LAYOUT_ROWS - 1) / LAYOUT_ROWS;
    size_t g = 0;
    for (; g + 2 <= groups_n; g += 2, k += 2 * step) {
        struct floats16 a = every(0.0f);
        struct floats16 b = every(0.0f);
        for (size_t d = 0; d < head_dim; d++) {
            a = add(a, multiply(every(q[d]), load(k + d * LAYOUT_ROWS)));
            b = add(b, multiply(every(q[d]), load(k + step + d * LAYOUT_ROWS)));
        }
        store(s + g * LAYOUT_ROWS, multiply(a, every(scale)));
        store(s + (g + 1) * LAYOUT_ROWS, multiply(b, every(scale)));
    }
    for (; g < groups_n; g++, k += step) {
        struct floats16 sum = every(0.0f);
        for (size_t d = 0; d < head_dim; d++)
            sum = add(sum, multiply(every(q[d]), load(k + d * LAYOUT_ROWS)));
        store(s + g * LAYOUT_ROWS, multiply(sum, every(scale)));
    }
}

static float softmax(float *s, size_t n)
{
    size_t padded = (n + LAYOUT_ROWS - 1) / LAYOUT_ROWS * LAYOUT_ROWS;
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
    for (size_t p = 0; p < padded; p += LAYOUT_ROWS) {
        struct floats16 x = load(s + p);
        struct floats16 e = exp16((struct floats16){_mm256_sub_ps(x.low, _mm256_set1_ps(largest)),
                                                    _mm256_sub_ps(x.high, _mm256_set1_ps(largest))});
        store(s + p, e);
        sum = add(sum, e);
    }
    return lanes_sum(sum);
}

static void mix(float *y, const float *s, const float *v, size_t v_stride, size_t width, size_t n, float factor)
{
    size_t d = 0;
    for (; d + 32 <= width; d += 32) {
        struct floats16 a = every(0.0f);
        struct floats16 b = every(0.0f);
        for (size_t p = 0; p < n; p++) {
            a = add(a, multiply(every(s[p]), load(v + p * v_stride + d)));
            b = add(b, multiply(every(s[p]), load(v + p * v_stride + d + 16)));
        }
        store(y + d, multiply(a, every(factor)));
        store(y + d + 16, multiply(b, every(factor)));
    }
    for (; d < width; d += LAYOUT_ROWS) {
        struct floats16 sum = every(0.0f);
        for (size_t p = 0; p < n; p++)
            sum = add(sum, multiply(every(s[p]), load(v + p * v_stride + d)));
        store(y + d, multiply(sum, every(factor)));
    }
}

const struct kernels kernels_avx2 = {
    .name = "avx2",
    .quantise = quantise,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .matmul = {matmul_f32, matmul_f16, matmul_q8_0, matmul_q4_0},
    .scores = scores,
    .softmax = softmax,
    .mix = mix,
};
