/* SPDX-License-Identifier: Apache-2.0 */
/* Strings with Python's escapes, and numbers. */
#include "core/codec/decimal.h"
#include "core/codec/utf8.h"
#include "template/parser.h"

#include <string.h>

struct unescape {
    const uint8_t *at, *end;
    uint8_t *out;
    size_t len;
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put(struct parser *p, struct unescape *u, uint32_t code_point)
{
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff) || code_point == 0)
        parser_fail(p, STATUS_MALFORMED, "a string's escape stands for no character", NULL);
    else
        u->len += utf8_write(u->out + u->len, code_point);
}

static void take_hex(struct parser *p, struct unescape *u, size_t digits_n)
{
    uint32_t code_point = 0;
    for (size_t i = 0; i < digits_n; i++, u->at++) {
        int digit = u->at == u->end ? -1 : hex_digit(*u->at);
        if (digit < 0 || code_point > 0x10ffff) {
            parser_fail(p, STATUS_MALFORMED, "a string's escape lacks digits", NULL);
            return;
        }
        code_point = code_point << 4 | (uint32_t)digit;
    }
    put(p, u, code_point);
}

static void take_octal(struct parser *p, struct unescape *u)
{
    uint32_t code_point = 0;
    for (size_t i = 0; i < 3 && u->at != u->end && *u->at >= '0' && *u->at <= '7'; i++)
        code_point = code_point << 3 | (uint32_t)(*u->at++ - '0');
    put(p, u, code_point);
}

/* After the backslash; what means nothing stays as it is. */
static void take_escape(struct parser *p, struct unescape *u)
{
    static const char names[] = "\\'\"abfnrtv", means[] = "\\'\"\a\b\f\n\r\t\v";
    uint8_t c = *u->at;
    const char *name = strchr(names, c);
    if (c >= '0' && c <= '7') {
        take_octal(p, u);
        return;
    }
    u->at++;
    if (name != NULL)
        u->out[u->len++] = (uint8_t)means[name - names];
    else if (c == 'x' || c == 'u' || c == 'U')
        take_hex(p, u, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    else if (c != '\n') {
        u->out[u->len++] = '\\';
        u->out[u->len++] = c;
    }
}

/* Several strings in a row are one. */
struct node *parse_string(struct parser *p)
{
    struct node *node = parser_node(p, NODE_CONSTANT);
    size_t len = p->now.len;
    if (parser_peek(p).kind == LEXEME_STRING) /* as much as could follow */
        len += (size_t)(p->lexer.end - p->lexer.at);
    struct unescape u = {.out = arena_take(p->arena, len, 1, 1)};
    if (u.out == NULL)
        parser_fail(p, STATUS_NO_MEMORY, "no memory left for a string", NULL);
    for (; p->status == STATUS_OK && p->now.kind == LEXEME_STRING; parser_next(p)) {
        u.at = p->now.text + 1;
        u.end = p->now.text + p->now.len - 1;
        while (u.at != u.end && p->status == STATUS_OK) {
            if (*u.at != '\\')
                u.out[u.len++] = *u.at++;
            else if (++u.at != u.end)
                take_escape(p, &u);
        }
    }
    node->value = value_text(u.out, u.len, FROM_TEMPLATE);
    return node;
}

struct node *parse_number(struct parser *p)
{
    struct node *node = parser_node(p, NODE_CONSTANT);
    char digits[320];
    size_t n = 0;
    int64_t integer = 0;
    bool fits = true;
    for (size_t i = 0; i < p->now.len && fits; i++) {
        fits = n < sizeof digits;
        if (fits && p->now.text[i] != '_')
            digits[n++] = (char)p->now.text[i];
    }
    if (p->now.kind == LEXEME_INTEGER) {
        for (size_t i = 0; i < n && fits; i++)
            fits = !__builtin_mul_overflow(integer, 10, &integer) &&
                   !__builtin_add_overflow(integer, digits[i] - '0', &integer);
        fits = fits && (n == 1 || digits[0] != '0' || integer == 0);
        node->value = value_integer(integer);
    } else {
        double real = 0;
        fits = fits && decimal_double(&real, digits, n) == STATUS_OK;
        node->value = value_float(real);
    }
    if (!fits)
        parser_fail(p, STATUS_MALFORMED, "a number that is not understood:", &p->now);
    parser_next(p);
    return node;
}
