/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/https_client.h"

#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/codec/http_chunked.h"
#include "sys/clock.h"
#include "sys/https_wire.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_HEAD_MAX = 8192,
    INTERIM_MAX = 4, /* 1xx responses before the final one */
};

struct https_client {
    struct https_wire wire;
    char authority[300]; /* for Host */
    uint8_t spki[TLS_SPKI_MAX];
    size_t spki_len;
    uint8_t spki_sha256[SHA256_LEN];
    bool usable;
    struct http_head head;
    char head_bytes[HTTP_HEAD_MAX];
    uint8_t input[HTTP_HEAD_MAX]; /* received, not used yet: [input_at, input_end) */
    size_t input_at, input_end;
};

/* One request under way. */
struct exchange {
    struct https_client *client;
    const struct https_call *call;
    struct https_reply *reply;
    uint64_t end_ms;
    struct reason *why;
};

static enum status fail(struct reason *why, enum status status, const char *text)
{
    reason_set(why, text, NULL);
    return status;
}

static enum status check_identity(struct https_client *client, enum https_trust trust, const uint8_t *pin,
                                  struct reason *why)
{
    X509 *certificate = SSL_get0_peer_certificate(client->wire.ssl);
    if (certificate == NULL ||
        tls_spki_of(client->spki, &client->spki_len, client->spki_sha256, certificate) != STATUS_OK)
        return fail(why, STATUS_NETWORK, "the server showed no certificate that can be read");
    if (trust == HTTPS_TRUST_NOTHING || constant_time_equal(pin, client->spki_sha256, SHA256_LEN))
        return STATUS_OK;
    reason_set(why, "the server's TLS key is not the expected one: SHA-256 of its SPKI is ", NULL);
    reason_add_hex(why, client->spki_sha256, SHA256_LEN);
    return STATUS_FORGED;
}

static bool write_authority(char *out, size_t capacity, const char *host, uint16_t port)
{
    struct writer w;
    bool is_v6 = strchr(host, ':') != NULL;
    writer_init(&w, out, capacity);
    writer_text(&w, is_v6 ? "[" : "");
    writer_text(&w, host);
    writer_text(&w, is_v6 ? "]" : "");
    if (port != 443) {
        writer_u8(&w, ':');
        writer_decimal(&w, port);
    }
    writer_u8(&w, '\0');
    return writer_end(&w) == STATUS_OK && http_header_is_safe("Host", out);
}

enum status https_client_open(struct https_client **client, const char *host, uint16_t port, enum https_trust trust,
                              const uint8_t *pin, uint32_t deadline_ms, struct reason *why)
{
    *client = NULL;
    if ((trust == HTTPS_TRUST_PINNED) != (pin != NULL))
        return fail(why, STATUS_USAGE, "a pinned server needs the hash of its key, an unpinned one has none");
    struct https_client *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return fail(why, STATUS_NO_MEMORY, "no memory for a connection");
    enum status status = STATUS_USAGE;
    signal(SIGPIPE, SIG_IGN);
    opened->wire.fd = -1;
    if (!write_authority(opened->authority, sizeof opened->authority, host, port)) {
        fail(why, status, "the host name cannot be used");
        goto out;
    }
    status = https_wire_open(&opened->wire, host, port, clock_monotonic_ms() + deadline_ms, why);
    if (status == STATUS_OK)
        status = check_identity(opened, trust, pin, why);
out:
    if (status != STATUS_OK) {
        https_client_close(opened);
        return status;
    }
    opened->usable = true;
    *client = opened;
    return STATUS_OK;
}

const uint8_t *https_client_spki(const struct https_client *client, size_t *spki_len)
{
    *spki_len = client->spki_len;
    return client->spki;
}

const uint8_t *https_client_spki_sha256(const struct https_client *client)
{
    return client->spki_sha256;
}

bool https_client_usable(const struct https_client *client)
{
    return client->usable;
}

void https_client_close(struct https_client *client)
{
    if (client == NULL)
        return;
    https_wire_close(&client->wire);
    wipe(client, sizeof *client);
    free(client);
}

