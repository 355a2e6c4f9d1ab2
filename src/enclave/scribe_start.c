/* SPDX-License-Identifier: Apache-2.0 */
/* From a parsed request to what its job keeps, and from that to the frames that start one of its choices. */
#include "core/base/constant_time.h"
#include "enclave/prompt.h"
#include "enclave/scribe.h"
#include "engine/cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void keep_sampling(struct job *job, const struct request_options *o)
{
    const struct sample_options *s = &o->sampling;
    job->sampler = (struct receipt_sampler){.temperature_bits = bits_of(s->temperature),
                                            .top_p_bits = bits_of(s->top_p),
                                            .top_k = s->top_k,
                                            .seed = s->seed,
                                            .min_p_bits = bits_of(s->min_p),
                                            .typical_p_bits = bits_of(s->typical_p),
                                            .repeat_penalty_bits = bits_of(s->repeat_penalty),
                                            .repeat_last_n = s->repeat_last_n,
                                            .frequency_penalty_bits = bits_of(s->frequency_penalty),
                                            .presence_penalty_bits = bits_of(s->presence_penalty)};
    for (size_t i = 0; i < 8 && !o->seed_given; i++) /* the request's own hash: repeatable, and different for each */
        job->sampler.seed = job->sampler.seed << 8 | job->request_hash[i];
}

static enum status keep_stops(struct scribe *s, struct job *job, const struct request_options *o, struct reason *why)
{
    for (size_t i = 0; i < o->stops_n; i++) {
        if (o->stops[i].len > JOB_STOP_TEXT_MAX) {
            reason_set(why, "a stop text is longer than 256 bytes", NULL);
            return STATUS_LIMIT;
        }
        memcpy(job->stops[i], o->stops[i].text, o->stops[i].len);
        job->stop_lens[i] = o->stops[i].len;
    }
    job->stops_n = o->stops_n;
    _Static_assert(ENDS_MAX + REQUEST_STOP_TOKENS_MAX <= (int)RECEIPT_STOPS_MAX, "room for both");
    for (size_t i = 0; i < s->ends_n && !o->ignore_eos; i++)
        job->sampler.stops[job->sampler.stops_n++] = s->ends[i];
    for (size_t i = 0; i < o->stop_tokens_n; i++) {
        if (o->stop_tokens[i] >= s->tokenizer.tokens_n) {
            reason_set(why, "\"stop_token_ids\" has a token that this vocabulary lacks", NULL);
            return STATUS_MALFORMED;
        }
        job->sampler.stops[job->sampler.stops_n++] = o->stop_tokens[i];
    }
    return STATUS_OK;
}

/* With ignore_eos the end never comes: every token that is one is biased away. */
static enum status keep_bias(struct scribe *s, struct job *job, const struct request_options *o, struct reason *why)
{
    size_t ends_n = o->ignore_eos ? s->ends_n : 0;
    if (o->bias_n + ends_n > SAMPLE_BIAS_MAX) {
        reason_set(why, "too many tokens in \"logit_bias\" beside \"ignore_eos\"", NULL);
        return STATUS_LIMIT;
    }
    job->bias = calloc(o->bias_n + ends_n + 1, sizeof job->bias[0]);
    if (job->bias == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < o->bias_n; i++) {
        if (o->bias[i].token >= s->tokenizer.tokens_n) {
            reason_set(why, "\"logit_bias\" has a token that this vocabulary lacks", NULL);
            return STATUS_MALFORMED;
        }
        job->bias[job->bias_n++] = (struct receipt_bias){o->bias[i].token, bits_of(o->bias[i].bias)};
    }
    for (size_t i = 0; i < ends_n; i++)
        job->bias[job->bias_n++] = (struct receipt_bias){s->ends[i], bits_of(-INFINITY)};
    return STATUS_OK;
}

static enum status does_not_fit(const struct scribe *s, struct job *job, struct reason *why)
{
    reason_set(why, "the prompt is too long: this model's context length is ", NULL);
    reason_add_u64(why, s->setup.context);
    reason_add(why, " tokens here, of which one at least is the answer's");
    job->too_long = true;
    return STATUS_LIMIT;
}

static enum status keep_prompt(struct scribe *s, struct job *job, const struct chat_request *r, struct reason *why)
{
    size_t room = s->setup.context - 1; /* one token at least is generated */
    job->prompt = calloc(room, sizeof job->prompt[0]);
    if (job->prompt == NULL)
        return STATUS_NO_MEMORY;
    if (r->prompt_tokens == NULL) {
        enum status status =
            prompt_tokens(job->prompt, room, &job->prompt_n, &s->prompt, r, (int64_t)job->created_s, why);
        return status == STATUS_LIMIT && why->text[0] == '\0' ? does_not_fit(s, job, why) : status;
    }
    if (r->prompt_tokens_n > room)
        return does_not_fit(s, job, why);
    for (size_t i = 0; i < r->prompt_tokens_n; i++) {
        if (r->prompt_tokens[i] >= s->tokenizer.tokens_n) {
            reason_set(why, "\"prompt\" has a token that this vocabulary lacks", NULL);
            return STATUS_MALFORMED;
        }
        job->prompt[job->prompt_n++] = r->prompt_tokens[i];
    }
    return STATUS_OK;
}

