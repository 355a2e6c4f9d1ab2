/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/buffers.h"
#include "engine/forward.h"

enum {
    PIECES_PER_WORKER = 6, /* so that a worker that is held up costs little */
    CHUNK = 4,             /* groups that a kernel likes to have at once */
};

struct product_work {
    const struct engine *engine;
    const struct product *product;
    size_t groups_n[FORWARD_MATRICES_MAX];
    size_t chunk; /* groups in a piece */
    size_t tokens_n;
};

/* Groups [first, first + n) of one matrix. */
static void multiply(const struct product_work *w, size_t matrix, size_t first, size_t n)
{
    const struct engine_buffers *b = w->engine->buffers;
    const struct matrix *m = w->product->matrices[matrix];
    struct activations a = {
        .x = b->input, .q = b->quantised, .scale = b->input_scale, .sum = b->input_sum, .stride = b->wide_stride};
    w->engine->kernels->matmul[m->type](w->product->outputs[matrix] + first * LAYOUT_ROWS, w->product->strides[matrix],
                                        w->engine->weights + m->at + first * m->group_len, n, m->columns_n, &a,
                                        w->tokens_n);
}

static void product_task(void *argument, unsigned worker, size_t piece)
{
    const struct product_work *w = argument;
    size_t first = piece * w->chunk; /* over the groups of all matrices in a row */
    size_t left = w->chunk;
    (void)worker;
    for (size_t i = 0; i < w->product->matrices_n && left != 0; i++) {
        if (first >= w->groups_n[i]) {
            first -= w->groups_n[i];
            continue;
        }
        size_t n = w->groups_n[i] - first < left ? w->groups_n[i] - first : left;
        multiply(w, i, first, n);
        left -= n;
        first = 0;
    }
}

void forward_product(const struct engine *e, const struct product *p, size_t tokens_n)
{
    struct product_work w = {.engine = e, .product = p, .tokens_n = tokens_n};
    size_t total = 0;
    for (size_t i = 0; i < p->matrices_n; i++) {
        w.groups_n[i] = layout_groups_n(p->matrices[i]);
        total += w.groups_n[i];
    }
    w.chunk = total / ((size_t)e->workers.n * PIECES_PER_WORKER) / CHUNK * CHUNK;
    w.chunk = w.chunk == 0 ? CHUNK : w.chunk;
    e->workers.run(e->workers.context, product_task, &w, (total + w.chunk - 1) / w.chunk);
}
