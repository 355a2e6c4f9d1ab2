/* SPDX-License-Identifier: Apache-2.0 */
/* From the vault's tokens to text, with stop texts found before anything of them is sent. */
#include "core/base/constant_time.h"
#include "enclave/event.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

static enum status keep_token(struct job *job, uint32_t token)
{
    if (job->output_n == job->output_capacity) {
        size_t capacity = job->output_capacity == 0 ? 256 : 2 * job->output_capacity;
        uint32_t *larger = malloc(capacity * sizeof larger[0]);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (job->output != NULL) {
            memcpy(larger, job->output, job->output_n * sizeof larger[0]);
            wipe(job->output, job->output_n * sizeof larger[0]);
        }
        free(job->output);
        job->output = larger;
        job->output_capacity = capacity;
    }
    job->output[job->output_n++] = token;
    return STATUS_OK;
}

/* Cuts the text at the first stop text in it, if there is one.  The first seen_len bytes were searched before: only
 * what could end in the rest is looked at. */
static void find_stop(struct job *job, size_t seen_len)
{
    for (size_t i = 0; i < job->stops_n; i++) {
        size_t overlap = job->stop_lens[i] - 1;
        size_t from = seen_len > overlap ? seen_len - overlap : 0;
        const uint8_t *found =
            job->text.len <= from ? NULL
                                  : memmem(job->text.at + from, job->text.len - from, job->stops[i], job->stop_lens[i]);
        if (found != NULL) {
            job->text.len = (size_t)(found - job->text.at);
            job->stop_text_found = true;
        }
    }
}

/* Bytes at the end of the text that could be the beginning of a stop text. */
static size_t held_back(const struct job *job)
{
    size_t most = 0;
    for (size_t i = 0; i < job->stops_n; i++) {
        size_t n = job->stop_lens[i] - 1 < job->text.len ? job->stop_lens[i] - 1 : job->text.len;
        while (n > most && memcmp(job->text.at + job->text.len - n, job->stops[i], n) != 0)
            n--;
        most = n > most ? n : most;
    }
    while (most > 0 && most < job->text.len && (job->text.at[job->text.len - most] & 0xc0) == 0x80)
        most++; /* whole characters */
    return most;
}

static enum status send_ready_text(struct scribe *s, struct job *job, bool all)
{
    if (!job->stream || job->cancelled)
        return STATUS_OK;
    size_t ready = job->text.len - (all ? 0 : held_back(job));
    enum status status = answer_stream_text(s, job, job->text.at, ready);
    if (status == STATUS_OK && ready > 0)
        bytes_drop_front(&job->text, ready);
    return status;
}

static enum status tell_vault(struct scribe *s, const struct job *job, enum message type)
{
    const struct frame nothing = {0};
    uint8_t bytes[FRAME_LEN];
    enum status status = frame_write(bytes, &nothing);
    return status == STATUS_OK ? channel_queue(&s->vault, type, (uint64_t)job->slot, bytes, sizeof bytes) : status;
}

enum status tokens_take(struct scribe *s, struct job *job, uint32_t token)
{
    uint8_t text[DETOKENIZER_OUT_MAX];
    size_t text_len;
    if (job->state == JOB_STOPPING)
        return STATUS_OK; /* sampled before the vault heard the stop: no part of the answer */
    enum status status = keep_token(job, token);
    if (status == STATUS_OK)
        status = detokenizer_next(&job->detokenizer, text, &text_len, token);
    if (status == STATUS_OK)
        status = bytes_append(&job->text, text, text_len);
    if (status != STATUS_OK)
        return status;
    find_stop(job, job->text.len - text_len);
    if (job->stop_text_found) {
        job->state = JOB_STOPPING;
        return tell_vault(s, job, MESSAGE_STOP);
    }
    return send_ready_text(s, job, false);
}

static enum receipt_finish finish_of(const struct job *job, enum frame_end end)
{
    return end == FRAME_END_STOP || job->stop_text_found ? RECEIPT_FINISH_STOP : RECEIPT_FINISH_LENGTH;
}

static enum status complete(struct scribe *s, struct job *job, enum frame_end end)
{
    uint8_t text[DETOKENIZER_OUT_MAX];
    size_t text_len = 0;
    enum status status = STATUS_OK;
    if (end == FRAME_END_BUDGET && !job->stop_text_found) /* with a stop text the answer was complete before */
        return answer_error(s, job, 429, "the egress budget of the last hour is spent; try again later", "egress_budget");
    job->finish = finish_of(job, end);
    if (!job->stop_text_found) {
        detokenizer_end(&job->detokenizer, text, &text_len);
        status = bytes_append(&job->text, text, text_len);
        find_stop(job, job->text.len - (status == STATUS_OK ? text_len : 0));
    }
    if (status == STATUS_OK)
        status = send_ready_text(s, job, true);
    return status == STATUS_OK ? answer_complete(s, job) : status;
}

enum status tokens_end(struct scribe *s, struct job *job, enum frame_end end)
{
    enum status status = tell_vault(s, job, MESSAGE_FREE);
    event_log(ROLE_SCRIBE, EVENT_REQUEST_ENDED, (int64_t)job->prompt_n, (int64_t)job->output_n);
    if (status == STATUS_OK && job->cancelled)
        status = transport_abort(&job->transport, &s->gate);
    else if (status == STATUS_OK)
        status = complete(s, job, end);
    job_end(s, job);
    return status == STATUS_OK ? request_start_waiting(s) : status;
}
