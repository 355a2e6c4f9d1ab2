/* SPDX-License-Identifier: Apache-2.0 */
/* A request whose body is complete: opened, parsed, and started when a slot is free. */
#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "enclave/scribe.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <string.h>

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
    else if (post && is(r->path, r->path_len, "/v1/completions"))
        *endpoint = ENDPOINT_COMPLETION;
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

static enum status parse_body(struct chat_request *request, struct arena *arena, enum endpoint endpoint,
                              const struct transport_request *inner, struct reason *why)
{
    if (endpoint == ENDPOINT_CHAT)
        return chat_request_parse(request, arena, inner->body, inner->body_len, why);
    if (endpoint == ENDPOINT_COMPLETION)
        return completion_request_parse(request, arena, inner->body, inner->body_len, why);
    return infer_request_parse(request, arena, inner->body, inner->body_len, why);
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
    enum status status = parse_body(&request, &arena, job->endpoint, inner, why);
    if (status == STATUS_OK && job->endpoint != ENDPOINT_INFER && strcmp(request.model, s->setup.model_name) != 0) {
        reason_set(why, "this enclave serves another model; see /v1/models", NULL);
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK)
        status = request_keep(s, job, &request, why);
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
        answered = answer_error(s, job, 400, message,
                                job->too_long                  ? "context_length_exceeded"
                                : status == STATUS_UNSUPPORTED ? "unsupported"
                                                               : "invalid");
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
    for (uint32_t i = 0; i < job->choices_n; i++)
        detokenizer_init(&job->choices[i].detokenizer, &s->tokenizer, false);
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
    if (job->endpoint != ENDPOINT_MODELS && job->endpoint != ENDPOINT_RECEIPT)
        return begin_generation(s, job, &inner);
    if (job->endpoint == ENDPOINT_MODELS)
        status = answer_models(s, job);
    else
        status =
            answer_receipt(s, job, inner.path + sizeof receipts_path - 1, inner.path_len - sizeof receipts_path + 1);
    job_end(s, job);
    return status;
}

static struct job *first_waiting(struct scribe *s, struct choice **choice)
{
    struct job *first = NULL;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = &s->jobs[i];
        if ((job->state != JOB_WAITING && job->state != JOB_RUNNING) || (first != NULL && job->order > first->order))
            continue;
        for (uint32_t k = job->choices_n; k-- > 0;) {
            if (job->choices[k].state != CHOICE_WAITING)
                continue;
            first = job;
            *choice = &job->choices[k];
        }
    }
    return first;
}

enum status request_start_waiting(struct scribe *s)
{
    enum status status = STATUS_OK;
    struct choice *choice = NULL;
    s->starts_held = false;
    for (uint32_t slot = 0; slot < s->setup.sequences && status == STATUS_OK; slot++) {
        struct job *job = s->slots[slot].job == NULL ? first_waiting(s, &choice) : NULL;
        if (job == NULL)
            continue;
        uint32_t pages = request_pages(job);
        if (pages > s->pages_free)
            return STATUS_OK; /* until a choice that runs has ended */
        s->starts_held = s->vault.queued > VAULT_QUEUE_MAX;
        if (s->starts_held)
            return STATUS_OK;
        s->pages_free -= pages;
        choice->slot = (int)slot;
        choice->state = CHOICE_RUNNING;
        s->slots[slot] = (struct slot_owner){job, choice};
        if (job->state == JOB_WAITING && job->stream)
            status = answer_begin_stream(s, job);
        job->state = JOB_RUNNING;
        if (status == STATUS_OK)
            status = request_send(s, job, choice);
    }
    return status;
}
