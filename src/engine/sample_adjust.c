/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample_adjust.h"

#include "engine/numerics.h"

#include <float.h>
#include <stdbool.h>

static bool is_one(float value)
{
    return value >= 1.0f && value <= 1.0f;
}

static bool is_zero(float value)
{
    return value >= 0.0f && value <= 0.0f;
}

/* NUM-56: what leaves the range of finite numbers stays at its end. */
static float clamp(float value)
{
    float low = value < -FLT_MAX ? -FLT_MAX : value;
    return low > FLT_MAX ? FLT_MAX : low;
}

/* NUM-56 */
static void add_bias(float *logits, const struct sample_input *in)
{
    for (size_t i = 0; i < in->bias_n; i++) {
        float *logit = &logits[in->bias[i].token];
        bool never = in->bias[i].bias < -FLT_MAX;
        *logit = never ? in->bias[i].bias : *logit + in->bias[i].bias;
    }
}

/* NUM-57 */
static void forbid(float *logits, const struct sample_input *in)
{
    for (size_t i = 0; i < in->vocab_n; i++) {
        if ((in->allowed[i / 64] >> i % 64 & 1) == 0)
            logits[i] = f32_from_bits(0xff800000);
    }
}

/* NUM-58: each token of the window once. */
static void penalize_repeats(float *logits, const struct sample_options *o, const struct sample_input *in,
                             uint32_t *counts)
{
    size_t first = in->tokens_n > o->repeat_last_n ? in->tokens_n - o->repeat_last_n : 0;
    for (size_t i = first; i < in->tokens_n; i++) {
        float *logit = &logits[in->tokens[i]];
        if (counts[in->tokens[i]]++ == 0 && *logit >= -FLT_MAX)
            *logit = clamp(*logit > 0.0f ? *logit / o->repeat_penalty : *logit * o->repeat_penalty);
    }
    for (size_t i = first; i < in->tokens_n; i++)
        counts[in->tokens[i]] = 0;
}

/* NUM-59: by how often each token was sampled. */
static void penalize_sampled(float *logits, const struct sample_options *o, const struct sample_input *in,
                             uint32_t *counts)
{
    for (size_t i = in->prompt_n; i < in->tokens_n; i++)
        counts[in->tokens[i]]++;
    for (size_t i = in->prompt_n; i < in->tokens_n; i++) {
        float *logit = &logits[in->tokens[i]];
        if (counts[in->tokens[i]] != 0 && *logit >= -FLT_MAX)
            *logit = clamp(*logit - (float)counts[in->tokens[i]] * o->frequency_penalty - o->presence_penalty);
        counts[in->tokens[i]] = 0;
    }
}

const float *sample_adjust(const struct sample_options *options, const struct sample_input *in,
                           struct sample_scratch *scratch)
{
    bool repeats = !is_one(options->repeat_penalty) && options->repeat_last_n > 0 && in->tokens_n > 0;
    bool sampled =
        (!is_zero(options->frequency_penalty) || !is_zero(options->presence_penalty)) && in->tokens_n > in->prompt_n;
    if (in->bias_n == 0 && in->allowed == NULL && !repeats && !sampled)
        return in->logits;
    memcpy(scratch->logits, in->logits, in->vocab_n * sizeof scratch->logits[0]);
    add_bias(scratch->logits, in);
    if (in->allowed != NULL)
        forbid(scratch->logits, in);
    if (repeats)
        penalize_repeats(scratch->logits, options, in, scratch->counts);
    if (sampled)
        penalize_sampled(scratch->logits, options, in, scratch->counts);
    return scratch->logits;
}
