/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/numerics.h"

/* Cody and Waite: x = n ln 2 + r, |r| <= ln 2 / 2; ln 2 is split so that n * EXP_LN2_HI is exact. */
float f32_exp(float x)
{
    if (x < EXP_MIN)
        return 0.0f;
    float clamped = x > EXP_MAX ? EXP_MAX : x;
    float shifted = clamped * EXP_LOG2E + EXP_ROUND;
    float n = shifted - EXP_ROUND;
    float r = clamped - n * EXP_LN2_HI - n * EXP_LN2_LO;
    float p = EXP_C6;
    p = p * r + EXP_C5;
    p = p * r + EXP_C4;
    p = p * r + EXP_C3;
    p = p * r + EXP_C2;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    /* the low bits of shifted hold n */
    return p * f32_from_bits((f32_bits(shifted) + 127) << 23);
}

static double f64_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t f64_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static const double ln2 = 0x1.62e42fefa39efp-1;

/* x = m 2^e with m in [1, 2); ln m = 2 atanh((m - 1) / (m + 1)). */
double f64_log(double x)
{
    uint64_t bits = f64_bits(x);
    double e = (double)(int)(bits >> 52) - 1023.0;
    double m = f64_from_bits((bits & 0xfffffffffffff) | 0x3ff0000000000000);
    double s = (m - 1.0) / (m + 1.0);
    double square = s * s;
    double sum = 0.0;
    for (int k = 39; k >= 1; k -= 2)
        sum = sum * square + 1.0 / (double)k;
    return e * ln2 + 2.0 * s * sum;
}

/* e^x for -700 <= x <= 0. */
static double f64_exp(double x)
{
    double n = (double)(int)(x * 0x1.71547652b82fep+0 - 0.5);
    double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    double sum = 1.0;
    for (int k = 14; k >= 1; k--)
        sum = sum * r / (double)k + 1.0;
    return sum * f64_from_bits((uint64_t)(1023 + (int)n) << 52);
}

void rope_frequencies(double *frequencies, uint32_t head_dim, float base)
{
    double log_base = f64_log((double)base);
    for (uint32_t i = 0; i < head_dim / 2; i++)
        frequencies[i] = f64_exp(-(double)(2 * i) / (double)head_dim * log_base);
}

/* Sine (first = 1, terms r^3/3!, ...) or cosine (first = 0) of |r| <= pi/4 as a Taylor series up to r^17. */
static double series(double r, int first)
{
    double square = r * r;
    double sum = 1.0;
    for (int k = 16 + first; k >= 2 + first; k -= 2)
        sum = 1.0 - sum * square / (double)(k * (k - 1));
    return first == 1 ? r * sum : sum;
}

void rope_cos_sin(float *cosine, float *sine, double angle)
{
    uint64_t quarters = (uint64_t)(angle * 0x1.45f306dc9c883p-1 + 0.5); /* angle / (pi/2), nearest */
    double n = (double)quarters;
    /* pi/2 in three parts; the first two are short, so that their products with n < 2^20 are exact */
    double r = ((angle - n * 0x1.921fb544p+0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
    double s = series(r, 1);
    double c = series(r, 0);
    double by_quarter[4] = {s, c, -s, -c};
    *sine = (float)by_quarter[quarters % 4];
    *cosine = (float)by_quarter[(quarters + 1) % 4];
}
