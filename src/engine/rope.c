/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rope.h"

#include "engine/numerics.h"

static const double two_pi = 0x1.921fb54442d18p+2;

/* YaRN: the pair that turns `turns` times within the original context. */
static double pair_of(const struct rope *r, uint32_t dims, double turns)
{
    return (double)dims * f64_log((double)r->original_n / (turns * two_pi)) / (2.0 * f64_log((double)r->base));
}

static double whole_down(double x)
{
    double whole = (double)(int64_t)x;
    return whole > x ? whole - 1.0 : whole;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

enum status rope_frequencies(double *frequencies, const struct rope *r, uint32_t dims, const float *factors,
                             struct reason *why)
{
    double log_base = f64_log((double)r->base);
    double low = 0.0;
    double high = 0.0;
    if (r->yarn && r->base > 1.0f) {
        low = clamp(whole_down(pair_of(r, dims, (double)r->beta_fast)), 0.0, (double)dims - 1.0);
        high = clamp(-whole_down(-pair_of(r, dims, (double)r->beta_slow)), 0.0, (double)dims - 1.0);
    }
    double width = high - low < 0.001 ? 0.001 : high - low;
    for (uint32_t i = 0; i < dims / 2; i++) {
        if (factors != NULL && !(factors[i] >= 0.01f && factors[i] <= 1e6f)) {
            reason_set(why, "model: a factor of rope is not from 0.01 to 1000000", NULL);
            return STATUS_MALFORMED;
        }
        double f = f64_exp(-(double)(2 * i) / (double)dims * log_base);
        f = factors == NULL ? f : f / (double)factors[i];
        double stretched = f / (double)r->scale;
        double keep = r->yarn ? 1.0 - clamp(((double)i - low) / width, 0.0, 1.0) : 0.0;
        frequencies[i] = stretched * (1.0 - keep) + f * keep;
    }
    return STATUS_OK;
}

float rope_magnitude(const struct rope *r)
{
    return r->yarn && r->scale > 1.0f ? r->magnitude * (float)(1.0 + 0.1 * f64_log((double)r->scale)) : r->magnitude;
}

void rope_rotate(float *x, uint32_t heads_n, const struct model *m, const float *cosines, const float *sines)
{
    uint32_t half = m->rope_dims / 2;
    uint32_t step = m->rope_halves ? 1 : 2;     /* from a pair to the next */
    uint32_t other = m->rope_halves ? half : 1; /* from the first of a pair to the second */
    for (uint32_t h = 0; h < heads_n; h++, x += m->head_dim)
        for (uint32_t i = 0; i < half; i++) {
            float a = x[step * i];
            float b = x[step * i + other];
            x[step * i] = a * cosines[i] - b * sines[i];
            x[step * i + other] = a * sines[i] + b * cosines[i];
        }
}
