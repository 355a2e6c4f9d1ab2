/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions, with the precedence that jinja2 gives to each operator. */
#include "template/function.h"
#include "template/parser.h"

#include <string.h>

static struct node *parse_unary(struct parser *p, bool with_filters);

static struct node *binary(struct parser *p, enum node_kind kind, uint32_t op, const struct node *a,
                           const struct node *b)
{
    struct node *node = parser_node(p, kind);
    node->op = op;
    node->a = a;
    node->b = b;
    return node;
}

/* The operator at the current lexeme when it is one of ops (0 at the end), which is taken; otherwise 0. */
static uint32_t take_any_op(struct parser *p, const uint32_t *ops)
{
    for (; *ops != 0; ops++) {
        if (parser_take_op(p, *ops))
            return *ops;
    }
    return 0;
}

/* Binary operators from the loosest to the tightest; `~` is a level of its own between sums and products. */
enum { LEVEL_SUM, LEVEL_CONCAT, LEVEL_PRODUCT, LEVEL_POWER, LEVELS };

static struct node *parse_level(struct parser *p, int level)
{
    static const uint32_t ops[LEVELS][5] = {
        {'+', '-', 0}, {'~', 0}, {'*', '/', '/' << 8 | '/', '%', 0}, {'*' << 8 | '*', 0}};
    if (level == LEVELS)
        return parse_unary(p, true);
    struct node *left = parse_level(p, level + 1);
    struct node_list parts = {NULL, NULL};
    for (uint32_t op; (op = take_any_op(p, ops[level])) != 0;) {
        struct node *right = parse_level(p, level + 1);
        if (op != '~') {
            left = binary(p, NODE_BINARY, op, left, right);
            continue;
        }
        if (parts.first == NULL)
            node_list_add(&parts, left);
        node_list_add(&parts, right);
    }
    return parts.first == NULL ? left : binary(p, NODE_CONCAT, 0, parts.first, NULL);
}

static uint32_t take_comparison(struct parser *p)
{
    static const uint32_t ops[] = {'=' << 8 | '=', '!' << 8 | '=', '<' << 8 | '=', '>' << 8 | '=', '<', '>', 0};
    if (parser_take_name(p, "in"))
        return OPERATOR_IN;
    if (parser_at_name(p, "not")) {
        struct lexeme next = parser_peek(p);
        if (next.kind != LEXEME_NAME || next.len != 2 || memcmp(next.text, "in", 2) != 0)
            return 0;
        parser_next(p);
        parser_next(p);
        return OPERATOR_NOT_IN;
    }
    return take_any_op(p, ops);
}

static struct node *parse_compare(struct parser *p)
{
    struct node *first = parse_level(p, LEVEL_SUM);
    struct node_list operands = {NULL, NULL};
    for (uint32_t op; (op = take_comparison(p)) != 0;)
        node_list_add(&operands, binary(p, NODE_OPERAND, op, parse_level(p, LEVEL_SUM), NULL));
    return operands.first == NULL ? first : binary(p, NODE_COMPARE, 0, first, operands.first);
}

static struct node *parse_not(struct parser *p)
{
    if (!parser_at_name(p, "not"))
        return parse_compare(p);
    struct node *node = parser_node(p, NODE_NOT);
    if (!parser_enter(p))
        return node;
    parser_next(p);
    node->a = parse_not(p);
    parser_leave(p);
    return node;
}

static struct node *parse_and(struct parser *p)
{
    struct node *left = parse_not(p);
    while (parser_take_name(p, "and"))
        left = binary(p, NODE_AND, 0, left, parse_not(p));
    return left;
}

static struct node *parse_or(struct parser *p)
{
    struct node *left = parse_and(p);
    while (parser_take_name(p, "or"))
        left = binary(p, NODE_OR, 0, left, parse_and(p));
    return left;
}

struct node *parse_no_choice(struct parser *p)
{
    if (!parser_enter(p))
        return parser_node(p, NODE_CONSTANT);
    struct node *node = parse_or(p);
    parser_leave(p);
    return node;
}

