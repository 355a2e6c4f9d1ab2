/* SPDX-License-Identifier: Apache-2.0 */
/* Writes answers. */
#include "core/base/writer.h"
#include "core/codec/json_writer.h"
#include "sys/https_connection.h"

#include <event2/buffer.h>
#include <string.h>

enum { HEAD_MAX = 4096, ERROR_BODY_MAX = 1024 };

const char *https_status_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Unknown";
}

static void write_header(struct writer *out, const char *name, const char *value)
{
    if (!http_header_is_safe(name, value))
        writer_fail(out, STATUS_USAGE);
    writer_text(out, name);
    writer_text(out, ": ");
    writer_text(out, value);
    writer_text(out, "\r\n");
}

/* Status line and headers.  chunked: the body's length is not known yet. */
static enum status write_head(struct writer *out, const struct connection *c, const struct https_response *response,
                              bool chunked)
{
    if (response->status < 200 || response->status > 599)
        return STATUS_USAGE;
    writer_text(out, "HTTP/1.1 ");
    writer_decimal(out, response->status);
    writer_u8(out, ' ');
    writer_text(out, https_status_phrase(response->status));
    writer_text(out, "\r\n");
    if (response->content_type != NULL)
        write_header(out, "Content-Type", response->content_type);
    if (!chunked && response->status != 204 && response->status != 304) {
        writer_text(out, "Content-Length: ");
        writer_decimal(out, response->body_len);
        writer_text(out, "\r\n");
    }
    if (chunked && !c->is_http10)
        write_header(out, "Transfer-Encoding", "chunked");
    for (const char *const *h = response->headers; h != NULL && h[0] != NULL && h[1] != NULL; h += 2)
        write_header(out, h[0], h[1]);
    if (!c->keep_alive)
        write_header(out, "Connection", "close");
    writer_text(out, "\r\n");
    return writer_end(out) == STATUS_OK ? STATUS_OK : STATUS_USAGE;
}

/* Queues up to three pieces as one stretch of memory, so that they leave in one TLS record and one segment. */
static enum status queue(struct connection *c, const void *a, size_t a_len, const void *b, size_t b_len, const void *z,
                         size_t z_len)
{
    struct evbuffer *joined = evbuffer_new();
    enum status status = STATUS_NO_MEMORY;
    if (joined == NULL)
        return status;
    if (evbuffer_expand(joined, a_len + b_len + z_len) == 0 && evbuffer_add(joined, a, a_len) == 0 &&
        evbuffer_add(joined, b, b_len) == 0 && evbuffer_add(joined, z, z_len) == 0 &&
        bufferevent_write_buffer(c->bev, joined) == 0)
        status = STATUS_OK;
    evbuffer_free(joined);
    return status;
}

/* The answer is queued whole: its exchange is over. */
static void finish(struct connection *c)
{
    c->exchange = 0;
    connection_enter(c, CONNECTION_FLUSH);
}

static enum status answer(struct connection *c, const struct https_response *response)
{
    uint8_t head[HEAD_MAX];
    struct writer out;
    bool bodiless = c->is_head || response->status == 204 || response->status == 304;
    if (response->body_len > c->server->options.queue_max)
        return STATUS_LIMIT;
    writer_init(&out, head, sizeof head);
    enum status status = write_head(&out, c, response, false);
    if (status != STATUS_OK)
        return status;
    status = queue(c, head, writer_len(&out), response->body, bodiless ? 0 : response->body_len, "", 0);
    if (status == STATUS_OK)
        finish(c);
    return status;
}

/* Room for the body below is enough for every message of our own and for a whole reason, escaped. */
static enum status answer_error(struct connection *c, unsigned status, const char *message, const char *type,
                                const char *code)
{
    uint8_t body[ERROR_BODY_MAX];
    struct writer out;
    struct json_writer j;
    writer_init(&out, body, sizeof body);
    json_writer_init(&j, &out);
    json_open_object(&j);
    json_key(&j, "error");
    json_open_object(&j);
    json_put_text(&j, "message", message);
    json_put_text(&j, "type", type);
    json_key(&j, "param");
    json_null(&j);
    json_key(&j, "code");
    if (code == NULL)
        json_null(&j);
    else
        json_text(&j, code);
    json_close(&j);
    json_close(&j);
    enum status written = json_writer_end(&j);
    if (written != STATUS_OK)
        return STATUS_USAGE;
    struct https_response response = {
        .status = status, .content_type = "application/json", .body = body, .body_len = writer_len(&out)};
    return answer(c, &response);
}