uint32_t request_pages(const struct job *job)
{
    return ((uint32_t)job->prompt_n + job->sampler.max_tokens + CACHE_PAGE - 1) / CACHE_PAGE;
}

enum status request_keep(struct scribe *s, struct job *job, const struct chat_request *r, struct reason *why)
{
    const struct request_options *o = &r->options;
    job->stream = o->stream;
    job->include_usage = o->include_usage;
    job->choices_n = o->choices_n;
    job->logprobs_n = o->logprobs_n;
    keep_sampling(job, o);
    if (o->logprobs_n > 0 && s->setup.logprobs != 1) {
        reason_set(why, "log-probabilities may not leave this enclave; its configuration must say \"logprobs\":true",
                   NULL);
        return STATUS_UNSUPPORTED;
    }
    enum status status = keep_stops(s, job, o, why);
    if (status == STATUS_OK)
        status = keep_bias(s, job, o, why);
    if (status == STATUS_OK)
        status = request_form_compile(&job->grammar, &job->grammar_n, o, why);
    if (status == STATUS_OK)
        status = keep_prompt(s, job, r, why);
    uint32_t most = s->setup.context - (uint32_t)job->prompt_n;
    job->sampler.max_tokens = o->max_tokens == 0 || o->max_tokens > most ? most : o->max_tokens;
    return status;
}

/* ---- frames ---- */

static enum status send(struct scribe *s, enum message type, const struct choice *choice, const struct frame *f)
{
    uint8_t bytes[FRAME_LEN];
    enum status status = frame_write(bytes, f);
    if (status == STATUS_OK)
        status = channel_queue(&s->vault, type, (uint64_t)choice->slot, bytes, sizeof bytes);
    wipe(bytes, sizeof bytes);
    return status;
}

static enum status send_start(struct scribe *s, const struct job *job, const struct choice *choice)
{
    const struct receipt_sampler *from = &job->sampler;
    struct frame f = {.prompt_n = (uint32_t)job->prompt_n,
                      .max_tokens = from->max_tokens,
                      .bias_n = (uint32_t)job->bias_n,
                      .grammar_n = (uint32_t)job->grammar_n,
                      .logprobs_n = job->logprobs_n,
                      .temperature_bits = from->temperature_bits,
                      .top_k = from->top_k,
                      .top_p_bits = from->top_p_bits,
                      .min_p_bits = from->min_p_bits,
                      .typical_p_bits = from->typical_p_bits,
                      .repeat_penalty_bits = from->repeat_penalty_bits,
                      .repeat_last_n = from->repeat_last_n,
                      .frequency_penalty_bits = from->frequency_penalty_bits,
                      .presence_penalty_bits = from->presence_penalty_bits,
                      .seed = from->seed + (uint64_t)(choice - job->choices),
                      .words_n = from->stops_n};
    memcpy(f.words, from->stops, from->stops_n * sizeof f.words[0]);
    return send(s, MESSAGE_START, choice, &f);
}

/* A list of words in as many frames as it takes, each of at most each_n. */
static enum status send_words(struct scribe *s, enum message type, const struct choice *choice, const uint32_t *words,
                              size_t words_n, size_t each_n)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; at < words_n && status == STATUS_OK; at += each_n) {
        struct frame f = {.words_n = (uint32_t)(words_n - at < each_n ? words_n - at : each_n)};
        memcpy(f.words, words + at, f.words_n * sizeof f.words[0]);
        status = send(s, type, choice, &f);
        wipe(&f, sizeof f);
    }
    return status;
}

enum status request_send(struct scribe *s, const struct job *job, const struct choice *choice)
{
    _Static_assert(sizeof(struct receipt_bias) == 2 * sizeof(uint32_t), "bias entries are pairs of words");
    enum status status = send_start(s, job, choice);
    if (status == STATUS_OK)
        status = send_words(s, MESSAGE_BIAS, choice, (const uint32_t *)(const void *)job->bias, 2 * job->bias_n,
                            (size_t)2 * FRAME_BIAS_MAX);
    if (status == STATUS_OK)
        status = send_words(s, MESSAGE_GRAMMAR, choice, job->grammar, job->grammar_n, FRAME_WORDS_MAX);
    if (status == STATUS_OK)
        status = send_words(s, MESSAGE_PROMPT, choice, job->prompt, job->prompt_n, FRAME_WORDS_MAX);
    return status;
}