struct node *parse_expression(struct parser *p)
{
    struct node *value = parse_no_choice(p);
    while (parser_at_name(p, "if")) {
        struct node *node = parser_node(p, NODE_CHOICE);
        parser_next(p);
        node->a = value;
        node->b = parse_no_choice(p);
        if (parser_at_name(p, "else") && parser_enter(p)) {
            parser_next(p);
            node->c = parse_expression(p);
            parser_leave(p);
        }
        value = node;
    }
    return value;
}

static bool at_tuple_end(const struct parser *p)
{
    return p->now.kind == LEXEME_OUTPUT_END || p->now.kind == LEXEME_BLOCK_END || p->now.kind == LEXEME_END ||
           parser_at_op(p, ')');
}

struct node *parse_tuple(struct parser *p, bool choice)
{
    struct node *node = parser_node(p, NODE_TUPLE);
    struct node_list items = {NULL, NULL};
    bool commas = false;
    while (!at_tuple_end(p)) {
        node_list_add(&items, choice ? parse_expression(p) : parse_no_choice(p));
        if (!parser_take_op(p, ','))
            break;
        commas = true;
    }
    if (items.first == NULL)
        parser_fail(p, STATUS_MALFORMED, "an expression is missing", NULL);
    if (!commas && items.last != NULL)
        return items.last;
    node->a = items.first;
    return node;
}

static struct node *parse_parenthesis(struct parser *p)
{
    struct node *node = parser_node(p, NODE_TUPLE);
    parser_next(p);
    if (!parser_at_op(p, ')'))
        node = parse_tuple(p, true);
    parser_want_op(p, ')', "a ')' is missing before");
    return node;
}

static struct node *parse_list(struct parser *p)
{
    struct node *node = parser_node(p, NODE_LIST);
    struct node_list items = {NULL, NULL};
    parser_next(p);
    while (!parser_at_op(p, ']') && p->status == STATUS_OK) {
        node_list_add(&items, parse_expression(p));
        if (!parser_take_op(p, ','))
            break;
    }
    parser_want_op(p, ']', "a ']' is missing before");
    node->a = items.first;
    return node;
}

static struct node *parse_dict(struct parser *p)
{
    struct node *node = parser_node(p, NODE_DICT);
    struct node_list pairs = {NULL, NULL};
    parser_next(p);
    while (!parser_at_op(p, '}') && p->status == STATUS_OK) {
        struct node *pair = parser_node(p, NODE_PAIR);
        pair->a = parse_expression(p);
        parser_want_op(p, ':', "a ':' is missing before");
        pair->b = parse_expression(p);
        node_list_add(&pairs, pair);
        if (!parser_take_op(p, ','))
            break;
    }
    parser_want_op(p, '}', "a '}' is missing before");
    node->a = pairs.first;
    return node;
}

static void note_taken(struct parser *p)
{
    if (parser_at_name(p, "caller"))
        p->takes |= NODE_TAKES_CALLER;
    else if (parser_at_name(p, "varargs"))
        p->takes |= NODE_TAKES_VARARGS;
    else if (parser_at_name(p, "kwargs"))
        p->takes |= NODE_TAKES_KWARGS;
}

static struct node *parse_named(struct parser *p)
{
    static const struct {
        const char *name;
        struct value value;
    } constants[] = {
        {"true", {.kind = VALUE_BOOL, .as.truth = true}},
        {"True", {.kind = VALUE_BOOL, .as.truth = true}},
        {"false", {.kind = VALUE_BOOL, .as.truth = false}},
        {"False", {.kind = VALUE_BOOL, .as.truth = false}},
        {"none", {.kind = VALUE_NONE}},
        {"None", {.kind = VALUE_NONE}},
    };
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (!parser_at_name(p, constants[i].name))
            continue;
        struct node *node = parser_node(p, NODE_CONSTANT);
        node->value = constants[i].value;
        parser_next(p);
        return node;
    }
    note_taken(p);
    return parser_name(p, NODE_NAME);
}

