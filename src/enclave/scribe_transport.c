/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/scribe_transport.h"

#include "core/base/arena.h"
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/ohttp/bhttp.h"
#include "core/ohttp/ohttp.h"
#include "core/ohttp/ohttp_chunked.h"
#include "sys/random.h"

#include <stdlib.h>
#include <string.h>

enum {
    HPKE_KEY_ID = 1,
    HEAD_MAX = 512,   /* Binary HTTP head of an answer */
    FRAMING_MAX = 64, /* Binary HTTP around a piece */
};

/* Memory of one OHTTP exchange; holds prompts and keys. */
struct transport_ohttp {
    struct ohttp_exchange exchange;
    struct ohttp_chunks chunks; /* of a chunked response */
    uint8_t *plain;             /* the request, decapsulated */
    size_t plain_len;
    uint8_t *arena_memory; /* content of a request in several pieces */
    unsigned status;       /* of a whole answer, until its end */
    enum content content;
    uint8_t *answer;
    size_t answer_len, answer_capacity;
};

static struct transport_ohttp *ohttp_new(size_t body_len)
{
    struct transport_ohttp *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->plain = malloc(body_len + 1);
    o->arena_memory = malloc(body_len + 1);
    o->plain_len = body_len;
    return o;
}

static void wipe_and_free(uint8_t *bytes, size_t len)
{
    if (bytes != NULL)
        wipe(bytes, len);
    free(bytes);
}

void transport_wipe(struct transport *t)
{
    struct transport_ohttp *o = t->ohttp;
    t->ohttp = NULL;
    if (o == NULL)
        return;
    wipe_and_free(o->plain, o->plain_len);
    wipe_and_free(o->arena_memory, o->plain_len);
    wipe_and_free(o->answer, o->answer_len);
    wipe(o, sizeof *o);
    free(o);
}

/* ---- requests ---- */

static enum status our_config(struct ohttp_key_config *config, const struct x25519_private *key)
{
    memset(config, 0, sizeof *config);
    config->key_id = HPKE_KEY_ID;
    config->suites[0] = (struct ohttp_suite){HPKE_KDF_HKDF_SHA256, HPKE_AEAD_AES_256_GCM};
    config->suites[1] = (struct ohttp_suite){HPKE_KDF_HKDF_SHA256, HPKE_AEAD_AES_128_GCM};
    config->suites_n = 2;
    return x25519_public(config->public_key, key);
}

enum status transport_key_config(uint8_t *out, size_t capacity, size_t *len, const struct x25519_private *key)
{
    struct ohttp_key_config config;
    struct writer w;
    enum status status = our_config(&config, key);
    if (status != STATUS_OK)
        return status;
    writer_init(&w, out, capacity);
    ohttp_key_config_write(&w, &config);
    *len = writer_len(&w);
    return writer_end(&w);
}

static const char *path_of(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_CHAT: return "/v1/chat/completions";
    case REQUEST_COMPLETION: return "/v1/completions";
    case REQUEST_INFER: return "/infer";
    case REQUEST_OHTTP:
    case REQUEST_OHTTP_CHUNKED:
    case REQUEST_MODELS:
    case REQUEST_RECEIPT: break;
    }
    return "/v1/models";
}

/* What each kind of plain request stands for. */
static void plain_request(struct transport_request *r, enum request_kind kind, const uint8_t *body, size_t body_len)
{
    bool get = kind == REQUEST_MODELS || kind == REQUEST_RECEIPT;
    r->method = get ? "GET" : "POST";
    r->method_len = strlen(r->method);
    r->path = path_of(kind);
    r->path_len = strlen(r->path);
    r->body = body;
    r->body_len = body_len;
    if (kind == REQUEST_RECEIPT) {
        r->path = (const char *)body;
        r->path_len = body_len;
        r->body_len = 0;
    }
}

static enum status decapsulate(struct transport_ohttp *o, enum request_kind kind, const struct x25519_private *key,
                               const uint8_t *body, size_t body_len)
{
    struct ohttp_key_config config;
    enum status status = our_config(&config, key);
    if (status != STATUS_OK)
        return status;
    if (kind == REQUEST_OHTTP_CHUNKED)
        return ohttp_chunked_request_decapsulate(&o->exchange, o->plain, &o->plain_len, &config, key, body, body_len);
    if (body_len < OHTTP_REQUEST_EXTRA)
        return STATUS_TRUNCATED;
    o->plain_len = body_len - OHTTP_REQUEST_EXTRA;
    return ohttp_request_decapsulate(&o->exchange, o->plain, &config, key, body, body_len);
}

