/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on lists and dicts. */
#include "template/function.h"
#include "template/render.h"

static struct value length(struct render *r, const struct call *c)
{
    if (c->of.kind == VALUE_TEXT && render_charge(r, c->of.len / 16))
        return value_integer((int64_t)text_characters(c->of));
    if (c->of.kind == VALUE_LIST && c->of.as.list->form != LIST_ITERATOR)
        return value_integer(c->of.as.list->n);
    if (c->of.kind == VALUE_DICT)
        return value_integer(c->of.as.dict->n);
    if (c->of.kind == VALUE_LOOP)
        return value_integer(c->of.as.loop->items->n);
    if (c->of.kind != VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "this has no length", NULL);
    return value_integer(0);
}

static struct value first(struct render *r, const struct call *c)
{
    if (c->of.kind == VALUE_LIST && c->of.as.list->form == LIST_ITERATOR)
        return c->of.as.list->at < c->of.as.list->n ? c->of.as.list->items[c->of.as.list->at++] : value_undefined();
    struct value items = value_iterate(r, c->of);
    return r->status == STATUS_OK && items.as.list->n > 0 ? items.as.list->items[0] : value_undefined();
}

static struct value last(struct render *r, const struct call *c)
{
    if (c->of.kind == VALUE_LIST && c->of.as.list->form == LIST_ITERATOR)
        render_fail(r, STATUS_USAGE, "an iterator has no last item; make it a list first", NULL);
    struct value items = value_iterate(r, c->of);
    return r->status == STATUS_OK && items.as.list->n > 0 ? items.as.list->items[items.as.list->n - 1]
                                                          : value_undefined();
}

/* Each item's attribute, when one is given. */
static struct value by_path(struct render *r, struct value of, struct value path)
{
    struct value items = value_iterate(r, of);
    if (!is_given(path) || path.kind == VALUE_NONE || r->status != STATUS_OK)
        return items;
    struct value made = list_make(r, LIST_PLAIN, items.as.list->n);
    for (uint32_t i = 0; i < items.as.list->n && r->status == STATUS_OK; i++)
        list_add(r, made.as.list, value_path(r, items.as.list->items[i], path));
    return made;
}

static struct value join(struct render *r, const struct call *c)
{
    struct value items = by_path(r, c->of, c->given[1]);
    struct value separator = value_to_text(r, c->given[0]);
    return r->status == STATUS_OK ? text_join(r, separator, items) : c->of;
}

static struct value copy(struct render *r, struct value of, enum list_form form)
{
    struct value items = value_iterate(r, of);
    if (r->status != STATUS_OK)
        return of;
    struct value made = list_make(r, form, items.as.list->n);
    for (uint32_t i = 0; i < items.as.list->n && render_charge(r, 1); i++)
        list_add(r, made.as.list, items.as.list->items[i]);
    made.origin = items.origin;
    return made;
}

static struct value list(struct render *r, const struct call *c)
{
    return copy(r, c->of, LIST_PLAIN);
}

static struct value items(struct render *r, const struct call *c)
{
    if (c->of.kind == VALUE_UNDEFINED)
        return list_make(r, LIST_ITERATOR, 0);
    if (c->of.kind == VALUE_DICT)
        return copy(r, dict_list(r, c->of, LIST_ITEMS), LIST_ITERATOR);
    render_fail(r, STATUS_USAGE, "only a dict has items", NULL);
    return c->of;
}

/* The entries {key to sort by, item}, sorted, as a list of the items. */
static struct value sorted(struct render *r, struct entry *entries, uint32_t n, bool backwards)
{
    struct value made = list_make(r, LIST_PLAIN, n);
    entries_sort(r, entries, n, backwards);
    for (uint32_t i = 0; i < n && render_charge(r, 1); i++)
        list_add(r, made.as.list, entries[i].value);
    return made;
}

/* Python compares lists of one value, so an item that has no order fails even then only with another. */
static struct value sort(struct render *r, const struct call *c)
{
    struct value from = value_iterate(r, c->of);
    if (r->status != STATUS_OK || from.as.list->n == 0)
        return list_make(r, LIST_PLAIN, 0);
    uint32_t n = from.as.list->n;
    struct entry *entries = render_take(r, n, sizeof entries[0]);
    for (uint32_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], c->given[2]), c->given[1]);
        entries[i] = (struct entry){key, from.as.list->items[i]};
    }
    return r->status == STATUS_OK ? sorted(r, entries, n, value_truth(c->given[0])) : c->of;
}

static struct value dictsort(struct render *r, const struct call *c)
{
    bool by_value = text_is(c->given[1], "value");
    if (c->of.kind != VALUE_DICT || (is_given(c->given[1]) && !by_value && !text_is(c->given[1], "key"))) {
        render_fail(r, STATUS_USAGE, "dictsort needs a dict, and \"key\" or \"value\"", NULL);
        return c->of;
    }
    uint32_t n = c->of.as.dict->n;
    struct value pairs = dict_list(r, c->of, LIST_ITEMS);
    struct entry *entries = n == 0 ? NULL : render_take(r, n, sizeof entries[0]);
    for (uint32_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct value key = by_value ? c->of.as.dict->entries[i].value : c->of.as.dict->entries[i].key;
        entries[i] = (struct entry){value_folded(r, key, c->given[0]), pairs.as.list->items[i]};
    }
    return r->status == STATUS_OK ? sorted(r, entries, n, value_truth(c->given[2])) : c->of;
}

