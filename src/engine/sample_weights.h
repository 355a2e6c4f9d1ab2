/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of many logits at once, equal to those of f32_exp one by one.  Private to the sampler. */
#ifndef ENGINE_SAMPLE_WEIGHTS_H
#define ENGINE_SAMPLE_WEIGHTS_H

#include <stddef.h>

enum { SAMPLE_WEIGHTS_MAX = 512 };

/* weights[i] = exp((logits[i] - largest) / temperature) for i < n <= SAMPLE_WEIGHTS_MAX; no logit is NaN or above
 * largest, and largest is finite. */
void sample_weights(float weights[static SAMPLE_WEIGHTS_MAX], const float *logits, size_t n, float largest,
                    float temperature);

/* Their f64 sum over any n, in order, with temperature 1. */
double sample_weights_sum(const float *logits, size_t n, float largest);

#endif