static enum status open_ohttp(struct transport *t, struct transport_request *request, const struct x25519_private *key,
                              const uint8_t *body, size_t body_len, struct reason *why)
{
    struct transport_ohttp *o = t->ohttp;
    struct bhttp_message message;
    struct arena arena;
    if (o->plain == NULL || o->arena_memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, o->arena_memory, body_len);
    enum status status = decapsulate(o, t->kind, key, body, body_len);
    if (status != STATUS_OK) {
        reason_set(why, "the encapsulated request does not open: fetch the key configuration anew", NULL);
        return status;
    }
    status = bhttp_parse(&message, &arena, o->plain, o->plain_len, why);
    request->method = message.head.method.text;
    request->method_len = message.head.method.len;
    request->path = message.head.path.text;
    request->path_len = message.head.path.len;
    request->body = message.content;
    request->body_len = message.content_len;
    return status;
}

enum status transport_open(struct transport *t, struct transport_request *request, enum request_kind kind,
                           uint64_t exchange, const struct x25519_private *key, uint8_t *body, size_t body_len,
                           struct reason *why)
{
    memset(t, 0, sizeof *t);
    t->kind = kind;
    t->exchange = exchange;
    if (kind != REQUEST_OHTTP && kind != REQUEST_OHTTP_CHUNKED) {
        plain_request(request, kind, body, body_len);
        return STATUS_OK;
    }
    t->ohttp = ohttp_new(body_len);
    if (t->ohttp == NULL)
        return STATUS_NO_MEMORY;
    enum status status = open_ohttp(t, request, key, body, body_len, why);
    if (status != STATUS_OK)
        transport_wipe(t); /* the refusal goes out in plain: there is no key to seal it to */
    return status;
}

/* ---- answers ---- */

static enum status tell_gate(const struct transport *t, struct channel *gate, unsigned status, enum content content,
                             bool stream)
{
    uint8_t bytes[12];
    struct writer w;
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, status);
    writer_u32le(&w, (uint32_t)content);
    writer_u32le(&w, stream);
    return channel_queue(gate, MESSAGE_RESPONSE, t->exchange, bytes, sizeof bytes);
}

static void write_head(struct writer *w, unsigned status, enum content content, bool indeterminate)
{
    const char *type = content == CONTENT_EVENTS ? "text/event-stream" : "application/json";
    struct bhttp_head head = {.is_response = true, .is_indeterminate = indeterminate, .status = status};
    head.fields[0].name = (struct http_text){"content-type", strlen("content-type")};
    head.fields[0].value = (struct http_text){type, strlen(type)};
    head.fields_n = 1;
    bhttp_head_write(w, &head);
}

/* Seals bytes as chunks and sends them.  final: the last one ends the response. */
static enum status send_chunks(struct transport *t, struct channel *gate, const uint8_t *bytes, size_t len, bool final)
{
    uint8_t sealed[OHTTP_CHUNK_MAX + OHTTP_CHUNK_EXTRA];
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (len > 0 || final)) {
        struct writer w;
        size_t part = len < OHTTP_CHUNK_MAX ? len : OHTTP_CHUNK_MAX;
        bool last = final && part == len;
        writer_init(&w, sealed, sizeof sealed);
        status = ohttp_chunk_seal(&t->ohttp->chunks, &w, last, bytes, part);
        if (status == STATUS_OK)
            status = channel_queue(gate, MESSAGE_RESPONSE_PART, t->exchange, sealed, writer_len(&w));
        bytes += part;
        len -= part;
        if (last)
            break;
    }
    return status;
}

static enum status begin_chunked(struct transport *t, struct channel *gate, unsigned status_code, enum content content)
{
    uint8_t nonce[OHTTP_NONCE_MAX], head[HEAD_MAX];
    struct writer w;
    struct transport_ohttp *o = t->ohttp;
    size_t nonce_len = ohttp_nonce_len(o->exchange.aead);
    random_bytes(nonce, nonce_len);
    enum status status = ohttp_chunks_init_response(&o->chunks, &o->exchange, nonce);
    writer_init(&w, head, sizeof head);
    write_head(&w, status_code, content, true);
    if (status == STATUS_OK)
        status = writer_end(&w);
    if (status == STATUS_OK)
        status = tell_gate(t, gate, 200, CONTENT_OHTTP_CHUNKED, true);
    if (status == STATUS_OK)
        status = channel_queue(gate, MESSAGE_RESPONSE_PART, t->exchange, nonce, nonce_len);
    if (status == STATUS_OK)
        status = send_chunks(t, gate, head, writer_len(&w), false);
    return status;
}

