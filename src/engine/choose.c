/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/choose.h"

bool choice_stops(const struct choice_setup *c, uint32_t token)
{
    for (size_t i = 0; i < c->stops_n; i++) {
        if (c->stops[i] == token)
            return true;
    }
    return false;
}

bool choice_is_done(const struct choice_setup *c)
{
    return c->run != NULL && grammar_run_must_end(c->run);
}

/* Whether the grammar allows this token; a stop when the text may end. */
static enum status allows(bool *allowed, struct choice_setup *c, uint32_t token)
{
    size_t len;
    uint32_t to;
    *allowed = grammar_run_may_end(c->run);
    if (choice_stops(c, token))
        return STATUS_OK;
    const uint8_t *bytes = token_bytes_of(c->vocabulary, token, &len);
    enum status status = grammar_run_look(c->run, &to, bytes, len);
    *allowed = len > 0 && to != GRAMMAR_NO_STATE;
    return status;
}

static enum status mask(uint64_t *allowed, struct choice_setup *c)
{
    enum status status = token_bytes_mask(allowed, c->run, c->vocabulary);
    for (size_t i = 0; i < c->stops_n && status == STATUS_OK; i++) {
        uint64_t bit = (uint64_t)1 << c->stops[i] % 64;
        if (c->stops[i] >= c->vocabulary->tokens_n)
            continue;
        if (grammar_run_may_end(c->run))
            allowed[c->stops[i] / 64] |= bit;
        else
            allowed[c->stops[i] / 64] &= ~bit;
    }
    return status;
}

/* With temperature 0 the likeliest token is the likeliest allowed one when it is allowed: most often no mask is needed.
 */
static enum status next_allowed(uint32_t *token, struct choice_setup *c, struct sample_input *in,
                                struct choice_scratch *scratch)
{
    struct sampler before = c->sampler;
    bool allowed = false;
    enum status status = grammar_run_tidy(c->run);
    if (status == STATUS_OK && c->sampler.options.temperature <= 0.0f) {
        status = sampler_next(token, &c->sampler, in, &scratch->sample);
        if (status == STATUS_OK)
            status = allows(&allowed, c, *token);
    }
    if (status != STATUS_OK || allowed)
        return status;
    c->sampler = before;
    in->allowed = scratch->allowed;
    status = mask(scratch->allowed, c);
    return status == STATUS_OK ? sampler_next(token, &c->sampler, in, &scratch->sample) : status;
}

enum status choice_next(uint32_t *token, struct choice_setup *c, const struct sample_input *in,
                        struct choice_scratch *scratch)
{
    struct sample_input input = *in;
    size_t len;
    *token = 0;
    input.bias = c->bias;
    input.bias_n = c->bias_n;
    input.allowed = NULL;
    if (c->run == NULL)
        return sampler_next(token, &c->sampler, &input, &scratch->sample);
    enum status status = next_allowed(token, c, &input, scratch);
    if (status != STATUS_OK || choice_stops(c, *token))
        return status;
    const uint8_t *bytes = token_bytes_of(c->vocabulary, *token, &len);
    return grammar_run_take(c->run, bytes, len);
}
