/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of answers: JSON, and server-sent events (OpenAI's shapes). */
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/codec/json_writer.h"
#include "core/crypto/hash.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_BODY_MAX = 4096, EVENT_FIXED_MAX = 1024 };

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

/* Names the engine and the model, so that a change of either is seen. */
static void put_fingerprint(struct json_writer *j, const struct scribe *s)
{
    uint8_t both[2 * SHA256_LEN], digest[SHA256_LEN];
    memcpy(both, s->setup.engine_hash, SHA256_LEN);
    memcpy(both + SHA256_LEN, s->setup.model_root, SHA256_LEN);
    sha256(digest, both, sizeof both);
    json_put_hex(j, "system_fingerprint", digest, 8);
}

static const char *finish_name(const struct job *job)
{
    return job->finish == RECEIPT_FINISH_LENGTH ? "length" : "stop";
}

static void put_head(struct json_writer *j, const struct scribe *s, const struct job *job, const char *object)
{
    char id[16 + sizeof job->id] = "chatcmpl-";
    strcat(id, job->id);
    json_put_text(j, "id", id);
    json_put_text(j, "object", object);
    json_put_u64(j, "created", job->created_s);
    json_put_text(j, "model", s->setup.model_name);
    put_fingerprint(j, s);
}

static void put_usage(struct json_writer *j, const struct job *job)
{
    json_key(j, "usage");
    json_open_object(j);
    json_put_u64(j, "prompt_tokens", job->prompt_n);
    json_put_u64(j, "completion_tokens", job->output_n);
    json_put_u64(j, "total_tokens", job->prompt_n + job->output_n);
    json_close(j);
}

/* What one event of a stream carries. */
struct event_content {
    bool role, finish, usage;
    const void *text; /* or NULL */
    size_t text_len;
};

static void write_event(struct writer *w, const struct scribe *s, const struct job *job, const struct event_content *c)
{
    struct json_writer j;
    writer_text(w, "data: ");
    json_writer_init(&j, w);
    json_open_object(&j);
    put_head(&j, s, job, "chat.completion.chunk");
    json_key(&j, "choices");
    json_open_array(&j);
    if (!c->usage) {
        json_open_object(&j);
        json_put_u64(&j, "index", 0);
        json_key(&j, "delta");
        json_open_object(&j);
        if (c->role)
            json_put_text(&j, "role", "assistant");
        if (c->text != NULL) {
            json_key(&j, "content");
            json_text_len(&j, c->text, c->text_len);
        }
        json_close(&j);
        json_key(&j, "finish_reason");
        if (c->finish)
            json_text(&j, finish_name(job));
        else
            json_null(&j);
        json_close(&j);
    }
    json_close(&j);
    if (c->usage)
        put_usage(&j, job);
    json_close(&j);
    if (json_writer_end(&j) != STATUS_OK)
        writer_fail(w, STATUS_BROKEN);
    writer_text(w, "\n\n");
}

static enum status send_event(struct scribe *s, struct job *job, const struct event_content *c)
{
    size_t capacity = EVENT_FIXED_MAX + 6 * c->text_len; /* a byte is at most \u00XX */
    uint8_t *event = malloc(capacity);
    struct writer w;
    if (event == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, event, capacity);
    write_event(&w, s, job, c);
    enum status status = writer_end(&w);
    if (status == STATUS_OK)
        status = send_covered(s, job, event, writer_len(&w));
    wipe(event, capacity);
    free(event);
    return status;
}

enum status answer_begin_stream(struct scribe *s, struct job *job)
{
    const struct event_content first = {.role = true, .text = "", .text_len = 0};
    enum status status = transport_begin(&job->transport, &s->gate, 200, CONTENT_EVENTS, true);
    return status == STATUS_OK ? send_event(s, job, &first) : status;
}

enum status answer_stream_text(struct scribe *s, struct job *job, const void *text, size_t len)
{
    const struct event_content more = {.text = text, .text_len = len};
    return len == 0 ? STATUS_OK : send_event(s, job, &more);
}

/* The receipt as a comment, which clients of server-sent events skip, and the end. */
static enum status end_stream(struct scribe *s, struct job *job)
{
    static const char comment[] = ": cloister-receipt ", end[] = "\n\ndata: [DONE]\n\n";
    const struct event_content last = {.finish = true}, usage = {.usage = true};
    const struct kept_receipt *kept;
    enum status status = send_event(s, job, &last);
    if (status == STATUS_OK && job->include_usage)
        status = send_event(s, job, &usage);
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

static void write_whole(struct writer *w, const struct scribe *s, const struct job *job)
{
    struct json_writer j;
    json_writer_init(&j, w);
    json_open_object(&j);
    if (job->endpoint == ENDPOINT_INFER) {
        json_key(&j, "response");
        json_text_len(&j, job->text.at, job->text.len);
        json_put_text(&j, "receipt_id", job->id);
    } else {
        put_head(&j, s, job, "chat.completion");
        json_key(&j, "choices");
        json_open_array(&j);
        json_open_object(&j);
        json_put_u64(&j, "index", 0);
        json_key(&j, "message");
        json_open_object(&j);
        json_put_text(&j, "role", "assistant");
        json_key(&j, "content");
        json_text_len(&j, job->text.at, job->text.len);
        json_close(&j);
        json_key(&j, "logprobs");
        json_null(&j);
        json_put_text(&j, "finish_reason", finish_name(job));
        json_close(&j);
        json_close(&j);
        put_usage(&j, job);
    }
    json_close(&j);
    if (json_writer_end(&j) != STATUS_OK)
        writer_fail(w, STATUS_BROKEN);
}

static enum status send_answer(struct scribe *s, struct job *job)
{
    const struct kept_receipt *kept;
    struct writer w;
    size_t capacity = 2 * EVENT_FIXED_MAX + 6 * job->text.len;
    uint8_t *body = malloc(capacity);
    if (body == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, body, capacity);
    write_whole(&w, s, job);
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
