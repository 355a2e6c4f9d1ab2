/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample_weights.h"

#include "engine/numerics.h"

/* NUM-30 for x <= 0, four at a time: each operation is the one of f32_exp. */
static __m128 exp4(__m128 x)
{
    const __m128 round = _mm_set1_ps(EXP_ROUND), one = _mm_set1_ps(1.0f);
    __m128 in_range = _mm_cmpge_ps(x, _mm_set1_ps(EXP_MIN));
    __m128 shifted = _mm_add_ps(_mm_mul_ps(x, _mm_set1_ps(EXP_LOG2E)), round);
    __m128 n = _mm_sub_ps(shifted, round);
    __m128 r =
        _mm_sub_ps(_mm_sub_ps(x, _mm_mul_ps(n, _mm_set1_ps(EXP_LN2_HI))), _mm_mul_ps(n, _mm_set1_ps(EXP_LN2_LO)));
    __m128 p = _mm_set1_ps(EXP_C6);
    p = _mm_add_ps(_mm_mul_ps(p, r), _mm_set1_ps(EXP_C5));
    p = _mm_add_ps(_mm_mul_ps(p, r), _mm_set1_ps(EXP_C4));
    p = _mm_add_ps(_mm_mul_ps(p, r), _mm_set1_ps(EXP_C3));
    p = _mm_add_ps(_mm_mul_ps(p, r), _mm_set1_ps(EXP_C2));
    p = _mm_add_ps(_mm_mul_ps(p, r), one);
    p = _mm_add_ps(_mm_mul_ps(p, r), one);
    __m128i power = _mm_slli_epi32(_mm_add_epi32(_mm_castps_si128(shifted), _mm_set1_epi32(127)), 23);
    return _mm_and_ps(in_range, _mm_mul_ps(p, _mm_castsi128_ps(power)));
}

void sample_weights(float weights[static SAMPLE_WEIGHTS_MAX], const float *logits, size_t n, float largest,
                    float temperature)
{
    const __m128 m = _mm_set1_ps(largest), t = _mm_set1_ps(temperature);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        _mm_storeu_ps(weights + i, exp4(_mm_div_ps(_mm_sub_ps(_mm_loadu_ps(logits + i), m), t)));
    for (; i < n; i++)
        weights[i] = f32_exp((logits[i] - largest) / temperature);
}

double sample_weights_sum(const float *logits, size_t n, float largest)
{
    float weights[SAMPLE_WEIGHTS_MAX];
    double total = 0.0;
    for (size_t from = 0; from < n; from += SAMPLE_WEIGHTS_MAX) {
        size_t some = n - from < SAMPLE_WEIGHTS_MAX ? n - from : SAMPLE_WEIGHTS_MAX;
        sample_weights(weights, logits + from, some, largest, 1.0f); /* dividing by 1 changes nothing */
        for (size_t i = 0; i < some; i++)
            total = total + (double)weights[i];
    }
    return total;
}