static struct node *parse_primary(struct parser *p)
{
    struct node *node = NULL;
    if (!parser_enter(p))
        return parser_node(p, NODE_CONSTANT);
    if (p->now.kind == LEXEME_NAME)
        node = parse_named(p);
    else if (p->now.kind == LEXEME_STRING)
        node = parse_string(p);
    else if (p->now.kind == LEXEME_INTEGER || p->now.kind == LEXEME_FLOAT)
        node = parse_number(p);
    else if (parser_at_op(p, '('))
        node = parse_parenthesis(p);
    else if (parser_at_op(p, '['))
        node = parse_list(p);
    else if (parser_at_op(p, '{'))
        node = parse_dict(p);
    else
        parser_fail(p, STATUS_MALFORMED, "an expression is missing before", &p->now);
    parser_leave(p);
    return node == NULL ? parser_node(p, NODE_CONSTANT) : node;
}

/* After the '(' of a call: arguments, those with names last.  Takes the ')'. */
static const struct node *parse_arguments(struct parser *p)
{
    struct node_list list = {NULL, NULL};
    bool named = false;
    while (!parser_at_op(p, ')') && p->status == STATUS_OK) {
        struct lexeme next = parser_peek(p);
        if (parser_at_op(p, '*') || parser_at_op(p, '*' << 8 | '*'))
            parser_fail(p, STATUS_UNSUPPORTED, "arguments from a list (*) are not supported", NULL);
        if (p->now.kind == LEXEME_NAME && next.kind == LEXEME_OPERATOR && next.op == '=') {
            struct node *pair = parser_name(p, NODE_PAIR);
            parser_next(p);
            pair->b = parse_expression(p);
            node_list_add(&list, pair);
            named = true;
        } else if (named) {
            parser_fail(p, STATUS_MALFORMED, "an argument without a name after one with a name", NULL);
        } else {
            node_list_add(&list, parse_expression(p));
        }
        if (!parser_take_op(p, ','))
            break;
    }
    parser_want_op(p, ')', "a ')' is missing before");
    return list.first;
}

/* After the '['. */
static struct node *parse_subscript(struct parser *p, const struct node *of)
{
    struct node *node = parser_node(p, NODE_ITEM);
    const struct node *parts[3] = {NULL, NULL, NULL};
    size_t colons = 0;
    node->a = of;
    while (!parser_at_op(p, ']') && p->status == STATUS_OK) {
        if (colons < 2 && parser_take_op(p, ':'))
            colons++;
        else if (parts[colons] == NULL)
            parts[colons] = parse_expression(p);
        else
            break;
    }
    parser_want_op(p, ']', "a ']' is missing before");
    if (colons == 0 && parts[0] == NULL)
        parser_fail(p, STATUS_MALFORMED, "an index is missing", NULL);
    node->b = parts[0];
    if (colons > 0) {
        node->kind = NODE_SLICE;
        node->c = parts[1];
        node->d = parts[2];
    }
    return node;
}

static struct node *parse_attribute(struct parser *p, const struct node *of)
{
    if (p->now.kind == LEXEME_INTEGER) {
        struct node *index = parse_number(p);
        return binary(p, NODE_ITEM, 0, of, index);
    }
    struct node *node = parser_node(p, NODE_ATTRIBUTE);
    node->a = of;
    if (p->now.kind != LEXEME_NAME)
        parser_fail(p, STATUS_MALFORMED, "a name is missing after '.'", NULL);
    node->value = value_text(p->now.text, p->now.len, FROM_TEMPLATE);
    parser_next(p);
    return node;
}

static struct node *parse_call(struct parser *p, const struct node *of)
{
    struct node *node = parser_node(p, NODE_CALL);
    node->a = of;
    node->b = parse_arguments(p);
    return node;
}

