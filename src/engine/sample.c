/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample.h"

#include "engine/numerics.h"

#include <stdbool.h>

/* NUM-52: SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

enum status sampler_init(struct sampler *s, const struct sample_options *options)
{
    *s = (struct sampler){0};
    if (!(options->temperature >= 0.0f && options->temperature <= 100.0f) ||
        !(options->top_p > 0.0f && options->top_p <= 1.0f))
        return STATUS_USAGE;
    s->options = *options;
    s->state = options->seed;
    return STATUS_OK;
}

/* NUM-51: the larger logit first, of equal ones the smaller token. */
static bool before(struct sample_candidate a, struct sample_candidate b)
{
    return a.logit > b.logit || (!(b.logit > a.logit) && a.token < b.token);
}

static void sift(struct sample_candidate *heap, size_t root, size_t n)
{
    struct sample_candidate moving = heap[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], moving))
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moving;
}

/* Takes the first candidate from the heap of n and leaves it at heap[n - 1], so that the order grows downwards. */
static void pop(struct sample_candidate *heap, size_t n)
{
    struct sample_candidate first = heap[0];
    heap[0] = heap[n - 1];
    heap[n - 1] = first;
    sift(heap, 0, n - 1);
}

/* NUM-53: the weight of a logit, at most 1; never NaN for finite logits. */
static double weight(float logit, float largest, float temperature)
{
    return (double)f32_exp((logit - largest) / temperature);
}

/* Everything is a candidate: no order is needed. */
static uint32_t choose_plain(const float *logits, size_t n, float largest, float temperature, double uniform)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++)
        total = total + weight(logits[i], largest, temperature);
    double left = uniform * total;
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        double w = weight(logits[i], largest, temperature);
        if (w > 0.0)
            last = (uint32_t)i;
        if (left < w)
            return (uint32_t)i;
        left = left - w;
    }
    return last;
}

/* Candidates in order, taken from the heap as they are needed. */
struct order {
    struct sample_candidate *heap;
    size_t n;
    size_t taken;
};

static struct sample_candidate candidate(struct order *o, size_t i)
{
    while (o->taken <= i) {
        pop(o->heap, o->n - o->taken);
        o->taken++;
    }
    return o->heap[o->n - 1 - i];
}

/* NUM-54: the sum of all weights by token, or of the kept ones in order. */
static double total_weight(struct order *order, size_t kept_n, float largest, float temperature)
{
    double total = 0.0;
    if (kept_n == order->n)
        for (size_t i = 0; i < kept_n; i++)
            total = total + weight(order->heap[i].logit, largest, temperature);
    for (size_t i = order->n / 2; i-- > 0;)
        sift(order->heap, i, order->n);
    if (kept_n != order->n)
        for (size_t i = 0; i < kept_n; i++)
            total = total + weight(candidate(order, i).logit, largest, temperature);
    return total;
}

/* The first kept_n candidates in order, cut where their weights reach top_p of the total. */
static uint32_t choose_ordered(struct sample_candidate *candidates, size_t n, size_t kept_n, float largest,
                               const struct sample_options *o, double uniform)
{
    struct order order = {.heap = candidates, .n = n};
    double enough = (double)o->top_p * total_weight(&order, kept_n, largest, o->temperature);
    double reached = 0.0;
    size_t last = 0;
    for (size_t i = 0; i < kept_n; i++) {
        reached = reached + weight(candidate(&order, i).logit, largest, o->temperature);
        last = i;
        if (reached >= enough)
            break;
    }
    double left = uniform * reached;
    for (size_t i = 0; i < last; i++) {
        double w = weight(candidate(&order, i).logit, largest, o->temperature);
        if (left < w)
            return candidate(&order, i).token;
        left = left - w;
    }
    return candidate(&order, last).token;
}

enum status sampler_next(uint32_t *token, struct sampler *s, const float *logits, size_t vocab_n,
                         struct sample_candidate *scratch)
{
    size_t best = 0;
    *token = 0;
    if (vocab_n == 0)
        return STATUS_USAGE;
    for (size_t i = 0; i < vocab_n; i++) {
        if ((f32_bits(logits[i]) & 0x7f800000) == 0x7f800000)
            return STATUS_MALFORMED;
        scratch[i] = (struct sample_candidate){.logit = logits[i], .token = (uint32_t)i};
        best = logits[i] > logits[best] ? i : best;
    }
    double uniform = (double)(draw(&s->state) >> 11) * 0x1p-53;
    const struct sample_options *o = &s->options;
    size_t kept_n = o->top_k == 0 || o->top_k > vocab_n ? vocab_n : o->top_k;
    if (o->temperature <= 0.0f)
        *token = (uint32_t)best;
    else if (kept_n == vocab_n && o->top_p >= 1.0f)
        *token = choose_plain(logits, vocab_n, logits[best], o->temperature, uniform);
    else
        *token = choose_ordered(scratch, vocab_n, kept_n, logits[best], o, uniform);
    return STATUS_OK;
}
