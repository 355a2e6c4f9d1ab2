/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"
#include "engine/buffers.h"
#include "engine/numerics.h"

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

static void set_strides(struct engine_buffers *b, const struct model *m, const struct engine_options *o)
{
    b->dim_stride = round_up(m->dim, LAYOUT_BLOCK);
    b->hidden_stride = round_up(m->hidden, LAYOUT_BLOCK);
    b->wide_stride = b->dim_stride > b->hidden_stride ? b->dim_stride : b->hidden_stride;
    b->kv_stride = round_up((size_t)m->kv_heads_n * m->head_dim, LAYOUT_BLOCK);
    b->vocab_stride = round_up(m->vocab_n, LAYOUT_ROWS);
    b->head_room = round_up(m->head_dim, LAYOUT_ROWS);
    b->context_room = round_up(o->context_max, LAYOUT_ROWS);
}

/* Sets every pointer in *b; sequences: [sequences_max] or NULL when only counting. */
static void divide_buffers(struct divider *d, struct engine_buffers *b, struct engine_sequence *sequences,
                           const struct model *m, const struct engine_options *o, unsigned workers_n)
{
    uint64_t batch = o->batch_max;
    b->slots = divide(d, batch, 1, sizeof *b->slots);
    b->wanted = divide(d, o->logits_max, 1, sizeof *b->wanted);
    b->frequencies = divide(d, m->head_dim / 2, 1, sizeof *b->frequencies);
    b->cosines = divide(d, batch, m->head_dim / 2, sizeof(float));
    b->sines = divide(d, batch, m->head_dim / 2, sizeof(float));
    b->residual = divide(d, batch, b->dim_stride, sizeof(float));
    b->input = divide(d, batch, b->wide_stride, sizeof(float));
    b->quantised = divide(d, batch, b->wide_stride, 1);
    b->input_scale = divide(d, batch, b->wide_stride / LAYOUT_BLOCK, sizeof(float));
    b->input_sum = divide(d, batch, b->wide_stride / LAYOUT_BLOCK, sizeof(int32_t));
    b->query = divide(d, batch, b->dim_stride, sizeof(float));
    b->key = divide(d, batch, b->kv_stride, sizeof(float));
    b->value = divide(d, batch, b->kv_stride, sizeof(float));
    b->delta = divide(d, batch, b->dim_stride, sizeof(float));
    b->gate = divide(d, batch, b->hidden_stride, sizeof(float));
    b->up = divide(d, batch, b->hidden_stride, sizeof(float));
    b->scores = divide(d, workers_n, b->context_room, sizeof(float));
    b->mixed = divide(d, workers_n, b->head_room, sizeof(float));
    b->logits = divide(d, o->logits_max, b->vocab_stride, sizeof(float));
    uint64_t heads = (uint64_t)m->layers_n * m->kv_heads_n; /* below 2^32 */
    for (uint32_t i = 0; i < o->sequences_max && !d->overflowed; i++) {
        float *keys = divide(d, heads, (uint64_t)b->context_room * m->head_dim, sizeof(float));
        float *values = divide(d, heads, (uint64_t)b->context_room * b->head_room, sizeof(float));
        if (sequences != NULL) {
            sequences[i].keys = keys;
            sequences[i].values = values;
        }
    }
}

enum status engine_memory_len(size_t *len, const struct model *m, const struct engine_options *options,
                              unsigned workers_n, struct reason *why)
{
    struct divider d = {0};
    struct engine_buffers b = {0};
    *len = 0;
    if (options->sequences_max == 0 || options->context_max == 0 || options->batch_max == 0 ||
        options->logits_max == 0 || workers_n == 0) {
        reason_set(why, "engine: an option is 0", NULL);
        return STATUS_USAGE;
    }
    if (options->context_max > m->context_n) {
        reason_set(why, "engine: the context is longer than the model's, which is ", NULL);
        reason_add_u64(why, m->context_n);
        return STATUS_USAGE;
    }
    if (options->sequences_max > ENGINE_SEQUENCES_MAX) {
        reason_set(why, "engine: more than 65536 sequences", NULL);
        return STATUS_LIMIT;
    }
    set_strides(&b, m, options);
    divide(&d, 1, 1, sizeof b);
    divide(&d, options->sequences_max, 1, sizeof(struct engine_sequence));
    divide_buffers(&d, &b, NULL, m, options, workers_n);
    if (d.overflowed) {
        reason_set(why, "engine: the options ask for more memory than there can be", NULL);
        return STATUS_LIMIT;
    }
    *len = (size_t)d.used;
    return STATUS_OK;
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
    struct engine_buffers *b = divide(&d, 1, 1, sizeof *b);
    struct engine_sequence *sequences = divide(&d, options->sequences_max, 1, sizeof *sequences);
    set_strides(b, m, options);
    divide_buffers(&d, b, sequences, m, options, workers->n);
    b->kv_len = (size_t)m->layers_n * m->kv_heads_n * b->context_room * (m->head_dim + b->head_room) * sizeof(float);
    rope_frequencies(b->frequencies, m->head_dim, m->rope_base);
    *e = (struct engine){.model = m,
                         .weights = weights,
                         .kernels = kernels,
                         .workers = *workers,
                         .options = *options,
                         .sequences = sequences,
                         .buffers = b,
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

enum status engine_sequence_open(struct engine *e, uint32_t *sequence, struct reason *why)
{
    *sequence = 0;
    for (uint32_t i = 0; i < e->options.sequences_max; i++) {
        if (e->sequences[i].open)
            continue;
        e->sequences[i].open = true;
        e->sequences[i].len = 0;
        *sequence = i;
        return STATUS_OK;
    }
    reason_set(why, "engine: all sequences are in use", NULL);
    return STATUS_BUSY;
}

void engine_sequence_close(struct engine *e, uint32_t sequence)
{
    const struct engine_buffers *b = e->buffers;
    if (sequence >= e->options.sequences_max || !e->sequences[sequence].open)
        return;
    struct engine_sequence *s = &e->sequences[sequence];
    size_t heads = (size_t)e->model->layers_n * e->model->kv_heads_n;
    size_t used = round_up(s->len, LAYOUT_ROWS); /* positions that were written, of each head's context_room */
    for (size_t h = 0; h < heads; h++) {
        wipe(s->keys + h * b->context_room * e->model->head_dim, used * e->model->head_dim * sizeof(float));
        wipe(s->values + h * b->context_room * b->head_room, used * b->head_room * sizeof(float));
    }
    s->open = false;
    s->len = 0;
}

uint32_t engine_sequence_len(const struct engine *e, uint32_t sequence)
{
    return sequence < e->options.sequences_max && e->sequences[sequence].open ? e->sequences[sequence].len : 0;
}

const float *engine_logits(const struct engine *e, size_t i)
{
    return i < e->buffers->logits_n ? e->buffers->logits + i * e->buffers->vocab_stride : NULL;
}
