/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes, items and slices.  What is not there is undefined; asking something undefined is a failure. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static struct value missing(struct value name)
{
    struct value v = value_undefined();
    if (name.kind == VALUE_TEXT) {
        v.as.text = name.as.text;
        v.len = name.len;
    }
    return v;
}

static struct value loop_attribute(const struct loop *loop, struct value name)
{
    int64_t index = loop->index, n = loop->items->n;
    const struct {
        const char *name;
        struct value value;
    } rows[] = {{"index0", value_integer(index)},
                {"index", value_integer(index + 1)},
                {"revindex0", value_integer(n - index - 1)},
                {"revindex", value_integer(n - index)},
                {"first", value_bool(index == 0)},
                {"last", value_bool(index == n - 1)},
                {"length", value_integer(n)},
                {"depth", value_integer(1)},
                {"depth0", value_integer(0)}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_is(name, rows[i].name))
            return rows[i].value;
    }
    if (text_is(name, "previtem") && index > 0)
        return loop->items->items[index - 1];
    if (text_is(name, "nextitem") && index + 1 < n)
        return loop->items->items[index + 1];
    return missing(name);
}

static struct value dict_entry(struct render *r, struct value of, struct value key)
{
    const struct entry *entry = dict_find(r, of.as.dict, key);
    return entry == NULL ? missing(key) : entry->value;
}

static struct value undefined_failure(struct render *r, struct value of)
{
    render_fail(r, STATUS_USAGE, of.len > 0 ? "undefined:" : "a member of something undefined is asked for", &of);
    return of;
}

struct value value_attribute(struct render *r, struct value of, struct value name)
{
    struct value found;
    if (of.kind == VALUE_UNDEFINED)
        return undefined_failure(r, of);
    if (method_find(r, of, name, &found))
        return found;
    if (of.kind == VALUE_LOOP)
        return loop_attribute(of.as.loop, name);
    if (of.kind == VALUE_DICT || of.kind == VALUE_NAMESPACE)
        return dict_entry(r, of, name);
    if (of.kind == VALUE_MACRO && text_is(name, "name"))
        return of.as.macro->node->value;
    return missing(name);
}

/* A place counted from the end when it is below 0; false when it is outside. */
static bool place(int64_t index, size_t n, size_t *at)
{
    if (index < 0)
        index += (int64_t)n;
    *at = (size_t)index;
    return index >= 0 && (uint64_t)index < n;
}

static struct value by_number(struct render *r, struct value of, int64_t index)
{
    size_t at;
    if (of.kind == VALUE_LIST && of.as.list->form != LIST_ITERATOR)
        return place(index, of.as.list->n, &at) ? of.as.list->items[at] : value_undefined();
    if (of.kind != VALUE_TEXT || !render_charge(r, of.len / 16) || !place(index, text_characters(of), &at))
        return value_undefined();
    size_t first = text_offset(of, at), len;
    text_character(of, first, &len);
    return text_part(r, of, first, len);
}

struct value value_item(struct render *r, struct value of, struct value index)
{
    struct value found;
    if (of.kind == VALUE_UNDEFINED)
        return undefined_failure(r, of);
    if (of.kind == VALUE_DICT) {
        const struct entry *entry = dict_find(r, of.as.dict, index);
        if (entry != NULL)
            return entry->value;
        return index.kind == VALUE_TEXT && method_find(r, of, index, &found) ? found : missing(index);
    }
    if (index.kind == VALUE_INTEGER || index.kind == VALUE_BOOL)
        return by_number(r, of, index.kind == VALUE_BOOL ? index.as.truth : index.as.integer);
    return index.kind == VALUE_TEXT ? value_attribute(r, of, index) : value_undefined();
}

struct range {
    int64_t start, stop, step;
};

static int64_t clamp(int64_t at, int64_t n, int64_t low, int64_t high)
{
    if (at < 0)
        at += n;
    return at < low ? low : at > high ? high : at;
}

static bool read_bounds(struct render *r, struct range *range, const struct value bounds[static 3], int64_t n)
{
    int64_t given[3] = {0, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        if (bounds[i].kind == VALUE_INTEGER || bounds[i].kind == VALUE_BOOL)
            given[i] = bounds[i].kind == VALUE_BOOL ? bounds[i].as.truth : bounds[i].as.integer;
        else if (bounds[i].kind != VALUE_NONE)
            render_fail(r, STATUS_USAGE, "a slice's bound is no whole number", NULL);
    }
    if (given[2] == 0)
        render_fail(r, STATUS_USAGE, "a slice's step is 0", NULL);
    range->step = given[2] > n + 1 ? n + 1 : given[2] < -n - 1 ? -n - 1 : given[2];
    bool up = range->step > 0;
    int64_t low = up ? 0 : -1, high = up ? n : n - 1;
    range->start = bounds[0].kind == VALUE_NONE ? (up ? low : high) : clamp(given[0], n, low, high);
    range->stop = bounds[1].kind == VALUE_NONE ? (up ? high : low) : clamp(given[1], n, low, high);
    return r->status == STATUS_OK;
}

static struct value slice_list(struct render *r, struct value of, struct range range)
{
    struct value made = list_make(r, of.as.list->form, 0);
    for (int64_t i = range.start; (range.step > 0 ? i < range.stop : i > range.stop) && render_charge(r, 1);
         i += range.step)
        list_add(r, made.as.list, of.as.list->items[i]);
    made.origin = of.origin;
    return made;
}

static struct value slice_text(struct render *r, struct value of, struct range range)
{
    if (range.step == 1) {
        size_t first = text_offset(of, (size_t)range.start), end = text_offset(of, (size_t)range.stop);
        return text_part(r, of, first, end > first ? end - first : 0);
    }
    struct value characters = value_iterate(r, of);
    size_t start = r->texts.used;
    for (int64_t i = range.start; (range.step > 0 ? i < range.stop : i > range.stop) && render_charge(r, 1);
         i += range.step)
        area_add_text(r, &r->texts, characters.as.list->items[i]);
    return text_end(r, start);
}

struct value value_slice(struct render *r, struct value of, const struct value bounds[static 3])
{
    struct range range;
    if (of.kind == VALUE_UNDEFINED)
        return undefined_failure(r, of);
    if (of.kind == VALUE_TEXT && render_charge(r, of.len / 16) &&
        read_bounds(r, &range, bounds, (int64_t)text_characters(of)))
        return slice_text(r, of, range);
    if (of.kind == VALUE_LIST && of.as.list->form <= LIST_RANGE && read_bounds(r, &range, bounds, of.as.list->n))
        return slice_list(r, of, range);
    return value_undefined();
}
