/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of macros, functions, methods, filters and tests. */
#include "template/function.h"
#include "template/render.h"

/* The arguments of a call, evaluated. */
static bool evaluate_arguments(struct render *r, struct arguments *all, const struct node *list, uint32_t extra)
{
    *all = (struct arguments){NULL, 0, NULL, 0};
    uint32_t n = 0, named = 0;
    for (const struct node *one = list; one != NULL; one = one->next)
        *(one->kind == NODE_PAIR ? &named : &n) += 1;
    if (n > 0)
        all->items = render_take(r, n, sizeof all->items[0]);
    if (named + extra > 0)
        all->named = render_take(r, named + extra, sizeof all->named[0]);
    for (const struct node *one = list; one != NULL && r->status == STATUS_OK; one = one->next) {
        if (one->kind == NODE_PAIR)
            all->named[all->named_n++] = (struct entry){one->value, evaluate(r, one->b)};
        else
            all->items[all->n++] = evaluate(r, one);
    }
    return r->status == STATUS_OK;
}

static const struct entry *find_named(const struct arguments *all, struct value name)
{
    for (uint32_t i = 0; i < all->named_n; i++) {
        const struct value key = all->named[i].key;
        if (text_same(key, name))
            return &all->named[i];
    }
    return NULL;
}

/* Parameters from the arguments, or their defaults, or undefined; in order, so a default may use those before it. */
static uint32_t bind_parameters(struct render *r, const struct node *parameters, const struct arguments *all)
{
    uint32_t i = 0, by_name = 0;
    for (const struct node *one = parameters; one != NULL && r->status == STATUS_OK; one = one->next, i++) {
        const struct entry *named = find_named(all, one->value);
        struct value value = one->value;
        value.kind = VALUE_UNDEFINED;
        by_name += named != NULL;
        if (i < all->n && named != NULL)
            render_fail(r, STATUS_USAGE, "an argument is given twice:", &one->value);
        if (i < all->n)
            value = all->items[i];
        else if (named != NULL)
            value = named->value;
        else if (one->b != NULL)
            value = evaluate(r, one->b);
        scope_set(r, r->scope, one->symbol, value);
    }
    return by_name;
}

static bool is_parameter(const struct node *parameters, struct value name)
{
    for (const struct node *one = parameters; one != NULL; one = one->next) {
        if (text_same(one->value, name))
            return true;
    }
    return false;
}

/* What is left over goes to varargs, kwargs and caller, if the body mentions them. */
static void bind_rest(struct render *r, const struct node *node, const struct arguments *all)
{
    struct value varargs = list_make(r, LIST_TUPLE, 0), kwargs = dict_make(r, 0);
    uint32_t n = 0;
    for (const struct node *one = node->a; one != NULL; one = one->next)
        n++;
    if (all->n > n && (node->op & NODE_TAKES_VARARGS) == 0)
        render_fail(r, STATUS_USAGE, "more arguments than the macro takes:", &node->value);
    for (; n < all->n && r->status == STATUS_OK; n++)
        list_add(r, varargs.as.list, all->items[n]);
    for (uint32_t i = 0; i < all->named_n && r->status == STATUS_OK; i++) {
        const struct entry *named = &all->named[i];
        if (is_parameter(node->a, named->key))
            continue;
        if (text_is(named->key, "caller") && (node->op & NODE_TAKES_CALLER) != 0)
            scope_set_name(r, r->scope, "caller", named->value);
        else if ((node->op & NODE_TAKES_KWARGS) != 0)
            dict_set(r, kwargs.as.dict, named->key, named->value);
        else
            render_fail(r, STATUS_USAGE, "the macro has no parameter", &named->key);
    }
    if ((node->op & NODE_TAKES_VARARGS) != 0)
        scope_set_name(r, r->scope, "varargs", varargs);
    if ((node->op & NODE_TAKES_KWARGS) != 0)
        scope_set_name(r, r->scope, "kwargs", kwargs);
}

static struct value call_macro(struct render *r, const struct macro *macro, const struct arguments *all)
{
    struct scope *outer = r->scope;
    size_t start = r->output.used;
    struct value made = value_undefined();
    if (!render_enter(r))
        return made;
    r->scope = scope_open(r, macro->scope);
    if (r->status == STATUS_OK) {
        bind_parameters(r, macro->node->a, all);
        bind_rest(r, macro->node, all);
        render_body(r, macro->node->b);
    }
    r->scope = outer;
    render_leave(r);
    return r->status == STATUS_OK ? area_cut(r, &r->output, start) : made;
}

static struct value call_value(struct render *r, struct value called, const struct arguments *all)
{
    struct value made = value_undefined();
    if (called.kind == VALUE_MACRO)
        return call_macro(r, called.as.macro, all);
    if (called.kind == VALUE_FUNCTION)
        return global_call(r, called.as.integer, all);
    if (called.kind == VALUE_METHOD)
        return method_call(r, called.as.method, all);
    if (called.kind == VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "undefined, so it cannot be called:", &called);
    else
        render_fail(r, STATUS_USAGE, "a value that cannot be called", NULL);
    return made;
}

static struct value call(struct render *r, const struct node *node, const struct value *caller)
{
    struct arguments all;
    struct value called = evaluate(r, node->a);
    if (!evaluate_arguments(r, &all, node->b, caller != NULL))
        return called;
    if (caller != NULL)
        all.named[all.named_n++] = (struct entry){value_text("caller", 6, FROM_TEMPLATE), *caller};
    r->line = node->line;
    return call_value(r, called, &all);
}

struct value call_node(struct render *r, const struct node *node)
{
    return call(r, node, NULL);
}

struct value call_macro_block(struct render *r, const struct node *node)
{
    struct macro *macro = render_take(r, 1, sizeof *macro);
    if (macro == NULL)
        return value_undefined();
    *macro = (struct macro){.node = node, .scope = r->scope};
    struct value caller = {.kind = VALUE_MACRO, .as.macro = macro};
    return call(r, node->c, &caller);
}

struct value call_filter(struct render *r, const struct node *node)
{
    struct arguments all;
    struct value of = evaluate(r, node->a);
    if (!evaluate_arguments(r, &all, node->b, 0))
        return of;
    r->line = node->line;
    return filter_apply(r, node->symbol, node->value, of, &all);
}

struct value call_test(struct render *r, const struct node *node)
{
    struct arguments all;
    struct value of = evaluate(r, node->a);
    if (!evaluate_arguments(r, &all, node->b, 0))
        return of;
    r->line = node->line;
    return value_bool(test_apply(r, node->symbol, node->value, of, &all));
}
