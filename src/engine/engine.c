/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"
#include "engine/buffers.h"
#include "engine/rope.h"

#include <string.h>

/* Hands out aligned pieces of memory; with memory NULL it only counts. */
struct divider {
    uint8_t *memory;
    uint64_t used;
    bool overflowed;
};

static void *divide(struct divider *d, uint64_t count, uint64_t each, uint64_t size)
{
    uint64_t len;
    void *piece = d->memory == NULL ? NULL : d->memory + d->used;
    if (!checked_mul_u64(&len, count, each) || !checked_mul_u64(&len, len, size) ||
        !checked_add_u64(&len, len, d->used) || !checked_round_up_u64(&d->used, len, LAYOUT_ALIGN) ||
        d->used > SIZE_MAX / 2)
        d->overflowed = true;
    return piece;
}

static size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void set_strides(struct engine_buffers *b, const struct model *m, const struct engine_options *o,
                        const struct cache *c)
{
    b->dim_stride = round_up(m->dim, FORMAT_BLOCK);
    b->hidden_stride = round_up(larger(m->hidden, m->shared_hidden), FORMAT_BLOCK);
    b->query_stride = round_up((size_t)m->heads_n * m->head_dim, FORMAT_BLOCK);
    b->kv_stride = round_up((size_t)m->kv_heads_n * m->head_dim, FORMAT_BLOCK);
    b->wide_stride = larger(larger(b->dim_stride, b->hidden_stride), b->query_stride);
    b->vocab_stride = round_up(m->vocab_n, FORMAT_ROWS);
    b->experts_stride = round_up(m->experts_n, FORMAT_ROWS);
    b->score_stride = round_up(o->context_max, CACHE_PAGE);
    b->pages_max = (uint32_t)(b->score_stride / CACHE_PAGE);
    b->scratch_len = round_up(ATTENTION_ROWS * m->head_dim * sizeof(float), LAYOUT_ALIGN) +
                     ATTENTION_ROWS * (c->head_room + b->score_stride) * sizeof(float) + c->scratch_len;
}

static void divide_input(struct divider *d, struct engine_input *in, uint64_t tokens, uint64_t wide_stride)
{
    uint64_t chunks = (wide_stride + FORMAT_SUPER - 1) / FORMAT_SUPER;
    in->room = (size_t)tokens;
    in->x = divide(d, tokens, wide_stride, sizeof(float));
    in->rounded = divide(d, tokens, wide_stride, sizeof(float));
    in->q = divide(d, tokens, chunks, FORMAT_SUPER);
    in->scales = divide(d, tokens, chunks, sizeof *in->scales);
}

/* Sets every pointer in *b, *c and, unless NULL, sequences: [sequences_max]. */
static void divide_buffers(struct divider *d, struct engine_buffers *b, struct cache *c,
                           struct engine_sequence *sequences, const struct model *m, const struct engine_options *o,
                           unsigned workers_n)
{
    uint64_t batch = o->batch_max;
    b->slots = divide(d, batch, 1, sizeof *b->slots);
    b->runs = divide(d, batch, 1, sizeof *b->runs);
    b->wanted = divide(d, o->logits_max, 1, sizeof *b->wanted);
    for (size_t i = 0; i < ROPES_N; i++)
        b->frequencies[i] = divide(d, m->rope_dims / 2, 1, sizeof(double));
    for (size_t i = 0; i < 2; i++) {
        b->cosines[i] = divide(d, batch, m->rope_dims / 2, sizeof(float));
        b->sines[i] = divide(d, batch, m->rope_dims / 2, sizeof(float));
    }
    b->residual = divide(d, batch, b->dim_stride, sizeof(float));
    divide_input(d, &b->input, batch, b->wide_stride);
    b->query = divide(d, batch, b->query_stride, sizeof(float));
    b->key = divide(d, batch, b->kv_stride, sizeof(float));
    b->value = divide(d, batch, b->kv_stride, sizeof(float));
    b->delta = divide(d, batch, b->dim_stride, sizeof(float));
    b->gate = divide(d, batch, b->hidden_stride, sizeof(float));
    b->up = divide(d, batch, b->hidden_stride, sizeof(float));
    if (m->experts_n != 0) {
        b->routes = divide(d, batch, b->experts_stride, sizeof(float));
        b->mixed = divide(d, batch, b->dim_stride, sizeof(float));
        b->chosen = divide(d, batch, 1, sizeof *b->chosen);
        divide_input(d, &b->expert_input, batch, b->wide_stride);
    }
    b->scratch = divide(d, workers_n, b->scratch_len, 1);
    b->logits = divide(d, o->logits_max, b->vocab_stride, sizeof(float));
    for (uint32_t i = 0; i < o->sequences_max && !d->overflowed; i++) {
        uint32_t *pages = divide(d, b->pages_max, 1, sizeof *pages);
        if (sequences != NULL)
            sequences[i].pages = pages;
    }
    c->free = divide(d, o->pages_max, 1, sizeof *c->free);
    c->pages = divide(d, o->pages_max, c->page_len, 1);
}

