/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 request and response heads (RFC 9112), strict: CRLF only, no folded lines, no NUL, no white space before
 * ':', one Content-Length or one `Transfer-Encoding: chunked` but never both.  Reads bytes from anyone; copies nothing.
 */
#ifndef CORE_CODEC_HTTP_HEAD_H
#define CORE_CODEC_HTTP_HEAD_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = 16384, /* bytes, with the empty line */
    HTTP_HEADERS_MAX = 64,
};

/* Bytes within the head; not NUL-terminated. */
struct http_text {
    const char *text;
    size_t len;
};

struct http_header {
    struct http_text name;
    struct http_text value; /* without white space around it */
};

enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH, /* content_len bytes */
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE, /* responses only */
};

struct http_head {
    struct http_text method; /* requests */
    struct http_text target; /* requests: path and query as sent, or "*" */
    struct http_text path;   /* requests: target up to '?', not percent-decoded */
    struct http_text query;  /* requests: target after '?', or empty */
    unsigned status;         /* responses: 100 to 599 */
    unsigned minor;          /* version 1.minor: 0 or 1 */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t headers_n;
    enum http_body body;
    uint64_t content_len;
    bool keep_alive;      /* 1.1 without `Connection: close` */
    bool expect_continue; /* requests: `Expect: 100-continue` */
};

/* Looks for the end of a head in the first bytes of a connection: *head_len becomes its length with the empty line.
 * STATUS_TRUNCATED when it is not there yet, STATUS_LIMIT when HTTP_HEAD_MAX bytes hold no end, STATUS_MALFORMED for a
 * line that ends in a bare LF or holds a NUL or a bare CR. */
must_check enum status http_head_find_end(size_t *head_len, const void *bytes, size_t len);

/* Parses a whole head, with its empty line and nothing after it.  head points into bytes.  A 1.1 request has exactly
 * one Host.  STATUS_MALFORMED, STATUS_LIMIT (too long, too many headers), STATUS_UNSUPPORTED (version, transfer coding,
 * expectation); head is zeroed then. */
must_check enum status http_request_parse(struct http_head *head, const void *bytes, size_t len, struct reason *why);

/* As above.  to_head: the request was HEAD, so there is no body whatever the headers say. */
must_check enum status http_response_parse(struct http_head *head, bool to_head, const void *bytes, size_t len,
                                           struct reason *why);

/* The value of the first header of that name (case ignored), or NULL. */
const struct http_text *http_head_get(const struct http_head *head, const char *name);

/* True when the bytes equal text; case counts (is) or not (is_caseless). */
must_check bool http_text_is(const struct http_text *bytes, const char *text);
must_check bool http_text_is_caseless(const struct http_text *bytes, const char *text);

/* True when name and value, given by a program, can be written as a header line without breaking it. */
must_check bool http_header_is_safe(const char *name, const char *value);

#endif
