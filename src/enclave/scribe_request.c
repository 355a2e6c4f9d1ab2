/* SPDX-License-Identifier: Apache-2.0 */
/* A request whose body is complete: opened, parsed, turned into tokens, and handed to the vault in frames. */
#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "enclave/prompt.h"
#include "enclave/scribe.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is(const char *text, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(text, wanted, len) == 0;
}

static const char receipts_path[] = "/v1/receipts/";

/* False when there is no such method and path. */
static bool find_endpoint(enum endpoint *endpoint, const struct transport_request *r)
{
    size_t prefix_len = sizeof receipts_path - 1;
    bool post = is(r->method, r->method_len, "POST");
    bool get = is(r->method, r->method_len, "GET");
    if (post && is(r->path, r->path_len, "/v1/chat/completions"))
        *endpoint = ENDPOINT_CHAT;
    else if (post && is(r->path, r->path_len, "/infer"))
        *endpoint = ENDPOINT_INFER;
    else if (get && is(r->path, r->path_len, "/v1/models"))
        *endpoint = ENDPOINT_MODELS;
    else if (get && r->path_len > prefix_len && memcmp(r->path, receipts_path, prefix_len) == 0)
        *endpoint = ENDPOINT_RECEIPT;
    else
        return false;
    return true;
}

/* Not to be guessed, and the same for the same secret and place in line. */
static void derive_id(struct scribe *s, struct job *job)
{
    uint8_t order[8], digest[SHA256_LEN];
    for (size_t i = 0; i < sizeof order; i++)
        order[i] = (uint8_t)(job->order >> (8 * i));
    hmac(HASH_SHA256, digest, s->id_key, sizeof s->id_key, order, sizeof order);
    hex_write(job->id, digest, JOB_ID_LEN);
}

static enum status keep_stops(struct job *job, const struct chat_request *r)
{
    for (size_t i = 0; i < r->stops_n; i++) {
        if (r->stops[i].len > JOB_STOP_TEXT_MAX)
            return STATUS_LIMIT;
        memcpy(job->stops[i], r->stops[i].text, r->stops[i].len);
        job->stop_lens[i] = r->stops[i].len;
    }
    job->stops_n = r->stops_n;
    return STATUS_OK;
}

/* What the job needs of the parsed request, which goes away with its arena. */
static enum status keep_request(struct scribe *s, struct job *job, const struct chat_request *r, struct reason *why)
{
    job->stream = r->stream;
    job->include_usage = r->include_usage;
    job->sampling.temperature_bits = bits_of(r->temperature);
    job->sampling.top_p_bits = bits_of(r->top_p);
    job->sampling.top_k = r->top_k;
    job->sampling.seed = r->seed;
    for (size_t i = 0; i < 8 && !r->seed_given; i++) /* the request's own hash: repeatable, and different for each */
        job->sampling.seed = job->sampling.seed << 8 | job->request_hash[i];
    if (keep_stops(job, r) != STATUS_OK) {
        reason_set(why, "a stop text is longer than 256 bytes", NULL);
        return STATUS_LIMIT;
    }
    size_t room = s->setup.context - 1; /* one token at least is generated */
    job->prompt = calloc(room, sizeof job->prompt[0]);
    if (job->prompt == NULL)
        return STATUS_NO_MEMORY;
    enum status status = prompt_tokens(job->prompt, room, &job->prompt_n, &s->prompt, r, (int64_t)job->created_s, why);
    uint32_t most = s->setup.context - (uint32_t)job->prompt_n;
    job->max_tokens = r->max_tokens == 0 || r->max_tokens > most ? most : r->max_tokens;
    return status;
}

static enum status parse_request(struct scribe *s, struct job *job, const struct transport_request *inner,
                                 struct reason *why)
{
    struct arena arena;
    struct chat_request request;
    size_t arena_len = 4096 + inner->body_len * 64;
    uint8_t *memory = malloc(arena_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, arena_len);
    enum status status = job->endpoint == ENDPOINT_CHAT
                             ? chat_request_parse(&request, &arena, inner->body, inner->body_len, why)
                             : infer_request_parse(&request, &arena, inner->body, inner->body_len, why);
    if (status == STATUS_OK && job->endpoint == ENDPOINT_CHAT && strcmp(request.model, s->setup.model_name) != 0) {
        reason_set(why, "this enclave serves another model; see /v1/models", NULL);
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK)
        status = keep_request(s, job, &request, why);
    arena_rewind(&arena, 0);
    free(memory);
    return status;
}

