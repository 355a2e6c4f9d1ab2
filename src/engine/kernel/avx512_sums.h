/* SPDX-License-Identifier: Apache-2.0 */
/* How AVX-512 adds the exact sum of a block to the sums of its rows (NUM-13, NUM-20); shared by the products of many
 * tokens and of one. */
#ifndef ENGINE_KERNEL_AVX512_SUMS_H
#define ENGINE_KERNEL_AVX512_SUMS_H

#include "engine/kernel/avx512_lanes.h"
#include "engine/kernel/avx512_vnni.h"
#include "engine/kernel/kernels.h"

/* How codes are added; constant where the functions below are inlined. */
struct shape {
    size_t block; /* columns with one scale */
    bool has_min;
    int offset; /* 0 with minima */
};

/* The shape of a type of CLASS_CODES. */
__attribute__((always_inline)) static inline struct shape shape_of(enum weight_type type)
{
    switch (type) {
    case WEIGHT_Q4_0: return (struct shape){32, false, 8};
    case WEIGHT_Q5_0: return (struct shape){32, false, 16};
    case WEIGHT_MXFP4: return (struct shape){32, false, 12};
    case WEIGHT_Q4_1:
    case WEIGHT_Q5_1:
    case WEIGHT_Q4_K:
    case WEIGHT_Q5_K: return (struct shape){32, true, 0};
    case WEIGHT_Q2_K: return (struct shape){16, true, 0};
    case WEIGHT_Q3_K: return (struct shape){16, false, 4};
    case WEIGHT_Q6_K: return (struct shape){16, false, 32};
    case WEIGHT_Q8_0:
    case WEIGHT_Q8_K:
    case WEIGHT_IQ4_NL:
    case WEIGHT_IQ4_XS:
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
    return (struct shape){32, false, 128};
}

/* sum with block b of a panel added; exact: its sum of codes times q.  in: of the token. */
__attribute__((always_inline)) static inline __m512 add_exact(__m512 sum, __m512i exact, const struct panel *p,
                                                              size_t b, const struct codes_scales *in, struct shape s)
{
    __m512 whole = _mm512_cvtepi32_ps(exact);
    if (!s.has_min) /* exact: whole numbers below 2^24 */
        whole = _mm512_fnmadd_ps(_mm512_set1_ps(s.block == 16 ? in->half_sum[b] : in->sum[b]),
                                 _mm512_set1_ps((float)s.offset), whole);
    sum = _mm512_fmadd_ps(whole,
                          _mm512_mul_ps(load(p->scale[b]), _mm512_set1_ps(in->scale[b * s.block / FORMAT_BLOCK])), sum);
    if (s.has_min)
        sum = _mm512_fnmadd_ps(load(p->min[b]), _mm512_set1_ps(s.block == 16 ? in->half_bias[b] : in->bias[b]), sum);
    return sum;
}

#endif
