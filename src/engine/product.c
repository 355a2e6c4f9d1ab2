/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/forward.h"

#include <string.h>

enum {
    PIECES_PER_WORKER = 6, /* so that a worker that is held up costs little */
    WORK_SHARED = 1 << 18, /* products of numbers that are worth sharing out */
    AHEAD = 1 << 15,       /* bytes from the weights in use to those asked for */
    TOKENS_TOGETHER = 128, /* whose input stays in the second cache while a group of rows is used */
};

struct product_work {
    const struct engine *engine;
    const struct product *product;
    size_t groups_n[FORWARD_MATRICES_MAX];
    size_t chunk; /* groups in a piece */
    size_t tokens_n;
};

unsigned forward_forms(const struct product *p)
{
    unsigned forms = 0;
    for (size_t i = 0; i < p->matrices_n; i++)
        forms |= 1U << format_of(p->matrices[i]->type)->class;
    return forms;
}

void forward_input(const struct engine *e, const struct engine_input *in, size_t t, size_t n, unsigned forms)
{
    size_t stride = e->buffers->wide_stride;
    size_t padded = (n + FORMAT_BLOCK - 1) / FORMAT_BLOCK * FORMAT_BLOCK;
    float *x = in->x + t * stride;
    memset(x + n, 0, (padded - n) * sizeof *x);
    if ((forms & 1U << CLASS_BF16) != 0)
        e->kernels->round_bf16(in->rounded + t * stride, x, padded);
    for (size_t at = 0; at < padded && (forms & 1U << CLASS_CODES) != 0; at += FORMAT_SUPER) {
        size_t slot = at / FORMAT_SUPER * in->room + t;
        size_t len = padded - at < FORMAT_SUPER ? padded - at : FORMAT_SUPER;
        e->kernels->quantise(in->q + slot * FORMAT_SUPER, in->scales + slot, x + at, len);
    }
}

/* Asks for as many bytes as a chunk of a group has, AHEAD of it. */
static void prefetch_chunk(const struct weight_group *g, enum weight_type type, size_t column)
{
    size_t len = (size_t)layout_group_len(type, FORMAT_SUPER);
    const uint8_t *ahead = g->field[0] + column / FORMAT_SUPER * len + AHEAD;
    for (size_t i = 0; i < len; i += LAYOUT_ALIGN)
        __builtin_prefetch(ahead + i, 0, 2);
}

/* y: [tokens_n, 16 rows], zeroed: the product of one group with tokens from first on. */
static void multiply_group(const struct engine *e, float *y, const struct matrix *m, size_t group,
                           const struct engine_input *in, size_t first, size_t tokens_n)
{
    const struct kernels *k = e->kernels;
    const struct weight_format *f = format_of(m->type);
    struct weight_group g = layout_group(m, e->weights, group);
    size_t stride = e->buffers->wide_stride;
    struct panel panel;
    if (f->class == CLASS_FLOAT)
        k->dot_float(y, FORMAT_ROWS, g.field[0], m->type == WEIGHT_F16, m->columns_n, in->x + first * stride, stride,
                     tokens_n);
    if (f->class == CLASS_BF16)
        k->dot_bf16(y, FORMAT_ROWS, g.field[0], m->columns_n, in->rounded + first * stride, stride, tokens_n);
    if (f->class == CLASS_CODES && tokens_n == 1) {
        struct codes_input codes = {.q = in->q + first * FORMAT_SUPER, .scales = in->scales + first};
        k->gemv_codes(y, m->type, &g, m->columns_n, &codes, in->room);
        return;
    }
    for (size_t at = 0; at < m->columns_n && f->class == CLASS_CODES; at += FORMAT_SUPER) {
        size_t n = m->columns_n - at < FORMAT_SUPER ? m->columns_n - at : FORMAT_SUPER;
        size_t slot = at / FORMAT_SUPER * in->room + first;
        struct codes_input codes = {.q = in->q + slot * FORMAT_SUPER, .scales = in->scales + slot};
        prefetch_chunk(&g, m->type, at);
        k->expand(&panel, m->type, &g, at, n);
        k->dot_codes(y, FORMAT_ROWS, &panel, f, &codes, n, tokens_n);
    }
}

/* Groups [first, first + n) of a BF16 matrix at once, where kernels gain by it: the input is packed once for all. */
static bool multiply_groups(const struct product_work *w, size_t matrix, size_t first, size_t n)
{
    const struct matrix *m = w->product->matrices[matrix];
    const struct kernels *k = w->engine->kernels;
    size_t stride = w->product->strides[matrix];
    size_t in_stride = w->engine->buffers->wide_stride;
    struct weight_group g = layout_group(m, w->engine->weights, first);
    if (m->type != WEIGHT_BF16 || k->dot_bf16_groups == NULL)
        return false;
    for (size_t t = 0; t < w->tokens_n; t += TOKENS_TOGETHER) {
        size_t tokens_n = w->tokens_n - t < TOKENS_TOGETHER ? w->tokens_n - t : TOKENS_TOGETHER;
        float *out = w->product->outputs[matrix] + t * stride + first * FORMAT_ROWS;
        for (size_t i = 0; i < tokens_n; i++)
            memset(out + i * stride, 0, n * FORMAT_ROWS * sizeof *out);
        k->dot_bf16_groups(out, stride, g.field[0], m->group_len, n, m->columns_n,
                           w->product->input->rounded + t * in_stride, in_stride, tokens_n);
    }
    return true;
}

/* Groups [first, first + n) of one matrix. */
static void multiply(const struct product_work *w, size_t matrix, size_t first, size_t n)
{
    const struct matrix *m = w->product->matrices[matrix];
    size_t stride = w->product->strides[matrix];
    _Alignas(64) float y[TOKENS_TOGETHER * FORMAT_ROWS];
    if (multiply_groups(w, matrix, first, n))
        return;
    for (size_t t = 0; t < w->tokens_n; t += TOKENS_TOGETHER) {
        size_t tokens_n = w->tokens_n - t < TOKENS_TOGETHER ? w->tokens_n - t : TOKENS_TOGETHER;
        for (size_t g = first; g < first + n; g++) {
            float *out = w->product->outputs[matrix] + t * stride + g * FORMAT_ROWS;
            memset(y, 0, tokens_n * FORMAT_ROWS * sizeof *y);
            multiply_group(w->engine, y, m, g, w->product->input, t, tokens_n);
            for (size_t i = 0; i < tokens_n; i++)
                memcpy(out + i * stride, y + i * FORMAT_ROWS, FORMAT_ROWS * sizeof *y);
        }
    }
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
    w.chunk = total / ((size_t)e->workers.n * PIECES_PER_WORKER);
    w.chunk = w.chunk == 0 ? 1 : w.chunk;
    /* a small product is done sooner than threads are woken */
    uint64_t work = (uint64_t)total * FORMAT_ROWS * p->matrices[0]->columns_n * tokens_n;
    w.chunk = work < WORK_SHARED ? total : w.chunk;
    e->workers.run(e->workers.context, product_task, &w, (total + w.chunk - 1) / w.chunk);
}
