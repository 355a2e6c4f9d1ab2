/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of texts that look for something and cut there. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

/* The last place of what before end, or SIZE_MAX. */
static size_t find_last(struct render *r, struct value in, struct value what, size_t end)
{
    if (what.len > end)
        return SIZE_MAX;
    for (size_t at = end - what.len;; at--) {
        bool same = what.len == 0 || memcmp(in.as.text + at, what.as.text, what.len) == 0;
        if (same || !render_charge(r, 1 + what.len / 64))
            return same ? at : SIZE_MAX;
        if (at == 0)
            return SIZE_MAX;
    }
}

static bool is_space_at(struct value of, size_t at, size_t *len)
{
    return character_is_space(text_character(of, at, len));
}

static void add_part(struct render *r, struct value list, struct value of, size_t first, size_t end)
{
    if (r->status == STATUS_OK)
        list_add(r, list.as.list, text_part(r, of, first, end - first));
}

/* At runs of space; nothing is made of space at either end. */
static struct value split_space(struct render *r, struct value of, int64_t most)
{
    struct value made = list_make(r, LIST_PLAIN, 0);
    for (size_t at = 0, len = 0; at < of.len && render_charge(r, 1);) {
        if (is_space_at(of, at, &len)) {
            at += len;
            continue;
        }
        size_t first = at;
        if (most-- == 0) {
            add_part(r, made, of, first, of.len);
            break;
        }
        while (at < of.len && !is_space_at(of, at, &len) && render_charge(r, 1))
            at += len;
        add_part(r, made, of, first, at);
    }
    return made;
}

static bool check_separator(struct render *r, struct value separator)
{
    if (separator.kind != VALUE_TEXT || separator.len == 0)
        render_fail(r, STATUS_USAGE, "a text is split at a text that is not empty", NULL);
    return r->status == STATUS_OK;
}

static struct value split(struct render *r, const struct call *c)
{
    int64_t most = given_integer(r, c->given[1], -1);
    size_t at = 0;
    if (!is_given(c->given[0]) || c->given[0].kind == VALUE_NONE)
        return split_space(r, c->of, most);
    struct value made = list_make(r, LIST_PLAIN, 0);
    if (!check_separator(r, c->given[0]) || !render_charge(r, c->of.len / 16))
        return c->of;
    for (; most != 0; most--) {
        size_t found = text_find(r, c->of, c->given[0], at);
        if (found == SIZE_MAX)
            break;
        add_part(r, made, c->of, at, found);
        at = found + c->given[0].len;
    }
    add_part(r, made, c->of, at, c->of.len);
    return made;
}

static void turn_around(struct list *list)
{
    for (uint32_t i = 0; i < list->n / 2; i++) {
        struct value swapped = list->items[i];
        list->items[i] = list->items[list->n - 1 - i];
        list->items[list->n - 1 - i] = swapped;
    }
}

/* From the end, at runs of space. */
static void split_space_last(struct render *r, struct value made, struct value of, int64_t most)
{
    size_t end = text_strip(r, of, value_undefined(), STRIP_RIGHT).len, len;
    while (end > 0 && render_charge(r, 1)) {
        size_t first = end;
        if (most-- == 0) {
            add_part(r, made, of, 0, end);
            return;
        }
        for (size_t at = end; at > 0 && render_charge(r, 1); first = at) {
            do
                at--;
            while (at > 0 && (of.as.text[at] & 0xc0) == 0x80);
            if (is_space_at(of, at, &len))
                break;
        }
        add_part(r, made, of, first, end);
        end = text_strip(r, text_part(r, of, 0, first), value_undefined(), STRIP_RIGHT).len;
    }
}

static struct value split_last(struct render *r, const struct call *c)
{
    int64_t most = given_integer(r, c->given[1], -1);
    bool space = !is_given(c->given[0]) || c->given[0].kind == VALUE_NONE;
    struct value made = list_make(r, LIST_PLAIN, 0);
    size_t end = c->of.len;
    if (r->status != STATUS_OK || (!space && !check_separator(r, c->given[0])))
        return c->of;
    if (space) {
        split_space_last(r, made, c->of, most);
    } else {
        for (; most != 0; most--) {
            size_t found = find_last(r, c->of, c->given[0], end);
            if (found == SIZE_MAX)
                break;
            add_part(r, made, c->of, found + c->given[0].len, end);
            end = found;
        }
        add_part(r, made, c->of, 0, end);
    }
    if (r->status == STATUS_OK)
        turn_around(made.as.list);
    return made;
}

static struct value lines(struct render *r, const struct call *c)
{
    return text_lines(r, c->of, value_truth(c->given[0]));
}

