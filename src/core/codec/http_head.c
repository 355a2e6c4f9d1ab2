/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar: start line, header lines (RFC 9112 sections 3 to 5, RFC 9110 section 5.6).  What the headers mean is in
 * http_framing.c. */
#include "core/codec/http_head.h"

#include "core/codec/http_framing.h"

#include <string.h>

/* Lines of a head; each was found to end in CRLF. */
struct lines {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_token_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Printable, space, tab or obs-text. */
static bool is_value_char(char c)
{
    return c == '\t' || ((uint8_t)c >= 0x20 && (uint8_t)c != 0x7f);
}

bool http_text_is(const struct http_text *bytes, const char *text)
{
    return bytes != NULL && bytes->len == strlen(text) && memcmp(bytes->text, text, bytes->len) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool http_text_is_caseless(const struct http_text *bytes, const char *text)
{
    if (bytes == NULL || bytes->len != strlen(text))
        return false;
    size_t same = 0;
    while (same < bytes->len && lower(bytes->text[same]) == lower(text[same]))
        same++;
    return same == bytes->len;
}

enum status http_head_find_end(size_t *head_len, const void *bytes, size_t len)
{
    const char *text = bytes;
    size_t searched = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    *head_len = 0;
    for (size_t i = 0; i < searched; i++) {
        if (text[i] == '\0' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')))
            return STATUS_MALFORMED;
        if (text[i] == '\r' && i + 1 < searched && text[i + 1] != '\n')
            return STATUS_MALFORMED;
        if (text[i] == '\n' && i >= 3 && text[i - 2] == '\n') {
            *head_len = i + 1;
            return STATUS_OK;
        }
    }
    return len >= HTTP_HEAD_MAX ? STATUS_LIMIT : STATUS_TRUNCATED;
}

static bool next_line(struct http_text *line, struct lines *lines)
{
    const char *end = memchr(lines->at, '\r', (size_t)(lines->end - lines->at));
    if (end == NULL || lines->end - end < 2)
        return false;
    line->text = lines->at;
    line->len = (size_t)(end - lines->at);
    lines->at = end + 2;
    return true;
}

/* Splits off the bytes before the first c and drops c; false when there is no c. */
static bool split(struct http_text *before, struct http_text *rest, char c)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->text, c, rest->len);
    if (found == NULL)
        return false;
    before->text = rest->text;
    before->len = (size_t)(found - rest->text);
    rest->len -= before->len + 1;
    rest->text = found + 1;
    return true;
}

static bool is_token(const struct http_text *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (!is_token_char(text->text[i]))
            return false;
    }
    return text->len != 0;
}

/* "HTTP/1.0" or "HTTP/1.1"; another well-formed version is unsupported. */
static enum status read_version(unsigned *minor, const struct http_text *version)
{
    const char *text = version->text;
    if (version->len != 8 || memcmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7]))
        return STATUS_MALFORMED;
    if (text[5] != '1' || text[7] > '1')
        return STATUS_UNSUPPORTED;
    *minor = (unsigned)(text[7] - '0');
    return STATUS_OK;
}

/* Origin form (RFC 9112 section 3.2.1) with the characters of RFC 3986 sections 3.3 and 3.4, or "*". */
static bool is_target(const struct http_text *target)
{
    if (http_text_is(target, "*"))
        return true;
    if (target->len == 0 || target->text[0] != '/')
        return false;
    for (size_t i = 0; i < target->len; i++) {
        char c = target->text[i];
        if (c == '%' && (target->len - i < 3 || !is_hex(target->text[i + 1]) || !is_hex(target->text[i + 2])))
            return false;
        if ((uint8_t)c <= 0x20 || (uint8_t)c >= 0x7f || strchr("\"#<>\\^`{|}", c) != NULL)
            return false;
    }
    return true;
}

static enum status read_request_line(struct http_head *head, struct http_text line, struct reason *why)
{
    enum status status = STATUS_MALFORMED;
    if (!split(&head->method, &line, ' ') || !is_token(&head->method)) {
        reason_set(why, "HTTP: the method is malformed", NULL);
        return status;
    }
    if (!split(&head->target, &line, ' ') || !is_target(&head->target)) {
        reason_set(why, "HTTP: the request target is malformed", NULL);
        return status;
    }
    status = read_version(&head->minor, &line);
    if (status != STATUS_OK)
        reason_set(why, "HTTP: the version is not HTTP/1.1 or HTTP/1.0", NULL);
    head->query = head->target;
    if (!split(&head->path, &head->query, '?')) {
        head->path = head->target;
        head->query.text = head->target.text + head->target.len;
        head->query.len = 0;
    }
    return status;
}

