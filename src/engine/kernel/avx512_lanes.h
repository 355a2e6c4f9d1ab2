/* SPDX-License-Identifier: Apache-2.0 */
/* The 16 lanes of the reference in one AVX-512 register. */
#ifndef ENGINE_KERNEL_AVX512_LANES_H
#define ENGINE_KERNEL_AVX512_LANES_H

#include "engine/numerics.h"
#include <stddef.h>

static inline __m512 load(const float *x)
{
    return _mm512_loadu_ps(x);
}

static inline __m512i load_bytes(const void *bytes)
{
    return _mm512_loadu_si512(bytes);
}

#endif
