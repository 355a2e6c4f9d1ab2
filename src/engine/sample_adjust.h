/* SPDX-License-Identifier: Apache-2.0 */
/* What changes logits before anything is chosen: bias, the allowed set, penalties.  Private to the sampler. */
#ifndef ENGINE_SAMPLE_ADJUST_H
#define ENGINE_SAMPLE_ADJUST_H

#include "engine/sample.h"

/* The logits to choose from: those of the input when nothing changes them, or scratch->logits.  Minus infinity: the
 * token may not come. */
const float *sample_adjust(const struct sample_options *options, const struct sample_input *in,
                           struct sample_scratch *scratch);

#endif
