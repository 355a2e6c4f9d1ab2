/* SPDX-License-Identifier: Apache-2.0 */
/* Runs statements: what they output goes to the end of the render's output. */
#include "template/function.h"
#include "template/render.h"

typedef void statement(struct render *r, const struct node *node);

/* What an expression takes is given back once its value is used, unless something of it was kept: an expression cannot
 * set a variable outside of the macros it calls. */
struct mark {
    size_t texts, values;
    uint32_t kept;
};

static struct mark take_mark(const struct render *r)
{
    return (struct mark){r->texts.used, arena_used(r->values), r->kept};
}

static void give_back(struct render *r, struct mark mark)
{
    if (r->kept != mark.kept)
        return;
    r->texts.used = mark.texts;
    arena_rewind(r->values, mark.values);
}

static void run_output(struct render *r, const struct node *node)
{
    struct mark mark = take_mark(r);
    struct value value = evaluate(r, node->a);
    if (r->status == STATUS_OK)
        print_text(r, &r->output, value);
    give_back(r, mark);
}

static bool condition(struct render *r, const struct node *node)
{
    struct mark mark = take_mark(r);
    bool holds = value_truth(evaluate(r, node));
    give_back(r, mark);
    return holds;
}

static void run_if(struct render *r, const struct node *node)
{
    while (!condition(r, node->a)) {
        if (node->c == NULL || r->status != STATUS_OK)
            return;
        if (node->c->kind != NODE_IF || node->c->next != NULL) {
            render_body(r, node->c);
            return;
        }
        node = node->c;
    }
    render_body(r, node->b);
}

static void unpack(struct render *r, const struct node *targets, struct value value)
{
    struct value items = value_iterate(r, value);
    uint32_t n = 0;
    for (const struct node *one = targets; one != NULL; one = one->next)
        n++;
    if (r->status != STATUS_OK)
        return;
    if (items.as.list->n != n) {
        render_fail(r, STATUS_USAGE, "there are more or fewer values than names", NULL);
        return;
    }
    n = 0;
    for (const struct node *one = targets; one != NULL; one = one->next)
        assign(r, one, items.as.list->items[n++]);
}

void assign(struct render *r, const struct node *target, struct value value)
{
    if (r->status != STATUS_OK)
        return;
    if (target->kind == NODE_NAME) {
        scope_set(r, r->scope, target->symbol, value);
    } else if (target->kind == NODE_TUPLE) {
        unpack(r, target->a, value);
    } else {
        struct value of = evaluate(r, target->a);
        r->kept++;
        if (of.kind == VALUE_NAMESPACE)
            dict_set(r, of.as.dict, target->value, value);
        else
            render_fail(r, STATUS_USAGE, "an attribute can be set on a namespace only:", &target->value);
    }
}

static void run_set(struct render *r, const struct node *node)
{
    assign(r, node->a, evaluate(r, node->b));
}

/* A body in a scope of its own, as a text. */
static struct value capture(struct render *r, const struct node *body)
{
    struct scope *outer = r->scope;
    size_t start = r->output.used;
    r->scope = scope_open(r, outer);
    if (r->status == STATUS_OK)
        render_body(r, body);
    r->scope = outer;
    return r->status == STATUS_OK ? area_cut(r, &r->output, start) : value_undefined();
}

/* The filters of a block, whose innermost has no value of its own. */
static struct value apply_filters(struct render *r, const struct node *filter, struct value text)
{
    if (filter == NULL || !render_enter(r))
        return text;
    struct value of = apply_filters(r, filter->a, text);
    struct node constant = {.kind = NODE_CONSTANT, .line = filter->line, .value = of};
    struct node applied = *filter;
    applied.a = &constant;
    of = evaluate(r, &applied);
    render_leave(r);
    return of;
}

static void run_set_block(struct render *r, const struct node *node)
{
    struct value text = capture(r, node->b);
    assign(r, node->a, apply_filters(r, node->c, text));
}

static void run_filter_block(struct render *r, const struct node *node)
{
    struct value text = apply_filters(r, node->a, capture(r, node->b));
    if (r->status == STATUS_OK)
        print_text(r, &r->output, text);
}

