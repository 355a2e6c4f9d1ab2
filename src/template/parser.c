/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's ground: nodes, names, lexemes, failures; and template_parse. */
#include "template/parser.h"

#include "core/codec/utf8.h"

#include <string.h>

void node_list_add(struct node_list *list, struct node *node)
{
    if (list->last == NULL)
        list->first = node;
    else
        list->last->next = node;
    list->last = node;
}

void parser_fail(struct parser *p, enum status status, const char *what, const struct lexeme *at)
{
    if (p->status != STATUS_OK)
        return;
    p->status = status;
    reason_set(p->why, "chat template, line ", NULL);
    reason_add_u64(p->why, p->now.line);
    reason_add(p->why, ": ");
    reason_add(p->why, what);
    if (at != NULL && at->len > 0) {
        reason_add(p->why, " ");
        reason_add_quoted(p->why, at->text, at->len < 40 ? at->len : 40);
    }
    p->now.kind = LEXEME_END;
    p->lexer.at = p->lexer.end;
    p->lexer.mode = LEXER_DATA;
}

struct node *parser_node(struct parser *p, enum node_kind kind)
{
    struct node *node = arena_take(p->arena, 1, sizeof *node, _Alignof(struct node));
    if (node == NULL) {
        parser_fail(p, STATUS_NO_MEMORY, "no memory left for the tree", NULL);
        node = &p->spare;
    }
    node->kind = kind;
    node->line = p->now.line;
    return node;
}

bool parser_enter(struct parser *p)
{
    if (p->status != STATUS_OK)
        return false;
    if (p->depth == TEMPLATE_NESTING_MAX) {
        parser_fail(p, STATUS_LIMIT, "nested too deep", NULL);
        return false;
    }
    p->depth++;
    return true;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

void parser_next(struct parser *p)
{
    if (p->status != STATUS_OK)
        return;
    p->now = lexer_next(&p->lexer);
    if (p->now.kind == LEXEME_WRONG)
        parser_fail(p, STATUS_MALFORMED, (const char *)p->now.text, NULL);
}

struct lexeme parser_peek(const struct parser *p)
{
    struct lexer copy = p->lexer;
    return lexer_next(&copy);
}

static bool is_name(const struct lexeme *l, const char *name)
{
    return l->kind == LEXEME_NAME && l->len == strlen(name) && memcmp(l->text, name, l->len) == 0;
}

bool parser_at_name(const struct parser *p, const char *name)
{
    return is_name(&p->now, name);
}

bool parser_at_op(const struct parser *p, uint32_t op)
{
    return p->now.kind == LEXEME_OPERATOR && p->now.op == op;
}

bool parser_take_name(struct parser *p, const char *name)
{
    bool there = parser_at_name(p, name);
    if (there)
        parser_next(p);
    return there;
}

bool parser_take_op(struct parser *p, uint32_t op)
{
    bool there = parser_at_op(p, op);
    if (there)
        parser_next(p);
    return there;
}

void parser_want_op(struct parser *p, uint32_t op, const char *what)
{
    if (!parser_take_op(p, op))
        parser_fail(p, STATUS_MALFORMED, what, &p->now);
}

static uint32_t chain_of(const uint8_t *text, size_t len)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ text[i]) * 16777619U;
    return hash % SYMBOL_CHAINS;
}

uint32_t template_symbol(const struct template *t, const uint8_t *text, size_t len)
{
    for (uint32_t at = t->chains[chain_of(text, len)]; at != 0; at = t->symbols[at - 1].next) {
        const struct template_symbol *symbol = &t->symbols[at - 1];
        if (symbol->len == len && memcmp(symbol->text, text, len) == 0)
            return at - 1;
    }
    return NODE_UNKNOWN;
}

bool template_ignores(const struct template *t, const char *name)
{
    return template_symbol(t, (const uint8_t *)name, strlen(name)) == NODE_UNKNOWN;
}

