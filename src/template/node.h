/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed template: a tree of nodes in the arena of template_parse. */
#ifndef TEMPLATE_NODE_H
#define TEMPLATE_NODE_H

#include "template/value.h"

enum node_kind {
    /* expressions */
    NODE_CONSTANT,  /* value */
    NODE_NAME,      /* symbol; value: the name */
    NODE_LIST,      /* a: items */
    NODE_TUPLE,     /* a: items */
    NODE_DICT,      /* a: pairs, each a key and b value */
    NODE_PAIR,      /* of a dict or a named argument: a, b; value: an argument's name; symbol */
    NODE_ATTRIBUTE, /* a . value */
    NODE_ITEM,      /* a [ b ] */
    NODE_SLICE,     /* a [ b : c : d ], each of them may be NULL */
    NODE_CALL,      /* a ( b: arguments, NODE_PAIR for named ones ) */
    NODE_FILTER,    /* a (NULL: of a block) | value: name ( b ); symbol: which filter */
    NODE_TEST,      /* a is value: name ( b ); symbol: which test */
    NODE_NOT,       /* a */
    NODE_NEGATE,    /* a */
    NODE_PLUS,      /* a */
    NODE_BINARY,    /* a op b */
    NODE_CONCAT,    /* a: the parts */
    NODE_COMPARE,   /* a, then b: list of NODE_OPERAND */
    NODE_OPERAND,   /* op, a */
    NODE_AND,       /* a, b */
    NODE_OR,        /* a, b */
    NODE_CHOICE,    /* a if b else c (or NULL) */
    /* statements */
    NODE_OUTPUT,       /* a: an expression, or a constant text */
    NODE_IF,           /* a: condition, b: body, c: else */
    NODE_FOR,          /* a: target, b: iterable, c: body, d: else, e: condition or NULL */
    NODE_SET,          /* a: target, b: expression */
    NODE_SET_BLOCK,    /* a: target, b: body, c: filter or NULL */
    NODE_MACRO,        /* symbol, value: name; a: parameters (NODE_NAME, b: default or NULL), b: body */
    NODE_CALL_BLOCK,   /* a: parameters, b: body, c: the call */
    NODE_FILTER_BLOCK, /* a: filter, b: body */
    NODE_WITH,         /* a: assignments (NODE_SET), b: body */
    NODE_BODY,         /* b: statements that need no scope of their own */
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_KINDS
};

enum {
    NODE_TAKES_CALLER = 1, /* op of a macro: what its body mentions */
    NODE_TAKES_VARARGS = 2,
    NODE_TAKES_KWARGS = 4,
    NODE_UNKNOWN = 0x7fffffff, /* symbol of a filter or test that is not there */
};

/* Operators are their characters: '+', '*' << 8 | '*'; `in` and `not in` are these. */
enum { OPERATOR_IN = 'i' << 8 | 'n', OPERATOR_NOT_IN = 'n' << 8 | 'i' };

struct node {
    enum node_kind kind;
    uint32_t line;
    uint32_t symbol;
    uint32_t op;
    struct value value;
    const struct node *a, *b, *c, *d, *e;
    const struct node *next; /* in a list */
};

#endif
