/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/forward.h"

#include "engine/numerics.h"
#include "engine/rope.h"
#include "engine/row.h"

#include <string.h>

/* What happens to each token between two products. */
struct token_work {
    const struct engine *engine;
    const struct matrix *delta_bias, *delta_norm; /* of what is added to the residual; absent: none */
    const struct matrix *norm;
    unsigned forms; /* of the next input */
    size_t input_n; /* its width */
    bool add_delta;
    bool wanted; /* piece i is the token of the i-th logits */
};

const float *forward_vector(const struct engine *e, const struct matrix *m)
{
    return (const float *)(const void *)(e->weights + m->at);
}

static void run(const struct engine *e, void (*task)(void *, unsigned, size_t), void *work, size_t n)
{
    e->workers.run(e->workers.context, task, work, n);
}

static void add_delta(const struct token_work *w, size_t t)
{
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    float *residual = b->residual + t * b->dim_stride;
    float *delta = b->delta + t * b->dim_stride;
    size_t n = e->model->dim;
    for (size_t i = 0; w->delta_bias->columns_n != 0 && i < n; i++)
        delta[i] = delta[i] + forward_vector(e, w->delta_bias)[i];
    if (w->delta_norm->columns_n != 0) {
        memset(delta + n, 0, (b->dim_stride - n) * sizeof *delta);
        e->kernels->rms_norm(delta, delta, forward_vector(e, w->delta_norm), n, e->model->norm_epsilon);
    }
    for (size_t i = 0; i < n; i++)
        residual[i] = residual[i] + delta[i];
}

/* residual += delta; input = norm(residual). */
static void norm_task(void *argument, unsigned worker, size_t piece)
{
    const struct token_work *w = argument;
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    size_t t = w->wanted ? b->wanted[piece] : piece;
    (void)worker;
    if (w->add_delta)
        add_delta(w, t);
    e->kernels->rms_norm(b->input.x + piece * b->wide_stride, b->residual + t * b->dim_stride,
                         forward_vector(e, w->norm), e->model->dim, e->model->norm_epsilon);
    forward_input(e, &b->input, piece, e->model->dim, w->forms);
}

void forward_gate(const struct engine *e, float *out, const float *gate, const float *up, size_t n)
{
    if (e->model->gelu)
        e->kernels->geglu(out, gate, up, n);
    else
        e->kernels->swiglu(out, gate, up, n);
}

/* Attention's result becomes an input. */
static void input_task(void *argument, unsigned worker, size_t t)
{
    const struct token_work *w = argument;
    (void)worker;
    forward_input(w->engine, &w->engine->buffers->input, t, w->input_n, w->forms);
}

static void gate_task(void *argument, unsigned worker, size_t t)
{
    const struct token_work *w = argument;
    const struct engine_buffers *b = w->engine->buffers;
    (void)worker;
    forward_gate(w->engine, b->input.x + t * b->wide_stride, b->gate + t * b->hidden_stride,
                 b->up + t * b->hidden_stride, w->input_n);
    forward_input(w->engine, &b->input, t, w->input_n, w->forms);
}

static void set_angles(const struct engine *e, size_t t)
{
    const struct engine_buffers *b = e->buffers;
    const struct model *m = e->model;
    size_t half = m->rope_dims / 2;
    bool is_long = e->sequences[b->slots[t].sequence].long_rope;
    const struct rope *ropes[2] = {is_long ? &m->rope_long : &m->rope, &m->rope_local};
    const double *frequencies[2] = {b->frequencies[is_long ? 2 : 0], b->frequencies[1]};
    for (size_t k = 0; k < 2; k++) {
        float magnitude = rope_magnitude(ropes[k]);
        for (size_t i = 0; i < half; i++) {
            float cosine, sine;
            rope_cos_sin(&cosine, &sine, (double)b->slots[t].position * frequencies[k][i]);
            b->cosines[k][t * half + i] = cosine * magnitude;
            b->sines[k][t * half + i] = sine * magnitude;
        }
    }
}

