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

static struct value append(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    if (all->n != 1)
        render_fail(r, STATUS_USAGE, "append takes one value", NULL);
    if (check_list(r, of))
        list_add(r, of.as.list, given[0]);
    return value_none();
}

static struct value extend(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value items = value_iterate(r, given[0]);
    (void)all;
    if (!check_list(r, of))
        return of;
    for (uint32_t i = 0, n = items.as.list->n; i < n && render_charge(r, 1); i++)
        list_add(r, of.as.list, items.as.list->items[i]);
    return value_none();
}

static struct value insert(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct list *list = of.as.list;
    int64_t n = list->n, at = given_integer(r, given[0], 0);
    if (all->n != 2)
        render_fail(r, STATUS_USAGE, "insert takes a place and a value", NULL);
    at = at < 0 ? at + n : at;
    at = at < 0 ? 0 : at > n ? n : at;
    if (!check_list(r, of) || !render_charge(r, list->n / 16))
        return of;
    list_add(r, list, given[1]);
    if (r->status != STATUS_OK)
        return of;
    memmove(list->items + at + 1, list->items + at, (size_t)(n - at) * sizeof list->items[0]);
    list->items[at] = given[1];
    return value_none();
}

static struct value pop(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct list *list = of.as.list;
    int64_t at = given_integer(r, given[0], -1);
    (void)all;
    at = at < 0 ? at + list->n : at;
    if (at < 0 || at >= list->n)
        render_fail(r, STATUS_USAGE, "nothing to take from the list at this place", NULL);
    if (!check_list(r, of) || !render_charge(r, list->n / 16))
        return of;
    struct value taken = list->items[at];
    list->n--;
    memmove(list->items + at, list->items + at + 1, (list->n - (size_t)at) * sizeof list->items[0]);
    return taken;
}

static struct value index_of(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    for (uint32_t i = 0; i < of.as.list->n; i++) {
        if (value_equal(r, of.as.list->items[i], given[0]))
            return value_integer(i);
    }
    render_fail(r, STATUS_USAGE, "the value looked for is not in the list", NULL);
    return of;
}

static struct value count(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    int64_t n = 0;
    (void)all;
    for (uint32_t i = 0; i < of.as.list->n; i++)
        n += value_equal(r, of.as.list->items[i], given[0]);
    return value_integer(n);
}

static struct value copy_list(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value bounds[3] = {value_none(), value_none(), value_none()};
    (void)given, (void)all;
    return value_slice(r, of, bounds);
}

static struct value get(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    const struct entry *entry = dict_find(r, of.as.dict, given[0]);
    if (all->n + all->named_n == 0)
        render_fail(r, STATUS_USAGE, "get needs a key", NULL);
    if (entry != NULL)
        return entry->value;
    return all->n + all->named_n > 1 ? given[1] : value_none();
}

static struct value items(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return dict_list(r, of, LIST_ITEMS);
}

static struct value keys(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return dict_list(r, of, LIST_KEYS);
}

static struct value values(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return dict_list(r, of, LIST_VALUES);
}

static struct value take_key(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct entry *entry = dict_find(r, of.as.dict, given[0]);
    if (entry == NULL && all->n < 2)
        render_fail(r, STATUS_USAGE, "the key to take is not in the dict", NULL);
    if (entry == NULL)
        return given[1];
    struct value taken = entry->value;
    dict_remove(of.as.dict, entry);
    return taken;
}

static struct value set_default(struct render *r, struct value of, const struct value *given,
                                const struct arguments *all)
{
    const struct entry *entry = dict_find(r, of.as.dict, given[0]);
    struct value value = all->n > 1 ? given[1] : value_none();
    if (entry == NULL)
        dict_set(r, of.as.dict, given[0], value);
    return entry == NULL ? value : entry->value;
}

static struct value update(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    if (is_given(given[0]) && given[0].kind != VALUE_DICT)
        render_fail(r, STATUS_USAGE, "update needs a dict", NULL);
    for (uint32_t i = 0; given[0].kind == VALUE_DICT && i < given[0].as.dict->n && r->status == STATUS_OK; i++)
        dict_set(r, of.as.dict, given[0].as.dict->entries[i].key, given[0].as.dict->entries[i].value);
    for (uint32_t i = 0; i < all->named_n && r->status == STATUS_OK; i++)
        dict_set(r, of.as.dict, all->named[i].key, all->named[i].value);
    return value_none();
}

static struct value copy_dict(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value made = dict_make(r, of.as.dict->n);
    (void)given, (void)all;
    if (r->status == STATUS_OK && of.as.dict->n > 0) {
        memcpy(made.as.dict->entries, of.as.dict->entries, of.as.dict->n * sizeof made.as.dict->entries[0]);
        made.as.dict->n = of.as.dict->n;
    }
    made.origin = of.origin;
    return made;
}

static struct value cycle(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given;
    if (all->n == 0) {
        render_fail(r, STATUS_USAGE, "cycle needs values", NULL);
        return of;
    }
    return all->items[of.as.loop->index % all->n];
}

static struct value changed(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value now = list_make(r, LIST_TUPLE, all->n);
    (void)given;
    for (uint32_t i = 0; i < all->n && r->status == STATUS_OK; i++)
        list_add(r, now.as.list, all->items[i]);
    bool same = of.as.loop->changed_set && value_equal(r, of.as.loop->changed, now);
    of.as.loop->changed = now;
    of.as.loop->changed_set = true;
    return value_bool(!same);
}

const struct function methods_list[] = {
    {"append", append, {"value"}}, {"extend", extend, {"values"}}, {"insert", insert, {"index", "value"}},
    {"pop", pop, {"index"}},       {"index", index_of, {"value"}}, {"count", count, {"value"}},
    {"copy", copy_list, {NULL}},   {NULL, NULL, {NULL}},
};

const struct function methods_dict[] = {
    {"get", get, {"key", "default"}},
    {"items", items, {NULL}},
    {"keys", keys, {NULL}},
    {"values", values, {NULL}},
    {"pop", take_key, {"key", "default"}},
    {"setdefault", set_default, {"key", "default"}},
    {"update", update, {"*"}},
    {"copy", copy_dict, {NULL}},
    {NULL, NULL, {NULL}},
};

const struct function methods_loop[] = {
    {"cycle", cycle, {"*"}},
    {"changed", changed, {"*"}},
    {NULL, NULL, {NULL}},
};
