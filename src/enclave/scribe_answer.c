/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: whole, as server-sent events, and what is there instead of one. */
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/codec/json_writer.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_BODY_MAX = 4096 };

/* One part of the answer that the receipt covers. */
static enum status send_covered(struct scribe *s, struct job *job, const void *bytes, size_t len)
{
    receipt_chain_add(&job->chain, bytes, len);
    return transport_send(&job->transport, &s->gate, bytes, len);
}

static enum status send_whole(struct scribe *s, struct job *job, unsigned status, const void *bytes, size_t len)
{
    enum status sent = transport_begin(&job->transport, &s->gate, status, CONTENT_JSON, false);
    if (sent == STATUS_OK)
        sent = transport_send(&job->transport, &s->gate, bytes, len);
    if (sent == STATUS_OK)
        sent = transport_end(&job->transport, &s->gate);
    job->answered = true;
    return sent;
}

enum status answer_error(struct scribe *s, struct job *job, unsigned status, const char *message, const char *code)
{
    uint8_t body[SMALL_BODY_MAX];
    struct writer w;
    struct json_writer j;
    if (job->cancelled || job->transport.begun) {
        job->answered = true;
        return transport_abort(&job->transport, &s->gate);
    }
    writer_init(&w, body, sizeof body);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_key(&j, "error");
    json_open_object(&j);
    json_put_text(&j, "message", message);
    json_put_text(&j, "type", status >= 500 ? "server_error" : "invalid_request_error");
    json_key(&j, "param");
    json_null(&j);
    json_put_text(&j, "code", code);
    json_close(&j);
    if (job->endpoint == ENDPOINT_INFER)
        json_put_text(&j, "detail", message); /* where clients of the older servers look */
    json_close(&j);
    enum status written = json_writer_end(&j);
    return written == STATUS_OK ? send_whole(s, job, status, body, writer_len(&w)) : written;
}

enum status answer_models(struct scribe *s, struct job *job)
{
    uint8_t body[SMALL_BODY_MAX];
    struct writer w;
    struct json_writer j;
    writer_init(&w, body, sizeof body);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_put_text(&j, "object", "list");
    json_key(&j, "data");
    json_open_array(&j);
    json_open_object(&j);
    json_put_text(&j, "id", s->setup.model_name);
    json_put_text(&j, "object", "model");
    json_put_u64(&j, "created", 0);
    json_put_text(&j, "owned_by", "cloister");
    json_put_u64(&j, "context_length", s->setup.context);
    json_put_hex(&j, "model_root", s->setup.model_root, sizeof s->setup.model_root);
    json_close(&j);
    json_close(&j);
    json_close(&j);
    enum status status = json_writer_end(&j);
    return status == STATUS_OK ? send_whole(s, job, 200, body, writer_len(&w)) : status;
}

enum status answer_receipt(struct scribe *s, struct job *job, const char *id, size_t id_len)
{
    const struct kept_receipt *kept = receipt_find(s, id, id_len);
    if (kept == NULL)
        return answer_error(s, job, 404, "no receipt of that id is kept", "not_found");
    return send_whole(s, job, 200, kept->bytes, kept->len);
}

/* The length is found by a first pass that writes nowhere. */
static enum status send_event(struct scribe *s, struct job *job, const struct event_content *c)
{
    struct writer w;
    writer_init(&w, NULL, 0);
    body_write_event(&w, s, job, c);
    size_t capacity = w.needed;
    uint8_t *event = malloc(capacity);
    if (event == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, event, capacity);
    body_write_event(&w, s, job, c);
    enum status status = writer_end(&w);
    if (status == STATUS_OK)
        status = send_covered(s, job, event, writer_len(&w));
    wipe(event, capacity);
    free(event);
    return status;
}

/* Each choice begins with its role, in a chat. */
enum status answer_begin_stream(struct scribe *s, struct job *job)
{
    enum status status = transport_begin(&job->transport, &s->gate, 200, CONTENT_EVENTS, true);
    for (uint32_t i = 0; i < job->choices_n && job->endpoint == ENDPOINT_CHAT && status == STATUS_OK; i++) {
        const struct event_content first = {.choice = &job->choices[i], .role = true, .text = ""};
        status = send_event(s, job, &first);
    }
    return status;
}

enum status answer_stream_text(struct scribe *s, struct job *job, struct choice *choice, const void *text, size_t len)
{
    const struct event_content more = {.choice = choice, .text = text, .text_len = len};
    if (len == 0)
        return STATUS_OK;
    enum status status = send_event(s, job, &more);
    if (status == STATUS_OK)
        bytes_drop_front(&choice->logprobs, choice->logprobs.len);
    return status;
}

enum status answer_stream_finish(struct scribe *s, struct job *job, struct choice *choice)
{
    const struct event_content last = {.choice = choice, .finish = true};
    return send_event(s, job, &last);
}

/* The receipt as a comment, which clients of server-sent events skip, and the end. */
static enum status end_stream(struct scribe *s, struct job *job)
{
    static const char comment[] = ": cloister-receipt ", end[] = "\n\ndata: [DONE]\n\n";
    const struct event_content usage = {.choice = NULL};
    const struct kept_receipt *kept;
    enum status status = job->include_usage ? send_event(s, job, &usage) : STATUS_OK;
    if (status == STATUS_OK)
        status = receipt_make(s, job, &kept);
    if (status == STATUS_OK)
        status = transport_send(&job->transport, &s->gate, comment, sizeof comment - 1);
    if (status == STATUS_OK)
        status = transport_send(&job->transport, &s->gate, kept->bytes, kept->len);
    if (status == STATUS_OK)
        status = transport_send(&job->transport, &s->gate, end, sizeof end - 1);
    return status;
}

static enum status send_answer(struct scribe *s, struct job *job)
{
    const struct kept_receipt *kept;
    struct writer w;
    writer_init(&w, NULL, 0);
    body_write_whole(&w, s, job);
    size_t capacity = w.needed;
    uint8_t *body = malloc(capacity);
    if (body == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, body, capacity);
    body_write_whole(&w, s, job);
    enum status status = writer_end(&w);
    if (status == STATUS_OK)
        status = transport_begin(&job->transport, &s->gate, 200, CONTENT_JSON, false);
    if (status == STATUS_OK)
        status = send_covered(s, job, body, writer_len(&w));
    if (status == STATUS_OK)
        status = receipt_make(s, job, &kept);
    wipe(body, capacity);
    free(body);
    return status;
}

enum status answer_complete(struct scribe *s, struct job *job)
{
    enum status status = job->stream ? end_stream(s, job) : send_answer(s, job);
    if (status == STATUS_OK)
        status = transport_end(&job->transport, &s->gate);
    job->answered = true;
    return status;
}
