/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample_order.h"

#include "engine/numerics.h"

#include <float.h>

static const float first_width = 2.0f, widening = 4.0f;

bool sample_before(struct sample_candidate a, struct sample_candidate b)
{
    return a.logit > b.logit || (!(b.logit > a.logit) && a.token < b.token);
}

static void sift(struct sample_candidate *heap, size_t root, size_t n)
{
    struct sample_candidate moving = heap[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && sample_before(heap[child + 1], heap[child]))
            child++;
        if (!sample_before(heap[child], moving))
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moving;
}

static void make_heap(struct sample_order *o)
{
    for (size_t i = o->heap_n / 2; i-- > 0;)
        sift(o->candidates, i, o->heap_n);
}

void sample_order_init(struct sample_order *o, const float *logits, size_t n, float largest,
                       struct sample_candidate *candidates)
{
    *o = (struct sample_order){
        .logits = logits, .n = n, .candidates = candidates, .largest = largest, .width = first_width};
    o->floor = f32_from_bits(0x7f800000); /* infinity: nothing yet */
}

void sample_order_of(struct sample_order *o, struct sample_candidate *candidates, size_t capacity, size_t n)
{
    *o = (struct sample_order){.n = capacity, .candidates = candidates, .heap_n = n, .whole = true};
    make_heap(o);
}

/* Takes the next band that is not empty; the last one reaches down to every finite logit. */
static void take_band(struct sample_order *o)
{
    while (o->heap_n == 0 && !o->whole) {
        float ceiling = o->floor;
        float floor = o->largest - o->width;
        o->whole = !(floor > -FLT_MAX);
        o->floor = o->whole ? -FLT_MAX : floor;
        o->width = o->width * widening;
        for (size_t i = 0; i < o->n; i++) {
            if (o->logits[i] >= o->floor && o->logits[i] < ceiling)
                o->candidates[o->heap_n++] = (struct sample_candidate){o->logits[i], (uint32_t)i};
        }
    }
    make_heap(o);
}

const struct sample_candidate *sample_order_at(struct sample_order *o, size_t i)
{
    while (o->taken_n <= i) {
        if (o->heap_n == 0)
            take_band(o);
        if (o->heap_n == 0)
            return NULL;
        struct sample_candidate first = o->candidates[0];
        o->candidates[0] = o->candidates[--o->heap_n];
        if (o->heap_n > 1)
            sift(o->candidates, 0, o->heap_n);
        o->candidates[o->n - ++o->taken_n] = first;
    }
    return &o->candidates[o->n - 1 - i];
}