static uint32_t intern(struct parser *p, const uint8_t *text, size_t len)
{
    struct template *t = p->template;
    uint32_t found = template_symbol(t, text, len);
    if (found != NODE_UNKNOWN)
        return found;
    if (t->symbols_n == SYMBOLS_MAX) {
        parser_fail(p, STATUS_LIMIT, "more than 4096 different names", NULL);
        return 0;
    }
    uint32_t *chain = &t->chains[chain_of(text, len)];
    t->symbols[t->symbols_n] = (struct template_symbol){text, (uint32_t)len, *chain};
    *chain = ++t->symbols_n;
    return t->symbols_n - 1;
}

struct node *parser_name(struct parser *p, enum node_kind kind)
{
    struct node *node = parser_node(p, kind);
    if (p->now.kind != LEXEME_NAME) {
        parser_fail(p, STATUS_MALFORMED, "a name is missing before", &p->now);
        return node;
    }
    node->symbol = intern(p, p->now.text, p->now.len);
    node->value = value_text(p->now.text, p->now.len, FROM_TEMPLATE);
    parser_next(p);
    return node;
}

/* A copy with newlines as '\n' and without the last one; NULL after a failure. */
static const uint8_t *copy_text(struct parser *p, size_t *copy_len, const uint8_t *text, size_t len)
{
    uint8_t *copy = arena_take(p->arena, len + 1, 1, 1);
    size_t n = 0;
    if (copy == NULL) {
        parser_fail(p, STATUS_NO_MEMORY, "no memory left for the text", NULL);
        return NULL;
    }
    for (size_t i = 0, char_len; i < len; i += char_len) {
        char_len = utf8_char_len(text + i, len - i);
        if (char_len == 0 || text[i] == 0) {
            parser_fail(p, STATUS_MALFORMED, "a byte that is no UTF-8 text", NULL);
            return NULL;
        }
        p->now.line += text[i] == '\n';
        if (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n'))
            copy[n++] = '\n';
        else if (text[i] != '\r')
            memcpy(copy + n, text + i, char_len), n += char_len;
    }
    *copy_len = n > 0 && copy[n - 1] == '\n' ? n - 1 : n;
    return copy;
}

size_t template_arena_len(size_t text_len)
{
    size_t fixed = SYMBOLS_MAX * sizeof(struct template_symbol) + SYMBOL_CHAINS * sizeof(uint32_t) + 4096;
    if (text_len > TEMPLATE_TEXT_MAX)
        text_len = TEMPLATE_TEXT_MAX; /* longer ones are refused */
    return fixed + text_len * (2 + 2 * sizeof(struct node));
}

static void parse(struct parser *p, const void *text, size_t text_len)
{
    struct template *t = p->template;
    t->symbols = arena_take(p->arena, SYMBOLS_MAX, sizeof *t->symbols, _Alignof(struct template_symbol));
    t->chains = arena_take(p->arena, SYMBOL_CHAINS, sizeof *t->chains, _Alignof(uint32_t));
    if (t->symbols == NULL || t->chains == NULL) {
        parser_fail(p, STATUS_NO_MEMORY, "no memory left for names", NULL);
        return;
    }
    p->now.line = 1;
    t->text = copy_text(p, &t->text_len, text, text_len);
    if (t->text == NULL)
        return;
    lexer_init(&p->lexer, t->text, t->text_len);
    parser_next(p);
    t->body = parse_body(p, NULL);
}

enum status template_parse(struct template *t, struct arena *a, const void *text, size_t text_len, struct reason *why)
{
    struct parser p = {.template = t, .arena = a, .why = why, .status = STATUS_OK};
    size_t used = arena_used(a);
    memset(t, 0, sizeof *t);
    if (text_len > TEMPLATE_TEXT_MAX) {
        reason_set(why, "the chat template is longer than 256 KiB", NULL);
        return STATUS_LIMIT;
    }
    parse(&p, text, text_len);
    if (p.status != STATUS_OK) {
        arena_rewind(a, used);
        memset(t, 0, sizeof *t);
    }
    return p.status;
}
