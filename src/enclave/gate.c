/* SPDX-License-Identifier: Apache-2.0 */
/* The process that faces the network: TLS and HTTP.  It holds the TLS key and nothing else; bodies pass through it
 * unread, and those in OHTTP encrypted to the scribe. */
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "enclave/channel.h"
#include "enclave/event.h"
#include "enclave/gate_exchange.h"
#include "enclave/gate_route.h"
#include "enclave/role.h"
#include "enclave/sandbox.h"
#include "sys/clock.h"
#include "sys/https_server.h"
#include "sys/tls_identity.h"

#include <event2/event.h>
#include <signal.h>
#include <string.h>

enum {
    CERTIFICATE_VALID_S = 365 * 24 * 3600,
    SCRIBE_QUEUE_MAX = CHANNEL_QUEUE_MAX / 2, /* bytes that wait for the scribe; the rest is for cancels */
};

struct gate {
    struct event_base *base;
    struct https_server *server;
    struct channel warden, scribe;
    struct event *warden_readable, *scribe_readable, *scribe_writable;
    struct exchanges exchanges;
    struct channel_message message;
    enum status status; /* why the loop ended */
};

/* A channel broke or a peer misbehaved: the enclave ends. */
static void fail(struct gate *g, enum status status)
{
    if (g->status == STATUS_OK)
        g->status = status;
    event_base_loopbreak(g->base);
}

/* After queueing: have the loop send the rest when there is room. */
static void watch_queue(struct gate *g)
{
    if (channel_has_queued(&g->scribe))
        event_add(g->scribe_writable, NULL);
}

static void answer_error(struct gate *g, uint64_t id, unsigned status, const char *message, const char *code)
{
    const char *type = status >= 500 ? "server_error" : "invalid_request_error";
    enum status sent = https_answer_error(g->server, id, status, message, type, code);
    if (sent != STATUS_OK && sent != STATUS_NOT_FOUND)
        fail(g, sent);
}

/* ---- from clients ---- */

static void ask_warden(struct gate *g, uint64_t id, const struct http_head *head)
{
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    if (route_nonce_parse(nonce, head) != STATUS_OK) {
        answer_error(g, id, 400, "wanted /v1/attestation?nonce= and 64 hexadecimal digits", "nonce");
        return;
    }
    if (exchange_add(&g->exchanges, id, EXCHANGE_EVIDENCE) == NULL) {
        answer_error(g, id, 503, "too many requests at once; try again", "busy");
        return;
    }
    enum status status = channel_send(&g->warden, MESSAGE_ATTEST, id, nonce, sizeof nonce);
    if (status != STATUS_OK)
        fail(g, status);
}

static void ask_scribe(struct gate *g, uint64_t id, enum request_kind kind, const struct https_request *request)
{
    uint8_t bytes[4];
    struct writer w;
    bool room = g->scribe.queued + request->body_len <= SCRIBE_QUEUE_MAX;
    if (!room || exchange_add(&g->exchanges, id, EXCHANGE_REQUESTED) == NULL) {
        answer_error(g, id, 503, "too many requests at once; try again", "busy");
        return;
    }
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, (uint32_t)kind);
    enum status status = channel_queue(&g->scribe, MESSAGE_REQUEST, id, bytes, sizeof bytes);
    const struct http_text *path = &request->head->path;
    if (status == STATUS_OK && kind == REQUEST_RECEIPT)
        status = channel_queue_parts(&g->scribe, MESSAGE_REQUEST_PART, id, path->text, path->len);
    else if (status == STATUS_OK)
        status = channel_queue_parts(&g->scribe, MESSAGE_REQUEST_PART, id, request->body, request->body_len);
    if (status == STATUS_OK)
        status = channel_queue(&g->scribe, MESSAGE_REQUEST_END, id, NULL, 0);
    if (status != STATUS_OK)
        fail(g, status);
    watch_queue(g);
}