/* Answers for the client's faults; passes on our own. */
static enum status refuse(struct scribe *s, struct job *job, enum status status, const struct reason *why)
{
    const char *message = why->text[0] == '\0' ? "the request cannot be answered" : why->text;
    enum status answered;
    if (status == STATUS_NOT_FOUND)
        answered = answer_error(s, job, 404, message, "not_found");
    else if (status == STATUS_NO_MEMORY)
        answered = answer_error(s, job, 503, "no memory for this request; try again", "busy");
    else
        answered = answer_error(s, job, 400, message, status == STATUS_UNSUPPORTED ? "unsupported" : "invalid");
    job_end(s, job);
    return answered;
}

static enum status begin_generation(struct scribe *s, struct job *job, const struct transport_request *inner)
{
    struct reason why = {{0}};
    sha256(job->request_hash, inner->body, inner->body_len);
    receipt_chain_init(&job->chain, job->request_hash);
    job->created_s = clock_unix_seconds();
    derive_id(s, job);
    enum status status = parse_request(s, job, inner, &why);
    bytes_free(&job->body);
    if (status != STATUS_OK)
        return refuse(s, job, status, &why);
    detokenizer_init(&job->detokenizer, &s->tokenizer, false);
    job->state = JOB_WAITING;
    return request_start_waiting(s);
}

enum status request_begin(struct scribe *s, struct job *job)
{
    struct reason why = {{0}};
    struct transport_request inner;
    enum status status = transport_open(&job->transport, &inner, job->kind, job->exchange, &s->hpke_key, job->body.at,
                                        job->body.len, &why);
    if (status != STATUS_OK)
        return refuse(s, job, status == STATUS_NOT_FOUND ? STATUS_BROKEN : status, &why);
    if (!find_endpoint(&job->endpoint, &inner)) {
        reason_set(&why, "no such method and path", NULL);
        return refuse(s, job, STATUS_NOT_FOUND, &why);
    }
    if (job->endpoint == ENDPOINT_CHAT || job->endpoint == ENDPOINT_INFER)
        return begin_generation(s, job, &inner);
    if (job->endpoint == ENDPOINT_MODELS)
        status = answer_models(s, job);
    else
        status =
            answer_receipt(s, job, inner.path + sizeof receipts_path - 1, inner.path_len - sizeof receipts_path + 1);
    job_end(s, job);
    return status;
}

static enum status send_prompt(struct scribe *s, const struct job *job)
{
    uint8_t bytes[FRAME_LEN];
    struct frame start = {.prompt_n = (uint32_t)job->prompt_n,
                          .max_tokens = job->max_tokens,
                          .end_token = s->tokenizer.eos == TOKENIZER_NO_TOKEN ? UINT32_MAX : s->tokenizer.eos,
                          .temperature_bits = job->sampling.temperature_bits,
                          .top_p_bits = job->sampling.top_p_bits,
                          .top_k = job->sampling.top_k,
                          .seed = job->sampling.seed};
    enum status status = frame_write(bytes, &start);
    if (status == STATUS_OK)
        status = channel_queue(&s->vault, MESSAGE_START, (uint64_t)job->slot, bytes, sizeof bytes);
    for (size_t at = 0; at < job->prompt_n && status == STATUS_OK; at += FRAME_TOKENS_MAX) {
        struct frame part = {.tokens_n = FRAME_TOKENS_MAX};
        if (job->prompt_n - at < FRAME_TOKENS_MAX)
            part.tokens_n = (uint32_t)(job->prompt_n - at);
        memcpy(part.tokens, job->prompt + at, part.tokens_n * sizeof part.tokens[0]);
        status = frame_write(bytes, &part);
        if (status == STATUS_OK)
            status = channel_queue(&s->vault, MESSAGE_PROMPT, (uint64_t)job->slot, bytes, sizeof bytes);
        wipe(&part, sizeof part);
    }
    wipe(bytes, sizeof bytes);
    return status;
}

static struct job *first_waiting(struct scribe *s)
{
    struct job *first = NULL;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (s->jobs[i].state == JOB_WAITING && (first == NULL || s->jobs[i].order < first->order))
            first = &s->jobs[i];
    }
    return first;
}

enum status request_start_waiting(struct scribe *s)
{
    enum status status = STATUS_OK;
    s->starts_held = false;
    for (uint32_t slot = 0; slot < s->setup.sequences && status == STATUS_OK; slot++) {
        struct job *job = s->slots[slot] == NULL ? first_waiting(s) : NULL;
        if (job == NULL)
            continue;
        s->starts_held = s->vault.queued > VAULT_QUEUE_MAX;
        if (s->starts_held)
            return STATUS_OK;
        job->slot = (int)slot;
        job->state = JOB_RUNNING;
        s->slots[slot] = job;
        if (job->stream)
            status = answer_begin_stream(s, job);
        if (status == STATUS_OK)
            status = send_prompt(s, job);
    }
    return status;
}
