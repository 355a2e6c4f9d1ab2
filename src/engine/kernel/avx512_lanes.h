/* SPDX-License-Identifier: Apache-2.0 */
/* The 16 lanes of the reference in one AVX-512 register. */
#ifndef ENGINE_KERNEL_AVX512_LANES_H
#define ENGINE_KERNEL_AVX512_LANES_H

#include "engine/numerics.h"
#include <stddef.h>
#include <string.h>

static inline __m512 load(const float *x)
{
    return _mm512_loadu_ps(x);
}

static inline void store(float *y, __m512 v)
{
    _mm512_storeu_ps(y, v);
}

static inline __m512i load_bytes(const void *bytes)
{
    return _mm512_loadu_si512(bytes);
}

/* What expand.h works with: a line. */
enum { LANE_BYTES = 64 };
typedef uint64_t lane_bits __attribute__((vector_size(LANE_BYTES)));

__attribute__((always_inline)) static inline lane_bits load_lanes(const uint8_t *bytes)
{
    lane_bits lanes;
    memcpy(&lanes, bytes, LANE_BYTES);
    return lanes;
}

__attribute__((always_inline)) static inline void store_lanes(uint8_t *bytes, lane_bits lanes)
{
    memcpy(bytes, &lanes, LANE_BYTES);
}

__attribute__((always_inline)) static inline lane_bits look_up(lane_bits lanes, const uint8_t table[16])
{
    __m128i quarter;
    memcpy(&quarter, table, 16);
    return (lane_bits)_mm512_shuffle_epi8(_mm512_broadcast_i32x4(quarter), (__m512i)lanes);
}

#endif
