/* SPDX-License-Identifier: Apache-2.0 */
/* How AVX2 takes the exact sum of a block and adds it to a row's sum (NUM-13, NUM-20); shared by the products of many
 * tokens and of one. */
#ifndef ENGINE_KERNEL_AVX2_SUMS_H
#define ENGINE_KERNEL_AVX2_SUMS_H

#include "engine/kernel/avx2_lanes.h"
#include "engine/kernel/kernels.h"
#include "engine/kernel/shape.h"

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
