/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/forward.h"
#include "engine/numerics.h"
#include "engine/rope.h"

#include <string.h>

struct attention_work {
    const struct engine *engine;
    const struct model_layer *layer;
    uint32_t index;
};

static void add_bias(const struct engine *e, float *x, const struct matrix *bias)
{
    const float *b = forward_vector(e, bias);
    for (uint32_t i = 0; i < bias->columns_n; i++)
        x[i] = x[i] + b[i];
}

/* Each head of x on its own. */
static void norm_heads(const struct engine *e, float *x, uint32_t heads_n, const struct matrix *norm, float *scratch)
{
    uint32_t n = norm->columns_n;
    for (uint32_t h = 0; h < heads_n && n != 0; h++, x += n) {
        memcpy(scratch, x, n * sizeof *x);
        memset(scratch + n, 0, FORMAT_ROWS * sizeof *x);
        e->kernels->rms_norm(scratch, scratch, forward_vector(e, norm), n, e->model->norm_epsilon);
        memcpy(x, scratch, n * sizeof *x);
    }
}

static struct attention_scratch scratch_of(const struct engine *e, unsigned worker)
{
    const struct engine_buffers *b = e->buffers;
    size_t query_len =
        (ATTENTION_ROWS * e->model->head_dim * sizeof(float) + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
    uint8_t *at = b->scratch + worker * b->scratch_len;
    struct attention_scratch s = {.query = (float *)(void *)at};
    s.mixed = (float *)(void *)(at + query_len);
    s.scores = s.mixed + (size_t)ATTENTION_ROWS * e->cache.head_room;
    s.page = (uint8_t *)(s.scores + ATTENTION_ROWS * b->score_stride);
    return s;
}

/* One token: its query and key are made ready, key and value stored. */
static void append_task(void *argument, unsigned worker, size_t t)
{
    const struct attention_work *w = argument;
    const struct engine *e = w->engine;
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    const struct model_layer *l = w->layer;
    uint32_t position = b->slots[t].position;
    const struct engine_sequence *s = &e->sequences[b->slots[t].sequence];
    size_t half = m->rope_dims / 2;
    float *query = b->query + t * b->query_stride;
    float *key = b->key + t * b->kv_stride;
    float *value = b->value + t * b->kv_stride;
    float *scratch = scratch_of(e, worker).query; /* a head, padded by 16, fits ATTENTION_ROWS heads */
    add_bias(e, query, &l->query_bias);
    add_bias(e, key, &l->key_bias);
    add_bias(e, value, &l->value_bias);
    norm_heads(e, query, m->heads_n, &l->query_norm, scratch);
    norm_heads(e, key, m->kv_heads_n, &l->key_norm, scratch);
    if (l->rotates) {
        const float *cosines = b->cosines[l->local_rope] + t * half;
        const float *sines = b->sines[l->local_rope] + t * half;
        rope_rotate(query, m->heads_n, m, cosines, sines);
        rope_rotate(key, m->kv_heads_n, m, cosines, sines);
    }
    for (uint32_t h = 0; h < m->kv_heads_n; h++)
        cache_write(&e->cache, s->pages[position / CACHE_PAGE], w->index, h, position % CACHE_PAGE,
                    key + h * m->head_dim, value + h * m->head_dim);
}

/* Rows of a pass: query heads [head, head + heads_n) of each token of a run. */
struct pass {
    const struct engine_run *run;
    const struct engine_sequence *sequence;
    uint32_t layer, kv_head;
    uint32_t head, heads_n;
    uint32_t first_page, pages_n; /* that any row attends to */
};

/* Products of rows_n inputs with groups_n groups of the cache, len bytes apart. */
static void dot(const struct engine *e, float *y, size_t y_stride, const uint8_t *groups, size_t len, size_t groups_n,
                size_t n, const float *x, size_t x_stride, size_t rows_n)
{
    if (e->cache.type != CACHE_F32)
        kernels_dot_bf16(e->kernels, y, y_stride, groups, len, groups_n, n, x, x_stride, rows_n);
    for (size_t g = 0; g < groups_n && e->cache.type == CACHE_F32; g++)
        e->kernels->dot_float(y + g * FORMAT_ROWS, y_stride, groups + g * len, false, n, x, x_stride, rows_n);
}

/* NUM-41: the scaled queries, contiguous. */
static void gather_queries(const struct engine *e, const struct attention_scratch *s, const struct pass *p)
{
    const struct engine_buffers *b = e->buffers;
    uint32_t dim = e->model->head_dim;
    float *out = s->query;
    for (uint32_t t = 0; t < p->run->n; t++)
        for (uint32_t h = p->head; h < p->head + p->heads_n; h++) {
            const float *query = b->query + (p->run->first + t) * b->query_stride + (size_t)h * dim;
            for (uint32_t d = 0; d < dim; d++)
                *out++ = query[d] * e->model->attention_scale;
        }
    if (e->cache.type != CACHE_F32) /* the scratch is padded to a line */
        e->kernels->round_bf16(s->query, s->query, ((size_t)p->run->n * p->heads_n * dim + 15) / 16 * 16);
}

static void score_pages(const struct engine *e, const struct attention_scratch *s, const struct pass *p, size_t rows_n)
{
    size_t dim = e->model->head_dim;
    for (uint32_t i = 0; i < p->pages_n; i++) {
        size_t len;
        const uint8_t *keys =
            cache_keys(&e->cache, p->sequence->pages[p->first_page + i], p->layer, p->kv_head, s->page, &len);
        dot(e, s->scores + i * CACHE_PAGE, e->buffers->score_stride, keys, len, CACHE_PAGE / FORMAT_ROWS, dim, s->query,
            dim, rows_n);
    }
}

/* Scores to weights, in place; positions before the window and after the token's own get weight 0.  Returns 1 / sum. */
static float weigh(const struct engine *e, float *scores, const struct pass *p, uint32_t position, uint32_t window)
{
    size_t base = (size_t)p->first_page * CACHE_PAGE;
    size_t start = window != 0 && position >= window ? position - window + 1 : 0;
    size_t n = position + 1 - base;
    size_t padded = (n + FORMAT_ROWS - 1) / FORMAT_ROWS * FORMAT_ROWS;
    if (e->model->attention_cap > 0.0f)
        e->kernels->soft_cap(scores, padded, e->model->attention_cap);
    for (size_t i = 0; i + base < start; i++)
        scores[i] = f32_from_bits(0xff800000);
    float sum = e->kernels->softmax(scores, n, e->cache.type != CACHE_F32);
    memset(scores + padded, 0, ((size_t)p->pages_n * CACHE_PAGE - padded) * sizeof *scores);
    return 1.0f / sum;
}

static void mix_pages(const struct engine *e, const struct attention_scratch *s, const struct pass *p, size_t rows_n)
{
    size_t room = e->cache.head_room;
    for (uint32_t i = 0; i < p->pages_n; i++) {
        size_t len;
        const uint8_t *values =
            cache_values(&e->cache, p->sequence->pages[p->first_page + i], p->layer, p->kv_head, s->page, &len);
        dot(e, s->mixed, room, values, len, room / FORMAT_ROWS, CACHE_PAGE, s->scores + i * CACHE_PAGE,
            e->buffers->score_stride, rows_n);
    }
}

static void attend(const struct engine *e, const struct attention_scratch *s, const struct pass *p, uint32_t window)
{
    const struct engine_buffers *b = e->buffers;
    size_t rows_n = (size_t)p->run->n * p->heads_n;
    size_t dim = e->model->head_dim;
    float factor[ATTENTION_ROWS];
    for (size_t row = 0; row < rows_n; row++)
        memset(s->scores + row * b->score_stride, 0, (size_t)p->pages_n * CACHE_PAGE * sizeof(float));
    memset(s->mixed, 0, rows_n * e->cache.head_room * sizeof(float));
    gather_queries(e, s, p);
    score_pages(e, s, p, rows_n);
    for (size_t row = 0; row < rows_n; row++)
        factor[row] =
            weigh(e, s->scores + row * b->score_stride, p, b->slots[p->run->first + row / p->heads_n].position, window);
    mix_pages(e, s, p, rows_n);
    for (size_t row = 0; row < rows_n; row++) {
        const float *mixed = s->mixed + row * e->cache.head_room;
        float *out =
            b->input.x + (p->run->first + row / p->heads_n) * b->wide_stride + (p->head + row % p->heads_n) * dim;
        for (size_t d = 0; d < dim; d++)
            out[d] = mixed[d] * factor[row] + 0.0f; /* no negative zero, however many zero weights were added */
    }
}

/* One run and KV head: every query head that shares it, ATTENTION_ROWS rows at a time. */
static void attend_task(void *argument, unsigned worker, size_t piece)
{
    const struct attention_work *w = argument;
    const struct engine *e = w->engine;
    const struct model *m = e->model;
    const struct engine_buffers *b = e->buffers;
    const struct engine_run *run = &b->runs[b->runs_n - 1 - piece / m->kv_heads_n]; /* the longest first */
    uint32_t sharing = m->heads_n / m->kv_heads_n;
    uint32_t first = b->slots[run->first].position;
    uint32_t last = first + run->n - 1;
    uint32_t window = w->layer->window;
    struct attention_scratch scratch = scratch_of(e, worker);
    struct pass p = {.run = run,
                     .sequence = &e->sequences[b->slots[run->first].sequence],
                     .layer = w->index,
                     .kv_head = (uint32_t)(piece % m->kv_heads_n)};
    p.first_page = (window != 0 && first >= window ? first - window + 1 : 0) / CACHE_PAGE;
    p.pages_n = last / CACHE_PAGE + 1 - p.first_page;
    for (uint32_t h = 0; h < sharing; h += p.heads_n) {
        p.head = p.kv_head * sharing + h;
        p.heads_n = sharing - h < ATTENTION_ROWS ? sharing - h : ATTENTION_ROWS;
        attend(e, &scratch, &p, window);
    }
}

void forward_attention(const struct engine *e, uint32_t layer)
{
    struct attention_work w = {.engine = e, .layer = &e->model->layers[layer], .index = layer};
    e->workers.run(e->workers.context, append_task, &w, e->buffers->tokens_n);
    e->workers.run(e->workers.context, attend_task, &w, e->buffers->runs_n * e->model->kv_heads_n);
}
