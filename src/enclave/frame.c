/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/frame.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

#include <string.h>

_Static_assert(8 * 4 + 8 + 4 * FRAME_TOKENS_MAX <= (int)FRAME_LEN, "the fields fit");
_Static_assert(sizeof(struct frame) == 8 * 4 + 8 + 4 * FRAME_TOKENS_MAX, "no padding: frames are compared as bytes");

enum status frame_write(uint8_t out[static FRAME_LEN], const struct frame *f)
{
    struct writer w;
    memset(out, 0, FRAME_LEN);
    writer_init(&w, out, FRAME_LEN);
    writer_u32le(&w, f->prompt_n);
    writer_u32le(&w, f->max_tokens);
    writer_u32le(&w, f->end_token);
    writer_u32le(&w, f->temperature_bits);
    writer_u32le(&w, f->top_p_bits);
    writer_u32le(&w, f->top_k);
    writer_u64le(&w, f->seed);
    writer_u32le(&w, f->end);
    writer_u32le(&w, f->tokens_n);
    for (size_t i = 0; i < FRAME_TOKENS_MAX; i++)
        writer_u32le(&w, i < f->tokens_n ? f->tokens[i] : 0);
    return f->tokens_n <= FRAME_TOKENS_MAX ? writer_end(&w) : STATUS_LIMIT;
}

static enum status read_fields(struct frame *f, const struct channel_message *m)
{
    struct reader r;
    reader_init(&r, m->payload, m->len);
    f->prompt_n = reader_u32le(&r);
    f->max_tokens = reader_u32le(&r);
    f->end_token = reader_u32le(&r);
    f->temperature_bits = reader_u32le(&r);
    f->top_p_bits = reader_u32le(&r);
    f->top_k = reader_u32le(&r);
    f->seed = reader_u64le(&r);
    f->end = reader_u32le(&r);
    f->tokens_n = reader_u32le(&r);
    for (size_t i = 0; i < FRAME_TOKENS_MAX; i++) {
        f->tokens[i] = reader_u32le(&r);
        if (i >= f->tokens_n && f->tokens[i] != 0)
            reader_fail(&r, STATUS_MALFORMED);
    }
    while (reader_left(&r) > 0) {
        if (reader_u8(&r) != 0)
            reader_fail(&r, STATUS_MALFORMED);
    }
    return f->tokens_n <= FRAME_TOKENS_MAX && f->end <= FRAME_END_BUDGET ? reader_end(&r) : STATUS_MALFORMED;
}

/* Leaves in f only what the message does not use. */
static enum status drop_used(struct frame *f, enum message type)
{
    switch ((int)type) {
    case MESSAGE_START: *f = (struct frame){.end = f->end, .tokens_n = f->tokens_n}; return STATUS_OK;
    case MESSAGE_PROMPT:
    case MESSAGE_TOKEN:
        f->tokens_n = 0;
        memset(f->tokens, 0, sizeof f->tokens);
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
