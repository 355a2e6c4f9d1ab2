/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates in the order of NUM-51, found as they are asked for: logits are taken into a heap in bands below the
 * largest, so that the first few of a large vocabulary cost a few passes over it.  Private to the sampler. */
#ifndef ENGINE_SAMPLE_ORDER_H
#define ENGINE_SAMPLE_ORDER_H

#include "engine/sample.h"
#include <stdbool.h>

struct sample_order {
    const float *logits; /* [n]; minus infinity: no candidate */
    size_t n;
    struct sample_candidate *candidates; /* [n]: the heap from the front, what was taken from it from the back */
    size_t heap_n, taken_n;
    float largest;
    float floor; /* logits from here on were taken into the heap */
    float width; /* of the next band */
    bool whole;  /* nothing is left to take in */
};

/* The larger logit first, of equal ones the smaller token. */
bool sample_before(struct sample_candidate a, struct sample_candidate b);

/* largest: of the logits. */
void sample_order_init(struct sample_order *o, const float *logits, size_t n, float largest,
                       struct sample_candidate *candidates);

/* The candidates are the first n of the array, and no others. */
void sample_order_of(struct sample_order *o, struct sample_candidate *candidates, size_t capacity, size_t n);

/* The i-th from 0; NULL when there are fewer. */
const struct sample_candidate *sample_order_at(struct sample_order *o, size_t i);

#endif
