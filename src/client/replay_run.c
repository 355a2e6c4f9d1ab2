/* SPDX-License-Identifier: Apache-2.0 */
#include "client/replay_run.h"

#include "core/base/constant_time.h"
#include "engine/engine.h"
#include "engine/sample.h"
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
    struct sample_candidate *scratch; /* [vocab] */
    struct sampler sampler;
    uint32_t sequence;
};

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Range of everything that comes from the receipt. */
static enum status check_receipt(const struct receipt *r, const struct model *m, struct reason *why)
{
    const struct receipt_statement *s = &r->statement;
    bool known = true;
    for (uint64_t i = 0; i < s->prompt_tokens_n; i++)
        known = known && r->prompt_tokens[i] < m->vocab_n;
    for (uint64_t i = 0; i < s->output_tokens_n; i++)
        known = known && r->output_tokens[i] < m->vocab_n;
    if (!known || s->prompt_tokens_n == 0) {
        reason_set(why, "the receipt's tokens are not tokens of this model", NULL);
        return STATUS_MALFORMED;
    }
    if (s->prompt_tokens_n + s->output_tokens_n > m->context_n) {
        reason_set(why, "the receipt has more tokens than the model's context", NULL);
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

static enum status start(struct run *run, const struct receipt *r, const struct replay_model *m,
                         const struct replay_setup *setup, struct reason *why)
{
    const struct receipt_sampler *from = &r->statement.sampler;
    const struct sample_options sampling = {.temperature = float_of(from->temperature_bits),
                                            .top_k = from->top_k,
                                            .top_p = float_of(from->top_p_bits),
                                            .seed = from->seed};
    uint32_t tokens_n = (uint32_t)(r->statement.prompt_tokens_n + r->statement.output_tokens_n);
    const struct engine_options options = {.sequences_max = 1,
                                           .context_max = tokens_n,
                                           .batch_max = BATCH,
                                           .logits_max = 1,
                                           .pages_max = (tokens_n + CACHE_PAGE - 1) / CACHE_PAGE,
                                           .cache = CACHE_BF16};
    enum status status = sampler_init(&run->sampler, &sampling);
    if (status != STATUS_OK) {
        reason_set(why, "the receipt's sampler values cannot be", NULL);
        return STATUS_MALFORMED;
    }
    status = engine_memory_len(&run->memory_len, &m->model, &options, setup->threads_n, why);
    if (status == STATUS_OK)
        status = worker_pool_open(&run->pool, setup->threads_n, why);
    if (status != STATUS_OK)
        return status;
    run->memory_len = (run->memory_len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    run->memory = aligned_alloc(ALIGNMENT, run->memory_len);
    run->scratch = calloc(m->model.vocab_n, sizeof *run->scratch);
    if (run->memory == NULL || run->scratch == NULL) {
        reason_set(why, "no memory to run the model", NULL);
        return STATUS_NO_MEMORY;
    }
    const struct workers workers = {.n = setup->threads_n, .context = run->pool, .run = worker_pool_run};
    status = engine_init(&run->engine, &m->model, m->weights, &options, setup->kernels, &workers, run->memory,
                         run->memory_len, why);
    return status == STATUS_OK ? engine_sequence_open(&run->engine, &run->sequence, options.context_max, why) : status;
}

static void stop(struct run *run)
{
    if (run->memory != NULL)
        wipe(run->memory, run->memory_len); /* prompts */
    free(run->memory);
    free(run->scratch);
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

static enum status compare(struct replay_result *result, struct run *run, const struct receipt *r, uint32_t vocab_n,
                           struct reason *why)
{
    uint64_t output_n = r->statement.output_tokens_n;
    while (result->equal_n < output_n) {
        uint32_t token;
        enum status status = sampler_next(&token, &run->sampler, engine_logits(&run->engine, 0), vocab_n, run->scratch);
        if (status != STATUS_OK) {
            reason_set(why, "the model gives numbers that cannot be sampled from", NULL);
            return status;
        }
        result->computed = token;
        if (token != r->output_tokens[result->equal_n])
            return STATUS_OK;
        result->equal_n++;
        if (result->equal_n == output_n)
            return STATUS_OK;
        const struct engine_token step = {run->sequence, token, true};
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
    memset(result, 0, sizeof *result);
    enum status status = check_receipt(r, &m->model, why);
    if (status == STATUS_OK)
        status = start(&run, r, m, setup, why);
    if (status == STATUS_OK)
        status = feed_prompt(&run, r, why);
    if (status == STATUS_OK)
        status = compare(result, &run, r, m->model.vocab_n, why);
    stop(&run);
    return status;
}
