/* SPDX-License-Identifier: Apache-2.0 */
/* Request and response heads and the chunked coding: RFC 9112, and every ambiguity refused. */
#include "core/codec/http_chunked.h"
#include "core/codec/http_head.h"
#include "tap.h"

#define HOST "Host: a\r\n"

static enum status request(struct http_head *head, const char *text, size_t len)
{
    struct reason why = {{0}};
    uint8_t *copy = guarded_copy(text, len);
    enum status status = http_request_parse(head, copy, len, &why);
    bool told = status == STATUS_OK || (why.text[0] != '\0' && head->headers_n == 0 && head->method.text == NULL);
    guarded_free(copy, len);
    return told ? status : STATUS_BROKEN;
}

static void test_request_rows(void)
{
    static const struct {
        const char *text;
        enum status status;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", STATUS_OK},
        {"GET /a?b=c&d=%2F HTTP/1.1\r\n" HOST "\r\n", STATUS_OK},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", STATUS_OK},
        {"GET / HTTP/1.0\r\n\r\n", STATUS_OK},
        {"GET / HTTP/1.1\r\nhOsT:a\r\nX:\r\nY: \t b \t\r\n\r\n", STATUS_OK},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\n", STATUS_OK},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", STATUS_OK},
        {"GET / HTTP/1.1\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.0\r\n" HOST HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST, STATUS_TRUNCATED},
        {"GET / HTTP/1.1\r\n" HOST "\r\nx", STATUS_MALFORMED},
        {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb: c\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X Y: a\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X\x80: a\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", STATUS_MALFORMED},
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.1 \r\n" HOST "\r\n", STATUS_MALFORMED},
        {" GET / HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /\tHTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / \r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"G(T / HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET a HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET http://a/ HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /# HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /%2 HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / http/1.1\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.11\r\n" HOST "\r\n", STATUS_MALFORMED},
        {"GET / HTTP/1.2\r\n" HOST "\r\n", STATUS_UNSUPPORTED},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", STATUS_UNSUPPORTED},
        {"GET / HTTP/0.9\r\n" HOST "\r\n", STATUS_UNSUPPORTED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", STATUS_UNSUPPORTED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", STATUS_UNSUPPORTED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", STATUS_UNSUPPORTED},
        {"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", STATUS_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", STATUS_UNSUPPORTED},
    };
    struct http_head head;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = request(&head, rows[i].text, strlen(rows[i].text));
        check(status == rows[i].status, "request row %zu: %s", i, status_name(status));
    }
    check(request(&head, "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 27) == STATUS_MALFORMED, "NUL");
    check(request(&head, "", 0) == STATUS_TRUNCATED, "nothing");
}

static void test_request_fields(void)
{
    static const char text[] = "POST /v1/x?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 42\r\nX-A:  b c \r\n"
                               "Connection: keep-alive, Close\r\nExpect: 100-Continue\r\n\r\n";
    struct http_head head;
    struct reason why;
    unsigned accepted = 0;
    check(http_request_parse(&head, text, sizeof text - 1, &why) == STATUS_OK, "a request");
    check(http_text_is(&head.method, "POST") && http_text_is(&head.path, "/v1/x") && http_text_is(&head.query, "q=1") &&
              http_text_is(&head.target, "/v1/x?q=1") && head.minor == 1,
          "its first line");
    check(head.headers_n == 5 && http_text_is(http_head_get(&head, "x-a"), "b c") &&
              http_head_get(&head, "x-b") == NULL,
          "its headers");
    check(head.body == HTTP_BODY_LENGTH && head.content_len == 42 && !head.keep_alive && head.expect_continue,
          "its framing");
    for (size_t len = 0; len < sizeof text - 1; len++)
        accepted += request(&head, text, len) != STATUS_TRUNCATED;
    check(accepted == 0, "every prefix is truncated");
    static char many[HTTP_HEAD_MAX + 100];
    size_t len = (size_t)sprintf(many, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < HTTP_HEADERS_MAX - 1; i++)
        len += (size_t)sprintf(many + len, "a:\r\n");
    memcpy(many + len, "\r\n", 2);
    check(request(&head, many, len + 2) == STATUS_OK && head.headers_n == HTTP_HEADERS_MAX, "64 headers");
    memcpy(many + len, "a:\r\n\r\n", 6);
    check(request(&head, many, len + 6) == STATUS_LIMIT, "65 headers");
    memset(many, 'a', sizeof many);
    memcpy(many, "GET / HTTP/1.1\r\nHost:", 21);
    memcpy(many + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    check(request(&head, many, HTTP_HEAD_MAX) == STATUS_OK, "16,384 bytes");
    memset(many + HTTP_HEAD_MAX - 4, 'a', 4);
    memcpy(many + HTTP_HEAD_MAX - 3, "\r\n\r\n", 4);
    check(request(&head, many, HTTP_HEAD_MAX + 1) == STATUS_LIMIT, "16,385 bytes");
    check(http_header_is_safe("X-A", "b c\t\xc3\xa9") && !http_header_is_safe("X A", "b") &&
              !http_header_is_safe("", "b") && !http_header_is_safe("X", "a\r\nb") &&
              !http_header_is_safe("X", "a\nb") && !http_header_is_safe("X:", "b"),
          "headers that can be written");
}

static void test_responses(void)
{
    static const struct {
        const char *text;
        bool to_head;
        enum status status;
        enum http_body body;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, STATUS_OK, HTTP_BODY_LENGTH},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, STATUS_OK, HTTP_BODY_NONE},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", false, STATUS_OK, HTTP_BODY_CHUNKED},
        {"HTTP/1.1 204 No Content\r\n\r\n", false, STATUS_OK, HTTP_BODY_NONE},
        {"HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n", false, STATUS_OK, HTTP_BODY_NONE},
        {"HTTP/1.1 100 Continue\r\n\r\n", false, STATUS_OK, HTTP_BODY_NONE},
        {"HTTP/1.0 200 OK\r\n\r\n", false, STATUS_OK, HTTP_BODY_UNTIL_CLOSE},
        {"HTTP/1.1 200\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 20 OK\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 2000 OK\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 099 OK\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 600 OK\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1  200 OK\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/3.0 200 OK\r\n\r\n", false, STATUS_UNSUPPORTED, HTTP_BODY_NONE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", false, STATUS_MALFORMED,
         HTTP_BODY_NONE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, STATUS_UNSUPPORTED, HTTP_BODY_NONE},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, STATUS_MALFORMED, HTTP_BODY_NONE},
        {"HTTP/1.1 200 OK\r\n", false, STATUS_TRUNCATED, HTTP_BODY_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_head head;
        struct reason why = {{0}};
        size_t len = strlen(rows[i].text);
        uint8_t *copy = guarded_copy(rows[i].text, len);
        enum status status = http_response_parse(&head, rows[i].to_head, copy, len, &why);
        check(status == rows[i].status && head.body == rows[i].body, "response row %zu: %s", i, why.text);
        guarded_free(copy, len);
    }
}

/* Decodes in steps of step bytes; the decoded length, or SIZE_MAX for malformed. *used: bytes taken. */
static size_t decode(const char *text, size_t len, size_t step, char *out, size_t *used, bool *done)
{
    struct http_chunked c;
    size_t out_len = 0;
    http_chunked_init(&c);
    for (*used = 0; *used < len && !http_chunked_done(&c);) {
        size_t taken, piece_len, given = len - *used < step ? len - *used : step;
        const uint8_t *piece;
        uint8_t *copy = guarded_copy(text + *used, given);
        enum status status = http_chunked_parse(&c, &taken, &piece, &piece_len, copy, given);
        if (status == STATUS_OK && piece_len != 0)
            memcpy(out + out_len, piece, piece_len);
        guarded_free(copy, given);
        if (status != STATUS_OK)
            return SIZE_MAX;
        out_len += piece_len;
        *used += taken;
    }
    *done = http_chunked_done(&c);
    return out_len;
}

static void test_chunked(void)
{
    static const char text[] = "4\r\nWiki\r\n0000000A\r\npedia in\r\n\r\n0\r\n\r\nnext";
    static const char *const bad[] = {
        "\r\n",
        "g\r\n",
        " 4\r\nWiki\r\n",
        "4 \r\nWiki\r\n",
        "4;a=b\r\nWiki\r\n",
        "4\nWiki\r\n",
        "4\r\rWiki",
        "-1\r\n",
        "+4\r\nWiki\r\n",
        "0x4\r\nWiki\r\n",
        "4\r\nWikix\r\n",
        "4\r\nWiki\n",
        "4\r\nWiki\rx",
        "123456789\r\n",
        "000000000\r\n",
        "0\r\nX: y\r\n\r\n",
        "0\r\n\n",
        "0\r\n\rx",
        "4\r\nWiki\r\n\r\n",
        "\n",
    };
    char out[100];
    size_t used, good = 0;
    bool done;
    for (size_t step = 1; step < sizeof text; step++)
        good += decode(text, sizeof text - 1, step, out, &used, &done) == 14 && done && used == sizeof text - 5 &&
                memcmp(out, "Wikipedia in\r\n", 14) == 0;
    check(good == sizeof text - 1, "a chunked body in steps of every size, and nothing after its end is taken");
    for (size_t len = 0; len < sizeof text - 5; len++)
        good -= decode(text, len, 3, out, &used, &done) == SIZE_MAX || done;
    check(good == sizeof text - 1, "every prefix is well-formed and not done");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(decode(bad[i], strlen(bad[i]), 1, out, &used, &done) == SIZE_MAX &&
                  decode(bad[i], strlen(bad[i]), 100, out, &used, &done) == SIZE_MAX,
              "no chunked coding: row %zu", i);
    static const uint32_t sizes[] = {1, 15, 16, 255, 65536, UINT32_MAX};
    static const char *const lines[] = {"1\r\n", "f\r\n", "10\r\n", "ff\r\n", "10000\r\n", "ffffffff\r\n"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char line[HTTP_CHUNK_HEAD_MAX];
        size_t len = http_chunked_write_head(line, sizes[i]);
        check(len == strlen(lines[i]) && memcmp(line, lines[i], len) == 0, "the line of a chunk of %u", sizes[i]);
    }
}

int main(void)
{
    test_request_rows();
    test_request_fields();
    test_responses();
    test_chunked();
    return tap_done();
}
