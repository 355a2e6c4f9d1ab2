/* SPDX-License-Identifier: Apache-2.0 */
/* Looks names up in the tables and binds arguments to parameters. */
#include "template/function.h"

#include "template/render.h"

#include <string.h>

static const struct function *const filter_tables[] = {filters_text, filters_list, filters_choose, filters_value};

enum { TABLE_SHIFT = 16 }; /* a filter's number: its table above, its row below */

bool is_given(struct value given)
{
    return given.kind != VALUE_UNDEFINED;
}

int64_t given_integer(struct render *r, struct value given, int64_t fallback)
{
    if (given.kind == VALUE_INTEGER)
        return given.as.integer;
    if (given.kind == VALUE_BOOL)
        return given.as.truth;
    if (given.kind != VALUE_UNDEFINED && given.kind != VALUE_NONE)
        render_fail(r, STATUS_USAGE, "an argument is no whole number", NULL);
    return fallback;
}

static uint32_t find_row(const struct function *table, struct value name)
{
    for (uint32_t i = 0; table[i].name != NULL; i++) {
        if (text_is(name, table[i].name))
            return i;
    }
    return NODE_UNKNOWN;
}

uint32_t filter_find(struct value name)
{
    for (uint32_t table = 0; table < sizeof filter_tables / sizeof filter_tables[0]; table++) {
        uint32_t row = find_row(filter_tables[table], name);
        if (row != NODE_UNKNOWN)
            return table << TABLE_SHIFT | row;
    }
    return NODE_UNKNOWN;
}

static size_t parameters_n(const struct function *f)
{
    size_t n = 0;
    while (n < PARAMETERS_MAX && f->parameters[n] != NULL)
        n++;
    return n;
}

static void bind_named(struct render *r, const struct function *f, struct value *given, const struct entry *named)
{
    size_t n = parameters_n(f);
    for (size_t i = 0; i < n; i++) {
        if (text_is(named->key, f->parameters[i])) {
            given[i] = named->value;
            return;
        }
    }
    render_fail(r, STATUS_USAGE, "no such parameter:", &named->key);
}

struct value function_call(struct render *r, const struct function *f, struct value of, const struct arguments *all)
{
    struct call c = {.of = of, .all = all, .variant = f->variant};
    size_t n = parameters_n(f);
    bool any = n > 0 && strcmp(f->parameters[0], "*") == 0;
    for (size_t i = 0; i < PARAMETERS_MAX; i++)
        c.given[i] = i < all->n ? all->items[i] : value_undefined();
    if (!any && all->n > n)
        render_fail(r, STATUS_USAGE, "more arguments than there are parameters", NULL);
    for (uint32_t i = 0; i < all->named_n && !any; i++)
        bind_named(r, f, c.given, &all->named[i]);
    if (!render_enter(r))
        return value_undefined();
    struct value made = f->body(r, &c);
    render_leave(r);
    return r->status == STATUS_OK ? made : value_undefined();
}

struct value filter_apply(struct render *r, uint32_t which, struct value name, struct value of,
                          const struct arguments *all)
{
    if (r->status != STATUS_OK)
        return of;
    if (which == NODE_UNKNOWN) {
        render_fail(r, STATUS_USAGE, "there is no filter of the name", &name);
        return of;
    }
    return function_call(r, &filter_tables[which >> TABLE_SHIFT][which & 0xffff], of, all);
}

/* The tables in which a value's methods are; NULL where it has none. */
static const struct function *const *tables_of(struct value of)
{
    static const struct function *const text[] = {methods_text, methods_text_search, NULL};
    static const struct function *const list[] = {methods_list, NULL};
    static const struct function *const dict[] = {methods_dict, NULL};
    static const struct function *const loop[] = {methods_loop, NULL};
    switch ((enum value_kind)of.kind) {
    case VALUE_TEXT: return text;
    case VALUE_LIST: return of.as.list->form <= LIST_TUPLE ? list : NULL;
    case VALUE_DICT: return dict;
    case VALUE_LOOP: return loop;
    case VALUE_UNDEFINED:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INTEGER:
    case VALUE_NUMBER:
    case VALUE_FLOAT:
    case VALUE_NAMESPACE:
    case VALUE_MACRO:
    case VALUE_FUNCTION:
    case VALUE_METHOD: return NULL;
    }
    return NULL;
}

bool method_find(struct render *r, struct value of, struct value name, struct value *found)
{
    const struct function *const *tables = tables_of(of);
    for (uint32_t table = 0; tables != NULL && tables[table] != NULL; table++) {
        uint32_t row = find_row(tables[table], name);
        if (row == NODE_UNKNOWN)
            continue;
        struct method *method = render_take(r, 1, sizeof *method);
        if (method != NULL)
            *method = (struct method){.of = of, .which = table << TABLE_SHIFT | row};
        *found = (struct value){.kind = method == NULL ? VALUE_UNDEFINED : VALUE_METHOD, .as.method = method};
        return true;
    }
    return false;
}

struct value method_call(struct render *r, const struct method *method, const struct arguments *all)
{
    const struct function *const *tables = tables_of(method->of);
    return function_call(r, &tables[method->which >> TABLE_SHIFT][method->which & 0xffff], method->of, all);
}