enum status transport_begin(struct transport *t, struct channel *gate, unsigned status, enum content content,
                            bool stream)
{
    t->begun = true;
    t->whole = t->ohttp == NULL ? !stream : t->kind == REQUEST_OHTTP;
    if (t->ohttp == NULL)
        return tell_gate(t, gate, status, content, stream);
    if (t->kind == REQUEST_OHTTP_CHUNKED)
        return begin_chunked(t, gate, status, content);
    t->ohttp->status = status;
    t->ohttp->content = content;
    return STATUS_OK;
}

static enum status keep_answer(struct transport_ohttp *o, const void *bytes, size_t len)
{
    if (o->answer_len + len > o->answer_capacity) {
        size_t capacity = 2 * (o->answer_len + len);
        uint8_t *larger = malloc(capacity);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (o->answer_len != 0)
            memcpy(larger, o->answer, o->answer_len);
        wipe_and_free(o->answer, o->answer_len);
        o->answer = larger;
        o->answer_capacity = capacity;
    }
    memcpy(o->answer + o->answer_len, bytes, len);
    o->answer_len += len;
    return STATUS_OK;
}

static enum status send_piece(struct transport *t, struct channel *gate, const void *bytes, size_t len)
{
    size_t capacity = len + FRAMING_MAX;
    uint8_t *piece = malloc(capacity);
    struct writer w;
    if (piece == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, piece, capacity);
    bhttp_piece_write(&w, bytes, len);
    enum status status = writer_end(&w);
    if (status == STATUS_OK)
        status = send_chunks(t, gate, piece, writer_len(&w), false);
    wipe_and_free(piece, capacity);
    return status;
}

enum status transport_send(struct transport *t, struct channel *gate, const void *bytes, size_t len)
{
    if (t->whole && len > TRANSPORT_WHOLE_MAX - t->whole_len) {
        t->whole_len = TRANSPORT_WHOLE_MAX; /* full: nothing more is kept */
        t->too_long = true;
        return STATUS_OK;
    }
    t->whole_len += t->whole ? len : 0;
    if (t->ohttp == NULL)
        return channel_queue_parts(gate, MESSAGE_RESPONSE_PART, t->exchange, bytes, len);
    return t->kind == REQUEST_OHTTP_CHUNKED ? send_piece(t, gate, bytes, len) : keep_answer(t->ohttp, bytes, len);
}

/* The whole answer in one encapsulated response. */
static enum status send_whole(struct transport *t, struct channel *gate)
{
    uint8_t nonce[OHTTP_NONCE_MAX];
    struct transport_ohttp *o = t->ohttp;
    struct writer w;
    size_t plain_capacity = HEAD_MAX + FRAMING_MAX + o->answer_len;
    size_t nonce_len = ohttp_nonce_len(o->exchange.aead);
    uint8_t *plain = malloc(plain_capacity);
    uint8_t *sealed = malloc(plain_capacity + nonce_len + AEAD_TAG_LEN);
    enum status status = STATUS_NO_MEMORY;
    if (plain == NULL || sealed == NULL)
        goto out;
    writer_init(&w, plain, plain_capacity);
    write_head(&w, o->status, o->content, false);
    bhttp_content_write(&w, o->answer, o->answer_len);
    random_bytes(nonce, nonce_len);
    status = writer_end(&w);
    if (status == STATUS_OK)
        status = ohttp_response_encapsulate(&o->exchange, sealed, nonce, plain, writer_len(&w));
    if (status == STATUS_OK)
        status = tell_gate(t, gate, 200, CONTENT_OHTTP, false);
    if (status == STATUS_OK)
        status = channel_queue_parts(gate, MESSAGE_RESPONSE_PART, t->exchange, sealed,
                                     nonce_len + writer_len(&w) + AEAD_TAG_LEN);
out:
    wipe_and_free(plain, plain_capacity);
    free(sealed);
    return status;
}

enum status transport_end(struct transport *t, struct channel *gate)
{
    enum status status = STATUS_OK;
    if (t->too_long)
        return transport_abort(t, gate);
    if (t->ohttp != NULL && t->kind == REQUEST_OHTTP_CHUNKED) {
        uint8_t end[FRAMING_MAX];
        struct writer w;
        writer_init(&w, end, sizeof end);
        bhttp_end_write(&w);
        status = send_chunks(t, gate, end, writer_len(&w), true);
    } else if (t->ohttp != NULL) {
        status = send_whole(t, gate);
    }
    return status == STATUS_OK ? channel_queue(gate, MESSAGE_RESPONSE_END, t->exchange, NULL, 0) : status;
}

enum status transport_abort(struct transport *t, struct channel *gate)
{
    return channel_queue(gate, MESSAGE_RESPONSE_ABORT, t->exchange, NULL, 0);
}
