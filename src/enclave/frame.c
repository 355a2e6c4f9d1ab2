/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/frame.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

#include <string.h>

enum { FRONT_N = 14 };

_Static_assert(sizeof(struct frame) == FRAME_LEN, "no padding: frames are compared as bytes");

/* The 14 numbers in front of the seed, in their order. */
static uint32_t *front(struct frame *f, size_t i)
{
    uint32_t *const fields[] = {&f->prompt_n,
                                &f->max_tokens,
                                &f->bias_n,
                                &f->grammar_n,
                                &f->logprobs_n,
                                &f->temperature_bits,
                                &f->top_k,
                                &f->top_p_bits,
                                &f->min_p_bits,
                                &f->typical_p_bits,
                                &f->repeat_penalty_bits,
                                &f->repeat_last_n,
                                &f->frequency_penalty_bits,
                                &f->presence_penalty_bits};
    _Static_assert(sizeof fields / sizeof fields[0] == FRONT_N, "as many as are written");
    return fields[i];
}

enum status frame_write(uint8_t out[static FRAME_LEN], const struct frame *f)
{
    struct writer w;
    struct frame copy = *f;
    memset(out, 0, FRAME_LEN);
    writer_init(&w, out, FRAME_LEN);
    for (size_t i = 0; i < FRONT_N; i++)
        writer_u32le(&w, *front(&copy, i));
    writer_u64le(&w, f->seed);
    writer_u32le(&w, f->end);
    writer_u32le(&w, f->words_n);
    for (size_t i = 0; i < FRAME_WORDS_MAX; i++)
        writer_u32le(&w, i < f->words_n ? f->words[i] : 0);
    return f->words_n <= FRAME_WORDS_MAX ? writer_end(&w) : STATUS_LIMIT;
}

static enum status read_fields(struct frame *f, const struct channel_message *m)
{
    struct reader r;
    reader_init(&r, m->payload, m->len);
    for (size_t i = 0; i < FRONT_N; i++)
        *front(f, i) = reader_u32le(&r);
    f->seed = reader_u64le(&r);
    f->end = reader_u32le(&r);
    f->words_n = reader_u32le(&r);
    for (size_t i = 0; i < FRAME_WORDS_MAX; i++) {
        f->words[i] = reader_u32le(&r);
        if (i >= f->words_n && f->words[i] != 0)
            reader_fail(&r, STATUS_MALFORMED);
    }
    return f->words_n <= FRAME_WORDS_MAX && f->end <= FRAME_END_GRAMMAR ? reader_end(&r) : STATUS_MALFORMED;
}

/* Leaves in f only what the message does not use. */
static enum status drop_used(struct frame *f, enum message type)
{
    switch ((int)type) {
    case MESSAGE_START: *f = (struct frame){.end = f->end}; return STATUS_OK;
    case MESSAGE_PROMPT:
    case MESSAGE_BIAS:
    case MESSAGE_GRAMMAR:
    case MESSAGE_TOKEN:
        f->words_n = 0;
        memset(f->words, 0, sizeof f->words);
        return STATUS_OK;
    case MESSAGE_END: f->end = 0; return STATUS_OK;
    case MESSAGE_STOP:
    case MESSAGE_FREE: return STATUS_OK;
    default: return STATUS_MALFORMED; /* no message of the vault's */
    }
}

static enum status check_unused(const struct frame *f, enum message type)
{
    static const struct frame nothing;
    struct frame unused = *f;
    enum status status = drop_used(&unused, type);
    if (status == STATUS_OK && memcmp(&unused, &nothing, sizeof nothing) != 0)
        status = STATUS_MALFORMED;
    return status;
}

enum status frame_read(struct frame *f, const struct channel_message *m)
{
    enum status status = m->len == FRAME_LEN ? read_fields(f, m) : STATUS_MALFORMED;
    if (status == STATUS_OK)
        status = check_unused(f, m->type);
    if (status != STATUS_OK)
        memset(f, 0, sizeof *f);
    return status;
}
