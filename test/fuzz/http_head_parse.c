/* SPDX-License-Identifier: Apache-2.0 */
/* A head that parses, written anew from its parts, parses to the same parts. */
#include "core/base/writer.h"
#include "core/codec/http_head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct http_text *a, const struct http_text *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static void put(struct writer *w, const struct http_text *text, const char *after)
{
    writer_bytes(w, text->text, text->len);
    writer_text(w, after);
}

static size_t rewrite(uint8_t *out, size_t capacity, const struct http_head *head, bool is_request)
{
    struct writer w;
    writer_init(&w, out, capacity);
    if (is_request) {
        put(&w, &head->method, " ");
        put(&w, &head->target, head->minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    } else {
        writer_text(&w, head->minor == 1 ? "HTTP/1.1 " : "HTTP/1.0 ");
        writer_decimal(&w, head->status);
        writer_text(&w, " \r\n");
    }
    for (size_t i = 0; i < head->headers_n; i++) {
        put(&w, &head->headers[i].name, ":");
        put(&w, &head->headers[i].value, "\r\n");
    }
    writer_text(&w, "\r\n");
    demand(writer_end(&w) == STATUS_OK);
    return writer_len(&w);
}

static void run(bool is_request, bool to_head, const uint8_t *bytes, size_t len)
{
    static uint8_t again[HTTP_HEAD_MAX];
    struct http_head head, second;
    struct reason why = {{0}};
    size_t end;
    enum status status = is_request ? http_request_parse(&head, bytes, len, &why)
                                    : http_response_parse(&head, to_head, bytes, len, &why);
    if (status != STATUS_OK) {
        demand(why.text[0] != '\0' && head.headers_n == 0);
        return;
    }
    demand(http_head_find_end(&end, bytes, len) == STATUS_OK && end == len);
    demand(head.headers_n <= HTTP_HEADERS_MAX &&
           (head.body == HTTP_BODY_LENGTH || to_head || head.content_len == 0 || !is_request));
    size_t again_len = rewrite(again, sizeof again, &head, is_request);
    status = is_request ? http_request_parse(&second, again, again_len, &why)
                        : http_response_parse(&second, to_head, again, again_len, &why);
    demand(status == STATUS_OK && second.headers_n == head.headers_n && second.body == head.body &&
           second.content_len == head.content_len && second.keep_alive == head.keep_alive &&
           second.expect_continue == head.expect_continue && second.status == head.status &&
           same(&second.path, &head.path) && same(&second.query, &head.query));
    for (size_t i = 0; i < head.headers_n; i++)
        demand(same(&head.headers[i].name, &second.headers[i].name) &&
               same(&head.headers[i].value, &second.headers[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t end;
    enum status status = http_head_find_end(&end, bytes, len);
    demand((status == STATUS_OK) == (end != 0));
    if (status == STATUS_OK)
        len = end; /* what a server would hand on */
    run(true, false, bytes, len);
    run(false, false, bytes, len);
    run(false, true, bytes, len);
    return 0;
}
