/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of answers in OpenAI's shapes: chat completions, completions, their streams, and /infer. */
#include "core/codec/json_writer.h"
#include "core/crypto/hash.h"
#include "enclave/scribe.h"

#include <string.h>

/* Names the engine and the model, so that a change of either is seen. */
static void put_fingerprint(struct json_writer *j, const struct scribe *s)
{
    uint8_t both[2 * SHA256_LEN], digest[SHA256_LEN];
    memcpy(both, s->setup.engine_hash, SHA256_LEN);
    memcpy(both + SHA256_LEN, s->setup.model_root, SHA256_LEN);
    sha256(digest, both, sizeof both);
    json_put_hex(j, "system_fingerprint", digest, 8);
}

static bool is_chat(const struct job *job)
{
    return job->endpoint == ENDPOINT_CHAT;
}

static void put_head(struct json_writer *j, const struct scribe *s, const struct job *job, bool chunk)
{
    char id[16 + sizeof job->id] = "";
    strcat(id, is_chat(job) ? "chatcmpl-" : "cmpl-");
    strcat(id, job->id);
    json_put_text(j, "id", id);
    json_put_text(j, "object", !is_chat(job) ? "text_completion" : chunk ? "chat.completion.chunk" : "chat.completion");
    json_put_u64(j, "created", job->created_s);
    json_put_text(j, "model", s->setup.model_name);
    put_fingerprint(j, s);
}

static void put_usage(struct json_writer *j, const struct job *job)
{
    uint64_t output_n = 0;
    for (uint32_t i = 0; i < job->choices_n; i++)
        output_n += job->choices[i].output_n;
    json_key(j, "usage");
    json_open_object(j);
    json_put_u64(j, "prompt_tokens", job->prompt_n);
    json_put_u64(j, "completion_tokens", output_n);
    json_put_u64(j, "total_tokens", job->prompt_n + output_n);
    json_close(j);
}

static void put_finish(struct json_writer *j, const struct choice *choice, bool finish)
{
    json_key(j, "finish_reason");
    if (finish)
        json_text(j, choice->finish == RECEIPT_FINISH_LENGTH ? "length" : "stop");
    else
        json_null(j);
}

static void put_text(struct json_writer *j, const char *name, const void *text, size_t len)
{
    json_key(j, name);
    json_text_len(j, text == NULL ? "" : text, len);
}

static void put_logprobs(struct json_writer *j, const struct scribe *s, const struct job *job,
                         const struct choice *choice)
{
    json_key(j, "logprobs");
    if (job->logprobs_n == 0)
        json_null(j);
    else if (is_chat(job))
        logprobs_write_chat(j, s, choice);
    else
        logprobs_write_legacy(j, s, choice);
}

static void put_event_choice(struct json_writer *j, const struct scribe *s, const struct job *job,
                             const struct event_content *c)
{
    json_open_object(j);
    json_put_u64(j, "index", (uint64_t)(c->choice - job->choices));
    if (is_chat(job)) {
        json_key(j, "delta");
        json_open_object(j);
        if (c->role)
            json_put_text(j, "role", "assistant");
        if (c->text != NULL)
            put_text(j, "content", c->text, c->text_len);
        json_close(j);
    } else {
        put_text(j, "text", c->text, c->text_len);
    }
    if (job->logprobs_n > 0 && c->choice->logprobs.len > 0)
        put_logprobs(j, s, job, c->choice);
    put_finish(j, c->choice, c->finish);
    json_close(j);
}

void body_write_event(struct writer *w, const struct scribe *s, const struct job *job, const struct event_content *c)
{
    struct json_writer j;
    writer_text(w, "data: ");
    json_writer_init(&j, w);
    json_open_object(&j);
    put_head(&j, s, job, true);
    json_key(&j, "choices");
    json_open_array(&j);
    if (c->choice != NULL)
        put_event_choice(&j, s, job, c);
    json_close(&j);
    if (c->choice == NULL)
        put_usage(&j, job);
    json_close(&j);
    if (json_writer_end(&j) != STATUS_OK)
        writer_fail(w, STATUS_BROKEN);
    writer_text(w, "\n\n");
}

static void put_whole_choice(struct json_writer *j, const struct scribe *s, const struct job *job,
                             const struct choice *choice)
{
    json_open_object(j);
    json_put_u64(j, "index", (uint64_t)(choice - job->choices));
    if (is_chat(job)) {
        json_key(j, "message");
        json_open_object(j);
        json_put_text(j, "role", "assistant");
        put_text(j, "content", choice->text.at, choice->text.len);
        json_close(j);
    } else {
        put_text(j, "text", choice->text.at, choice->text.len);
    }
    put_logprobs(j, s, job, choice);
    put_finish(j, choice, true);
    json_close(j);
}

void body_write_whole(struct writer *w, const struct scribe *s, const struct job *job)
{
    struct json_writer j;
    json_writer_init(&j, w);
    json_open_object(&j);
    if (job->endpoint == ENDPOINT_INFER) {
        put_text(&j, "response", job->choices[0].text.at, job->choices[0].text.len);
        json_put_text(&j, "receipt_id", job->id);
    } else {
        put_head(&j, s, job, false);
        json_key(&j, "choices");
        json_open_array(&j);
        for (uint32_t i = 0; i < job->choices_n; i++)
            put_whole_choice(&j, s, job, &job->choices[i]);
        json_close(&j);
        put_usage(&j, job);
    }
    json_close(&j);
    if (json_writer_end(&j) != STATUS_OK)
        writer_fail(w, STATUS_BROKEN);
}