static void write_header(struct writer *w, const char *name, const char *value)
{
    if (!http_header_is_safe(name, value))
        writer_fail(w, STATUS_USAGE);
    writer_text(w, name);
    writer_text(w, ": ");
    writer_text(w, value);
    writer_text(w, "\r\n");
}

/* The request's head is parsed back, so that nothing malformed is ever sent. */
static enum status send_request(struct exchange *e)
{
    uint8_t head[REQUEST_HEAD_MAX];
    struct http_head check;
    struct writer w;
    const struct https_call *call = e->call;
    writer_init(&w, head, sizeof head);
    writer_text(&w, call->method);
    writer_u8(&w, ' ');
    writer_text(&w, call->path);
    writer_text(&w, " HTTP/1.1\r\n");
    write_header(&w, "Host", e->client->authority);
    for (const char *const *h = call->headers; h != NULL && h[0] != NULL && h[1] != NULL; h += 2)
        write_header(&w, h[0], h[1]);
    if (call->body_len != 0 || strcmp(call->method, "POST") == 0) {
        writer_text(&w, "Content-Length: ");
        writer_decimal(&w, call->body_len);
        writer_text(&w, "\r\n");
    }
    writer_text(&w, "\r\n");
    if (writer_end(&w) != STATUS_OK || http_request_parse(&check, head, writer_len(&w), e->why) != STATUS_OK)
        return fail(e->why, STATUS_USAGE, "the request's method, path or headers cannot be sent");
    enum status status = https_wire_write(&e->client->wire, head, writer_len(&w), e->end_ms, e->why);
    if (status == STATUS_OK)
        status = https_wire_write(&e->client->wire, call->body, call->body_len, e->end_ms, e->why);
    wipe(head, sizeof head);
    return status;
}

/* Receives into input behind what is there; *got 0 when the server ended the connection in order. */
static enum status receive(struct exchange *e, size_t *got)
{
    struct https_client *c = e->client;
    uint64_t silence_end = clock_monotonic_ms() + e->call->silence_ms;
    if (c->input_at == c->input_end)
        c->input_at = c->input_end = 0;
    if (c->input_at != 0 && c->input_end == sizeof c->input) {
        memmove(c->input, c->input + c->input_at, c->input_end - c->input_at);
        c->input_end -= c->input_at;
        c->input_at = 0;
    }
    enum status status = https_wire_read(&c->wire, c->input + c->input_end, got, sizeof c->input - c->input_end,
                                         silence_end < e->end_ms ? silence_end : e->end_ms, e->why);
    c->input_end += *got;
    return status;
}

/* Bytes of input not used yet, at least one; STATUS_TRUNCATED at the end of the connection. */
static enum status need_input(struct exchange *e, const uint8_t **bytes, size_t *len)
{
    struct https_client *c = e->client;
    if (c->input_at == c->input_end) {
        size_t got;
        enum status status = receive(e, &got);
        if (status != STATUS_OK)
            return status;
        if (got == 0)
            return fail(e->why, STATUS_TRUNCATED, "the connection ended within the response");
    }
    *bytes = c->input + c->input_at;
    *len = c->input_end - c->input_at;
    return STATUS_OK;
}

static enum status read_one_head(struct exchange *e)
{
    struct https_client *c = e->client;
    size_t head_len = 0;
    for (;;) {
        enum status status = STATUS_TRUNCATED;
        if (c->input_at != c->input_end)
            status = http_head_find_end(&head_len, c->input + c->input_at, c->input_end - c->input_at);
        if (status == STATUS_OK)
            break;
        if (status != STATUS_TRUNCATED)
            return fail(e->why, status, "the server's answer is no HTTP/1.1 response, or its head is too long");
        size_t got;
        status = receive(e, &got);
        if (status != STATUS_OK)
            return status;
        if (got == 0)
            return fail(e->why, STATUS_TRUNCATED, "the connection ended before a response");
    }
    memcpy(c->head_bytes, c->input + c->input_at, head_len);
    c->input_at += head_len;
    return http_response_parse(&c->head, strcmp(e->call->method, "HEAD") == 0, c->head_bytes, head_len, e->why);
}

