/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of one step.  Private to the engine. */
#ifndef ENGINE_FORWARD_H
#define ENGINE_FORWARD_H

#include "engine/engine.h"

enum { FORWARD_MATRICES_MAX = 3 };

/* Several matrices with the same input, as one piece of work. */
struct product {
    const struct matrix *matrices[FORWARD_MATRICES_MAX];
    float *outputs[FORWARD_MATRICES_MAX]; /* [tokens, stride] */
    size_t strides[FORWARD_MATRICES_MAX];
    size_t matrices_n;
};

/* outputs = matrices . input, for the first tokens_n tokens of the input buffers. */
void forward_product(const struct engine *e, const struct product *p, size_t tokens_n);

/* Rotates query and key of every token of the step and appends key and value to the caches; then sets input to the
 * attention of each token over its sequence up to itself. */
void forward_attention(const struct engine *e, uint32_t layer);

/* Runs the step that is set up in the buffers, up to the logits. */
void forward(const struct engine *e);

#endif