static void run_scoped(struct render *r, const struct node *node)
{
    struct scope *outer = r->scope, *inner = scope_open(r, outer);
    for (const struct node *set = node->a; set != NULL && inner != NULL; set = set->next) {
        struct value value = evaluate(r, set->b);
        r->scope = inner;
        assign(r, set->a, value);
        r->scope = outer;
    }
    r->scope = inner;
    if (inner != NULL)
        render_body(r, node->b);
    r->scope = outer;
}

static void run_macro(struct render *r, const struct node *node)
{
    struct macro *macro = render_take(r, 1, sizeof *macro);
    if (macro == NULL)
        return;
    *macro = (struct macro){.node = node, .scope = r->scope};
    for (struct scope *scope = r->scope; scope != NULL && !scope->kept; scope = scope->parent)
        scope->kept = true;
    scope_set(r, r->scope, node->symbol, (struct value){.kind = VALUE_MACRO, .as.macro = macro});
}

static void run_call_block(struct render *r, const struct node *node)
{
    struct value value = call_macro_block(r, node);
    if (r->status == STATUS_OK)
        print_text(r, &r->output, value);
}

/* A scope for the next iteration: the last one again, unless a macro keeps it. */
static void renew_scope(struct render *r, struct scope *outer)
{
    if (r->scope == outer || r->scope->kept)
        r->scope = scope_open(r, outer);
    else
        r->scope->n = 0;
    if (r->scope == NULL)
        r->scope = outer;
}

/* The items for which the loop's condition holds. */
static struct value select_items(struct render *r, const struct node *node, struct value items)
{
    struct scope *outer = r->scope;
    if (node->e == NULL || r->status != STATUS_OK)
        return items;
    struct value chosen = list_make(r, LIST_PLAIN, 0);
    for (uint32_t i = 0; i < items.as.list->n && r->status == STATUS_OK; i++) {
        renew_scope(r, outer);
        assign(r, node->a, items.as.list->items[i]);
        if (value_truth(evaluate(r, node->e)) && r->status == STATUS_OK)
            list_add(r, chosen.as.list, items.as.list->items[i]);
    }
    r->scope = outer;
    return chosen;
}

static void run_iterations(struct render *r, const struct node *node, const struct list *items)
{
    struct scope *outer = r->scope;
    struct loop *loop = render_take(r, 1, sizeof *loop);
    if (loop == NULL)
        return;
    *loop = (struct loop){.items = items};
    for (; loop->index < items->n && render_charge(r, 1); loop->index++) {
        renew_scope(r, outer);
        scope_set_name(r, r->scope, "loop", (struct value){.kind = VALUE_LOOP, .as.loop = loop});
        assign(r, node->a, items->items[loop->index]);
        render_body(r, node->c);
        bool ends = r->jump == JUMP_BREAK;
        r->jump = JUMP_NONE;
        if (ends)
            break;
    }
    r->scope = outer;
}

static void run_for(struct render *r, const struct node *node)
{
    struct value items = select_items(r, node, value_iterate(r, evaluate(r, node->b)));
    if (r->status != STATUS_OK)
        return;
    struct list fixed = *items.as.list; /* as long as it was, whatever the body appends */
    fixed.form = LIST_PLAIN;
    struct list *kept = render_take(r, 1, sizeof *kept);
    if (kept == NULL)
        return;
    *kept = fixed;
    if (kept->n > 0)
        run_iterations(r, node, kept);
    else
        render_body(r, node->d);
}

static void run_break(struct render *r, const struct node *node)
{
    r->jump = node->kind == NODE_BREAK ? JUMP_BREAK : JUMP_CONTINUE;
}

static statement *const statements[NODE_KINDS] = {
    [NODE_OUTPUT] = run_output,
    [NODE_IF] = run_if,
    [NODE_FOR] = run_for,
    [NODE_SET] = run_set,
    [NODE_SET_BLOCK] = run_set_block,
    [NODE_MACRO] = run_macro,
    [NODE_CALL_BLOCK] = run_call_block,
    [NODE_FILTER_BLOCK] = run_filter_block,
    [NODE_WITH] = run_scoped,
    [NODE_BODY] = run_scoped,
    [NODE_BREAK] = run_break,
    [NODE_CONTINUE] = run_break,
};

void render_body(struct render *r, const struct node *body)
{
    if (body == NULL || !render_enter(r))
        return;
    for (const struct node *node = body; node != NULL && r->jump == JUMP_NONE && render_charge(r, 1);
         node = node->next) {
        r->line = node->line;
        statements[node->kind](r, node);
    }
    render_leave(r);
}