static void on_request(void *context, uint64_t id, const struct https_request *request)
{
    static const struct https_response healthy = {
        .status = 200, .content_type = "application/json", .body = "{\"status\":\"ok\"}", .body_len = 15};
    struct gate *g = context;
    struct route route = route_of(request->head);
    switch (route.kind) {
    case ROUTE_UNKNOWN: answer_error(g, id, 404, "no such path", "not_found"); return;
    case ROUTE_WRONG_METHOD: answer_error(g, id, 405, "this path takes another method", "method"); return;
    case ROUTE_WRONG_TYPE:
        answer_error(g, id, 415, "wanted Content-Type message/ohttp-req or message/ohttp-chunked-req", "content_type");
        return;
    case ROUTE_HEALTH:
        if (https_answer(g->server, id, &healthy) == STATUS_BROKEN)
            fail(g, STATUS_BROKEN);
        return;
    case ROUTE_ATTESTATION: ask_warden(g, id, request->head); return;
    case ROUTE_SCRIBE: ask_scribe(g, id, route.request, request); return;
    }
}

static size_t body_max(void *context, const struct http_head *head)
{
    (void)context;
    return route_body_max(head);
}

static void on_writable(void *context, uint64_t id)
{
    (void)context; /* a stream that did not fit was given up at once: see answer_part */
    (void)id;
}

static void on_gone(void *context, uint64_t id)
{
    struct gate *g = context;
    struct exchange *x = exchange_find(&g->exchanges, id);
    if (x == NULL)
        return;
    x->gone = true;
    if (x->state == EXCHANGE_EVIDENCE)
        return;
    enum status status = channel_queue(&g->scribe, MESSAGE_CANCEL, id, NULL, 0);
    if (status != STATUS_OK)
        fail(g, status);
    watch_queue(g);
}

/* ---- from warden and scribe ---- */

static struct exchange *exchange_of(struct gate *g, const struct channel_message *m)
{
    return exchange_find(&g->exchanges, m->id);
}

static enum status keep_part(void *context, const struct channel_message *m)
{
    struct exchange *x = exchange_of(context, m);
    return x->gone ? STATUS_OK : exchange_append(x, m->payload, m->len);
}

static const char *content_name(enum content content)
{
    switch (content) {
    case CONTENT_JSON: return "application/json";
    case CONTENT_EVENTS: return "text/event-stream";
    case CONTENT_OHTTP: return "message/ohttp-res";
    case CONTENT_OHTTP_CHUNKED: return "message/ohttp-chunked-res";
    }
    return "application/octet-stream";
}

static const char *const no_store[] = {"Cache-Control", "no-store", NULL};

