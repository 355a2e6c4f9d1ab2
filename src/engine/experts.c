/* SPDX-License-Identifier: Apache-2.0 */
/* A feed-forward network of experts (Shazeer et al. 2017; as in Mixtral and Qwen): a router weighs the experts for each
 * token, the best are computed and their results added in the order of their numbers. */
#include "engine/forward.h"
#include "engine/numerics.h"

#include <string.h>

struct expert_work {
    const struct engine *engine;
    const struct engine_input *input;
    unsigned forms;
    size_t input_n;
    const uint32_t *tokens; /* piece i is this token; NULL: token i */
    const float *weights;   /* of piece i's token at this stride; NULL: 1 */
    size_t weights_stride;
};

static void run(const struct engine *e, void (*task)(void *, unsigned, size_t), void *work, size_t n)
{
    e->workers.run(e->workers.context, task, work, n);
}

/* NUM-46: the weights of the experts_used_n best, of equal ones the lower numbers; all others 0. */
static void choose(const struct model *m, float *routes)
{
    float largest = routes[0];
    float sum = 0.0f;
    float kept = 0.0f;
    for (uint32_t i = 1; i < m->experts_n; i++)
        largest = routes[i] > largest ? routes[i] : largest;
    for (uint32_t i = 0; i < m->experts_n; i++) {
        routes[i] = f32_exp(routes[i] - largest);
        sum = sum + routes[i];
    }
    /* a chosen weight is kept as its negative until all are chosen */
    for (uint32_t k = 0; k < m->experts_used_n; k++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < m->experts_n; i++)
            best = routes[i] > routes[best] ? i : best;
        kept = kept + routes[best];
        routes[best] = routes[best] > 0.0f ? -routes[best] : 0.0f;
    }
    for (uint32_t i = 0; i < m->experts_n; i++)
        routes[i] = routes[i] < 0.0f ? (0.0f - routes[i]) / (m->norms_experts ? kept : sum) : 0.0f;
}

static void choose_task(void *argument, unsigned worker, size_t t)
{
    const struct expert_work *w = argument;
    const struct engine_buffers *b = w->engine->buffers;
    (void)worker;
    choose(w->engine->model, b->routes + t * b->experts_stride);
    memset(b->delta + t * b->dim_stride, 0, b->dim_stride * sizeof(float));
}

static void gather_task(void *argument, unsigned worker, size_t piece)
{
    const struct expert_work *w = argument;
    const struct engine_buffers *b = w->engine->buffers;
    size_t t = w->tokens == NULL ? piece : w->tokens[piece];
    (void)worker;
    memcpy(b->expert_input.x + piece * b->wide_stride, b->input.x + t * b->wide_stride, w->input_n * sizeof(float));
    forward_input(w->engine, &b->expert_input, piece, w->input_n, w->forms);
}

static void gate_task(void *argument, unsigned worker, size_t piece)
{
    const struct expert_work *w = argument;
    const struct engine_buffers *b = w->engine->buffers;
    (void)worker;
    forward_gate(w->engine, b->expert_input.x + piece * b->wide_stride, b->gate + piece * b->hidden_stride,
                 b->up + piece * b->hidden_stride, w->input_n);
    forward_input(w->engine, &b->expert_input, piece, w->input_n, w->forms);
}

static void add_task(void *argument, unsigned worker, size_t piece)
{
    const struct expert_work *w = argument;
    const struct engine_buffers *b = w->engine->buffers;
    size_t t = w->tokens == NULL ? piece : w->tokens[piece];
    const float *mixed = b->mixed + piece * b->dim_stride;
    float *delta = b->delta + t * b->dim_stride;
    float weight = w->weights[t * w->weights_stride];
    (void)worker;
    for (size_t i = 0; i < w->engine->model->dim; i++)
        delta[i] = delta[i] + mixed[i] * weight;
}

/* One network for n tokens: gate, up, down, added to delta with the tokens' weights. */
static void network(const struct engine *e, const struct matrix *gate, const struct matrix *up,
                    const struct matrix *down, struct expert_work *w, size_t n)
{
    const struct engine_buffers *b = e->buffers;
    struct product in = {.input = &b->expert_input,
                         .matrices = {gate, up},
                         .outputs = {b->gate, b->up},
                         .strides = {b->hidden_stride, b->hidden_stride},
                         .matrices_n = 2};
    struct product out = {.input = &b->expert_input,
                          .matrices = {down},
                          .outputs = {b->mixed},
                          .strides = {b->dim_stride},
                          .matrices_n = 1};
    w->input_n = e->model->dim;
    w->forms = forward_forms(&in);
    run(e, gather_task, w, n);
    forward_product(e, &in, n);
    w->input_n = gate->rows_n;
    w->forms = forward_forms(&out);
    run(e, gate_task, w, n);
    forward_product(e, &out, n);
    run(e, add_task, w, n);
}

/* The matrix of one expert. */
static struct matrix expert(const struct matrix *all, uint32_t index, uint32_t rows_n)
{
    struct matrix one = *all;
    one.rows_n = rows_n;
    one.at = all->at + (uint64_t)index * rows_n / FORMAT_ROWS * all->group_len;
    return one;
}

/* What every token gets from the shared expert, weighed by a sigmoid. */
static void shared_expert(const struct engine *e, const struct model_layer *l)
{
    const struct engine_buffers *b = e->buffers;
    const float *router = forward_vector(e, &l->shared_router);
    struct expert_work w = {.engine = e, .weights = b->routes, .weights_stride = b->experts_stride};
    for (size_t t = 0; t < b->tokens_n; t++) {
        float sum = 0.0f;
        for (size_t i = 0; i < e->model->dim; i++)
            sum = sum + router[i] * b->input.x[t * b->wide_stride + i];
        b->routes[t * b->experts_stride] = 1.0f / (1.0f + f32_exp(0.0f - sum));
    }
    network(e, &l->shared_gate, &l->shared_up, &l->shared_down, &w, b->tokens_n);
}

void forward_experts(const struct engine *e, uint32_t layer)
{
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    const struct model_layer *l = &m->layers[layer];
    struct product router = {.input = &b->expert_input,
                             .matrices = {&l->router},
                             .outputs = {b->routes},
                             .strides = {b->experts_stride},
                             .matrices_n = 1};
    struct expert_work w = {.engine = e, .forms = forward_forms(&router), .input_n = m->dim};
    run(e, gather_task, &w, b->tokens_n);
    forward_product(e, &router, b->tokens_n);
    run(e, choose_task, &w, b->tokens_n);
    for (uint32_t i = 0; i < m->experts_n; i++) {
        size_t n = 0;
        for (uint32_t t = 0; t < b->tokens_n; t++)
            if (b->routes[t * b->experts_stride + i] > 0.0f)
                b->chosen[n++] = t;
        if (n == 0)
            continue;
        struct matrix gate = expert(&l->experts_gate, i, m->hidden);
        struct matrix up = expert(&l->experts_up, i, m->hidden);
        struct matrix down = expert(&l->experts_down, i, m->dim);
        w.tokens = b->chosen;
        w.weights = b->routes + i;
        w.weights_stride = b->experts_stride;
        network(e, &gate, &up, &down, &w, n);
    }
    if (m->shared_hidden != 0)
        shared_expert(e, l);
}
