/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/buffers.h"
#include "engine/forward.h"
#include "engine/numerics.h"

#include <string.h>

struct attention_work {
    const struct engine *engine;
    uint32_t layer;
};

/* The caches of one KV head in one layer. */
static float *head_keys(const struct engine *e, const struct engine_sequence *s, uint32_t layer, uint32_t head)
{
    return s->keys + ((size_t)layer * e->model->kv_heads_n + head) * e->buffers->context_room * e->model->head_dim;
}

static float *head_values(const struct engine *e, const struct engine_sequence *s, uint32_t layer, uint32_t head)
{
    return s->values + ((size_t)layer * e->model->kv_heads_n + head) * e->buffers->context_room * e->buffers->head_room;
}

/* NUM-40: rotates neighbouring pairs of every head.  x: [heads, head_dim] */
static void rotate(float *x, uint32_t heads_n, uint32_t head_dim, const float *cosines, const float *sines)
{
    for (uint32_t h = 0; h < heads_n; h++, x += head_dim)
        for (uint32_t i = 0; i < head_dim / 2; i++) {
            float a = x[2 * i];
            float b = x[2 * i + 1];
            x[2 * i] = a * cosines[i] - b * sines[i];
            x[2 * i + 1] = a * sines[i] + b * cosines[i];
        }
}

/* One token: rotates its query and key and stores key and value. */
static void append_task(void *argument, unsigned worker, size_t t)
{
    const struct attention_work *w = argument;
    const struct engine *e = w->engine;
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    size_t position = b->slots[t].position;
    const struct engine_sequence *s = &e->sequences[b->slots[t].sequence];
    const float *cosines = b->cosines + t * (m->head_dim / 2);
    const float *sines = b->sines + t * (m->head_dim / 2);
    float *key = b->key + t * b->kv_stride;
    (void)worker;
    rotate(b->query + t * b->dim_stride, m->heads_n, m->head_dim, cosines, sines);
    rotate(key, m->kv_heads_n, m->head_dim, cosines, sines);
    for (uint32_t h = 0; h < m->kv_heads_n; h++) {
        float *keys = head_keys(e, s, w->layer, h) + position / LAYOUT_ROWS * m->head_dim * LAYOUT_ROWS;
        for (uint32_t d = 0; d < m->head_dim; d++)
            keys[(size_t)d * LAYOUT_ROWS + position % LAYOUT_ROWS] = key[h * m->head_dim + d];
        memcpy(head_values(e, s, w->layer, h) + position * b->head_room, b->value + t * b->kv_stride + h * m->head_dim,
               m->head_dim * sizeof(float));
    }
}

/* One token and KV head: every query head that shares it. */
static void attend_task(void *argument, unsigned worker, size_t piece)
{
    const struct attention_work *w = argument;
    const struct engine *e = w->engine;
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    size_t t = piece / m->kv_heads_n;
    uint32_t kv_head = (uint32_t)(piece % m->kv_heads_n);
    uint32_t sharing = m->heads_n / m->kv_heads_n;
    const struct engine_sequence *s = &e->sequences[b->slots[t].sequence];
    const float *keys = head_keys(e, s, w->layer, kv_head);
    const float *values = head_values(e, s, w->layer, kv_head);
    float *scores = b->scores + worker * b->context_room;
    float *mixed = b->mixed + worker * b->head_room;
    size_t n = (size_t)b->slots[t].position + 1;
    float scale = 1.0f / f32_sqrt((float)m->head_dim);
    for (uint32_t h = kv_head * sharing; h < (kv_head + 1) * sharing; h++) {
        e->kernels->scores(scores, b->query + t * b->dim_stride + (size_t)h * m->head_dim, keys, m->head_dim, n, scale);
        float sum = e->kernels->softmax(scores, n);
        e->kernels->mix(mixed, scores, values, b->head_room, b->head_room, n, 1.0f / sum);
        memcpy(b->input + t * b->wide_stride + (size_t)h * m->head_dim, mixed, m->head_dim * sizeof(float));
    }
}

void forward_attention(const struct engine *e, uint32_t layer)
{
    struct attention_work w = {.engine = e, .layer = layer};
    e->workers.run(e->workers.context, append_task, &w, e->buffers->tokens_n);
    e->workers.run(e->workers.context, attend_task, &w, e->buffers->tokens_n * e->model->kv_heads_n);
}
