/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/http_framing.h"

#include <string.h>

static enum status fail(struct reason *why, enum status status, const char *text)
{
    reason_set(why, "HTTP: ", text, NULL);
    return status;
}

/* How many headers have that name; *value is the first one's. */
static size_t count(const struct http_text **value, const struct http_head *head, const char *name)
{
    size_t n = 0;
    *value = http_head_get(head, name);
    for (size_t i = 0; i < head->headers_n; i++)
        n += http_text_is_caseless(&head->headers[i].name, name);
    return n;
}

/* 1*DIGIT that fits 63 bits. */
static bool read_length(uint64_t *out, const struct http_text *text)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text->len; i++) {
        uint64_t digit = (uint64_t)(uint8_t)text->text[i] - '0';
        if (digit > 9 || value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return text->len != 0;
}

/* Content-Length xor Transfer-Encoding; neither leaves body as it is. */
static enum status read_body(struct http_head *head, struct reason *why)
{
    const struct http_text *length, *coding;
    size_t lengths_n = count(&length, head, "content-length");
    size_t codings_n = count(&coding, head, "transfer-encoding");
    if (lengths_n > 1 || codings_n > 1 || lengths_n + codings_n > 1)
        return fail(why, STATUS_MALFORMED, "more than one of Content-Length and Transfer-Encoding");
    if (codings_n == 1) {
        if (head->minor == 0)
            return fail(why, STATUS_MALFORMED, "Transfer-Encoding in HTTP/1.0");
        if (!http_text_is_caseless(coding, "chunked"))
            return fail(why, STATUS_UNSUPPORTED, "a Transfer-Encoding other than chunked");
        head->body = HTTP_BODY_CHUNKED;
    }
    if (lengths_n == 1) {
        if (!read_length(&head->content_len, length))
            return fail(why, STATUS_MALFORMED, "Content-Length is not a number");
        head->body = HTTP_BODY_LENGTH;
    }
    return STATUS_OK;
}

/* True when a comma-separated list holds the token (RFC 9110 section 5.6.1). */
static bool list_has(const struct http_text *list, const char *token)
{
    const char *at = list->text, *end = list->text + list->len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *last = comma == NULL ? end : comma;
        const char *next = comma == NULL ? end : comma + 1;
        while (at < last && (*at == ' ' || *at == '\t'))
            at++;
        while (at < last && (last[-1] == ' ' || last[-1] == '\t'))
            last--;
        struct http_text item = {at, (size_t)(last - at)};
        if (http_text_is_caseless(&item, token))
            return true;
        at = next;
    }
    return false;
}

static bool read_keep_alive(const struct http_head *head)
{
    bool keep = head->minor == 1;
    for (size_t i = 0; i < head->headers_n; i++) {
        if (http_text_is_caseless(&head->headers[i].name, "connection") && list_has(&head->headers[i].value, "close"))
            keep = false;
    }
    return keep;
}

enum status http_framing_of_request(struct http_head *head, struct reason *why)
{
    const struct http_text *value;
    size_t hosts_n = count(&value, head, "host");
    if (hosts_n > 1 || (hosts_n == 0 && head->minor == 1))
        return fail(why, STATUS_MALFORMED, "not exactly one Host");
    enum status status = read_body(head, why);
    if (status != STATUS_OK)
        return status;
    size_t expects_n = count(&value, head, "expect");
    if (expects_n > 1 || (expects_n == 1 && !http_text_is_caseless(value, "100-continue")))
        return fail(why, STATUS_UNSUPPORTED, "an Expect other than 100-continue");
    head->expect_continue = expects_n == 1 && head->minor == 1;
    head->keep_alive = read_keep_alive(head);
    return STATUS_OK;
}

enum status http_framing_of_response(struct http_head *head, bool to_head, struct reason *why)
{
    head->body = HTTP_BODY_UNTIL_CLOSE;
    enum status status = read_body(head, why);
    if (status != STATUS_OK)
        return status;
    head->keep_alive = read_keep_alive(head);
    bool bodiless = to_head || head->status < 200 || head->status == 204 || head->status == 304;
    if (bodiless)
        head->body = HTTP_BODY_NONE;
    if (head->body == HTTP_BODY_UNTIL_CLOSE)
        head->keep_alive = false;
    return STATUS_OK;
}
