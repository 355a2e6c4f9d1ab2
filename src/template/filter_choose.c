/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that choose or change each item of a list by another filter, a test or an attribute. */
#include "template/function.h"
#include "template/render.h"

static struct arguments without_first(const struct arguments *all, uint32_t n)
{
    struct arguments rest = *all;
    rest.items = rest.n == 0 ? NULL : rest.items + n;
    rest.n -= n;
    return rest;
}

/* Nothing is chosen from what is false, such as None. */
static struct value iterate_if_true(struct render *r, struct value of)
{
    return value_truth(of) ? value_iterate(r, of) : list_make(r, LIST_PLAIN, 0);
}

static const struct value *named(const struct arguments *all, const char *name)
{
    for (uint32_t i = 0; i < all->named_n; i++) {
        if (text_is(all->named[i].key, name))
            return &all->named[i].value;
    }
    return NULL;
}

static struct value map_attribute(struct render *r, struct value items, struct value path, const struct value *fallback)
{
    struct value made = list_make(r, LIST_ITERATOR, items.as.list->n);
    for (uint32_t i = 0; i < items.as.list->n && r->status == STATUS_OK; i++) {
        struct value one = value_path(r, items.as.list->items[i], path);
        if (one.kind == VALUE_UNDEFINED && fallback != NULL && fallback->kind != VALUE_NONE)
            one = *fallback;
        if (r->status == STATUS_OK)
            list_add(r, made.as.list, one);
    }
    return made;
}

static struct value map(struct render *r, const struct call *c)
{
    struct value items = iterate_if_true(r, c->of);
    const struct value *path = named(c->all, "attribute");
    if (r->status != STATUS_OK)
        return c->of;
    if (c->all->n == 0 && path != NULL)
        return map_attribute(r, items, *path, named(c->all, "default"));
    if (c->given[0].kind != VALUE_TEXT) {
        render_fail(r, STATUS_USAGE, "map needs a filter's name or an attribute", NULL);
        return c->of;
    }
    struct arguments rest = without_first(c->all, 1);
    uint32_t which = filter_find(c->given[0]);
    struct value made = list_make(r, LIST_ITERATOR, items.as.list->n);
    for (uint32_t i = 0; i < items.as.list->n && r->status == STATUS_OK; i++) {
        struct value one = filter_apply(r, which, c->given[0], items.as.list->items[i], &rest);
        if (r->status == STATUS_OK)
            list_add(r, made.as.list, one);
    }
    return made;
}

static bool holds(struct render *r, struct value item, const struct arguments *all, uint32_t first)
{
    if (all->n <= first)
        return value_truth(item);
    struct value name = all->items[first];
    struct arguments rest = without_first(all, first + 1);
    if (name.kind != VALUE_TEXT)
        render_fail(r, STATUS_USAGE, "a test's name must be a text", NULL);
    return r->status == STATUS_OK && test_apply(r, test_find(name), name, item, &rest);
}

enum { BY_ATTRIBUTE = 1, REJECT = 2 };

static struct value choose(struct render *r, const struct call *c)
{
    const struct arguments *all = c->all;
    bool by_attribute = (c->variant & BY_ATTRIBUTE) != 0, wanted = (c->variant & REJECT) == 0;
    struct value items = iterate_if_true(r, c->of);
    if (r->status != STATUS_OK)
        return c->of;
    if (by_attribute && all->n == 0)
        render_fail(r, STATUS_USAGE, "the attribute is missing", NULL);
    struct value made = list_make(r, LIST_ITERATOR, 0);
    for (uint32_t i = 0; i < items.as.list->n && r->status == STATUS_OK; i++) {
        struct value item = items.as.list->items[i];
        struct value asked = by_attribute ? value_path(r, item, all->items[0]) : item;
        if (holds(r, asked, all, by_attribute) == wanted && r->status == STATUS_OK)
            list_add(r, made.as.list, item);
    }
    return made;
}

const struct function filters_choose[] = {
    {"map", map, {"*"}, 0},
    {"select", choose, {"*"}, 0},
    {"reject", choose, {"*"}, REJECT},
    {"selectattr", choose, {"*"}, BY_ATTRIBUTE},
    {"rejectattr", choose, {"*"}, BY_ATTRIBUTE | REJECT},
    {NULL, NULL, {NULL}, 0},
};