static struct value reverse(struct render *r, const struct call *c)
{
    struct value bounds[3] = {value_none(), value_none(), value_integer(-1)};
    if (c->of.kind == VALUE_TEXT)
        return value_slice(r, c->of, bounds);
    struct value made = copy(r, c->of, LIST_PLAIN);
    if (r->status == STATUS_OK) {
        made = value_slice(r, made, bounds);
        if (r->status == STATUS_OK)
            made.as.list->form = LIST_ITERATOR;
    }
    return made;
}

static struct value unique(struct render *r, const struct call *c)
{
    struct value from = value_iterate(r, c->of), seen = dict_make(r, 0), made = list_make(r, LIST_ITERATOR, 0);
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], c->given[1]), c->given[0]);
        if (dict_find(r, seen.as.dict, key) != NULL)
            continue;
        dict_set(r, seen.as.dict, key, key);
        list_add(r, made.as.list, from.as.list->items[i]);
    }
    return made;
}

static struct value sum(struct render *r, const struct call *c)
{
    struct value from = by_path(r, c->of, c->given[0]);
    struct value total = is_given(c->given[1]) ? c->given[1] : value_integer(0);
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++)
        total = operator_apply(r, '+', total, from.as.list->items[i]);
    return total;
}

static struct value extreme(struct render *r, const struct call *c)
{
    struct value from = value_iterate(r, c->of), best = value_undefined(), best_key = best;
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], c->given[1]), c->given[0]);
        if (i == 0 || value_order(r, key, best_key) * c->variant > 0) {
            best = from.as.list->items[i];
            best_key = key;
        }
    }
    return best;
}

static void add_part(struct render *r, struct value to, struct value from, uint32_t first, uint32_t end)
{
    struct value part = list_make(r, LIST_PLAIN, 0);
    for (uint32_t i = first; i < end && render_charge(r, 1); i++)
        list_add(r, part.as.list, from.as.list->items[i]);
    if (r->status == STATUS_OK)
        list_add(r, to.as.list, part);
}

static void fill(struct render *r, struct value lists, uint32_t at, int64_t n, struct value with)
{
    for (int64_t i = 0; i < n && is_given(with) && with.kind != VALUE_NONE && render_charge(r, 1); i++)
        list_add(r, lists.as.list->items[at].as.list, with);
}

static struct value batch(struct render *r, const struct call *c)
{
    struct value from = value_iterate(r, c->of), made = list_make(r, LIST_ITERATOR, 0);
    int64_t size = given_integer(r, c->given[0], 0);
    if (size < 1 || size > INT32_MAX)
        render_fail(r, STATUS_USAGE, "batch needs a size above 0", NULL);
    if (r->status != STATUS_OK)
        return c->of;
    uint32_t n = from.as.list->n;
    for (uint32_t first = 0; first < n && r->status == STATUS_OK; first += (uint32_t)size)
        add_part(r, made, from, first, n - first > (uint32_t)size ? first + (uint32_t)size : n);
    if (r->status == STATUS_OK && made.as.list->n > 0)
        fill(r, made, made.as.list->n - 1, n % (uint32_t)size == 0 ? 0 : size - n % (uint32_t)size, c->given[1]);
    return made;
}

static struct value slice(struct render *r, const struct call *c)
{
    struct value from = value_iterate(r, c->of), made = list_make(r, LIST_ITERATOR, 0);
    int64_t slices = given_integer(r, c->given[0], 0);
    if (slices < 1 || slices > INT32_MAX)
        render_fail(r, STATUS_USAGE, "slice needs a number above 0", NULL);
    if (r->status != STATUS_OK)
        return c->of;
    uint32_t each = from.as.list->n / (uint32_t)slices, longer = from.as.list->n % (uint32_t)slices, at = 0;
    for (uint32_t i = 0; i < (uint32_t)slices && render_charge(r, 1); i++) {
        uint32_t end = at + each + (i < longer);
        add_part(r, made, from, at, end);
        if (r->status == STATUS_OK)
            fill(r, made, i, i >= longer, c->given[1]);
        at = end;
    }
    return made;
}

const struct function filters_list[] = {
    {"length", length, {NULL}, 0},
    {"count", length, {NULL}, 0},
    {"first", first, {NULL}, 0},
    {"last", last, {NULL}, 0},
    {"join", join, {"d", "attribute"}, 0},
    {"list", list, {NULL}, 0},
    {"items", items, {NULL}, 0},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}, 0},
    {"dictsort", dictsort, {"case_sensitive", "by", "reverse"}, 0},
    {"reverse", reverse, {NULL}, 0},
    {"unique", unique, {"case_sensitive", "attribute"}, 0},
    {"sum", sum, {"attribute", "start"}, 0},
    {"min", extreme, {"case_sensitive", "attribute"}, -1},
    {"max", extreme, {"case_sensitive", "attribute"}, 1},
    {"batch", batch, {"linecount", "fill_with"}, 0},
    {"slice", slice, {"slices", "fill_with"}, 0},
    {NULL, NULL, {NULL}, 0},
};