static void embed_task(void *argument, unsigned worker, size_t t)
{
    const struct token_work *w = argument;
    const struct engine *e = w->engine;
    const struct engine_buffers *b = e->buffers;
    float *residual = b->residual + t * b->dim_stride;
    (void)worker;
    row_read(e->kernels, residual, &e->model->embedding, e->weights, b->slots[t].token);
    for (size_t i = 0; i < e->model->dim; i++)
        residual[i] = residual[i] * e->model->embedding_scale;
    set_angles(e, t);
}

static void attention_block(const struct engine *e, uint32_t layer, struct token_work *w)
{
    const struct model_layer *l = &e->model->layers[layer];
    const struct engine_buffers *b = e->buffers;
    struct product in = {.input = &b->input,
                         .matrices = {&l->query, &l->key, &l->value},
                         .outputs = {b->query, b->key, b->value},
                         .strides = {b->query_stride, b->kv_stride, b->kv_stride},
                         .matrices_n = 3};
    struct product out = {.input = &b->input,
                          .matrices = {&l->output},
                          .outputs = {b->delta},
                          .strides = {b->dim_stride},
                          .matrices_n = 1};
    w->norm = &l->attention_norm;
    w->forms = forward_forms(&in);
    run(e, norm_task, w, b->tokens_n);
    forward_product(e, &in, b->tokens_n);
    forward_attention(e, layer);
    w->input_n = (size_t)e->model->heads_n * e->model->head_dim;
    w->forms = forward_forms(&out);
    run(e, input_task, w, b->tokens_n);
    forward_product(e, &out, b->tokens_n);
    w->add_delta = true;
    w->delta_bias = &l->output_bias;
    w->delta_norm = &l->attention_post_norm;
}

static void ffn_block(const struct engine *e, uint32_t layer, struct token_work *w)
{
    const struct model_layer *l = &e->model->layers[layer];
    const struct engine_buffers *b = e->buffers;
    static const struct matrix none;
    struct product in = {.input = &b->input,
                         .matrices = {&l->gate, &l->up},
                         .outputs = {b->gate, b->up},
                         .strides = {b->hidden_stride, b->hidden_stride},
                         .matrices_n = 2};
    struct product out = {
        .input = &b->input, .matrices = {&l->down}, .outputs = {b->delta}, .strides = {b->dim_stride}, .matrices_n = 1};
    bool experts = e->model->experts_n != 0;
    w->norm = &l->ffn_norm;
    w->forms = experts ? 0 : forward_forms(&in);
    run(e, norm_task, w, b->tokens_n);
    if (experts) {
        forward_experts(e, layer);
    } else {
        forward_product(e, &in, b->tokens_n);
        w->input_n = e->model->hidden;
        w->forms = forward_forms(&out);
        run(e, gate_task, w, b->tokens_n);
        forward_product(e, &out, b->tokens_n);
    }
    w->delta_bias = &none;
    w->delta_norm = &l->ffn_post_norm;
}

void forward(const struct engine *e)
{
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    struct token_work w = {.engine = e};
    run(e, embed_task, &w, b->tokens_n);
    for (uint32_t layer = 0; layer < m->layers_n; layer++) {
        attention_block(e, layer, &w);
        ffn_block(e, layer, &w);
    }
    if (b->logits_n == 0)
        return;
    struct product out = {.input = &b->input,
                          .matrices = {&m->output},
                          .outputs = {b->logits},
                          .strides = {b->vocab_stride},
                          .matrices_n = 1};
    w.norm = &m->output_norm;
    w.forms = forward_forms(&out);
    w.wanted = true;
    run(e, norm_task, &w, b->logits_n);
    forward_product(e, &out, b->logits_n);
    for (size_t i = 0; i < b->logits_n && m->logits_cap > 0.0f; i++)
        e->kernels->soft_cap(b->logits + i * b->vocab_stride, b->vocab_stride, m->logits_cap);
}
