/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/vault_terms.h"

#include "core/base/constant_time.h"

#include <stdlib.h>
#include <string.h>

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

size_t vault_terms_len(void)
{
    return SAMPLE_BIAS_MAX * sizeof(struct sample_bias) + GRAMMAR_ELEMENTS_MAX * sizeof(uint32_t) + grammar_run_len();
}

enum status vault_terms_open(struct vault_terms *t)
{
    *t = (struct vault_terms){.bias = calloc(SAMPLE_BIAS_MAX, sizeof t->bias[0])};
    t->elements = calloc(GRAMMAR_ELEMENTS_MAX, sizeof t->elements[0]);
    t->run_memory = calloc(1, grammar_run_len());
    return t->bias == NULL || t->elements == NULL || t->run_memory == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status vault_terms_start(struct vault_terms *t, const struct frame *f, uint32_t vocab_n, bool logprobs_allowed)
{
    const struct sample_options options = {.temperature = float_of(f->temperature_bits),
                                           .top_k = f->top_k,
                                           .top_p = float_of(f->top_p_bits),
                                           .min_p = float_of(f->min_p_bits),
                                           .typical_p = float_of(f->typical_p_bits),
                                           .repeat_penalty = float_of(f->repeat_penalty_bits),
                                           .repeat_last_n = f->repeat_last_n,
                                           .frequency_penalty = float_of(f->frequency_penalty_bits),
                                           .presence_penalty = float_of(f->presence_penalty_bits),
                                           .seed = f->seed};
    if (f->bias_n > SAMPLE_BIAS_MAX || f->grammar_n > GRAMMAR_ELEMENTS_MAX || f->words_n > CHOOSE_STOPS_MAX ||
        f->logprobs_n > SAMPLE_TOP_MAX + 1 || (f->logprobs_n > 0 && !logprobs_allowed))
        return STATUS_REFUSED;
    t->choice = (struct choice_setup){.stops_n = f->words_n};
    for (uint32_t i = 0; i < f->words_n; i++) {
        if (f->words[i] >= vocab_n)
            return STATUS_REFUSED;
        t->choice.stops[i] = f->words[i];
    }
    t->bias_n = t->elements_n = 0;
    t->bias_wanted_n = f->bias_n;
    t->elements_wanted_n = f->grammar_n;
    t->logprobs_n = f->logprobs_n;
    return sampler_init(&t->choice.sampler, &options);
}

enum status vault_terms_take_bias(struct vault_terms *t, const struct frame *f, uint32_t vocab_n)
{
    uint32_t n = f->words_n / 2;
    if (n == 0 || f->words_n % 2 != 0 || n > t->bias_wanted_n - t->bias_n)
        return STATUS_REFUSED;
    for (uint32_t i = 0; i < n; i++)
        t->bias[t->bias_n++] = (struct sample_bias){f->words[2 * i], float_of(f->words[2 * i + 1])};
    return sample_bias_check(t->bias, t->bias_n, vocab_n);
}

enum status vault_terms_take_grammar(struct vault_terms *t, const struct frame *f)
{
    if (f->words_n == 0 || f->words_n > t->elements_wanted_n - t->elements_n)
        return STATUS_REFUSED;
    memcpy(t->elements + t->elements_n, f->words, f->words_n * sizeof t->elements[0]);
    t->elements_n += f->words_n;
    return STATUS_OK;
}

bool vault_terms_complete(const struct vault_terms *t)
{
    return t->bias_n == t->bias_wanted_n && t->elements_n == t->elements_wanted_n;
}

enum status vault_terms_ready(struct vault_terms *t, const struct token_bytes *vocabulary, uint32_t vocab_n)
{
    struct grammar g;
    struct reason why;
    uint32_t rule;
    t->choice.bias = t->bias;
    t->choice.bias_n = t->bias_n;
    if (t->elements_n == 0)
        return STATUS_OK;
    if (vocabulary->tokens_n != vocab_n)
        return STATUS_REFUSED;
    /* the run's memory is not in use yet, and longer than the scratch */
    if (grammar_scratch_len(t->elements_n) > grammar_run_len())
        return STATUS_BROKEN;
    enum status status = grammar_check(&g, &rule, t->elements, t->elements_n, t->run_memory, &why);
    if (status != STATUS_OK)
        return STATUS_REFUSED;
    t->choice.run = &t->run;
    t->choice.vocabulary = vocabulary;
    return grammar_run_init(&t->run, &g, t->run_memory);
}

void vault_terms_end(struct vault_terms *t)
{
    wipe(t->bias, t->bias_n * sizeof t->bias[0]);
    wipe(t->elements, t->elements_n * sizeof t->elements[0]);
    if (t->elements_n != 0)
        wipe(t->run_memory, grammar_run_len());
    wipe(&t->choice, sizeof t->choice);
    wipe(&t->run, sizeof t->run);
    t->bias_n = t->bias_wanted_n = t->elements_n = t->elements_wanted_n = t->logprobs_n = 0;
}
