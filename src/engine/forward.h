/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of one step.  Private to the engine. */
#ifndef ENGINE_FORWARD_H
#define ENGINE_FORWARD_H

#include "engine/buffers.h"

enum { FORWARD_MATRICES_MAX = 3 };

/* Several matrices with the same input, as one piece of work. */
struct product {
    const struct engine_input *input;
    const struct matrix *matrices[FORWARD_MATRICES_MAX];
    float *outputs[FORWARD_MATRICES_MAX]; /* [tokens, stride] */
    size_t strides[FORWARD_MATRICES_MAX];
    size_t matrices_n;
};

/* outputs = matrices . input, for the first tokens_n tokens of the input. */
void forward_product(const struct engine *e, const struct product *p, size_t tokens_n);

/* Which forms of its input a product reads, as bits: 1 << enum weight_class. */
unsigned forward_forms(const struct product *p);

/* Prepares the forms of token t of an input whose x is set, n columns wide. */
void forward_input(const struct engine *e, const struct engine_input *in, size_t t, size_t n, unsigned forms);

/* Biases, norms and rotates query and key of every token of the step and appends key and value to the cache; then sets
 * input.x to the attention of each token over its sequence up to itself. */
void forward_attention(const struct engine *e, uint32_t layer);

/* delta = what the layer's experts make of the input, for all tokens of the step. */
void forward_experts(const struct engine *e, uint32_t layer);

/* gate = activation(gate) * up, of n columns. */
void forward_gate(const struct engine *e, float *out, const float *gate, const float *up, size_t n);

/* Runs the step that is set up in the buffers, up to the logits. */
void forward(const struct engine *e);

/* A vector of the model's weights. */
const float *forward_vector(const struct engine *e, const struct matrix *m);

#endif
