/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample_filter.h"

#include "engine/numerics.h"
#include "engine/sample_order.h"
#include "engine/sample_weights.h"

#include <float.h>

/* One choice being made. */
struct choice {
    const struct sample_options *options;
    const float *logits; /* [n] */
    size_t n;
    float largest;
    struct sample_candidate *candidates; /* [n] */
    struct sample_order order;
    size_t kept_n; /* the first of the order; n: all */
};

/* NUM-53: at most 1; never NaN for finite logits; 0 for minus infinity. */
static double weight(float logit, float largest)
{
    return (double)f32_exp(logit - largest);
}

static double weight_at(float logit, float largest, float temperature)
{
    return (double)f32_exp((logit - largest) / temperature);
}

/* The first of weights[n] in which left ends; of those with a weight the last, when rounding left something over. */
static size_t walk(const struct sample_candidate *weights, size_t n, double left)
{
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        double w = (double)weights[i].logit;
        if (w > 0.0)
            last = i;
        if (left < w)
            return i;
        left = left - w;
    }
    return last;
}

/* Everything is a candidate: no order is needed. */
static uint32_t choose_plain(const struct choice *c, double uniform)
{
    float weights[SAMPLE_WEIGHTS_MAX];
    double total = 0.0;
    for (size_t from = 0; from < c->n; from += SAMPLE_WEIGHTS_MAX) {
        size_t n = c->n - from < SAMPLE_WEIGHTS_MAX ? c->n - from : SAMPLE_WEIGHTS_MAX;
        sample_weights(weights, c->logits + from, n, c->largest, c->options->temperature);
        for (size_t i = 0; i < n; i++) {
            c->candidates[from + i].logit = weights[i];
            total = total + (double)weights[i];
        }
    }
    return (uint32_t)walk(c->candidates, c->n, uniform * total);
}

/* NUM-54: the sum of the kept weights, by token when all are kept, otherwise in order. */
static double total_weight(struct choice *c)
{
    double total = 0.0;
    if (c->kept_n == c->n && c->logits != NULL)
        return sample_weights_sum(c->logits, c->n, c->largest);
    for (size_t i = 0; i < c->kept_n; i++) {
        const struct sample_candidate *at = sample_order_at(&c->order, i);
        if (at == NULL)
            break;
        total = total + weight(at->logit, c->largest);
    }
    return total;
}

/* What is kept, from the front of candidates; returns how many. */
static size_t gather(struct choice *c)
{
    size_t gathered_n = 0;
    if (c->kept_n == c->n) {
        for (size_t i = 0; i < c->n; i++) {
            if (c->logits[i] >= -FLT_MAX)
                c->candidates[gathered_n++] = (struct sample_candidate){c->logits[i], (uint32_t)i};
        }
        return gathered_n;
    }
    while (gathered_n < c->kept_n && sample_order_at(&c->order, gathered_n) != NULL)
        gathered_n++;
    for (size_t i = 0; i < gathered_n; i++) { /* they stand at the back, the first last; what waits is dropped */
        struct sample_candidate at = c->candidates[c->n - 1 - i];
        if (i >= c->n - 1 - i)
            break;
        c->candidates[c->n - 1 - i] = c->candidates[i];
        c->candidates[i] = at;
    }
    return gathered_n;
}

/* NUM-61: keeps those whose surprise is nearest to the expected one, until their weights reach typical_p. */
static void keep_typical(struct choice *c)
{
    double total = total_weight(c), log_total = f64_log(total), expected = 0.0, reached = 0.0;
    double enough = (double)c->options->typical_p * total;
    const float *logits = c->logits;
    size_t n = gather(c), kept_n = 0;
    for (size_t i = 0; i < n; i++) {
        double surprise = log_total + ((double)c->largest - (double)c->candidates[i].logit);
        expected = expected + weight(c->candidates[i].logit, c->largest) / total * surprise;
    }
    for (size_t i = 0; i < n; i++) {
        double surprise = log_total + ((double)c->largest - (double)c->candidates[i].logit);
        double distance = surprise - expected;
        c->candidates[i].logit = (float)(distance > 0.0 ? -distance : distance);
    }
    sample_order_of(&c->order, c->candidates, c->n, n);
    while (kept_n < n && (kept_n == 0 || !(reached >= enough))) {
        reached = reached + weight(logits[sample_order_at(&c->order, kept_n)->token], c->largest);
        kept_n++;
    }
    memmove(c->candidates, c->candidates + (c->n - kept_n), kept_n * sizeof c->candidates[0]);
    for (size_t i = 0; i < kept_n; i++)
        c->candidates[i].logit = logits[c->candidates[i].token];
    sample_order_of(&c->order, c->candidates, c->n, kept_n);
    c->kept_n = kept_n;
    c->logits = NULL; /* the order alone holds what is kept */
}

/* NUM-54: up to and including the first at which the weights reach top_p. */
static void keep_top_p(struct choice *c)
{
    double enough = (double)c->options->top_p * total_weight(c);
    double reached = 0.0;
    for (size_t i = 0; i < c->kept_n; i++) {
        const struct sample_candidate *at = sample_order_at(&c->order, i);
        if (at != NULL)
            reached = reached + weight(at->logit, c->largest);
        if (at == NULL || reached >= enough)
            c->kept_n = at == NULL ? i : i + 1;
    }
}

/* NUM-62: those that are at least min_p times as likely as the first. */
static void keep_min_p(struct choice *c)
{
    float first = sample_order_at(&c->order, 0)->logit;
    for (size_t i = 1; i < c->kept_n; i++) {
        const struct sample_candidate *at = sample_order_at(&c->order, i);
        if (at == NULL || !(f32_exp(at->logit - first) >= c->options->min_p))
            c->kept_n = i;
    }
}

/* NUM-55 */
static uint32_t choose_ordered(struct choice *c, double uniform)
{
    float first = sample_order_at(&c->order, 0)->logit;
    size_t kept_n = 0;
    double total = 0.0;
    for (const struct sample_candidate *at; kept_n < c->kept_n; kept_n++) {
        at = sample_order_at(&c->order, kept_n);
        if (at == NULL)
            break;
        total = total + weight_at(at->logit, first, c->options->temperature);
    }
    double left = uniform * total;
    for (size_t i = 0; i + 1 < kept_n; i++) {
        const struct sample_candidate *at = sample_order_at(&c->order, i);
        double w = weight_at(at->logit, first, c->options->temperature);
        if (left < w)
            return at->token;
        left = left - w;
    }
    return sample_order_at(&c->order, kept_n - 1)->token;
}

uint32_t sample_choose(const struct sample_options *options, const float *logits, size_t n, float largest,
                       double uniform, struct sample_candidate *candidates)
{
    struct choice c = {.options = options, .logits = logits, .n = n, .largest = largest, .candidates = candidates};
    c.kept_n = options->top_k == 0 || options->top_k > n ? n : options->top_k; /* NUM-60 */
    if (c.kept_n == n && options->typical_p >= 1.0f && options->top_p >= 1.0f && options->min_p <= 0.0f)
        return choose_plain(&c, uniform);
    sample_order_init(&c.order, logits, n, largest, candidates);
    if (options->typical_p < 1.0f)
        keep_typical(&c);
    if (options->top_p < 1.0f)
        keep_top_p(&c);
    if (options->min_p > 0.0f)
        keep_min_p(&c);
    return choose_ordered(&c, uniform);
}
