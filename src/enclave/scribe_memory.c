/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/constant_time.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

enum status bytes_append(struct bytes *b, const void *more, size_t len)
{
    if (len == 0)
        return STATUS_OK;
    if (len > b->capacity - b->len) {
        size_t capacity = (b->len + len) * 2;
        uint8_t *larger = malloc(capacity);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (b->len != 0)
            memcpy(larger, b->at, b->len);
        size_t len_so_far = b->len;
        bytes_free(b);
        *b = (struct bytes){larger, len_so_far, capacity};
    }
    memcpy(b->at + b->len, more, len);
    b->len += len;
    return STATUS_OK;
}

void bytes_drop_front(struct bytes *b, size_t len)
{
    memmove(b->at, b->at + len, b->len - len);
    wipe(b->at + b->len - len, len);
    b->len -= len;
}

void bytes_free(struct bytes *b)
{
    if (b->at != NULL)
        wipe(b->at, b->capacity);
    free(b->at);
    *b = (struct bytes){NULL, 0, 0};
}

struct job *job_find(struct scribe *s, uint64_t exchange)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (s->jobs[i].state != JOB_NONE && s->jobs[i].exchange == exchange)
            return &s->jobs[i];
    }
    return NULL;
}

struct job *job_add(struct scribe *s, uint64_t exchange)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = &s->jobs[i];
        if (job->state != JOB_NONE)
            continue;
        memset(job, 0, sizeof *job);
        job->state = JOB_RECEIVING;
        job->exchange = exchange;
        job->transport.exchange = exchange; /* a cancel may come before it is opened */
        job->order = s->jobs_n++;
        for (size_t k = 0; k < REQUEST_CHOICES_MAX; k++)
            job->choices[k].slot = NO_SLOT;
        return job;
    }
    return NULL;
}

static void tokens_free(uint32_t *tokens, size_t tokens_n)
{
    if (tokens != NULL)
        wipe(tokens, tokens_n * sizeof tokens[0]);
    free(tokens);
}

static void choice_end(struct scribe *s, struct choice *choice)
{
    if (choice->slot != NO_SLOT)
        s->slots[choice->slot] = (struct slot_owner){NULL, NULL};
    bytes_free(&choice->text);
    bytes_free(&choice->logprobs);
    tokens_free(choice->output, choice->output_n);
}

void job_end(struct scribe *s, struct job *job)
{
    for (uint32_t i = 0; i < job->choices_n; i++)
        choice_end(s, &job->choices[i]);
    bytes_free(&job->body);
    tokens_free(job->prompt, job->prompt_n);
    tokens_free(job->grammar, job->grammar_n);
    if (job->bias != NULL)
        wipe(job->bias, job->bias_n * sizeof job->bias[0]);
    free(job->bias);
    transport_wipe(&job->transport);
    wipe(job, sizeof *job);
}