static struct node *parse_postfix(struct parser *p, struct node *node)
{
    while (p->status == STATUS_OK) {
        if (parser_take_op(p, '.'))
            node = parse_attribute(p, node);
        else if (parser_take_op(p, '['))
            node = parse_subscript(p, node);
        else if (parser_take_op(p, '('))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

static struct node *parse_filter(struct parser *p, struct node *of)
{
    struct node *node = parser_node(p, NODE_FILTER);
    node->a = of;
    node->value = value_text(p->now.text, p->now.len, FROM_TEMPLATE);
    node->symbol = filter_find(node->value);
    if (p->now.kind != LEXEME_NAME)
        parser_fail(p, STATUS_MALFORMED, "a filter's name is missing before", &p->now);
    parser_next(p);
    if (parser_take_op(p, '('))
        node->b = parse_arguments(p);
    return node;
}

struct node *parse_filters(struct parser *p, struct node *of)
{
    struct node *node = of == NULL ? parse_filter(p, NULL) : of;
    while (parser_take_op(p, '|'))
        node = parse_filter(p, node);
    return node;
}

static bool starts_test_argument(const struct parser *p)
{
    if (p->now.kind == LEXEME_NAME)
        return !parser_at_name(p, "else") && !parser_at_name(p, "or") && !parser_at_name(p, "and") &&
               !parser_at_name(p, "is");
    return p->now.kind == LEXEME_STRING || p->now.kind == LEXEME_INTEGER || p->now.kind == LEXEME_FLOAT ||
           parser_at_op(p, '[') || parser_at_op(p, '{');
}

static struct node *parse_test(struct parser *p, const struct node *of)
{
    bool negated = parser_take_name(p, "not");
    struct node *node = parser_node(p, NODE_TEST);
    node->a = of;
    node->value = value_text(p->now.text, p->now.len, FROM_TEMPLATE);
    node->symbol = test_find(node->value);
    if (p->now.kind != LEXEME_NAME)
        parser_fail(p, STATUS_MALFORMED, "a test's name is missing before", &p->now);
    parser_next(p);
    if (parser_take_op(p, '('))
        node->b = parse_arguments(p);
    else if (starts_test_argument(p))
        node->b = parse_postfix(p, parse_primary(p));
    return negated ? binary(p, NODE_NOT, 0, node, NULL) : node;
}

static struct node *parse_filters_and_tests(struct parser *p, struct node *node)
{
    while (p->status == STATUS_OK) {
        if (parser_at_op(p, '|'))
            node = parse_filters(p, node);
        else if (parser_take_name(p, "is"))
            node = parse_test(p, node);
        else if (parser_take_op(p, '('))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

static struct node *parse_unary(struct parser *p, bool with_filters)
{
    struct node *node;
    bool minus = parser_at_op(p, '-');
    if (minus || parser_at_op(p, '+')) {
        node = parser_node(p, minus ? NODE_NEGATE : NODE_PLUS);
        if (!parser_enter(p))
            return node;
        parser_next(p);
        node->a = parse_unary(p, false);
        parser_leave(p);
    } else {
        node = parse_primary(p);
    }
    node = parse_postfix(p, node);
    return with_filters ? parse_filters_and_tests(p, node) : node;
}

/* ( name, name = default ); nothing without '('. */
const struct node *parse_parameters(struct parser *p)
{
    struct node_list list = {NULL, NULL};
    if (!parser_take_op(p, '('))
        return NULL;
    while (!parser_at_op(p, ')') && p->status == STATUS_OK) {
        struct node *one = parser_name(p, NODE_NAME);
        if (parser_take_op(p, '='))
            one->b = parse_expression(p);
        else if (list.last != NULL && list.last->b != NULL)
            parser_fail(p, STATUS_MALFORMED, "a parameter without a default after one with a default", NULL);
        node_list_add(&list, one);
        if (!parser_take_op(p, ','))
            break;
    }
    parser_want_op(p, ')', "a ')' is missing before");
    return list.first;
}

static struct node *parse_one_target(struct parser *p)
{
    struct node *name = parser_name(p, NODE_NAME);
    if (parser_take_op(p, '.'))
        return parse_attribute(p, name);
    return name;
}

struct node *parse_target(struct parser *p)
{
    bool enclosed = parser_take_op(p, '(');
    struct node *node = parser_node(p, NODE_TUPLE);
    struct node_list names = {NULL, NULL};
    bool commas = false;
    do {
        if (p->now.kind != LEXEME_NAME && commas)
            break;
        node_list_add(&names, parse_one_target(p));
    } while (parser_at_op(p, ',') && (parser_next(p), commas = true));
    if (enclosed)
        parser_want_op(p, ')', "a ')' is missing before");
    node->a = names.first;
    return commas ? node : names.last;
}
