/* SPDX-License-Identifier: Apache-2.0 */
/* Truth, equality, order and membership, as Python has them. */
#include "template/render.h"

#include <string.h>

const char *value_type(struct value v)
{
    static const char *const names[] = {"undefined value", "NoneType", "bool",   "int",        "int",
                                        "float",           "str",      "list",   "dict",       "Namespace",
                                        "Macro",           "function", "method", "LoopContext"};
    return names[v.kind];
}

bool value_truth(struct value v)
{
    switch ((enum value_kind)v.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE: return false;
    case VALUE_BOOL: return v.as.truth;
    case VALUE_INTEGER: return v.as.integer != 0;
    case VALUE_FLOAT: return v.as.real < 0 || v.as.real > 0 || v.as.real != v.as.real;
    case VALUE_TEXT: return v.len > 0;
    case VALUE_LIST: return v.as.list->n > 0 || v.as.list->form == LIST_ITERATOR;
    case VALUE_DICT: return v.as.dict->n > 0;
    case VALUE_NUMBER:
    case VALUE_NAMESPACE:
    case VALUE_MACRO:
    case VALUE_FUNCTION:
    case VALUE_METHOD:
    case VALUE_LOOP: return true;
    }
    return false;
}

bool value_real(struct value v, double *real)
{
    if (v.kind == VALUE_BOOL)
        *real = v.as.truth;
    else if (v.kind == VALUE_INTEGER)
        *real = (double)v.as.integer;
    else if (v.kind == VALUE_FLOAT)
        *real = v.as.real;
    else
        return false;
    return true;
}

static bool is_whole(struct value v, int64_t *integer)
{
    if (v.kind == VALUE_BOOL)
        *integer = v.as.truth;
    else if (v.kind == VALUE_INTEGER)
        *integer = v.as.integer;
    else
        return false;
    return true;
}

static bool equal_lists(struct render *r, const struct list *a, const struct list *b)
{
    if (a->form == LIST_ITERATOR || a->form != b->form || a->n != b->n)
        return a == b;
    for (uint32_t i = 0; i < a->n; i++) {
        if (!value_equal(r, a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static bool equal_dicts(struct render *r, const struct dict *a, const struct dict *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct entry *other = dict_find(r, b, a->entries[i].key);
        if (other == NULL || !value_equal(r, a->entries[i].value, other->value))
            return false;
    }
    return true;
}

static bool equal_same_kind(struct render *r, struct value a, struct value b)
{
    switch ((enum value_kind)a.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE: return true;
    case VALUE_NUMBER:
    case VALUE_TEXT: return a.len == b.len && (a.len == 0 || memcmp(a.as.text, b.as.text, a.len) == 0);
    case VALUE_LIST: return equal_lists(r, a.as.list, b.as.list);
    case VALUE_DICT: return equal_dicts(r, a.as.dict, b.as.dict);
    case VALUE_BOOL:
    case VALUE_INTEGER:
    case VALUE_FLOAT:
    case VALUE_FUNCTION: return a.as.integer == b.as.integer;
    case VALUE_NAMESPACE:
    case VALUE_MACRO:
    case VALUE_METHOD:
    case VALUE_LOOP: return a.as.text == b.as.text;
    }
    return false;
}

bool value_equal(struct render *r, struct value a, struct value b)
{
    int64_t whole_a, whole_b;
    double real_a, real_b;
    if (!render_charge(r, 1 + (a.kind == VALUE_TEXT ? a.len / 64 : 0)) || !render_enter(r))
        return false;
    bool equal = false;
    if (is_whole(a, &whole_a) && is_whole(b, &whole_b))
        equal = whole_a == whole_b;
    else if (value_real(a, &real_a) && value_real(b, &real_b))
        equal = !(real_a < real_b) && !(real_a > real_b) && real_a == real_a && real_b == real_b;
    else if (a.kind == b.kind)
        equal = equal_same_kind(r, a, b);
    render_leave(r);
    return equal;
}

static int order_texts(struct value a, struct value b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.as.text, b.as.text, common);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int order_lists(struct render *r, const struct list *a, const struct list *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++) {
        if (!value_equal(r, a->items[i], b->items[i]))
            return value_order(r, a->items[i], b->items[i]);
    }
    return (a->n > b->n) - (a->n < b->n);
}

int value_order(struct render *r, struct value a, struct value b)
{
    int64_t whole_a, whole_b;
    double real_a, real_b;
    int order = 0;
    if (!render_charge(r, 1) || !render_enter(r))
        return 0;
    if (is_whole(a, &whole_a) && is_whole(b, &whole_b))
        order = (whole_a > whole_b) - (whole_a < whole_b);
    else if (value_real(a, &real_a) && value_real(b, &real_b))
        order = (real_a > real_b) - (real_a < real_b);
    else if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
        order = order_texts(a, b);
    else if (a.kind == VALUE_LIST && b.kind == VALUE_LIST && a.as.list->form == b.as.list->form)
        order = order_lists(r, a.as.list, b.as.list);
    else
        render_fail(r, STATUS_USAGE, "values of these types have no order", NULL);
    render_leave(r);
    return order;
}

static bool list_has(struct render *r, const struct list *list, struct value item)
{
    for (uint32_t i = list->at; i < list->n; i++) {
        if (value_equal(r, list->items[i], item))
            return true;
    }
    return false;
}

bool value_contains(struct render *r, struct value in, struct value item)
{
    if (in.kind == VALUE_LIST)
        return list_has(r, in.as.list, item);
    if (in.kind == VALUE_DICT)
        return dict_find(r, in.as.dict, item) != NULL;
    if (in.kind == VALUE_TEXT && item.kind == VALUE_TEXT)
        return render_charge(r, in.len / 16) && text_find(r, in, item, 0) != SIZE_MAX;
    if (in.kind != VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "`in` needs a list, a dict, or two texts", NULL);
    return false;
}
