/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/https_app.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct https_server *server;
static struct event_base *base;
static unsigned long gone_n, busy_n;

static struct stream {
    uint64_t exchange;
    unsigned long left;
} streams[APP_CONNECTIONS_MAX];

/* STATUS_OK and answers to the dead are both fine here. */
static void ignore(enum status status)
{
    (void)status;
}

static void text(uint64_t exchange, unsigned status, const char *body)
{
    struct https_response response = {
        .status = status, .content_type = "text/plain", .body = body, .body_len = strlen(body)};
    ignore(https_answer(server, exchange, &response));
}

static void pump(struct stream *s)
{
    char piece[APP_PIECE_LEN];
    memset(piece, 'x', sizeof piece);
    while (s->left != 0) {
        enum status status = https_stream_send(server, s->exchange, piece, sizeof piece);
        if (status == STATUS_BUSY) {
            busy_n++;
            return;
        }
        if (status != STATUS_OK)
            break;
        s->left--;
    }
    ignore(https_stream_end(server, s->exchange));
    s->exchange = 0;
}

static void start_stream(uint64_t exchange, unsigned long pieces_n)
{
    struct https_response head = {.status = 200, .content_type = "text/event-stream"};
    for (size_t i = 0; i < APP_CONNECTIONS_MAX; i++) {
        if (streams[i].exchange != 0)
            continue;
        streams[i] = (struct stream){exchange, pieces_n};
        if (https_stream_start(server, exchange, &head) == STATUS_OK)
            pump(&streams[i]);
        return;
    }
    text(exchange, 503, "no stream left");
}

static void abort_stream(uint64_t exchange)
{
    struct https_response head = {.status = 200, .content_type = "text/plain"};
    ignore(https_stream_start(server, exchange, &head));
    ignore(https_stream_send(server, exchange, "one", 3));
    ignore(https_stream_send(server, exchange, "two", 3));
    https_stream_abort(server, exchange);
    if (https_stream_send(server, exchange, "three", 5) != STATUS_NOT_FOUND)
        abort();
}

static void bad_header(uint64_t exchange)
{
    static const char *const bad[] = {"X-Note", "a\r\nSet-Cookie: b", NULL};
    static const char *const good[] = {"X-Note", "fine", NULL};
    struct https_response response = {.status = 200, .content_type = "text/plain", .headers = bad};
    if (https_answer(server, exchange, &response) != STATUS_USAGE)
        abort();
    response.headers = good;
    if (https_answer(server, exchange, &response) != STATUS_OK ||
        https_answer(server, exchange, &response) != STATUS_NOT_FOUND ||
        https_stream_end(server, exchange) != STATUS_NOT_FOUND)
        abort();
}

static void on_later(evutil_socket_t fd, short what, void *context)
{
    uint64_t *exchange = context;
    (void)fd, (void)what;
    text(*exchange, 200, "later");
    free(exchange);
}

static void answer_later(uint64_t exchange)
{
    static const struct timeval wait = {0, 50000};
    uint64_t *copy = malloc(sizeof *copy);
    if (copy == NULL)
        abort();
    *copy = exchange;
    event_base_once(base, -1, EV_TIMEOUT, on_later, copy, &wait);
}

static void on_request(void *context, uint64_t exchange, const struct https_request *request)
{
    const struct http_text *path = &request->head->path;
    char counts[100];
    (void)context;
    if (http_text_is(path, "/hello")) {
        text(exchange, 200, "hello");
    } else if (http_text_is(path, "/echo")) {
        struct https_response response = {
            .status = 200, .content_type = "text/plain", .body = request->body, .body_len = request->body_len};
        if (https_answer(server, exchange, &response) == STATUS_LIMIT)
            text(exchange, 200, "long");
    } else if (http_text_is(path, "/later")) {
        answer_later(exchange);
    } else if (http_text_is(path, "/stream")) {
        start_stream(exchange, strtoul(request->head->query.text, NULL, 10));
    } else if (http_text_is(path, "/abort")) {
        abort_stream(exchange);
    } else if (http_text_is(path, "/header")) {
        bad_header(exchange);
    } else if (http_text_is(path, "/counts")) {
        snprintf(counts, sizeof counts, "%lu %zu %lu", gone_n, https_server_connections_n(server), busy_n);
        text(exchange, 200, counts);
    } else if (http_text_is(path, "/drain")) {
        https_server_drain(server);
        text(exchange, 200, "draining");
    } else if (!http_text_is(path, "/never")) {
        ignore(https_answer_error(server, exchange, 404, "no such path", "invalid_request_error", NULL));
    }
}

static void on_writable(void *context, uint64_t exchange)
{
    (void)context;
    for (size_t i = 0; i < APP_CONNECTIONS_MAX; i++) {
        if (streams[i].exchange == exchange)
            pump(&streams[i]);
    }
}

static void on_gone(void *context, uint64_t exchange)
{
    (void)context;
    gone_n++;
    for (size_t i = 0; i < APP_CONNECTIONS_MAX; i++) {
        if (streams[i].exchange == exchange)
            streams[i].exchange = 0;
    }
    if (https_stream_room(server, exchange) != 0 || https_stream_end(server, exchange) != STATUS_NOT_FOUND)
        abort();
}

static size_t body_max(void *context, const struct http_head *head)
{
    (void)context;
    return http_text_is(&head->path, "/echo") ? APP_BODY_MAX : 0;
}

_Noreturn void https_app_run(int listen_fd, const struct tls_identity *identity)
{
    const struct https_options options = {
        .handshake_ms = APP_SHORT_MS,
        .head_ms = APP_SHORT_MS,
        .body_ms = 3 * APP_SHORT_MS,
        .body_grace_ms = APP_SHORT_MS,
        .body_min_rate = 20000,
        .idle_ms = 2 * APP_SHORT_MS,
        .write_ms = APP_SHORT_MS,
        .connections_max = APP_CONNECTIONS_MAX,
        .connections_peer_max = APP_PEER_MAX,
        .bodies_max = APP_BODIES_MAX,
        .queue_max = APP_QUEUE_MAX,
    };
    const struct https_callbacks callbacks = {
        .body_max = body_max, .request = on_request, .writable = on_writable, .gone = on_gone};
    struct reason why;
    base = event_base_new();
    struct https_options broken = options;
    broken.write_ms = 0;
    if (https_server_new(&server, base, listen_fd, identity, &broken, &callbacks, &why) != STATUS_USAGE)
        abort();
    if (https_server_new(&server, base, listen_fd, identity, &options, &callbacks, &why) != STATUS_OK)
        abort();
    event_base_dispatch(base); /* ends when a drained server has no connection left */
    https_server_free(server);
    event_base_free(base);
    exit(0);
}