void connection_refuse(struct connection *c, unsigned status, const char *message, const char *code)
{
    const char *type = status < 500 ? "invalid_request_error" : "server_error";
    c->keep_alive = false;
    connection_drop_request(c);
    if (answer_error(c, status, message, type, code) != STATUS_OK) {
        c->doomed = true;
        connection_enter(c, c->state);
    }
}

enum status https_answer(struct https_server *server, uint64_t exchange, const struct https_response *response)
{
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return STATUS_NOT_FOUND;
    return c->state == CONNECTION_ASKED ? answer(c, response) : STATUS_REFUSED;
}

enum status https_answer_error(struct https_server *server, uint64_t exchange, unsigned status, const char *message,
                               const char *type, const char *code)
{
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return STATUS_NOT_FOUND;
    return c->state == CONNECTION_ASKED ? answer_error(c, status, message, type, code) : STATUS_REFUSED;
}

enum status https_stream_start(struct https_server *server, uint64_t exchange, const struct https_response *response)
{
    uint8_t head[HEAD_MAX];
    struct writer out;
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return STATUS_NOT_FOUND;
    if (c->state != CONNECTION_ASKED)
        return STATUS_REFUSED;
    if (response->body != NULL || response->body_len != 0)
        return STATUS_USAGE;
    c->keep_alive = c->keep_alive && !c->is_http10;
    writer_init(&out, head, sizeof head);
    enum status status = write_head(&out, c, response, true);
    if (status == STATUS_OK)
        status = queue(c, head, writer_len(&out), "", 0, "", 0);
    if (status == STATUS_OK)
        connection_enter(c, CONNECTION_STREAM);
    return status;
}

/* A chunk's line and its CRLF; a raw body has neither. */
enum { CHUNK_EXTRA = HTTP_CHUNK_HEAD_MAX + 2 };

static size_t room(const struct connection *c)
{
    size_t queued = evbuffer_get_length(bufferevent_get_output(c->bev));
    size_t max = c->server->options.queue_max;
    return queued + CHUNK_EXTRA >= max ? 0 : max - queued - CHUNK_EXTRA;
}

enum status https_stream_send(struct https_server *server, uint64_t exchange, const void *bytes, size_t len)
{
    char line[HTTP_CHUNK_HEAD_MAX];
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return STATUS_NOT_FOUND;
    if (c->state != CONNECTION_STREAM)
        return STATUS_REFUSED;
    if (len == 0 || c->is_head)
        return STATUS_OK;
    if (len > UINT32_MAX || len + CHUNK_EXTRA > server->options.queue_max)
        return STATUS_LIMIT;
    if (len > room(c)) {
        c->want_room = true;
        return STATUS_BUSY;
    }
    if (c->is_http10)
        return queue(c, bytes, len, "", 0, "", 0);
    return queue(c, line, http_chunked_write_head(line, (uint32_t)len), bytes, len, "\r\n", 2);
}

enum status https_stream_end(struct https_server *server, uint64_t exchange)
{
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return STATUS_NOT_FOUND;
    if (c->state != CONNECTION_STREAM)
        return STATUS_REFUSED;
    enum status status = STATUS_OK;
    if (!c->is_head && !c->is_http10)
        status = queue(c, "0\r\n\r\n", 5, "", 0, "", 0);
    if (status != STATUS_OK)
        return status;
    finish(c);
    if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
        bufferevent_trigger(c->bev, EV_WRITE, BEV_OPT_DEFER_CALLBACKS);
    return STATUS_OK;
}

void https_stream_abort(struct https_server *server, uint64_t exchange)
{
    struct connection *c = connection_find(server, exchange);
    if (c == NULL)
        return;
    c->exchange = 0;
    c->doomed = true;
    connection_enter(c, c->state);
}

size_t https_stream_room(const struct https_server *server, uint64_t exchange)
{
    const struct connection *c = connection_find(server, exchange);
    return c != NULL && c->state == CONNECTION_STREAM ? room(c) : 0;
}
