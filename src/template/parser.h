/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's state, shared by its files.  The first failure sticks: after it every function returns NULL or an empty
 * thing and moves nothing. */
#ifndef TEMPLATE_PARSER_H
#define TEMPLATE_PARSER_H

#include "template/lexer.h"
#include "template/node.h"
#include "template/template.h"

enum { SYMBOLS_MAX = 4096, SYMBOL_CHAINS = 1024 };

struct parser {
    struct lexer lexer;
    struct lexeme now;
    struct template *template;
    struct arena *arena;
    struct reason *why;
    enum status status;
    uint32_t depth;
    uint32_t loops;    /* open in the macro or template being parsed */
    struct node spare; /* where no memory is left: written, never read */
    uint32_t takes;    /* NODE_TAKES_... of the macro being parsed */
};

/* A list of nodes that grows at its end. */
struct node_list {
    const struct node *first;
    struct node *last;
};

void node_list_add(struct node_list *list, struct node *node);

/* Records a failure at the current line, naming what and, unless NULL, the text at fault. */
void parser_fail(struct parser *p, enum status status, const char *what, const struct lexeme *at);

/* A node of the current line, zeroed; never NULL: after a failure a node that nobody reads. */
struct node *parser_node(struct parser *p, enum node_kind kind);

/* One more level of nesting; false, with a failure, when there are too many.  Every true needs a parser_leave. */
must_check bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

void parser_next(struct parser *p);
struct lexeme parser_peek(const struct parser *p);
bool parser_at_name(const struct parser *p, const char *name);
bool parser_at_op(const struct parser *p, uint32_t op);
bool parser_take_name(struct parser *p, const char *name);
bool parser_take_op(struct parser *p, uint32_t op);
void parser_want_op(struct parser *p, uint32_t op, const char *what);

/* The symbol of the name at the current lexeme, which is taken, as a node of that kind. */
struct node *parser_name(struct parser *p, enum node_kind kind);
uint32_t template_symbol(const struct template *t, const uint8_t *text, size_t len); /* NODE_UNKNOWN: not used */

/* literals (parse_literal.c) */
struct node *parse_string(struct parser *p);
struct node *parse_number(struct parser *p);

/* expressions (parse_expression.c) */
struct node *parse_expression(struct parser *p);
struct node *parse_no_choice(struct parser *p);                /* `a if b` ends before `if` */
struct node *parse_tuple(struct parser *p, bool choice);       /* one expression, or several with commas */
struct node *parse_filters(struct parser *p, struct node *of); /* of NULL: a block's filters, the first without '|' */
const struct node *parse_parameters(struct parser *p);
struct node *parse_target(struct parser *p);

/* statements (parse_statement.c) */
const struct node *parse_body(struct parser *p, const char *const *ends);

#endif
