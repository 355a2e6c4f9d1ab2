/* SPDX-License-Identifier: Apache-2.0 */
#include "client/replay_run.h"

#include "core/base/constant_time.h"
#include "engine/choose.h"
#include "engine/engine.h"
#include "sys/workers.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, ALIGNMENT = 64 };

/* One running engine with one sequence. */
struct run {
    struct engine engine;
    struct worker_pool *pool;
    uint8_t *memory;
    size_t memory_len;
    struct choice_scratch scratch;
    void *sample_memory;
    struct choice_setup choice;
    struct sample_bias *bias;
    struct grammar_run grammar;
    void *grammar_memory;
    uint32_t *tokens; /* [context]: prompt, then output */
    uint32_t sequence;
    uint32_t vocab_n;
};

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool all_below(const uint32_t *list, uint64_t n, uint32_t bound)
{
    for (uint64_t i = 0; i < n; i++) {
        if (list[i] >= bound)
            return false;
    }
    return true;
}

static uint64_t longest_output(const struct receipt_statement *s)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < s->choices_n; i++)
        most = s->choices[i].tokens_n > most ? s->choices[i].tokens_n : most;
    return most;
}

/* Range of everything that comes from the receipt. */
static enum status check_receipt(const struct receipt *r, const struct model *m, struct reason *why)
{
    const struct receipt_statement *s = &r->statement;
    bool known = all_below(r->prompt_tokens, s->prompt_tokens_n, m->vocab_n) &&
                 all_below(s->sampler.stops, s->sampler.stops_n, m->vocab_n);
    for (uint32_t i = 0; i < s->choices_n; i++)
        known = known && all_below(r->output_tokens[i], s->choices[i].tokens_n, m->vocab_n);
    if (!known || s->prompt_tokens_n == 0) {
        reason_set(why, "the receipt's tokens are not tokens of this model", NULL);
        return STATUS_MALFORMED;
    }
    if (s->prompt_tokens_n + longest_output(s) > m->context_n ||
        (m->rope_long_after != 0 && s->prompt_tokens_n + s->sampler.max_tokens > m->context_n)) {
        reason_set(why, "the receipt has more tokens than the model's context", NULL);
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

/* ---- how tokens are drawn ---- */

static struct sample_options sampling_of(const struct receipt_sampler *from, uint64_t choice)
{
    return (struct sample_options){.temperature = float_of(from->temperature_bits),
                                   .top_k = from->top_k,
                                   .top_p = float_of(from->top_p_bits),
                                   .min_p = float_of(from->min_p_bits),
                                   .typical_p = float_of(from->typical_p_bits),
                                   .repeat_penalty = float_of(from->repeat_penalty_bits),
                                   .repeat_last_n = from->repeat_last_n,
                                   .frequency_penalty = float_of(from->frequency_penalty_bits),
                                   .presence_penalty = float_of(from->presence_penalty_bits),
                                   .seed = from->seed + choice};
}

static enum status cannot_be(struct reason *why)
{
    reason_set(why, "the receipt's sampler values cannot be", NULL);
    return STATUS_MALFORMED;
}

static enum status take_bias(struct run *run, const struct receipt *r, struct reason *why)
{
    run->bias = calloc(r->bias_n + 1, sizeof run->bias[0]);
    if (run->bias == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < r->bias_n; i++)
        run->bias[i] = (struct sample_bias){r->bias[i].token, float_of(r->bias[i].bits)};
    return sample_bias_check(run->bias, r->bias_n, run->vocab_n) == STATUS_OK ? STATUS_OK : cannot_be(why);
}

/* Checked anew for each choice: the run's memory is the check's scratch. */
static enum status start_grammar(struct run *run, const struct receipt *r, const struct replay_model *m,
                                 struct reason *why)
{
    struct grammar g;
    uint32_t rule;
    if (r->grammar_n == 0)
        return STATUS_OK;
    if (m->vocabulary.tokens_n != m->model.vocab_n) {
        reason_set(why, "the receipt has a grammar, and this model's vocabulary is not known", NULL);
        return STATUS_UNSUPPORTED;
    }
    if (run->grammar_memory == NULL)
        run->grammar_memory = calloc(1, grammar_run_len());
    if (run->grammar_memory == NULL)
        return STATUS_NO_MEMORY;
    enum status status = grammar_check(&g, &rule, r->grammar, r->grammar_n, run->grammar_memory, why);
    if (status != STATUS_OK)
        return STATUS_MALFORMED;
    run->choice.run = &run->grammar;
    run->choice.vocabulary = &m->vocabulary;
    status = grammar_run_init(&run->grammar, &g, run->grammar_memory);
    return status == STATUS_OK ? STATUS_OK : cannot_be(why);
}

static enum status start_choice(struct run *run, const struct receipt *r, const struct replay_model *m, uint32_t index,
                                struct reason *why)
{
    const struct receipt_sampler *from = &r->statement.sampler;
    const struct sample_options options = sampling_of(from, index);
    run->choice = (struct choice_setup){.bias = run->bias, .bias_n = r->bias_n, .stops_n = from->stops_n};
    memcpy(run->choice.stops, from->stops, sizeof run->choice.stops);
    if (sampler_init(&run->choice.sampler, &options) != STATUS_OK)
        return cannot_be(why);
    enum status status = start_grammar(run, r, m, why);
    return status == STATUS_OK
               ? engine_sequence_open(&run->engine, &run->sequence, run->engine.options.context_max, why)
               : status;
}

/* ---- the engine ---- */

static enum status start(struct run *run, const struct receipt *r, const struct replay_model *m,
                         const struct replay_setup *setup, struct reason *why)
{
    _Static_assert(CHOOSE_STOPS_MAX == (int)RECEIPT_STOPS_MAX, "the same stops");
    _Static_assert((int)RECEIPT_CACHE_BF16 == (int)CACHE_BF16 && (int)RECEIPT_CACHE_Q8 == (int)CACHE_Q8 &&
                       (int)RECEIPT_CACHE_F32 == (int)CACHE_F32,
                   "the same types of cache");
    /* how a long context is rotated depends on what the sequence was opened for */
    bool as_opened = m->model.rope_long_after != 0;
    uint64_t context =
        r->statement.prompt_tokens_n + (as_opened ? r->statement.sampler.max_tokens : longest_output(&r->statement));
    const struct engine_options options = {.sequences_max = 1,
                                           .context_max = (uint32_t)context,
                                           .batch_max = BATCH,
                                           .logits_max = 1,
                                           .pages_max = (uint32_t)((context + CACHE_PAGE - 1) / CACHE_PAGE),
                                           .cache = (enum cache_type)r->statement.kv_cache};
    run->vocab_n = m->model.vocab_n;
    enum status status = take_bias(run, r, why);
    if (status == STATUS_OK)
        status = engine_memory_len(&run->memory_len, &m->model, &options, setup->threads_n, why);
    if (status == STATUS_OK)
        status = worker_pool_open(&run->pool, setup->threads_n, why);
    if (status != STATUS_OK)
        return status;
    run->memory_len = (run->memory_len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    run->memory = aligned_alloc(ALIGNMENT, run->memory_len);
    run->sample_memory = calloc(1, sample_scratch_len(run->vocab_n));
    run->scratch.allowed = calloc((run->vocab_n + 63) / 64, sizeof run->scratch.allowed[0]);
    run->tokens = calloc(context, sizeof run->tokens[0]);
    if (run->memory == NULL || run->sample_memory == NULL || run->scratch.allowed == NULL || run->tokens == NULL) {
        reason_set(why, "no memory to run the model", NULL);
        return STATUS_NO_MEMORY;
    }
    sample_scratch_init(&run->scratch.sample, run->sample_memory, run->vocab_n);
    const struct workers workers = {.n = setup->threads_n, .context = run->pool, .run = worker_pool_run};
    return engine_init(&run->engine, &m->model, m->weights, &options, setup->kernels, &workers, run->memory,
                       run->memory_len, why);
}

static void stop(struct run *run)
{
    if (run->memory != NULL)
        wipe(run->memory, run->memory_len); /* prompts */
    free(run->memory);
    free(run->sample_memory);
    free(run->scratch.allowed);
    free(run->bias);
    free(run->tokens);
    if (run->grammar_memory != NULL)
        wipe(run->grammar_memory, grammar_run_len());
    free(run->grammar_memory);
    worker_pool_close(run->pool);
}

static enum status feed_prompt(struct run *run, const struct receipt *r, struct reason *why)
{
    struct engine_token step[BATCH];
    enum status status = STATUS_OK;
    uint64_t prompt_n = r->statement.prompt_tokens_n;
    for (uint64_t at = 0; at < prompt_n && status == STATUS_OK; at += BATCH) {
        size_t n = prompt_n - at < BATCH ? (size_t)(prompt_n - at) : BATCH;
        for (size_t i = 0; i < n; i++)
            step[i] = (struct engine_token){run->sequence, r->prompt_tokens[at + i], at + i + 1 == prompt_n};
        status = engine_step(&run->engine, step, n, why);
    }
    return status;
}

/* The next token of the choice; impossible when the receipt's own terms leave none. */
static enum status next_token(struct replay_result *result, struct run *run, size_t tokens_n, size_t prompt_n,
                              struct reason *why)
{
    const struct sample_input input = {.logits = engine_logits(&run->engine, 0),
                                       .vocab_n = run->vocab_n,
                                       .tokens = run->tokens,
                                       .tokens_n = tokens_n,
                                       .prompt_n = prompt_n};
    enum status status = choice_next(&result->computed, &run->choice, &input, &run->scratch);
    result->impossible = status == STATUS_NOT_FOUND || status == STATUS_LIMIT;
    if (status == STATUS_OK || result->impossible)
        return STATUS_OK;
    reason_set(why, "the model gives numbers that cannot be sampled from", NULL);
    return status;
}

/* *differs: a token of this choice is not the receipt's. */
static enum status compare(struct replay_result *result, bool *differs, struct run *run, const struct receipt *r,
                           uint32_t index, struct reason *why)
{
    uint64_t output_n = r->statement.choices[index].tokens_n;
    size_t prompt_n = (size_t)r->statement.prompt_tokens_n;
    memcpy(run->tokens, r->prompt_tokens, prompt_n * sizeof run->tokens[0]);
    *differs = false;
    for (uint64_t i = 0; i < output_n; i++) {
        enum status status = next_token(result, run, prompt_n + (size_t)i, prompt_n, why);
        if (status != STATUS_OK)
            return status;
        result->wanted = r->output_tokens[index][i];
        *differs = result->impossible || result->computed != result->wanted;
        if (*differs)
            return STATUS_OK;
        result->equal_n++;
        run->tokens[prompt_n + i] = result->computed;
        const struct engine_token step = {run->sequence, result->computed, true};
        if (i + 1 < output_n)
            status = engine_step(&run->engine, &step, 1, why);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status replay_run(struct replay_result *result, const struct receipt *r, const struct replay_model *m,
                       const struct replay_setup *setup, struct reason *why)
{
    struct run run = {.pool = NULL};
    bool differs = false;
    memset(result, 0, sizeof *result);
    for (uint32_t i = 0; i < r->statement.choices_n; i++)
        result->total_n += r->statement.choices[i].tokens_n;
    enum status status = check_receipt(r, &m->model, why);
    if (status == STATUS_OK)
        status = start(&run, r, m, setup, why);
    for (uint32_t i = 0; i < r->statement.choices_n && status == STATUS_OK && !differs; i++) {
        status = start_choice(&run, r, m, i, why);
        if (status == STATUS_OK)
            status = feed_prompt(&run, r, why);
        if (status == STATUS_OK)
            status = compare(result, &differs, &run, r, i, why);
        engine_sequence_close(&run.engine, run.sequence);
    }
    stop(&run);
    return status;
}
