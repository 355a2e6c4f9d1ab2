/* SPDX-License-Identifier: Apache-2.0 */
/* Reads requests out of a connection's input: head, body, hand over. */
#include "sys/https_connection.h"

#include "core/base/constant_time.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_FIRST_CAPACITY = 4096 };

static void refuse_head(struct connection *c, enum status status, const struct reason *why)
{
    unsigned code = status == STATUS_LIMIT ? 431 : status == STATUS_UNSUPPORTED ? 501 : 400;
    connection_refuse(c, code, why->text, "bad_request");
}

/* Copies the head behind its parsed form, so that it outlives the input.  False when the request was refused. */
static bool take_head(struct connection *c, struct evbuffer *input, const unsigned char *bytes, size_t len)
{
    struct reason why;
    reason_set(&why, "", NULL);
    struct http_head *head = malloc(sizeof *head + len);
    if (head == NULL) {
        connection_refuse(c, 503, "no memory for this request", "overloaded");
        return false;
    }
    char *copy = (char *)(head + 1);
    memcpy(copy, bytes, len);
    evbuffer_drain(input, len);
    c->head = head;
    enum status status = http_request_parse(head, copy, len, &why);
    if (status != STATUS_OK) {
        refuse_head(c, status, &why);
        return false;
    }
    return true;
}

/* Decides about the body before a byte of it is taken. */
static void begin_body(struct connection *c)
{
    const struct https_callbacks *callbacks = &c->server->callbacks;
    c->keep_alive = c->head->keep_alive && !c->server->draining;
    c->is_head = http_text_is(&c->head->method, "HEAD");
    c->is_http10 = c->head->minor == 0;
    c->body_max = callbacks->body_max(callbacks->context, c->head);
    http_chunked_init(&c->chunked);
    if (c->head->content_len > c->body_max) {
        connection_refuse(c, 413, "the request body is too large", "body_too_large");
        return;
    }
    connection_enter(c, CONNECTION_BODY);
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (c->head->expect_continue && c->head->body != HTTP_BODY_NONE)
        bufferevent_write(c->bev, go_on, sizeof go_on - 1);
}

/* True when the connection is to be advanced further. */
static bool read_head(struct connection *c, struct evbuffer *input)
{
    size_t len = evbuffer_get_length(input), head_len;
    size_t searched = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    const unsigned char *bytes = evbuffer_pullup(input, (ev_ssize_t)searched);
    if (bytes == NULL) {
        connection_refuse(c, 503, "no memory for this request", "overloaded");
        return false;
    }
    enum status status = http_head_find_end(&head_len, bytes, searched);
    if (status == STATUS_TRUNCATED)
        return false;
    if (status != STATUS_OK) {
        struct reason why;
        reason_set(&why, "HTTP: the head is over 16384 bytes, or has a bare CR, bare LF or NUL", NULL);
        refuse_head(c, status, &why);
        return false;
    }
    if (!take_head(c, input, bytes, head_len))
        return false;
    begin_body(c);
    return c->state == CONNECTION_BODY;
}

/* Room for len more bytes of body; the old memory is wiped. */
static bool grow_body(struct connection *c, size_t len)
{
    if (len <= c->body_capacity - c->body_len)
        return true;
    size_t needed = c->body_len + len;
    size_t capacity = c->body_capacity == 0 ? BODY_FIRST_CAPACITY : c->body_capacity;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > c->body_max)
        capacity = c->body_max;
    size_t others = c->server->bodies_len - c->body_capacity;
    if (others > c->server->options.bodies_max || capacity > c->server->options.bodies_max - others)
        return false;
    uint8_t *body = malloc(capacity);
    if (body == NULL)
        return false;
    if (c->body != NULL) {
        memcpy(body, c->body, c->body_len);
        wipe(c->body, c->body_capacity);
        free(c->body);
    }
    c->server->bodies_len = others + capacity;
    c->body = body;
    c->body_capacity = capacity;
    return true;
}

static bool add_body(struct connection *c, const uint8_t *piece, size_t len)
{
    if (len > c->body_max - c->body_len) {
        connection_refuse(c, 413, "the request body is too large", "body_too_large");
        return false;
    }
    if (!grow_body(c, len)) {
        connection_refuse(c, 503, "too many request bodies at once", "overloaded");
        return false;
    }
    if (len != 0)
        memcpy(c->body + c->body_len, piece, len);
    c->body_len += len;
    return true;
}

static bool body_is_whole(const struct connection *c)
{
    switch (c->head->body) {
    case HTTP_BODY_LENGTH: return c->body_len == c->head->content_len;
    case HTTP_BODY_CHUNKED: return http_chunked_done(&c->chunked);
    case HTTP_BODY_NONE:
    case HTTP_BODY_UNTIL_CLOSE: break;
    }
    return true;
}

/* Takes one stretch of the input as body; *taken bytes of it.  False when the request was refused. */
static bool take_body(struct connection *c, size_t *taken, const uint8_t *bytes, size_t len)
{
    const uint8_t *piece = bytes;
    size_t piece_len = len;
    if (c->head->body == HTTP_BODY_LENGTH) {
        uint64_t left = c->head->content_len - c->body_len;
        piece_len = left < len ? (size_t)left : len;
        *taken = piece_len;
    } else if (http_chunked_parse(&c->chunked, taken, &piece, &piece_len, bytes, len) != STATUS_OK) {
        connection_refuse(c, 400, "HTTP: the chunked body is malformed", "bad_request");
        return false;
    }
    return add_body(c, piece, piece_len);
}

static bool read_body(struct connection *c, struct evbuffer *input)
{
    while (!body_is_whole(c)) {
        struct evbuffer_iovec stretch;
        size_t taken = 0;
        if (evbuffer_peek(input, -1, NULL, &stretch, 1) < 1 || stretch.iov_len == 0)
            return false;
        if (!take_body(c, &taken, stretch.iov_base, stretch.iov_len))
            return false;
        evbuffer_drain(input, taken);
    }
    return true;
}

/* The application gets the request and a number for its answer. */
static void hand_over(struct connection *c)
{
    struct https_server *server = c->server;
    struct https_request request = {.head = c->head, .body = c->body, .body_len = c->body_len, .peer = c->peer_text};
    c->exchange = ++server->serial * server->options.connections_max + c->slot;
    connection_enter(c, CONNECTION_ASKED);
    server->callbacks.request(server->callbacks.context, c->exchange, &request);
    connection_drop_request(c);
}

void connection_advance(struct connection *c)
{
    struct evbuffer *input = bufferevent_get_input(c->bev);
    if (c->doomed || evbuffer_get_length(input) == 0)
        return;
    if (c->state == CONNECTION_IDLE)
        connection_enter(c, CONNECTION_HEAD);
    if (c->state == CONNECTION_HEAD && !read_head(c, input))
        return;
    if (c->state == CONNECTION_BODY && read_body(c, input))
        hand_over(c);
}
