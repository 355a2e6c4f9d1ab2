/* SPDX-License-Identifier: Apache-2.0 */
/* The 16 lanes of the reference in two AVX2 registers. */
#ifndef ENGINE_KERNEL_AVX2_LANES_H
#define ENGINE_KERNEL_AVX2_LANES_H

#include "engine/numerics.h"
#include <stddef.h>
#include <string.h>

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

/* a * b + c and c - a * b, rounded once. */
static inline struct floats16 fma16(struct floats16 a, struct floats16 b, struct floats16 c)
{
    return (struct floats16){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

static inline struct floats16 fma16_negated(struct floats16 a, struct floats16 b, struct floats16 c)
{
    return (struct floats16){_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}

static inline __m256i load_bytes(const void *bytes)
{
    return _mm256_loadu_si256((const __m256i *)bytes);
}

/* What expand.h works with: eight rows of a line. */
enum { LANE_BYTES = 32 };
typedef uint64_t lane_bits __attribute__((vector_size(LANE_BYTES)));

static inline lane_bits load_lanes(const uint8_t *bytes)
{
    return (lane_bits)load_bytes(bytes);
}

static inline void store_lanes(uint8_t *bytes, lane_bits lanes)
{
    _mm256_storeu_si256((__m256i *)(void *)bytes, (__m256i)lanes);
}

static inline lane_bits look_up(lane_bits lanes, const uint8_t table[16])
{
    __m128i half;
    memcpy(&half, table, 16);
    return (lane_bits)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), (__m256i)lanes);
}

#endif
