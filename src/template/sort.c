/* SPDX-License-Identifier: Apache-2.0 */
/* Order and attribute paths, for the filters that sort and choose. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static bool goes_before(struct render *r, const struct entry *b, const struct entry *a, bool backwards)
{
    int order = value_order(r, b->key, a->key);
    return backwards ? order > 0 : order < 0;
}

/* Merges from[first, middle) and from[middle, end) into to. */
static void merge(struct render *r, struct entry *to, const struct entry *from, size_t first, size_t middle, size_t end,
                  bool backwards)
{
    size_t a = first, b = middle;
    for (size_t i = first; i < end; i++) {
        bool take_b = b < end && (a == middle || goes_before(r, &from[b], &from[a], backwards));
        to[i] = take_b ? from[b++] : from[a++];
    }
}

void entries_sort(struct render *r, struct entry *entries, size_t n, bool backwards)
{
    struct entry *other = n < 2 ? NULL : render_take(r, n, sizeof other[0]);
    struct entry *from = entries, *to = other;
    if (other == NULL)
        return;
    for (size_t width = 1; width < n && render_charge(r, n); width *= 2) {
        for (size_t first = 0; first < n; first += 2 * width) {
            size_t middle = first + width < n ? first + width : n;
            size_t end = first + 2 * width < n ? first + 2 * width : n;
            merge(r, to, from, first, middle, end, backwards);
        }
        struct entry *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != entries)
        memcpy(entries, from, n * sizeof entries[0]);
}

static bool all_digits(struct value text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.as.text[i] < '0' || text.as.text[i] > '9')
            return false;
    }
    return text.len > 0 && text.len < 10;
}

static struct value step(struct render *r, struct value of, struct value part)
{
    int64_t index;
    if (all_digits(part) && text_integer(part, 10, &index))
        return value_item(r, of, value_integer(index));
    return value_item(r, of, part);
}

struct value value_path(struct render *r, struct value of, struct value path)
{
    struct value dot = value_text(".", 1, FROM_TEMPLATE);
    if (!is_given(path) || path.kind == VALUE_NONE)
        return of;
    if (path.kind != VALUE_TEXT)
        return value_item(r, of, path);
    for (size_t at = 0; at <= path.len && render_charge(r, 1);) {
        size_t end = text_find(r, path, dot, at);
        end = end == SIZE_MAX ? path.len : end;
        of = step(r, of, text_part(r, path, at, end - at));
        at = end + 1;
    }
    return of;
}

struct value value_folded(struct render *r, struct value v, struct value case_sensitive)
{
    return v.kind == VALUE_TEXT && !value_truth(case_sensitive) ? text_cased(r, v, false) : v;
}
