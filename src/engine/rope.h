/* SPDX-License-Identifier: Apache-2.0 */
/* Rotary position embedding (RoFormer, Su et al. 2021; YaRN, Peng et al. 2023).  Private to the engine. */
#ifndef ENGINE_ROPE_H
#define ENGINE_ROPE_H

#include "engine/model.h"

/* frequencies[i] for i < dims / 2: how far pair i turns from one position to the next.  factors: [dims / 2] or NULL.
 * STATUS_MALFORMED: a factor is not from 0.01 to 1e6. */
must_check enum status rope_frequencies(double *frequencies, const struct rope *r, uint32_t dims, const float *factors,
                                        struct reason *why);

/* What cosine and sine are multiplied by. */
float rope_magnitude(const struct rope *r);

/* Turns the pairs of every head of x: [heads, head_dim]; cosines, sines: [dims / 2]. */
void rope_rotate(float *x, uint32_t heads_n, const struct model *m, const float *cosines, const float *sines);

#endif
