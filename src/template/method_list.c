/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of lists, dicts and loops.  jinja2's sandbox refuses those that change a value; templates use them where it
 * is not there, so they are here. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static bool check_list(struct render *r, struct value of)
{
    if (of.as.list->form == LIST_TUPLE)
        render_fail(r, STATUS_USAGE, "a tuple cannot be changed", NULL);
    return r->status == STATUS_OK;
}

static struct value append(struct render *r, const struct call *c)
{
    r->kept++;
    if (c->all->n != 1)
        render_fail(r, STATUS_USAGE, "append takes one value", NULL);
    if (check_list(r, c->of))
        list_add(r, c->of.as.list, c->given[0]);
    return value_none();
}

static struct value extend(struct render *r, const struct call *c)
{
    struct value items = value_iterate(r, c->given[0]);
    r->kept++;
    if (!check_list(r, c->of))
        return c->of;
    for (uint32_t i = 0, n = items.as.list->n; i < n && render_charge(r, 1); i++)
        list_add(r, c->of.as.list, items.as.list->items[i]);
    return value_none();
}

static struct value insert(struct render *r, const struct call *c)
{
    struct list *list = c->of.as.list;
    int64_t n = list->n, at = given_integer(r, c->given[0], 0);
    r->kept++;
    if (c->all->n != 2)
        render_fail(r, STATUS_USAGE, "insert takes a place and a value", NULL);
    at = at < 0 ? at + n : at;
    at = at < 0 ? 0 : at > n ? n : at;
    if (!check_list(r, c->of) || !render_charge(r, list->n / 16))
        return c->of;
    list_add(r, list, c->given[1]);
    if (r->status != STATUS_OK)
        return c->of;
    memmove(list->items + at + 1, list->items + at, (size_t)(n - at) * sizeof list->items[0]);
    list->items[at] = c->given[1];
    return value_none();
}

static struct value pop(struct render *r, const struct call *c)
{
    struct list *list = c->of.as.list;
    int64_t at = given_integer(r, c->given[0], -1);
    at = at < 0 ? at + list->n : at;
    if (at < 0 || at >= list->n)
        render_fail(r, STATUS_USAGE, "nothing to take from the list at this place", NULL);
    if (!check_list(r, c->of) || !render_charge(r, list->n / 16))
        return c->of;
    struct value taken = list->items[at];
    list->n--;
    memmove(list->items + at, list->items + at + 1, (list->n - (size_t)at) * sizeof list->items[0]);
    return taken;
}

static struct value index_of(struct render *r, const struct call *c)
{
    for (uint32_t i = 0; i < c->of.as.list->n; i++) {
        if (value_equal(r, c->of.as.list->items[i], c->given[0]))
            return value_integer(i);
    }
    render_fail(r, STATUS_USAGE, "the value looked for is not in the list", NULL);
    return c->of;
}

static struct value count(struct render *r, const struct call *c)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < c->of.as.list->n; i++)
        n += value_equal(r, c->of.as.list->items[i], c->given[0]);
    return value_integer(n);
}

static struct value copy_list(struct render *r, const struct call *c)
{
    struct value bounds[3] = {value_none(), value_none(), value_none()};
    return value_slice(r, c->of, bounds);
}

static struct value get(struct render *r, const struct call *c)
{
    const struct entry *entry = dict_find(r, c->of.as.dict, c->given[0]);
    if (c->all->n + c->all->named_n == 0)
        render_fail(r, STATUS_USAGE, "get needs a key", NULL);
    if (entry != NULL)
        return entry->value;
    return c->all->n + c->all->named_n > 1 ? c->given[1] : value_none();
}

static struct value items(struct render *r, const struct call *c)
{
    return dict_list(r, c->of, (enum list_form)c->variant);
}

static struct value take_key(struct render *r, const struct call *c)
{
    struct entry *entry = dict_find(r, c->of.as.dict, c->given[0]);
    if (entry == NULL && c->all->n < 2)
        render_fail(r, STATUS_USAGE, "the key to take is not in the dict", NULL);
    if (entry == NULL)
        return c->given[1];
    struct value taken = entry->value;
    dict_remove(c->of.as.dict, entry);
    return taken;
}

static struct value set_default(struct render *r, const struct call *c)
{
    const struct entry *entry = dict_find(r, c->of.as.dict, c->given[0]);
    struct value value = c->all->n > 1 ? c->given[1] : value_none();
    r->kept++;
    if (entry == NULL)
        dict_set(r, c->of.as.dict, c->given[0], value);
    return entry == NULL ? value : entry->value;
}

static struct value update(struct render *r, const struct call *c)
{
    r->kept++;
    if (is_given(c->given[0]) && c->given[0].kind != VALUE_DICT)
        render_fail(r, STATUS_USAGE, "update needs a dict", NULL);
    for (uint32_t i = 0; c->given[0].kind == VALUE_DICT && i < c->given[0].as.dict->n && r->status == STATUS_OK; i++)
        dict_set(r, c->of.as.dict, c->given[0].as.dict->entries[i].key, c->given[0].as.dict->entries[i].value);
    for (uint32_t i = 0; i < c->all->named_n && r->status == STATUS_OK; i++)
        dict_set(r, c->of.as.dict, c->all->named[i].key, c->all->named[i].value);
    return value_none();
}

static struct value copy_dict(struct render *r, const struct call *c)
{
    struct value made = dict_make(r, c->of.as.dict->n);
    if (r->status == STATUS_OK && c->of.as.dict->n > 0) {
        memcpy(made.as.dict->entries, c->of.as.dict->entries, c->of.as.dict->n * sizeof made.as.dict->entries[0]);
        made.as.dict->n = c->of.as.dict->n;
    }
    made.origin = c->of.origin;
    return made;
}

static struct value cycle(struct render *r, const struct call *c)
{
    if (c->all->n == 0) {
        render_fail(r, STATUS_USAGE, "cycle needs values", NULL);
        return c->of;
    }
    return c->all->items[c->of.as.loop->index % c->all->n];
}

static struct value changed(struct render *r, const struct call *c)
{
    struct value now = list_make(r, LIST_TUPLE, c->all->n);
    r->kept++;
    for (uint32_t i = 0; i < c->all->n && r->status == STATUS_OK; i++)
        list_add(r, now.as.list, c->all->items[i]);
    bool same = c->of.as.loop->changed_set && value_equal(r, c->of.as.loop->changed, now);
    c->of.as.loop->changed = now;
    c->of.as.loop->changed_set = true;
    return value_bool(!same);
}

const struct function methods_list[] = {
    {"append", append, {"value"}, 0}, {"extend", extend, {"values"}, 0}, {"insert", insert, {"index", "value"}, 0},
    {"pop", pop, {"index"}, 0},       {"index", index_of, {"value"}, 0}, {"count", count, {"value"}, 0},
    {"copy", copy_list, {NULL}, 0},   {NULL, NULL, {NULL}, 0},
};

const struct function methods_dict[] = {
    {"get", get, {"key", "default"}, 0},
    {"items", items, {NULL}, LIST_ITEMS},
    {"keys", items, {NULL}, LIST_KEYS},
    {"values", items, {NULL}, LIST_VALUES},
    {"pop", take_key, {"key", "default"}, 0},
    {"setdefault", set_default, {"key", "default"}, 0},
    {"update", update, {"*"}, 0},
    {"copy", copy_dict, {NULL}, 0},
    {NULL, NULL, {NULL}, 0},
};

const struct function methods_loop[] = {
    {"cycle", cycle, {"*"}, 0},
    {"changed", changed, {"*"}, 0},
    {NULL, NULL, {NULL}, 0},
};
