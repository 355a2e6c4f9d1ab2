/* SPDX-License-Identifier: Apache-2.0 */
/* The filters and the choice among what they leave (NUM-53 to NUM-55, NUM-60 to NUM-62).  Private to the sampler. */
#ifndef ENGINE_SAMPLE_FILTER_H
#define ENGINE_SAMPLE_FILTER_H

#include "engine/sample.h"

/* logits: [n], minus infinity where a token may not come; largest: of them, finite; temperature is above 0; uniform is
 * below 1; candidates: [n], overwritten. */
uint32_t sample_choose(const struct sample_options *options, const float *logits, size_t n, float largest,
                       double uniform, struct sample_candidate *candidates);

#endif
