/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/scribe_transport.h"

#include "core/base/writer.h"

#include <string.h>

/* What each kind of plain request stands for. */
static void plain_request(struct transport_request *r, enum request_kind kind, const uint8_t *body, size_t body_len)
{
    bool get = kind == REQUEST_MODELS || kind == REQUEST_RECEIPT;
    r->method = get ? "GET" : "POST";
    r->method_len = get ? 3 : 4;
    r->path = kind == REQUEST_CHAT ? "/v1/chat/completions" : kind == REQUEST_INFER ? "/infer" : "/v1/models";
    r->path_len = strlen(r->path);
    r->body = body;
    r->body_len = body_len;
}

enum status transport_open(struct transport *t, struct transport_request *request, enum request_kind kind,
                           uint64_t exchange, const struct x25519_private *key, uint8_t *body, size_t body_len,
                           struct reason *why)
{
    (void)key; (void)why;
    memset(t, 0, sizeof *t);
    t->kind = kind;
    t->exchange = exchange;
    plain_request(request, kind, body, body_len);
    return STATUS_OK;
}

enum status transport_key_config(uint8_t *out, size_t capacity, size_t *len, const struct x25519_private *key)
{
    (void)capacity; (void)key;
    out[0]=1;
    *len = 1;
    return STATUS_OK;
}

enum status transport_begin(struct transport *t, struct channel *gate, unsigned status, enum content content,
                            bool stream)
{
    uint8_t bytes[12];
    struct writer w;
    t->begun = true;
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, status);
    writer_u32le(&w, (uint32_t)content);
    writer_u32le(&w, stream);
    return channel_queue(gate, MESSAGE_RESPONSE, t->exchange, bytes, sizeof bytes);
}

enum status transport_send(struct transport *t, struct channel *gate, const void *bytes, size_t len)
{
    return channel_queue_parts(gate, MESSAGE_RESPONSE_PART, t->exchange, bytes, len);
}

enum status transport_end(struct transport *t, struct channel *gate)
{
    t->ended = true;
    return channel_queue(gate, MESSAGE_RESPONSE_END, t->exchange, NULL, 0);
}

enum status transport_abort(struct transport *t, struct channel *gate)
{
    t->ended = true;
    return channel_queue(gate, MESSAGE_RESPONSE_ABORT, t->exchange, NULL, 0);
}

void transport_wipe(struct transport *t)
{
    (void)t;
}