static enum status read_status_line(struct http_head *head, struct http_text line, struct reason *why)
{
    struct http_text version, code;
    enum status status = STATUS_MALFORMED;
    if (split(&version, &line, ' '))
        status = read_version(&head->minor, &version);
    if (status != STATUS_OK) {
        reason_set(why, "HTTP: the version is not HTTP/1.1 or HTTP/1.0", NULL);
        return status;
    }
    bool fits = split(&code, &line, ' ') && code.len == 3 && is_digit(code.text[0]) && is_digit(code.text[1]) &&
                is_digit(code.text[2]) && code.text[0] >= '1' && code.text[0] <= '5';
    for (size_t i = 0; fits && i < line.len; i++)
        fits = is_value_char(line.text[i]);
    if (!fits) {
        reason_set(why, "HTTP: the status line is malformed", NULL);
        return STATUS_MALFORMED;
    }
    head->status = (unsigned)((code.text[0] - '0') * 100 + (code.text[1] - '0') * 10 + (code.text[2] - '0'));
    return STATUS_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* A line that starts with white space has no token as its name, so folded lines fail here. */
static enum status read_header(struct http_head *head, struct http_text line, struct reason *why)
{
    struct http_header header = {.value = line};
    if (!split(&header.name, &header.value, ':') || !is_token(&header.name)) {
        reason_set(why, "HTTP: a header name is malformed", NULL);
        return STATUS_MALFORMED;
    }
    while (header.value.len != 0 && is_space(header.value.text[0])) {
        header.value.text++;
        header.value.len--;
    }
    while (header.value.len != 0 && is_space(header.value.text[header.value.len - 1]))
        header.value.len--;
    for (size_t i = 0; i < header.value.len; i++) {
        if (!is_value_char(header.value.text[i])) {
            reason_set(why, "HTTP: a control character in a header value", NULL);
            return STATUS_MALFORMED;
        }
    }
    if (head->headers_n == HTTP_HEADERS_MAX) {
        reason_set(why, "HTTP: more than 64 headers", NULL);
        return STATUS_LIMIT;
    }
    head->headers[head->headers_n++] = header;
    return STATUS_OK;
}

/* The start line, then header lines up to the empty one. */
static enum status read_lines(struct http_head *head, bool request, const void *bytes, size_t len, struct reason *why)
{
    struct lines lines = {bytes, (const char *)bytes + len};
    struct http_text line;
    size_t head_len;
    enum status status = len == 0 ? STATUS_TRUNCATED : http_head_find_end(&head_len, bytes, len);
    if (status == STATUS_OK && head_len != len)
        status = STATUS_MALFORMED;
    if (status != STATUS_OK) {
        reason_set(why, "HTTP: the head has a bare CR, bare LF or NUL, is too long or not whole", NULL);
        return status;
    }
    status = STATUS_MALFORMED;
    if (next_line(&line, &lines))
        status = request ? read_request_line(head, line, why) : read_status_line(head, line, why);
    while (status == STATUS_OK && next_line(&line, &lines) && line.len != 0)
        status = read_header(head, line, why);
    return status;
}

enum status http_request_parse(struct http_head *head, const void *bytes, size_t len, struct reason *why)
{
    memset(head, 0, sizeof *head);
    enum status status = read_lines(head, true, bytes, len, why);
    if (status == STATUS_OK)
        status = http_framing_of_request(head, why);
    if (status != STATUS_OK)
        memset(head, 0, sizeof *head);
    return status;
}

enum status http_response_parse(struct http_head *head, bool to_head, const void *bytes, size_t len, struct reason *why)
{
    memset(head, 0, sizeof *head);
    enum status status = read_lines(head, false, bytes, len, why);
    if (status == STATUS_OK)
        status = http_framing_of_response(head, to_head, why);
    if (status != STATUS_OK)
        memset(head, 0, sizeof *head);
    return status;
}

const struct http_text *http_head_get(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->headers_n; i++) {
        if (http_text_is_caseless(&head->headers[i].name, name))
            return &head->headers[i].value;
    }
    return NULL;
}

bool http_header_is_safe(const char *name, const char *value)
{
    struct http_text token = {name, strlen(name)};
    for (size_t i = 0; value[i] != '\0'; i++) {
        if (!is_value_char(value[i]))
            return false;
    }
    return is_token(&token);
}
