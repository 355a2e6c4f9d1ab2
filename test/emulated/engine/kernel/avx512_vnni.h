/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of src/engine/kernel/avx512_vnni.h, whose instruction is written in assembly. */
#ifndef ENGINE_KERNEL_AVX512_VNNI_H
#define ENGINE_KERNEL_AVX512_VNNI_H

#include "engine/numerics.h"

static inline __m512i dot4(__m512i sums, __m512i w, const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, 4);
    return _mm512_dpbusd_epi32(sums, w, _mm512_set1_epi32(four));
}

#endif
