/* SPDX-License-Identifier: Apache-2.0 */
/* From the vault's tokens to text, with stop texts found before anything of them is sent. */
#include "core/base/constant_time.h"
#include "enclave/event.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

static enum status keep_token(struct choice *c, uint32_t token)
{
    if (c->output_n == c->output_capacity) {
        size_t capacity = c->output_capacity == 0 ? 256 : 2 * c->output_capacity;
        uint32_t *larger = malloc(capacity * sizeof larger[0]);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (c->output != NULL) {
            memcpy(larger, c->output, c->output_n * sizeof larger[0]);
            wipe(c->output, c->output_n * sizeof larger[0]);
        }
        free(c->output);
        c->output = larger;
        c->output_capacity = capacity;
    }
    c->output[c->output_n++] = token;
    return STATUS_OK;
}

/* Cuts the text at the first stop text in it, if there is one.  The first seen_len bytes were searched before: only
 * what could end in the rest is looked at. */
static void find_stop(struct choice *c, const struct job *job, size_t seen_len)
{
    for (size_t i = 0; i < job->stops_n; i++) {
        size_t overlap = job->stop_lens[i] - 1;
        size_t from = seen_len > overlap ? seen_len - overlap : 0;
        const uint8_t *found = c->text.len <= from
                                   ? NULL
                                   : memmem(c->text.at + from, c->text.len - from, job->stops[i], job->stop_lens[i]);
        if (found != NULL) {
            c->text.len = (size_t)(found - c->text.at);
            c->stop_text_found = true;
        }
    }
}

/* Bytes at the end of the text that could be the beginning of a stop text. */
static size_t held_back(const struct choice *c, const struct job *job)
{
    size_t most = 0;
    for (size_t i = 0; i < job->stops_n; i++) {
        size_t n = job->stop_lens[i] - 1 < c->text.len ? job->stop_lens[i] - 1 : c->text.len;
        while (n > most && memcmp(c->text.at + c->text.len - n, job->stops[i], n) != 0)
            n--;
        most = n > most ? n : most;
    }
    while (most > 0 && most < c->text.len && (c->text.at[c->text.len - most] & 0xc0) == 0x80)
        most++; /* whole characters */
    return most;
}

static enum status send_ready_text(struct scribe *s, struct job *job, struct choice *c, bool all)
{
    if (!job->stream || job->cancelled)
        return STATUS_OK;
    size_t ready = c->text.len - (all ? 0 : held_back(c, job));
    enum status status = answer_stream_text(s, job, c, c->text.at, ready);
    if (status == STATUS_OK && ready > 0)
        bytes_drop_front(&c->text, ready);
    return status;
}

static enum status tell_vault(struct scribe *s, const struct choice *c, enum message type)
{
    const struct frame nothing = {0};
    uint8_t bytes[FRAME_LEN];
    enum status status = frame_write(bytes, &nothing);
    return status == STATUS_OK ? channel_queue(&s->vault, type, (uint64_t)c->slot, bytes, sizeof bytes) : status;
}

enum status tokens_take(struct scribe *s, struct slot_owner owner, const struct frame *f)
{
    uint8_t text[DETOKENIZER_OUT_MAX];
    size_t text_len;
    struct choice *c = owner.choice;
    if (f->words_n == 0 || f->words[0] >= s->tokenizer.tokens_n)
        return STATUS_MALFORMED;
    enum status status = logprobs_keep(c, owner.job, f); /* checks the rest of the frame, too */
    if (status != STATUS_OK || c->state == CHOICE_STOPPING)
        return status; /* sampled before the vault heard the stop: no part of the answer */
    status = keep_token(c, f->words[0]);
    if (status == STATUS_OK)
        status = detokenizer_next(&c->detokenizer, text, &text_len, f->words[0]);
    if (status == STATUS_OK)
        status = bytes_append(&c->text, text, text_len);
    if (status != STATUS_OK)
        return status;
    find_stop(c, owner.job, c->text.len - text_len);
    if (c->stop_text_found) {
        c->state = CHOICE_STOPPING;
        return tell_vault(s, c, MESSAGE_STOP);
    }
    return send_ready_text(s, owner.job, c, false);
}