static enum status check_options(const struct model *m, const struct engine_options *o, unsigned workers_n,
                                 struct reason *why)
{
    if (o->sequences_max == 0 || o->context_max == 0 || o->batch_max == 0 || o->logits_max == 0 || o->pages_max == 0 ||
        workers_n == 0 || workers_n > WORKERS_MAX || o->cache < CACHE_BF16 || o->cache > CACHE_F32) {
        reason_set(why, "engine: an option is 0 or unknown", NULL);
        return STATUS_USAGE;
    }
    if (o->context_max > m->context_n) {
        reason_set(why, "engine: the context is longer than the model's, which is ", NULL);
        reason_add_u64(why, m->context_n);
        return STATUS_USAGE;
    }
    if (o->sequences_max > ENGINE_SEQUENCES_MAX) {
        reason_set(why, "engine: more than 65536 sequences", NULL);
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

size_t engine_page_len(const struct model *m, enum cache_type type)
{
    struct cache c;
    cache_shape(&c, m, type, 1);
    return c.page_len;
}

enum status engine_memory_len(size_t *len, const struct model *m, const struct engine_options *options,
                              unsigned workers_n, struct reason *why)
{
    struct divider d = {0};
    struct engine_buffers b = {0};
    struct cache c;
    *len = 0;
    enum status status = check_options(m, options, workers_n, why);
    if (status != STATUS_OK)
        return status;
    cache_shape(&c, m, options->cache, options->pages_max);
    set_strides(&b, m, options, &c);
    divide(&d, 1, 1, sizeof b);
    divide(&d, options->sequences_max, 1, sizeof(struct engine_sequence));
    divide_buffers(&d, &b, &c, NULL, m, options, workers_n);
    if (d.overflowed) {
        reason_set(why, "engine: the options ask for more memory than there can be", NULL);
        return STATUS_LIMIT;
    }
    *len = (size_t)d.used;
    return STATUS_OK;
}

static enum status set_frequencies(struct engine_buffers *b, const struct model *m, const uint8_t *weights,
                                   struct reason *why)
{
    const struct rope *ropes[ROPES_N] = {&m->rope, &m->rope_local, &m->rope_long};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ROPES_N && status == STATUS_OK; i++) {
        const struct matrix *factors = &ropes[i]->factors;
        status = rope_frequencies(b->frequencies[i], ropes[i], m->rope_dims,
                                  factors->columns_n == 0 ? NULL : (const float *)(const void *)(weights + factors->at),
                                  why);
    }
    return status;
}

enum status engine_init(struct engine *e, const struct model *m, const void *weights,
                        const struct engine_options *options, const struct kernels *kernels,
                        const struct workers *workers, void *memory, size_t memory_len, struct reason *why)
{
    size_t needed;
    *e = (struct engine){0};
    enum status status = engine_memory_len(&needed, m, options, workers->n, why);
    if (status != STATUS_OK)
        return status;
    if (memory_len < needed || (uintptr_t)memory % LAYOUT_ALIGN != 0) {
        reason_set(why, "engine: needs aligned memory of bytes: ", NULL);
        reason_add_u64(why, needed);
        return STATUS_NO_MEMORY;
    }
    memset(memory, 0, needed);
    struct divider d = {.memory = memory};
    struct cache cache;
    struct engine_buffers *b = divide(&d, 1, 1, sizeof *b);
    struct engine_sequence *sequences = divide(&d, options->sequences_max, 1, sizeof *sequences);
    cache_shape(&cache, m, options->cache, options->pages_max);
    set_strides(b, m, options, &cache);
    divide_buffers(&d, b, &cache, sequences, m, options, workers->n);
    for (cache.free_n = 0; cache.free_n < cache.pages_n; cache.free_n++)
        cache.free[cache.free_n] = cache.free_n;
    status = set_frequencies(b, m, weights, why);
    if (status != STATUS_OK)
        return status;
    *e = (struct engine){.model = m,
                         .weights = weights,
                         .kernels = kernels,
                         .workers = *workers,
                         .options = *options,
                         .sequences = sequences,
                         .buffers = b,
                         .cache = cache,
                         .memory = memory,
                         .memory_len = needed};
    return STATUS_OK;
}

void engine_wipe(struct engine *e)
{
    if (e->memory != NULL)
        wipe(e->memory, e->memory_len);
    *e = (struct engine){0};
}

const float *engine_logits(const struct engine *e, size_t i)
{
    return i < e->buffers->logits_n ? e->buffers->logits + i * e->buffers->vocab_stride : NULL;
}
