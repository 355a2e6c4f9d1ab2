/* SPDX-License-Identifier: Apache-2.0 */
/* How AVX2 takes the exact sum of a block and adds it to a row's sum (NUM-13, NUM-20); shared by the products of many
 * tokens and of one. */
#ifndef ENGINE_KERNEL_AVX2_SUMS_H
#define ENGINE_KERNEL_AVX2_SUMS_H

#include "engine/kernel/avx2_lanes.h"
#include "engine/kernel/kernels.h"

/* How codes are added; constant where the functions below are inlined. */
struct shape {
    size_t block; /* columns with one scale */
    size_t widen; /* columns whose products 16 bits hold: code_max * 127 * 2 * widen / 4 < 2^15; 0: see wide_pairs */
    bool has_min;
    int offset; /* 0 with minima; of no use if wide */
};

/* The shape of a type of CLASS_CODES. */
__attribute__((always_inline)) static inline struct shape shape_of(enum weight_type type)
{
    switch (type) {
    case WEIGHT_Q4_0: return (struct shape){32, 32, false, 8};
    case WEIGHT_Q4_1:
    case WEIGHT_Q4_K: return (struct shape){32, 32, true, 0};
    case WEIGHT_Q5_0: return (struct shape){32, 16, false, 16};
    case WEIGHT_Q5_1:
    case WEIGHT_Q5_K: return (struct shape){32, 16, true, 0};
    case WEIGHT_MXFP4: return (struct shape){32, 16, false, 12};
    case WEIGHT_Q2_K: return (struct shape){16, 16, true, 0};
    case WEIGHT_Q3_K: return (struct shape){16, 8, false, 4};
    case WEIGHT_Q6_K: return (struct shape){16, 8, false, 32};
    case WEIGHT_Q8_0:
    case WEIGHT_Q8_K:
    case WEIGHT_IQ4_NL:
    case WEIGHT_IQ4_XS:
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
    return (struct shape){32, 0, false, 0};
}

static inline __m256i broadcast4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, 4);
    return _mm256_set1_epi32(four);
}

/* Neighbouring 16-bit sums added, in 32 bits. */
static inline __m256i sum_pairs(__m256i pairs)
{
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/* Codes of all of a byte stand for themselves less 128; four columns of eight rows times q, in pairs.  |value| <= 128
 * and |q| <= 127, so a pair is at most 32512 and does not saturate. */
static inline __m256i wide_pairs(__m256i codes, __m256i q)
{
    __m256i values = _mm256_xor_si256(codes, _mm256_set1_epi8((char)0x80));
    return _mm256_maddubs_epi16(_mm256_abs_epi8(values), _mm256_sign_epi8(q, values));
}

/* sum, of eight rows from `row` on, with block b of a panel added; exact: its sum of codes times q, or of values times
 * q if the shape is wide.  in: of the token. */
__attribute__((always_inline)) static inline __m256 add_exact(__m256 sum, __m256i exact, const struct panel *p,
                                                              size_t row, size_t b, const struct codes_scales *in,
                                                              struct shape s)
{
    __m256 whole = _mm256_cvtepi32_ps(exact);
    if (s.widen != 0 && !s.has_min) /* exact: whole numbers below 2^24 */
        whole = _mm256_fnmadd_ps(_mm256_set1_ps(s.block == 16 ? in->half_sum[b] : in->sum[b]),
                                 _mm256_set1_ps((float)s.offset), whole);
    __m256 scale =
        _mm256_mul_ps(_mm256_loadu_ps(p->scale[b] + row), _mm256_set1_ps(in->scale[b * s.block / FORMAT_BLOCK]));
    sum = _mm256_fmadd_ps(whole, scale, sum);
    if (s.has_min)
        sum = _mm256_fnmadd_ps(_mm256_loadu_ps(p->min[b] + row),
                               _mm256_set1_ps(s.block == 16 ? in->half_bias[b] : in->bias[b]), sum);
    return sum;
}

#endif
