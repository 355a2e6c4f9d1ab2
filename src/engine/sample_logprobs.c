/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/numerics.h"
#include "engine/sample.h"
#include "engine/sample_order.h"
#include "engine/sample_weights.h"

/* NUM-63: the logarithm of the softmax of the logits as the model gave them. */
void sample_logprobs(struct sample_logprobs *out, const float *logits, size_t vocab_n, uint32_t token, uint32_t top_n,
                     struct sample_scratch *scratch)
{
    struct sample_order order;
    float largest = logits[0];
    *out = (struct sample_logprobs){0};
    for (size_t i = 0; i < vocab_n; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    double log_total = f64_log(sample_weights_sum(logits, vocab_n, largest));
    out->chosen = (float)(((double)logits[token] - (double)largest) - log_total);
    sample_order_init(&order, logits, vocab_n, largest, scratch->candidates);
    while (out->top_n < top_n && out->top_n < SAMPLE_TOP_MAX) {
        const struct sample_candidate *at = sample_order_at(&order, out->top_n);
        if (at == NULL)
            break;
        float logprob = (float)(((double)at->logit - (double)largest) - log_total);
        out->top[out->top_n++] = (struct sample_candidate){logprob, at->token};
    }
}