static enum status complete(struct scribe *s, struct job *job)
{
    if (job->failed == FRAME_END_BUDGET)
        return answer_error(s, job, 429, "the egress budget of the last hour is spent; try again later",
                            "egress_budget");
    if (job->failed == FRAME_END_GRAMMAR)
        return answer_error(
            s, job, 400,
            "the answer cannot go on within its grammar: no token of this model fits, or the grammar is "
            "too ambiguous or nested too deep",
            "grammar");
    return answer_complete(s, job);
}

/* All choices have ended: the answer, or what is there instead of one. */
static enum status finish_job(struct scribe *s, struct job *job)
{
    enum status status = job->cancelled ? transport_abort(&job->transport, &s->gate) : complete(s, job);
    job_end(s, job);
    return status == STATUS_OK ? request_start_waiting(s) : status;
}

enum status tokens_stop_all(struct scribe *s, struct job *job)
{
    enum status status = STATUS_OK;
    job->state = JOB_STOPPING;
    for (uint32_t i = 0; i < job->choices_n && status == STATUS_OK; i++) {
        struct choice *c = &job->choices[i];
        if (c->state == CHOICE_RUNNING) {
            c->state = CHOICE_STOPPING;
            status = tell_vault(s, c, MESSAGE_STOP);
        } else if (c->state == CHOICE_WAITING) {
            c->state = CHOICE_ENDED;
            job->ended_n++;
        }
    }
    return status == STATUS_OK && job->ended_n == job->choices_n ? finish_job(s, job) : status;
}

/* The last of its text, and why it ended. */
static enum status finish_choice(struct scribe *s, struct job *job, struct choice *c, enum frame_end end)
{
    uint8_t text[DETOKENIZER_OUT_MAX];
    size_t text_len = 0;
    enum status status = STATUS_OK;
    bool stopped = end == FRAME_END_STOP || c->stop_text_found;
    c->finish = stopped ? RECEIPT_FINISH_STOP : RECEIPT_FINISH_LENGTH;
    if (!c->stop_text_found) {
        detokenizer_end(&c->detokenizer, text, &text_len);
        status = bytes_append(&c->text, text, text_len);
        find_stop(c, job, c->text.len - (status == STATUS_OK ? text_len : 0));
    }
    if (status == STATUS_OK)
        status = send_ready_text(s, job, c, true);
    return status == STATUS_OK && job->stream ? answer_stream_finish(s, job, c) : status;
}

enum status tokens_end(struct scribe *s, struct slot_owner owner, enum frame_end end)
{
    struct job *job = owner.job;
    struct choice *c = owner.choice;
    enum status status = tell_vault(s, c, MESSAGE_FREE);
    bool failed = !c->stop_text_found && (end == FRAME_END_BUDGET || end == FRAME_END_GRAMMAR);
    event_log(ROLE_SCRIBE, EVENT_REQUEST_ENDED, (int64_t)job->prompt_n, (int64_t)c->output_n);
    s->slots[c->slot] = (struct slot_owner){NULL, NULL};
    s->pages_free += request_pages(job); /* the vault has wiped them before it said so */
    c->slot = NO_SLOT;
    c->state = CHOICE_ENDED;
    job->ended_n++;
    if (status == STATUS_OK && !job->cancelled && job->failed == 0) {
        if (failed)
            job->failed = end;
        else
            status = finish_choice(s, job, c, end);
    }
    if (status == STATUS_OK && job->ended_n == job->choices_n)
        return finish_job(s, job);
    if (status == STATUS_OK && failed && job->state != JOB_STOPPING)
        return tokens_stop_all(s, job);
    return status == STATUS_OK ? request_start_waiting(s) : status;
}
