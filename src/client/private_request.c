/* SPDX-License-Identifier: Apache-2.0 */
#include "client/private_request.h"

#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/ohttp/bhttp.h"
#include "core/ohttp/ohttp.h"
#include "core/ohttp/ohttp_chunked.h"
#include "sys/api_error.h"
#include "sys/random.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 3600 * 1000, /* a long answer of a slow model */
    SILENCE_MS = 300 * 1000,
    HEAD_ROOM = 4096,
    REFUSAL_MAX = 512,
};

struct exchange {
    const struct private_request *request;
    struct ohttp_exchange ohttp;
    struct ohttp_stream stream;
    uint8_t head_bytes[BHTTP_HEAD_MAX]; /* of the answer, until it is whole */
    size_t head_len;
    struct bhttp_body body;
    bool head_seen;
    unsigned status_code;
    uint8_t opened[OHTTP_CHUNK_MAX];
    char refusal[REFUSAL_MAX]; /* what the gate said in plain */
    size_t refusal_len;
    enum status status;
    struct reason why;
};

static bool fail(struct exchange *x, enum status status, const char *why)
{
    if (x->status == STATUS_OK) {
        x->status = status;
        reason_set(&x->why, why, NULL);
    }
    return false;
}

static bool take_content(struct exchange *x, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const uint8_t *piece;
        size_t piece_len, taken;
        if (bhttp_body_parse(&x->body, &taken, &piece, &piece_len, bytes, len) != STATUS_OK)
            return fail(x, STATUS_MALFORMED, "the enclave's answer is no Binary HTTP message");
        if (piece_len > 0 && !x->request->piece(x->request->context, piece, piece_len))
            return fail(x, STATUS_REFUSED, "");
        bytes += taken;
        len -= taken;
    }
    return true;
}

/* Decrypted bytes of the answer: first the head, then content. */
static bool take_opened(struct exchange *x, const uint8_t *bytes, size_t len)
{
    struct bhttp_head head;
    size_t head_len;
    if (x->head_seen)
        return take_content(x, bytes, len);
    if (len > sizeof x->head_bytes - x->head_len)
        return fail(x, STATUS_LIMIT, "the head of the enclave's answer is too long");
    memcpy(x->head_bytes + x->head_len, bytes, len);
    x->head_len += len;
    enum status status = bhttp_head_parse(&head, &head_len, x->head_bytes, x->head_len, false, &x->why);
    if (status == STATUS_TRUNCATED)
        return true;
    if (status != STATUS_OK || !head.is_response)
        return fail(x, STATUS_MALFORMED, "the enclave's answer is no Binary HTTP response");
    x->head_seen = true;
    x->status_code = head.status;
    bhttp_body_init(&x->body, head.is_indeterminate);
    return take_content(x, x->head_bytes + head_len, x->head_len - head_len);
}

/* Bytes of the HTTP answer as they come. */
static bool on_piece(void *context, const struct http_head *head, const uint8_t *bytes, size_t len)
{
    struct exchange *x = context;
    const struct http_text *type = http_head_get(head, "Content-Type");
    if (head->status != 200 || type == NULL || !http_text_is(type, OHTTP_MEDIA_CHUNKED_RESPONSE)) {
        size_t room = sizeof x->refusal - x->refusal_len;
        memcpy(x->refusal + x->refusal_len, bytes, len < room ? len : room);
        x->refusal_len += len < room ? len : room;
        return true;
    }
    while (len > 0) {
        size_t opened_len, taken;
        enum status status = ohttp_stream_open(&x->stream, x->opened, &opened_len, &taken, bytes, len);
        if (status != STATUS_OK)
            return fail(x, status, "a chunk of the answer does not open: it was changed on the way");
        if (!take_opened(x, x->opened, opened_len))
            return false;
        bytes += taken;
        len -= taken;
    }
    return true;
}

static enum status finish(struct exchange *x)
{
    size_t opened_len;
    if (ohttp_stream_end(&x->stream, x->opened, &opened_len) != STATUS_OK) {
        fail(x, STATUS_TRUNCATED, "the answer was cut: its final chunk is missing");
        return x->status;
    }
    if (!take_opened(x, x->opened, opened_len))
        return x->status;
    if (!x->head_seen || bhttp_body_end(&x->body) != STATUS_OK)
        fail(x, STATUS_TRUNCATED, "the answer was cut within");
    return x->status;
}

static struct http_text text_of(const char *text)
{
    return (struct http_text){text, strlen(text)};
}