static struct value partition(struct render *r, const struct call *c)
{
    struct value of = c->of, separator = c->given[0];
    bool last = c->variant != 0;
    if (!check_separator(r, separator))
        return of;
    struct value made = list_make(r, LIST_TUPLE, 3);
    size_t found = last ? find_last(r, of, separator, of.len) : text_find(r, of, separator, 0);
    size_t first_end = found != SIZE_MAX ? found : last ? 0 : of.len;
    size_t last_start = found != SIZE_MAX ? found + separator.len : first_end;
    add_part(r, made, of, 0, first_end);
    add_part(r, made, of, first_end, last_start);
    add_part(r, made, of, last_start, of.len);
    return made;
}

static bool has_at(struct value of, struct value what, bool at_end)
{
    return what.kind == VALUE_TEXT && what.len <= of.len &&
           (what.len == 0 || memcmp(of.as.text + (at_end ? of.len - what.len : 0), what.as.text, what.len) == 0);
}

/* A text, or one of a tuple of texts. */
static struct value has_any(struct render *r, const struct call *c)
{
    struct value of = c->of, what = c->given[0];
    bool at_end = c->variant != 0;
    bool tuple = what.kind == VALUE_LIST && what.as.list->form == LIST_TUPLE;
    bool any = has_at(of, what, at_end);
    if (!tuple && what.kind != VALUE_TEXT)
        render_fail(r, STATUS_USAGE, "a text or a tuple of texts is needed", NULL);
    for (uint32_t i = 0; tuple && i < what.as.list->n && render_charge(r, 1); i++)
        any = any || has_at(of, what.as.list->items[i], at_end);
    return value_bool(any);
}

static struct value remove_end(struct render *r, const struct call *c)
{
    size_t cut = has_at(c->of, c->given[0], c->variant != 0) ? c->given[0].len : 0;
    return text_part(r, c->of, c->variant != 0 ? 0 : cut, c->of.len - cut);
}

/* The part from the second to the third argument, and where it begins, in characters. */
static struct value searched(struct render *r, struct value of, const struct value *given, size_t *first)
{
    struct value bounds[3] = {given[1], given[2], value_none()};
    for (size_t i = 0; i < 2; i++)
        bounds[i] = is_given(bounds[i]) ? bounds[i] : value_none();
    if (given[0].kind != VALUE_TEXT)
        render_fail(r, STATUS_USAGE, "a text is looked for in a text", NULL);
    struct value part = r->status == STATUS_OK ? value_slice(r, of, bounds) : of;
    if (part.kind != VALUE_TEXT)
        part = of;
    *first = bounds[0].kind == VALUE_INTEGER && bounds[0].as.integer > 0 ? (size_t)bounds[0].as.integer
             : bounds[0].kind == VALUE_NONE                              ? 0
                                                                         : text_characters(of) - text_characters(part);
    return part;
}

enum { FIND_LAST = 1, FIND_OR_FAIL = 2 };

static struct value find(struct render *r, const struct call *c)
{
    size_t first;
    struct value of = c->of, part = searched(r, of, c->given, &first);
    bool last = (c->variant & FIND_LAST) != 0, must = (c->variant & FIND_OR_FAIL) != 0;
    if (r->status != STATUS_OK)
        return of;
    size_t at = last ? find_last(r, part, c->given[0], part.len) : text_find(r, part, c->given[0], 0);
    if (at == SIZE_MAX && must)
        render_fail(r, STATUS_USAGE, "the text looked for is not there", NULL);
    if (at == SIZE_MAX || !render_charge(r, at / 16))
        return value_integer(-1);
    return value_integer((int64_t)(first + text_characters(text_part(r, part, 0, at))));
}

static struct value count(struct render *r, const struct call *c)
{
    int64_t n = 0;
    if (c->given[0].kind != VALUE_TEXT || !render_charge(r, c->of.len / 16)) {
        render_fail(r, STATUS_USAGE, "a text is counted in a text", NULL);
        return c->of;
    }
    if (c->given[0].len == 0)
        return value_integer((int64_t)text_characters(c->of) + 1);
    for (size_t at = 0; (at = text_find(r, c->of, c->given[0], at)) != SIZE_MAX; at += c->given[0].len)
        n++;
    return value_integer(n);
}

const struct function methods_text_search[] = {
    {"split", split, {"sep", "maxsplit"}, 0},
    {"rsplit", split_last, {"sep", "maxsplit"}, 0},
    {"splitlines", lines, {"keepends"}, 0},
    {"partition", partition, {"sep"}, 0},
    {"rpartition", partition, {"sep"}, 1},
    {"startswith", has_any, {"prefix"}, 0},
    {"endswith", has_any, {"suffix"}, 1},
    {"removeprefix", remove_end, {"prefix"}, 0},
    {"removesuffix", remove_end, {"suffix"}, 1},
    {"find", find, {"sub", "start", "end"}, 0},
    {"rfind", find, {"sub", "start", "end"}, FIND_LAST},
    {"index", find, {"sub", "start", "end"}, FIND_OR_FAIL},
    {"rindex", find, {"sub", "start", "end"}, FIND_LAST | FIND_OR_FAIL},
    {"count", count, {"sub"}, 0},
    {NULL, NULL, {NULL}, 0},
};