static enum status answer_whole(void *context, const struct channel_message *m)
{
    struct gate *g = context;
    struct exchange *x = exchange_of(g, m);
    const struct https_response response = {.status = x->state == EXCHANGE_EVIDENCE ? 200 : x->status,
                                            .content_type = content_name(x->content),
                                            .headers = no_store,
                                            .body = x->bytes,
                                            .body_len = x->len};
    enum status status = x->gone ? STATUS_OK : https_answer(g->server, x->id, &response);
    exchange_end(x);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status begin_answer(void *context, const struct channel_message *m)
{
    struct gate *g = context;
    struct exchange *x = exchange_of(g, m);
    struct reader r;
    reader_init(&r, m->payload, m->len);
    uint32_t status_code = reader_u32le(&r);
    uint32_t content = reader_u32le(&r);
    uint32_t streamed = reader_u32le(&r);
    if (reader_end(&r) != STATUS_OK || status_code < 200 || status_code > 599 || content > CONTENT_OHTTP_CHUNKED)
        return STATUS_MALFORMED;
    x->status = status_code;
    x->content = (enum content)content;
    x->state = streamed != 0 ? EXCHANGE_STREAM : EXCHANGE_WHOLE;
    if (streamed == 0 || x->gone)
        return STATUS_OK;
    const struct https_response head = {
        .status = x->status, .content_type = content_name(x->content), .headers = no_store};
    enum status status = https_stream_start(g->server, x->id, &head);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status answer_part(void *context, const struct channel_message *m)
{
    struct gate *g = context;
    struct exchange *x = exchange_of(g, m);
    if (x->gone)
        return STATUS_OK;
    enum status status = https_stream_send(g->server, x->id, m->payload, m->len);
    if (status == STATUS_BUSY) { /* a client that far behind is cut off; memory is bounded */
        on_gone(g, x->id);
        https_stream_abort(g->server, x->id);
        return STATUS_OK;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status end_stream(void *context, const struct channel_message *m)
{
    struct gate *g = context;
    struct exchange *x = exchange_of(g, m);
    enum status status = x->gone ? STATUS_OK : https_stream_end(g->server, x->id);
    exchange_end(x);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status abort_answer(void *context, const struct channel_message *m)
{
    struct gate *g = context;
    struct exchange *x = exchange_of(g, m);
    if (!x->gone)
        https_stream_abort(g->server, x->id);
    exchange_end(x);
    return STATUS_OK;
}

/* spec/enclave.md, section 3 */
static const struct channel_rule warden_rules[] = {
    {EXCHANGE_EVIDENCE, MESSAGE_BUNDLE, 1, CHANNEL_PAYLOAD_MAX, keep_part},
    {EXCHANGE_EVIDENCE, MESSAGE_BUNDLE_END, 0, 0, answer_whole},
};

static const struct channel_rule scribe_rules[] = {
    {EXCHANGE_REQUESTED, MESSAGE_RESPONSE, 12, 12, begin_answer},
    {EXCHANGE_REQUESTED, MESSAGE_RESPONSE_ABORT, 0, 0, abort_answer},
    {EXCHANGE_WHOLE, MESSAGE_RESPONSE_PART, 1, CHANNEL_PAYLOAD_MAX, keep_part},
    {EXCHANGE_WHOLE, MESSAGE_RESPONSE_END, 0, 0, answer_whole},
    {EXCHANGE_WHOLE, MESSAGE_RESPONSE_ABORT, 0, 0, abort_answer},
    {EXCHANGE_STREAM, MESSAGE_RESPONSE_PART, 1, CHANNEL_PAYLOAD_MAX, answer_part},
    {EXCHANGE_STREAM, MESSAGE_RESPONSE_END, 0, 0, end_stream},
    {EXCHANGE_STREAM, MESSAGE_RESPONSE_ABORT, 0, 0, abort_answer},
};

static void hear(struct gate *g, struct channel *c, const struct channel_rule *rules, size_t rules_n)
{
    for (;;) {
        enum status status = channel_receive(c, &g->message, false);
        if (status == STATUS_BUSY)
            return;
        if (status == STATUS_OK) {
            struct exchange *x = g->message.id == 0 ? NULL : exchange_of(g, &g->message);
            int state = x == NULL ? EXCHANGE_NONE : (int)x->state;
            status = channel_dispatch(rules, rules_n, state, g, &g->message);
            if (status != STATUS_OK)
                event_log(ROLE_GATE, EVENT_PROTOCOL, state, (int64_t)g->message.type);
        }
        if (status != STATUS_OK) {
            fail(g, status);
            return;
        }
    }
}

static void on_warden(evutil_socket_t fd, short what, void *context)
{
    struct gate *g = context;
    (void)fd;
    (void)what;
    hear(g, &g->warden, warden_rules, sizeof warden_rules / sizeof warden_rules[0]);
}

static void on_scribe(evutil_socket_t fd, short what, void *context)
{
    struct gate *g = context;
    (void)fd;
    (void)what;
    hear(g, &g->scribe, scribe_rules, sizeof scribe_rules / sizeof scribe_rules[0]);
}

static void on_scribe_room(evutil_socket_t fd, short what, void *context)
{
    struct gate *g = context;
    (void)fd;
    (void)what;
    enum status status = channel_flush(&g->scribe);
    if (status != STATUS_OK)
        fail(g, status);
    watch_queue(g);
}

/* ---- start ---- */

static enum status say_hello(struct gate *g, const struct tls_identity *identity, bool locked)
{
    uint8_t bytes[4 + SHA256_LEN];
    struct writer w;
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, locked);
    writer_bytes(&w, identity->spki_sha256, SHA256_LEN);
    enum status status = channel_send(&g->warden, MESSAGE_GATE_HELLO, 0, bytes, sizeof bytes);
    if (status == STATUS_OK)
        status = channel_receive(&g->warden, &g->message, true);
    if (status == STATUS_OK && g->message.type != MESSAGE_SERVE)
        status = STATUS_REFUSED;
    return status;
}

static enum status watch_channels(struct gate *g)
{
    g->warden_readable = event_new(g->base, g->warden.fd, EV_READ | EV_PERSIST, on_warden, g);
    g->scribe_readable = event_new(g->base, g->scribe.fd, EV_READ | EV_PERSIST, on_scribe, g);
    g->scribe_writable = event_new(g->base, g->scribe.fd, EV_WRITE, on_scribe_room, g);
    if (g->warden_readable == NULL || g->scribe_readable == NULL || g->scribe_writable == NULL ||
        event_add(g->warden_readable, NULL) != 0 || event_add(g->scribe_readable, NULL) != 0)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

static enum status start(struct gate *g)
{
    static const char *const names[] = {"cloister-enclave", "localhost", "127.0.0.1", NULL};
    static const struct https_options options = {.handshake_ms = 10000,
                                                 .head_ms = 10000,
                                                 .body_ms = 60000,
                                                 .body_grace_ms = 5000,
                                                 .body_min_rate = 1024,
                                                 .idle_ms = 60000,
                                                 .write_ms = 30000,
                                                 .connections_max = 512,
                                                 .connections_peer_max = 256,
                                                 .bodies_max = 64 << 20,
                                                 .queue_max = 4 << 20};
    const struct https_callbacks callbacks = {
        .context = g, .body_max = body_max, .request = on_request, .writable = on_writable, .gone = on_gone};
    struct reason why;
    struct tls_identity *identity = NULL;
    bool landlocked;
    bool locked = sandbox_lock_memory();
    enum status status = tls_identity_new(&identity, names, clock_unix_seconds(), CERTIFICATE_VALID_S, &why);
    if (status == STATUS_OK)
        status = channel_init(&g->warden, FD_WARDEN);
    if (status == STATUS_OK)
        status = channel_init(&g->scribe, FD_SCRIBE);
    if (status == STATUS_OK)
        status = say_hello(g, identity, locked);
    g->base = status == STATUS_OK ? event_base_new() : NULL;
    if (status == STATUS_OK && g->base == NULL)
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = https_server_new(&g->server, g->base, FD_FILE, identity, &options, &callbacks, &why);
    if (status == STATUS_OK)
        status = watch_channels(g);
    tls_identity_free(identity);
    if (status == STATUS_OK)
        status = sandbox_enter(ROLE_GATE, SANDBOX_SERVING, &landlocked);
    return status;
}

int gate_main(void)
{
    static struct gate g;
    signal(SIGPIPE, SIG_IGN);
    enum status status = sandbox_harden();
    if (status == STATUS_OK)
        status = start(&g);
    if (status == STATUS_OK) {
        event_base_dispatch(g.base);
        status = g.status;
    }
    if (status == STATUS_NOT_FOUND)
        return 0; /* the others ended first */
    event_log(ROLE_GATE, EVENT_FAILED, (int64_t)status, __LINE__);
    return 1;
}
