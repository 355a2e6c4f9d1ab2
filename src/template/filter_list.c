/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on lists and dicts. */
#include "template/function.h"
#include "template/render.h"

static struct value length(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    if (of.kind == VALUE_TEXT && render_charge(r, of.len / 16))
        return value_integer((int64_t)text_characters(of));
    if (of.kind == VALUE_LIST && of.as.list->form != LIST_ITERATOR)
        return value_integer(of.as.list->n);
    if (of.kind == VALUE_DICT)
        return value_integer(of.as.dict->n);
    if (of.kind == VALUE_LOOP)
        return value_integer(of.as.loop->items->n);
    if (of.kind != VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "this has no length", NULL);
    return value_integer(0);
}

static struct value first(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    if (of.kind == VALUE_LIST && of.as.list->form == LIST_ITERATOR)
        return of.as.list->at < of.as.list->n ? of.as.list->items[of.as.list->at++] : value_undefined();
    struct value items = value_iterate(r, of);
    return r->status == STATUS_OK && items.as.list->n > 0 ? items.as.list->items[0] : value_undefined();
}

static struct value last(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    if (of.kind == VALUE_LIST && of.as.list->form == LIST_ITERATOR)
        render_fail(r, STATUS_USAGE, "an iterator has no last item; make it a list first", NULL);
    struct value items = value_iterate(r, of);
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

static struct value join(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    struct value items = by_path(r, of, given[1]);
    struct value separator = value_to_text(r, given[0]);
    return r->status == STATUS_OK ? text_join(r, separator, items) : of;
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

static struct value list(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return copy(r, of, LIST_PLAIN);
}

static struct value items(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    if (of.kind == VALUE_UNDEFINED)
        return list_make(r, LIST_ITERATOR, 0);
    if (of.kind == VALUE_DICT)
        return copy(r, dict_list(r, of, LIST_ITEMS), LIST_ITERATOR);
    render_fail(r, STATUS_USAGE, "only a dict has items", NULL);
    return of;
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
static struct value sort(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value from = value_iterate(r, of);
    (void)all;
    if (r->status != STATUS_OK || from.as.list->n == 0)
        return list_make(r, LIST_PLAIN, 0);
    uint32_t n = from.as.list->n;
    struct entry *entries = render_take(r, n, sizeof entries[0]);
    for (uint32_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], given[2]), given[1]);
        entries[i] = (struct entry){key, from.as.list->items[i]};
    }
    return r->status == STATUS_OK ? sorted(r, entries, n, value_truth(given[0])) : of;
}

static struct value dictsort(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    bool by_value = text_is(given[1], "value");
    if (of.kind != VALUE_DICT || (is_given(given[1]) && !by_value && !text_is(given[1], "key"))) {
        render_fail(r, STATUS_USAGE, "dictsort needs a dict, and \"key\" or \"value\"", NULL);
        return of;
    }
    uint32_t n = of.as.dict->n;
    struct value pairs = dict_list(r, of, LIST_ITEMS);
    struct entry *entries = n == 0 ? NULL : render_take(r, n, sizeof entries[0]);
    for (uint32_t i = 0; i < n && r->status == STATUS_OK; i++) {
        struct value key = by_value ? of.as.dict->entries[i].value : of.as.dict->entries[i].key;
        entries[i] = (struct entry){value_folded(r, key, given[0]), pairs.as.list->items[i]};
    }
    return r->status == STATUS_OK ? sorted(r, entries, n, value_truth(given[2])) : of;
}

static struct value reverse(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value bounds[3] = {value_none(), value_none(), value_integer(-1)};
    (void)given, (void)all;
    if (of.kind == VALUE_TEXT)
        return value_slice(r, of, bounds);
    struct value made = copy(r, of, LIST_PLAIN);
    if (r->status == STATUS_OK) {
        made = value_slice(r, made, bounds);
        if (r->status == STATUS_OK)
            made.as.list->form = LIST_ITERATOR;
    }
    return made;
}

