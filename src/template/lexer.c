/* SPDX-License-Identifier: Apache-2.0 */
#include "template/lexer.h"

#include <string.h>

void lexer_init(struct lexer *l, const uint8_t *text, size_t len)
{
    *l = (struct lexer){.at = text, .end = text + len, .line = 1, .mode = LEXER_DATA, .line_starting = true};
}

static size_t left(const struct lexer *l)
{
    return (size_t)(l->end - l->at);
}

/* True when the two characters a and b stand at p. */
static bool stands(const struct lexer *l, const uint8_t *p, char a, char b)
{
    return l->end - p >= 2 && p[0] == (uint8_t)a && p[1] == (uint8_t)b;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static void move(struct lexer *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l->line += l->at[i] == '\n';
    l->at += n;
}

static void skip_spaces(struct lexer *l)
{
    while (l->at != l->end && is_space(*l->at))
        move(l, 1);
}

static struct lexeme make(const struct lexer *l, enum lexeme_kind kind, const uint8_t *text, size_t len)
{
    return (struct lexeme){.kind = kind, .text = text, .len = len, .line = l->line};
}

static struct lexeme wrong(struct lexer *l, const char *why)
{
    l->at = l->end;
    return make(l, LEXEME_WRONG, (const uint8_t *)why, strlen(why));
}

/* The '-' or '+' before the closing characters, and what of the text after the tag goes with it. */
static void end_tag(struct lexer *l, bool is_output)
{
    uint8_t sign = l->at[0] == '-' || l->at[0] == '+' ? l->at[0] : 0;
    const uint8_t *first = l->at;
    move(l, sign == 0 ? 2 : 3);
    if (sign == '-')
        skip_spaces(l);
    else if (sign == 0 && !is_output && l->at != l->end && *l->at == '\n')
        move(l, 1);
    l->line_starting = l->at != first && l->at[-1] == '\n';
    l->mode = LEXER_DATA;
    l->open = 0;
}

/* Where the text before a tag ends, by the tag's sign. */
static size_t text_end(const struct lexer *l, const uint8_t *tag)
{
    uint8_t sign = l->end - tag > 2 ? tag[2] : 0;
    size_t len = (size_t)(tag - l->at);
    size_t kept = len;
    if (sign == '-') {
        while (kept > 0 && is_space(l->at[kept - 1]))
            kept--;
        return kept;
    }
    if (sign == '+' || tag[1] == '{')
        return len;
    while (kept > 0 && l->at[kept - 1] != '\n' && is_space(l->at[kept - 1]))
        kept--;
    bool from_line_start = kept > 0 ? l->at[kept - 1] == '\n' : l->line_starting;
    return from_line_start ? kept : len;
}

/* l->at is at a block tag: its word. */
static bool is_word(const struct lexer *l, const uint8_t *tag, const char *word, const uint8_t **after)
{
    const uint8_t *p = tag + 2;
    size_t len = strlen(word);
    if (p != l->end && (*p == '-' || *p == '+'))
        p++;
    while (p != l->end && is_space(*p))
        p++;
    if ((size_t)(l->end - p) < len || memcmp(p, word, len) != 0)
        return false;
    p += len;
    while (p != l->end && is_space(*p))
        p++;
    *after = p;
    return stands(l, p, '%', '}') ||
           ((size_t)(l->end - p) > 2 && p[1] == '%' && p[2] == '}' && (*p == '-' || *p == '+'));
}

/* {% raw %}: the text up to {% endraw %}, as it is. */
static struct lexeme next_raw(struct lexer *l, const uint8_t *body)
{
    const uint8_t *after;
    move(l, (size_t)(body - l->at));
    bool strip = *l->at == '-';
    move(l, *l->at == '%' ? 2 : 3);
    if (strip)
        skip_spaces(l);
    l->line_starting = false;
    for (const uint8_t *p = l->at; p != l->end; p++) {
        if (!stands(l, p, '{', '%') || !is_word(l, p, "endraw", &after))
            continue;
        struct lexeme text = make(l, LEXEME_TEXT, l->at, text_end(l, p));
        move(l, (size_t)(after - l->at));
        end_tag(l, false);
        return text;
    }
    return wrong(l, "{% raw %} without {% endraw %}");
}

static bool skip_comment(struct lexer *l)
{
    move(l, 2);
    while (left(l) >= 2 && !stands(l, l->at, '#', '}'))
        move(l, 1);
    if (left(l) < 2)
        return false;
    if (l->at[-1] == '-' || l->at[-1] == '+')
        l->at--;
    end_tag(l, false);
    return true;
}

static const uint8_t *find_tag(const struct lexer *l)
{
    for (const uint8_t *p = l->at; l->end - p >= 2; p++) {
        if (p[0] == '{' && (p[1] == '{' || p[1] == '%' || p[1] == '#'))
            return p;
    }
    return l->end;
}

static struct lexeme next_data(struct lexer *l)
{
    while (l->at != l->end) {
        const uint8_t *tag = find_tag(l), *after;
        if (tag != l->at) {
            struct lexeme text = make(l, LEXEME_TEXT, l->at, tag == l->end ? left(l) : text_end(l, tag));
            move(l, (size_t)(tag - l->at));
            if (text.len > 0)
                return text;
        }
        if (tag == l->end)
            break;
        l->line_starting = false;
        if (tag[1] == '#') {
            if (!skip_comment(l))
                return wrong(l, "a comment without its end");
            continue;
        }
        if (tag[1] == '%' && is_word(l, tag, "raw", &after))
            return next_raw(l, after);
        bool output = tag[1] == '{';
        struct lexeme begin = make(l, output ? LEXEME_OUTPUT_BEGIN : LEXEME_BLOCK_BEGIN, tag, 2);
        l->mode = output ? LEXER_OUTPUT : LEXER_BLOCK;
        move(l, 2);
        if (l->at != l->end && (*l->at == '-' || *l->at == '+'))
            move(l, 1);
        return begin;
    }
    return make(l, LEXEME_END, l->end, 0);
}

static bool is_name_byte(uint8_t c, bool first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 ||
           (!first && c >= '0' && c <= '9');
}

static bool is_digit(const struct lexer *l, const uint8_t *p)
{
    return p < l->end && *p >= '0' && *p <= '9';
}

static const uint8_t *skip_digits(const struct lexer *l, const uint8_t *p)
{
    while (is_digit(l, p) || (p < l->end && *p == '_' && is_digit(l, p + 1)))
        p++;
    return p;
}

static struct lexeme next_number(struct lexer *l)
{
    const uint8_t *p = skip_digits(l, l->at);
    enum lexeme_kind kind = LEXEME_INTEGER;
    if (p < l->end && *p == '.' && is_digit(l, p + 1)) {
        kind = LEXEME_FLOAT;
        p = skip_digits(l, p + 1);
    }
    if (p < l->end && (*p == 'e' || *p == 'E')) {
        const uint8_t *exponent = p + 1;
        if (exponent < l->end && (*exponent == '-' || *exponent == '+'))
            exponent++;
        if (is_digit(l, exponent)) {
            kind = LEXEME_FLOAT;
            p = skip_digits(l, exponent);
        }
    }
    struct lexeme number = make(l, kind, l->at, (size_t)(p - l->at));
    l->at = p;
    return number;
}

static struct lexeme next_string(struct lexer *l)
{
    const uint8_t *first = l->at;
    uint8_t quote = *first;
    uint32_t line = l->line;
    for (move(l, 1); l->at != l->end && *l->at != quote;)
        move(l, *l->at == '\\' && left(l) > 1 ? 2 : 1);
    if (l->at == l->end)
        return wrong(l, "a string without its end");
    l->at++;
    return (struct lexeme){.kind = LEXEME_STRING, .text = first, .len = (size_t)(l->at - first), .line = line};
}

static struct lexeme next_operator(struct lexer *l)
{
    static const char pairs[][3] = {"==", "!=", "<=", ">=", "//", "**"};
    struct lexeme op = make(l, LEXEME_OPERATOR, l->at, 1);
    op.op = *l->at;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (stands(l, l->at, pairs[i][0], pairs[i][1])) {
            op.len = 2;
            op.op = (uint32_t)pairs[i][0] << 8 | (uint32_t)pairs[i][1];
        }
    }
    if (op.len == 1 && strchr("+-*/%~[](){}<>=.:|,;", (int)op.op) == NULL)
        return wrong(l, "a character that has no meaning here");
    if (strchr("([{", (int)op.op) != NULL && op.len == 1)
        l->open++;
    else if (strchr(")]}", (int)op.op) != NULL && op.len == 1 && l->open > 0)
        l->open--;
    l->at += op.len;
    return op;
}