/* The request as Binary HTTP, then sealed in chunks; *out is the caller's to free. */
static enum status seal_request(struct exchange *x, uint8_t **out, size_t *out_len, const struct keyset *keyset)
{
    struct ohttp_key_config config;
    struct ohttp_chunks chunks;
    struct x25519_private ephemeral;
    enum aead_kind aead = AEAD_AES_256_GCM;
    struct writer plain, sealed;
    const struct private_request *r = x->request;
    size_t plain_capacity = HEAD_ROOM + r->body_len;
    size_t sealed_capacity =
        OHTTP_HEADER_LEN + plain_capacity + (plain_capacity / OHTTP_CHUNK_MAX + 2) * OHTTP_CHUNK_EXTRA;
    struct bhttp_head head = {.method = text_of(r->method),
                              .scheme = text_of("https"),
                              .authority = text_of("cloister-enclave"),
                              .path = text_of(r->path)};
    uint8_t *bytes = malloc(plain_capacity);
    *out = malloc(sealed_capacity);
    if (bytes == NULL || *out == NULL) {
        free(bytes);
        return STATUS_NO_MEMORY;
    }
    writer_init(&plain, bytes, plain_capacity);
    bhttp_head_write(&plain, &head);
    bhttp_content_write(&plain, r->body, r->body_len);
    writer_init(&sealed, *out, sealed_capacity);
    random_bytes(ephemeral.bytes, sizeof ephemeral.bytes);
    enum status status = ohttp_key_config_parse(&config, keyset->hpke_config, keyset->hpke_config_len);
    if (status == STATUS_OK)
        status = ohttp_key_config_choose(&aead, &config);
    if (status == STATUS_OK)
        status = writer_end(&plain);
    uint8_t *header = writer_space(&sealed, OHTTP_HEADER_LEN);
    if (status == STATUS_OK && header != NULL)
        status = ohttp_client_begin(&x->ohttp, header, OHTTP_CHUNKED, &config, aead, &ephemeral);
    ohttp_chunks_init_request(&chunks, &x->ohttp);
    size_t plain_len = writer_len(&plain);
    for (size_t at = 0; at < plain_len && status == STATUS_OK; at += OHTTP_CHUNK_MAX) {
        size_t part = plain_len - at < OHTTP_CHUNK_MAX ? plain_len - at : OHTTP_CHUNK_MAX;
        status = ohttp_chunk_seal(&chunks, &sealed, at + part == plain_len, bytes + at, part);
    }
    if (status == STATUS_OK)
        status = writer_end(&sealed);
    *out_len = writer_len(&sealed);
    wipe(&ephemeral, sizeof ephemeral);
    wipe(bytes, plain_capacity);
    free(bytes);
    return status;
}

static enum status converse(struct exchange *x, struct https_client *client, const uint8_t *sealed, size_t sealed_len)
{
    static const char *const headers[] = {"Content-Type", OHTTP_MEDIA_CHUNKED_REQUEST, NULL};
    struct https_reply reply;
    const struct https_call call = {.method = "POST",
                                    .path = "/ohttp",
                                    .headers = headers,
                                    .body = sealed,
                                    .body_len = sealed_len,
                                    .deadline_ms = ANSWER_MS,
                                    .silence_ms = SILENCE_MS,
                                    .piece = on_piece,
                                    .context = x};
    ohttp_stream_init(&x->stream, &x->ohttp);
    struct reason why = {{0}};
    enum status status = https_client_request(client, &reply, &call, &why);
    if (x->status != STATUS_OK)
        return x->status;
    if (status != STATUS_OK) {
        x->why = why;
        return status;
    }
    if (reply.head->status != 200) {
        reason_set(&x->why, "the server refused with status ", NULL);
        reason_add_u64(&x->why, reply.head->status);
        reason_add(&x->why, ": ");
        api_error_add(&x->why, x->refusal, x->refusal_len);
        return STATUS_REFUSED;
    }
    return finish(x);
}

enum status private_request_send(struct https_client *client, const struct keyset *keyset,
                                 const struct private_request *request, unsigned *status_code, struct reason *why)
{
    uint8_t *sealed = NULL;
    size_t sealed_len = 0;
    *status_code = 0;
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return STATUS_NO_MEMORY;
    x->request = request;
    x->status = STATUS_OK;
    enum status status = seal_request(x, &sealed, &sealed_len, keyset);
    if (status == STATUS_OK)
        status = converse(x, client, sealed, sealed_len);
    if (status != STATUS_OK)
        *why = x->why;
    *status_code = x->status_code;
    free(sealed);
    ohttp_stream_wipe(&x->stream);
    ohttp_wipe(&x->ohttp);
    wipe(x, sizeof *x);
    free(x);
    return status;
}