/* The final response; 1xx ones before it are skipped. */
static enum status read_head(struct exchange *e)
{
    for (int i = 0; i < INTERIM_MAX; i++) {
        enum status status = read_one_head(e);
        if (status != STATUS_OK || e->client->head.status >= 200)
            return status;
    }
    return fail(e->why, STATUS_MALFORMED, "the server sends interim responses without end");
}

static enum status deliver(struct exchange *e, const uint8_t *piece, size_t len)
{
    const struct https_call *call = e->call;
    if (len == 0)
        return STATUS_OK;
    if (call->piece != NULL) {
        if (!call->piece(call->context, &e->client->head, piece, len))
            return fail(e->why, STATUS_REFUSED, "the response was stopped by its reader");
    } else {
        if (len > call->body_capacity - e->reply->body_len)
            return fail(e->why, STATUS_LIMIT, "the response is longer than expected");
        memcpy(call->body_out + e->reply->body_len, piece, len);
    }
    e->reply->body_len += len;
    return STATUS_OK;
}

static enum status read_body_len(struct exchange *e, uint64_t left)
{
    enum status status = STATUS_OK;
    if (e->call->piece == NULL && left > e->call->body_capacity)
        return fail(e->why, STATUS_LIMIT, "the response is longer than expected");
    while (left != 0 && status == STATUS_OK) {
        const uint8_t *bytes;
        size_t len;
        status = need_input(e, &bytes, &len);
        if (status != STATUS_OK)
            break;
        if (len > left)
            len = (size_t)left;
        e->client->input_at += len;
        left -= len;
        status = deliver(e, bytes, len);
    }
    return status;
}

static enum status read_body_chunked(struct exchange *e)
{
    struct http_chunked chunked;
    enum status status = STATUS_OK;
    http_chunked_init(&chunked);
    while (!http_chunked_done(&chunked) && status == STATUS_OK) {
        const uint8_t *bytes, *piece;
        size_t len, taken, piece_len;
        status = need_input(e, &bytes, &len);
        if (status != STATUS_OK)
            break;
        status = http_chunked_parse(&chunked, &taken, &piece, &piece_len, bytes, len);
        if (status != STATUS_OK)
            return fail(e->why, status, "the server's chunked response is malformed");
        e->client->input_at += taken;
        status = deliver(e, piece, piece_len);
    }
    return status;
}

/* TLS tells an orderly end from a cut, so this cannot be truncated unseen. */
static enum status read_body_until_close(struct exchange *e)
{
    struct https_client *c = e->client;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        size_t got = 1;
        if (c->input_at == c->input_end)
            status = receive(e, &got);
        if (status != STATUS_OK || got == 0)
            break;
        const uint8_t *bytes = c->input + c->input_at;
        size_t len = c->input_end - c->input_at;
        c->input_at = c->input_end;
        status = deliver(e, bytes, len);
    }
    return status;
}

static enum status read_body(struct exchange *e)
{
    switch (e->client->head.body) {
    case HTTP_BODY_LENGTH: return read_body_len(e, e->client->head.content_len);
    case HTTP_BODY_CHUNKED: return read_body_chunked(e);
    case HTTP_BODY_UNTIL_CLOSE: return read_body_until_close(e);
    case HTTP_BODY_NONE: break;
    }
    return STATUS_OK;
}

enum status https_client_request(struct https_client *client, struct https_reply *reply, const struct https_call *call,
                                 struct reason *why)
{
    struct exchange e = {client, call, reply, clock_monotonic_ms() + call->deadline_ms, why};
    *reply = (struct https_reply){.head = &client->head};
    if (!client->usable)
        return fail(why, STATUS_NETWORK, "the connection cannot be used again");
    client->usable = false;
    enum status status = send_request(&e);
    /* a server that refuses early may close while the request is being sent: its answer can still be there */
    if (status == STATUS_OK || status == STATUS_NETWORK) {
        struct reason later = {{0}};
        e.why = status == STATUS_OK ? why : &later;
        enum status answered = read_head(&e);
        status = answered == STATUS_OK || status == STATUS_OK ? answered : status;
        e.why = why;
    }
    if (status == STATUS_OK)
        status = read_body(&e);
    client->usable = status == STATUS_OK && client->head.keep_alive && client->input_at == client->input_end;
    return status;
}