/* At the end of the tag that l is in, with its sign? */
static bool at_tag_end(const struct lexer *l)
{
    char close = l->mode == LEXER_OUTPUT ? '}' : '%';
    const uint8_t *p = l->at;
    if (p != l->end && (*p == '-' || *p == '+'))
        p++;
    return l->open == 0 && stands(l, p, close, '}');
}

struct lexeme lexer_next(struct lexer *l)
{
    if (l->mode == LEXER_DATA)
        return next_data(l);
    skip_spaces(l);
    if (l->at == l->end)
        return wrong(l, "a tag without its end");
    if (at_tag_end(l)) {
        bool output = l->mode == LEXER_OUTPUT;
        struct lexeme end = make(l, output ? LEXEME_OUTPUT_END : LEXEME_BLOCK_END, l->at, 2);
        end_tag(l, output);
        return end;
    }
    uint8_t c = *l->at;
    if (c == 0)
        return wrong(l, "a character that has no meaning here");
    if (c == '"' || c == '\'')
        return next_string(l);
    if (c >= '0' && c <= '9')
        return next_number(l);
    if (!is_name_byte(c, true))
        return next_operator(l);
    const uint8_t *p = l->at;
    while (p != l->end && is_name_byte(*p, false))
        p++;
    struct lexeme name = make(l, LEXEME_NAME, l->at, (size_t)(p - l->at));
    l->at = p;
    return name;
}
