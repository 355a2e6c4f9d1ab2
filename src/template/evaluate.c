/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates expressions by walking the tree. */
#include "template/function.h"
#include "template/render.h"

typedef struct value evaluator(struct render *r, const struct node *node);

static struct value constant(struct render *r, const struct node *node)
{
    (void)r;
    return node->value;
}

static struct value name(struct render *r, const struct node *node)
{
    struct value value;
    if (scope_find(r, node->symbol, &value) || global_find(r, node->value, &value))
        return value;
    value = node->value;
    value.kind = VALUE_UNDEFINED;
    return value;
}

static struct value list(struct render *r, const struct node *node)
{
    struct value made = list_make(r, node->kind == NODE_LIST ? LIST_PLAIN : LIST_TUPLE, 0);
    for (const struct node *one = node->a; one != NULL && r->status == STATUS_OK; one = one->next) {
        struct value item = evaluate(r, one);
        if (r->status == STATUS_OK)
            list_add(r, made.as.list, item);
    }
    return made;
}

static struct value dict(struct render *r, const struct node *node)
{
    struct value made = dict_make(r, 0);
    for (const struct node *pair = node->a; pair != NULL && r->status == STATUS_OK; pair = pair->next) {
        struct value key = evaluate(r, pair->a);
        struct value value = evaluate(r, pair->b);
        if (r->status == STATUS_OK)
            dict_set(r, made.as.dict, key, value);
    }
    return made;
}

static struct value attribute(struct render *r, const struct node *node)
{
    struct value of = evaluate(r, node->a);
    return r->status == STATUS_OK ? value_attribute(r, of, node->value) : of;
}

static struct value item(struct render *r, const struct node *node)
{
    struct value of = evaluate(r, node->a);
    struct value index = evaluate(r, node->b);
    return r->status == STATUS_OK ? value_item(r, of, index) : of;
}

static struct value slice(struct render *r, const struct node *node)
{
    struct value of = evaluate(r, node->a);
    const struct node *const nodes[3] = {node->b, node->c, node->d};
    struct value bounds[3];
    for (size_t i = 0; i < 3; i++)
        bounds[i] = nodes[i] == NULL ? value_none() : evaluate(r, nodes[i]);
    return r->status == STATUS_OK ? value_slice(r, of, bounds) : of;
}

static struct value negation(struct render *r, const struct node *node)
{
    return value_bool(!value_truth(evaluate(r, node->a)));
}

static struct value sign(struct render *r, const struct node *node)
{
    struct value of = evaluate(r, node->a);
    if (r->status != STATUS_OK)
        return of;
    struct value made = operator_apply(r, node->kind == NODE_NEGATE ? '-' : '+', value_integer(0), of);
    if (of.kind == VALUE_FLOAT && node->kind == NODE_NEGATE)
        made.as.real = -of.as.real; /* 0 - 0.0 has no sign */
    return made;
}

static struct value binary(struct render *r, const struct node *node)
{
    struct value a = evaluate(r, node->a);
    struct value b = evaluate(r, node->b);
    r->line = node->line;
    return r->status == STATUS_OK ? operator_apply(r, node->op, a, b) : a;
}

static struct value concat(struct render *r, const struct node *node)
{
    struct value made = value_text("", 0, FROM_TEMPLATE);
    for (const struct node *part = node->a; part != NULL && r->status == STATUS_OK; part = part->next) {
        struct value value = evaluate(r, part);
        if (r->status == STATUS_OK)
            made = text_concat(r, made, value_to_text(r, value));
    }
    made.safe = false;
    return made;
}

static bool compare(struct render *r, uint32_t op, struct value a, struct value b)
{
    if (op == ('=' << 8 | '='))
        return value_equal(r, a, b);
    if (op == ('!' << 8 | '='))
        return !value_equal(r, a, b);
    if (op == OPERATOR_IN)
        return value_contains(r, b, a);
    if (op == OPERATOR_NOT_IN)
        return !value_contains(r, b, a);
    int order = value_order(r, a, b);
    if (op == '<')
        return order < 0;
    if (op == '>')
        return order > 0;
    return op == ('<' << 8 | '=') ? order <= 0 : order >= 0;
}

static struct value comparison(struct render *r, const struct node *node)
{
    struct value left = evaluate(r, node->a);
    for (const struct node *operand = node->b; operand != NULL && r->status == STATUS_OK; operand = operand->next) {
        struct value right = evaluate(r, operand->a);
        r->line = node->line;
        if (r->status != STATUS_OK || !compare(r, operand->op, left, right))
            return value_bool(false);
        left = right;
    }
    return value_bool(true);
}

static struct value logic(struct render *r, const struct node *node)
{
    struct value a = evaluate(r, node->a);
    if (r->status != STATUS_OK || value_truth(a) == (node->kind == NODE_OR))
        return a;
    return evaluate(r, node->b);
}

static struct value choice(struct render *r, const struct node *node)
{
    bool holds = value_truth(evaluate(r, node->b));
    if (holds)
        return evaluate(r, node->a);
    return node->c == NULL ? value_undefined() : evaluate(r, node->c);
}

static evaluator *const evaluators[NODE_KINDS] = {
    [NODE_CONSTANT] = constant,  [NODE_NAME] = name,           [NODE_LIST] = list,      [NODE_TUPLE] = list,
    [NODE_DICT] = dict,          [NODE_ATTRIBUTE] = attribute, [NODE_ITEM] = item,      [NODE_SLICE] = slice,
    [NODE_CALL] = call_node,     [NODE_FILTER] = call_filter,  [NODE_TEST] = call_test, [NODE_NOT] = negation,
    [NODE_NEGATE] = sign,        [NODE_PLUS] = sign,           [NODE_BINARY] = binary,  [NODE_CONCAT] = concat,
    [NODE_COMPARE] = comparison, [NODE_AND] = logic,           [NODE_OR] = logic,       [NODE_CHOICE] = choice,
};

struct value evaluate(struct render *r, const struct node *node)
{
    if (node == NULL || !render_charge(r, 1) || !render_enter(r))
        return value_undefined();
    r->line = node->line;
    struct value value = evaluators[node->kind](r, node);
    render_leave(r);
    return r->status == STATUS_OK ? value : value_undefined();
}
