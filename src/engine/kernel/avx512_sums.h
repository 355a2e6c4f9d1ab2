/* SPDX-License-Identifier: Apache-2.0 */
/* How AVX-512 adds the exact sum of a block to the sums of its rows (NUM-13, NUM-20); shared by the products of many
 * tokens and of one. */
#ifndef ENGINE_KERNEL_AVX512_SUMS_H
#define ENGINE_KERNEL_AVX512_SUMS_H

#include "engine/kernel/avx512_lanes.h"
#include "engine/kernel/avx512_vnni.h"
#include "engine/kernel/kernels.h"
#include "engine/kernel/shape.h"

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
