/* SPDX-License-Identifier: Apache-2.0 */
/* The elementary functions of spec/numerics.md: every operation is one IEEE 754 operation, rounded to nearest even. */
#ifndef ENGINE_NUMERICS_H
#define ENGINE_NUMERICS_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static inline float f32_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t f32_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The value of two little-endian bytes of IEEE half precision; exact. */
static inline float f32_from_f16(const uint8_t bytes[static 2])
{
    uint32_t half = (uint32_t)(bytes[0] | bytes[1] << 8);
    uint32_t sign = (half & 0x8000) << 16;
    uint32_t rest = half & 0x7fff;
    if (rest >= 0x7c00) /* infinity, NaN (made quiet) */
        return f32_from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13 | (rest > 0x7c00 ? 0x400000 : 0));
    if (rest < 0x400) { /* zero, subnormal: rest units of 2^-24 */
        float value = (float)rest * 0x1p-24f;
        return sign != 0 ? -value : value;
    }
    return f32_from_bits(sign | ((rest << 13) + 0x38000000));
}

/* Correctly rounded square root. */
static inline float f32_sqrt(float x)
{
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
}

/* The constants of exp (NUM-30), here once for every instruction set. */
#define EXP_MIN    (-87.0f)
#define EXP_MAX    88.0f
#define EXP_LOG2E  0x1.715476p+0f
#define EXP_ROUND  0x1.8p+23f /* adding and subtracting it rounds to a whole number */
#define EXP_LN2_HI 0x1.62e4p-1f
#define EXP_LN2_LO 0x1.7f7d1cp-20f
#define EXP_C2     0x1.000000p-1f
#define EXP_C3     0x1.555556p-3f
#define EXP_C4     0x1.555556p-5f
#define EXP_C5     0x1.111112p-7f
#define EXP_C6     0x1.6c16c2p-10f

/* e^x: 0 below EXP_MIN, e^EXP_MAX above EXP_MAX, NaN for NaN. */
float f32_exp(float x);

/* Natural logarithm of a normal x >= 1 (NUM-31). */
double f64_log(double x);

/* frequencies[i] = base^(-2i / head_dim) for i < head_dim / 2; base is at least 1 and finite. */
void rope_frequencies(double *frequencies, uint32_t head_dim, float base);

/* Cosine and sine of angle, for 0 <= angle < 2^20. */
void rope_cos_sin(float *cosine, float *sine, double angle);

#endif
