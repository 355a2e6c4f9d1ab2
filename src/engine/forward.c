/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/forward.h"

#include "engine/buffers.h"
#include "engine/numerics.h"

#include <string.h>

/* What happens to each token between two products. */
struct token_work {
    const struct engine *engine;
    const struct matrix *norm; /* NULL: none */
    size_t input_n;            /* width of the next input */
    bool add_delta;
    bool gated;  /* the input is silu(gate) * up */
    bool wanted; /* piece i is the token of the i-th logits */
};

/* residual += delta; input = norm(residual), quantised as well. */
static void norm_task(void *argument, unsigned worker, size_t piece)
{
    const struct token_work *w = argument;
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    size_t t = w->wanted ? b->wanted[piece] : piece;
    float *residual = b->residual + t * b->dim_stride;
    const float *delta = b->delta + t * b->dim_stride;
    float *input = b->input + piece * b->wide_stride;
    const float *weights = (const float *)(const void *)(e->weights + w->norm->at);
    (void)worker;
    for (size_t i = 0; w->add_delta && i < e->model->dim; i++)
        residual[i] = residual[i] + delta[i];
    e->kernels->rms_norm(input, residual, weights, e->model->dim, e->model->norm_epsilon);
    size_t blocks = b->wide_stride / LAYOUT_BLOCK;
    e->kernels->quantise(b->quantised + piece * b->wide_stride, b->input_scale + piece * blocks,
                         b->input_sum + piece * blocks, input, b->dim_stride);
}

/* Quantises the input, which comes from attention or the gate. */
static void quantise_task(void *argument, unsigned worker, size_t t)
{
    const struct token_work *w = argument;
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    float *input = b->input + t * b->wide_stride;
    size_t blocks = b->wide_stride / LAYOUT_BLOCK;
    size_t padded = (w->input_n + LAYOUT_BLOCK - 1) / LAYOUT_BLOCK * LAYOUT_BLOCK;
    (void)worker;
    if (w->gated)
        e->kernels->swiglu(input, b->gate + t * b->hidden_stride, b->up + t * b->hidden_stride, w->input_n);
    memset(input + w->input_n, 0, (padded - w->input_n) * sizeof(float));
    e->kernels->quantise(b->quantised + t * b->wide_stride, b->input_scale + t * blocks, b->input_sum + t * blocks,
                         input, padded);
}

static void run(const struct engine *e, void (*task)(void *, unsigned, size_t), struct token_work *w, size_t n)
{
    e->workers.run(e->workers.context, task, w, n);
}

static void embed_task(void *argument, unsigned worker, size_t t)
{
    const struct token_work *w = argument;
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    size_t half = e->model->head_dim / 2;
    (void)worker;
    layout_row_read(b->residual + t * b->dim_stride, &e->model->embedding, e->weights, b->slots[t].token);
    for (size_t i = 0; i < half; i++)
        rope_cos_sin(&b->cosines[t * half + i], &b->sines[t * half + i],
                     (double)b->slots[t].position * b->frequencies[i]);
}

static void attention_block(const struct engine *e, uint32_t layer)
{
    const struct model_layer *l = &e->model->layers[layer];
    const struct engine_buffers *b = e->buffers;
    struct product in = {.matrices = {&l->query, &l->key, &l->value},
                         .outputs = {b->query, b->key, b->value},
                         .strides = {b->dim_stride, b->kv_stride, b->kv_stride},
                         .matrices_n = 3};
    struct product out = {.matrices = {&l->output}, .outputs = {b->delta}, .strides = {b->dim_stride}, .matrices_n = 1};
    forward_product(e, &in, b->tokens_n);
    forward_attention(e, layer);
    struct token_work w = {.engine = e, .input_n = e->model->dim};
    run(e, quantise_task, &w, b->tokens_n);
    forward_product(e, &out, b->tokens_n);
}

static void ffn_block(const struct engine *e, uint32_t layer)
{
    const struct model_layer *l = &e->model->layers[layer];
    const struct engine_buffers *b = e->buffers;
    struct product in = {.matrices = {&l->gate, &l->up},
                         .outputs = {b->gate, b->up},
                         .strides = {b->hidden_stride, b->hidden_stride},
                         .matrices_n = 2};
    struct product out = {.matrices = {&l->down}, .outputs = {b->delta}, .strides = {b->dim_stride}, .matrices_n = 1};
    forward_product(e, &in, b->tokens_n);
    struct token_work w = {.engine = e, .input_n = e->model->hidden, .gated = true};
    run(e, quantise_task, &w, b->tokens_n);
    forward_product(e, &out, b->tokens_n);
}

void forward(const struct engine *e)
{
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    struct token_work w = {.engine = e, .input_n = m->dim};
    run(e, embed_task, &w, b->tokens_n);
    for (uint32_t layer = 0; layer < m->layers_n; layer++) {
        w.norm = &m->layers[layer].attention_norm;
        w.add_delta = layer != 0;
        run(e, norm_task, &w, b->tokens_n);
        attention_block(e, layer);
        w.norm = &m->layers[layer].ffn_norm;
        w.add_delta = true;
        run(e, norm_task, &w, b->tokens_n);
        ffn_block(e, layer);
    }
    if (b->logits_n == 0)
        return;
    w.norm = &m->output_norm;
    w.wanted = true;
    run(e, norm_task, &w, b->logits_n);
    struct product out = {
        .matrices = {&m->output}, .outputs = {b->logits}, .strides = {b->vocab_stride}, .matrices_n = 1};
    forward_product(e, &out, b->logits_n);
}