static struct value unique(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value from = value_iterate(r, of), seen = dict_make(r, 0), made = list_make(r, LIST_ITERATOR, 0);
    (void)all;
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], given[1]), given[0]);
        if (dict_find(r, seen.as.dict, key) != NULL)
            continue;
        dict_set(r, seen.as.dict, key, key);
        list_add(r, made.as.list, from.as.list->items[i]);
    }
    return made;
}

static struct value sum(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value from = by_path(r, of, given[0]);
    struct value total = is_given(given[1]) ? given[1] : value_integer(0);
    (void)all;
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++)
        total = operator_apply(r, '+', total, from.as.list->items[i]);
    return total;
}

static struct value extreme(struct render *r, struct value of, const struct value *given, int sign)
{
    struct value from = value_iterate(r, of), best = value_undefined(), best_key = best;
    for (uint32_t i = 0; r->status == STATUS_OK && i < from.as.list->n; i++) {
        struct value key = value_folded(r, value_path(r, from.as.list->items[i], given[1]), given[0]);
        if (i == 0 || value_order(r, key, best_key) * sign > 0) {
            best = from.as.list->items[i];
            best_key = key;
        }
    }
    return best;
}

static struct value minimum(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return extreme(r, of, given, -1);
}

static struct value maximum(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return extreme(r, of, given, 1);
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

static struct value batch(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value from = value_iterate(r, of), made = list_make(r, LIST_ITERATOR, 0);
    int64_t size = given_integer(r, given[0], 0);
    (void)all;
    if (size < 1 || size > INT32_MAX)
        render_fail(r, STATUS_USAGE, "batch needs a size above 0", NULL);
    if (r->status != STATUS_OK)
        return of;
    uint32_t n = from.as.list->n;
    for (uint32_t first = 0; first < n && r->status == STATUS_OK; first += (uint32_t)size)
        add_part(r, made, from, first, n - first > (uint32_t)size ? first + (uint32_t)size : n);
    if (r->status == STATUS_OK && made.as.list->n > 0)
        fill(r, made, made.as.list->n - 1, n % (uint32_t)size == 0 ? 0 : size - n % (uint32_t)size, given[1]);
    return made;
}

static struct value slice(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value from = value_iterate(r, of), made = list_make(r, LIST_ITERATOR, 0);
    int64_t slices = given_integer(r, given[0], 0);
    (void)all;
    if (slices < 1 || slices > INT32_MAX)
        render_fail(r, STATUS_USAGE, "slice needs a number above 0", NULL);
    if (r->status != STATUS_OK)
        return of;
    uint32_t each = from.as.list->n / (uint32_t)slices, longer = from.as.list->n % (uint32_t)slices, at = 0;
    for (uint32_t i = 0; i < (uint32_t)slices && render_charge(r, 1); i++) {
        uint32_t end = at + each + (i < longer);
        add_part(r, made, from, at, end);
        if (r->status == STATUS_OK)
            fill(r, made, i, i >= longer, given[1]);
        at = end;
    }
    return made;
}

const struct function filters_list[] = {
    {"length", length, {NULL}},
    {"count", length, {NULL}},
    {"first", first, {NULL}},
    {"last", last, {NULL}},
    {"join", join, {"d", "attribute"}},
    {"list", list, {NULL}},
    {"items", items, {NULL}},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}},
    {"dictsort", dictsort, {"case_sensitive", "by", "reverse"}},
    {"reverse", reverse, {NULL}},
    {"unique", unique, {"case_sensitive", "attribute"}},
    {"sum", sum, {"attribute", "start"}},
    {"min", minimum, {"case_sensitive", "attribute"}},
    {"max", maximum, {"case_sensitive", "attribute"}},
    {"batch", batch, {"linecount", "fill_with"}},
    {"slice", slice, {"slices", "fill_with"}},
    {NULL, NULL, {NULL}},
};
