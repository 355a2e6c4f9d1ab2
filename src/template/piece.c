/* SPDX-License-Identifier: Apache-2.0 */
/* Texts cut, joined and changed; each byte keeps its origin. */
#include "core/codec/utf8.h"
#include "template/function.h"
#include "template/render.h"

static bool strips(struct render *r, struct value text, size_t at, size_t len, struct value characters)
{
    size_t ignored;
    if (!is_given(characters) || characters.kind == VALUE_NONE)
        return character_is_space(text_character(text, at, &ignored));
    struct value one = value_text(text.as.text + at, len, FROM_TEMPLATE);
    return text_find(r, characters, one, 0) != SIZE_MAX;
}

struct value text_strip(struct render *r, struct value text, struct value characters, int sides)
{
    size_t first = 0, end = text.len, len;
    if (is_given(characters) && characters.kind != VALUE_NONE && characters.kind != VALUE_TEXT) {
        render_fail(r, STATUS_USAGE, "the characters to strip are no text", NULL);
        return text;
    }
    while ((sides & STRIP_LEFT) != 0 && first < end && render_charge(r, 1)) {
        text_character(text, first, &len);
        if (!strips(r, text, first, len, characters))
            break;
        first += len;
    }
    while ((sides & STRIP_RIGHT) != 0 && end > first && render_charge(r, 1)) {
        size_t at = end - 1;
        while (at > first && (text.as.text[at] & 0xc0) == 0x80)
            at--;
        if (!strips(r, text, at, end - at, characters))
            break;
        end = at;
    }
    return text_part(r, text, first, end - first);
}

/* What stands in for input counts as input: the message chose where it stands. */
static void add_replacement(struct render *r, struct value new, bool input)
{
    if (input)
        area_add(r, &r->texts, new.as.text, new.len, FROM_INPUT);
    else
        area_add_text(r, &r->texts, new);
}

static void replace_nothing(struct render *r, struct value text, struct value new, int64_t count)
{
    size_t at = 0;
    for (; count != 0 && render_charge(r, 1); count--) {
        size_t len = 0;
        add_replacement(r, new, text_input(r, text, 0, text.len));
        if (at == text.len)
            return;
        text_character(text, at, &len);
        area_add_from(r, &r->texts, text, at, len);
        at += len;
    }
    area_add_from(r, &r->texts, text, at, text.len - at);
}

struct value text_replace(struct render *r, struct value text, struct value old, struct value new, int64_t count)
{
    size_t start = r->texts.used, at = 0;
    bool safe = text.safe;
    if (old.kind != VALUE_TEXT || new.kind != VALUE_TEXT) {
        render_fail(r, STATUS_USAGE, "replace needs two texts", NULL);
        return text;
    }
    if (old.len == 0) {
        replace_nothing(r, text, new, count);
        return text_end(r, start);
    }
    if (!render_charge(r, text.len / 16))
        return text;
    for (; count != 0 && render_charge(r, 1); count--) {
        size_t found = text_find(r, text, old, at);
        if (found == SIZE_MAX)
            break;
        area_add_from(r, &r->texts, text, at, found - at);
        add_replacement(r, new, text_input(r, text, found, old.len));
        at = found + old.len;
    }
    if (at == 0)
        return text;
    area_add_from(r, &r->texts, text, at, text.len - at);
    struct value made = text_end(r, start);
    made.safe = safe;
    return made;
}

struct value text_join(struct render *r, struct value separator, struct value of)
{
    struct value items = value_iterate(r, of);
    size_t start = r->texts.used;
    if (r->status != STATUS_OK)
        return of;
    for (uint32_t i = 0; i < items.as.list->n && render_charge(r, 1); i++) {
        if (i > 0)
            area_add_text(r, &r->texts, separator);
        print_text(r, &r->texts, items.as.list->items[i]);
    }
    return text_end(r, start);
}

/* A character in another case, with the origin of what it was. */
static void add_cased(struct render *r, struct value text, size_t at, size_t len, bool upper)
{
    uint32_t cased[3];
    uint8_t bytes[4];
    size_t ignored;
    uint32_t c = text_character(text, at, &ignored);
    enum origin origin = text_input(r, text, at, len) ? FROM_INPUT : FROM_TEMPLATE;
    size_t n = upper ? character_upper(cased, c) : character_lower(cased, c);
    for (size_t i = 0; i < n; i++)
        area_add(r, &r->texts, bytes, utf8_write(bytes, cased[i]), origin);
}

static void add_range_cased(struct render *r, struct value text, size_t first, size_t end, bool upper)
{
    for (size_t at = first, len; at < end && render_charge(r, 1); at += len) {
        text_character(text, at, &len);
        add_cased(r, text, at, len, upper);
    }
}

struct value text_cased(struct render *r, struct value text, bool upper)
{
    size_t start = r->texts.used;
    add_range_cased(r, text, 0, text.len, upper);
    struct value made = text_end(r, start);
    made.safe = text.safe;
    return made;
}

struct value text_capitalized(struct render *r, struct value text)
{
    size_t start = r->texts.used, len = 0;
    if (text.len == 0)
        return text;
    text_character(text, 0, &len);
    add_cased(r, text, 0, len, true);
    add_range_cased(r, text, len, text.len, false);
    return text_end(r, start);
}

/* before_of_2: how much of the padding stands before, in halves. */
struct value text_pad(struct render *r, struct value text, int64_t width, struct value fill, int64_t before_of_2)
{
    size_t start = r->texts.used;
    int64_t padding = width - (int64_t)text_characters(text);
    if (!is_given(fill))
        fill = value_text(" ", 1, FROM_TEMPLATE);
    if (fill.kind != VALUE_TEXT || text_characters(fill) != 1)
        render_fail(r, STATUS_USAGE, "the character to fill with must be one", NULL);
    if (padding <= 0)
        return text;
    int64_t before = before_of_2 == 1 ? padding / 2 + (padding & width & 1) : padding * before_of_2 / 2;
    for (int64_t i = 0; i < padding && render_charge(r, 1); i++) {
        if (i == before)
            area_add_text(r, &r->texts, text);
        area_add_text(r, &r->texts, fill);
    }
    if (before == padding)
        area_add_text(r, &r->texts, text);
    return text_end(r, start);
}

static bool ends_line(uint32_t c)
{
    return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

struct value text_lines(struct render *r, struct value text, bool keep_ends)
{
    struct value made = list_make(r, LIST_PLAIN, 0);
    size_t first = 0;
    for (size_t at = 0, len; at < text.len && render_charge(r, 1); at += len) {
        uint32_t c = text_character(text, at, &len);
        if (!ends_line(c))
            continue;
        if (c == '\r' && at + 1 < text.len && text.as.text[at + 1] == '\n')
            len = 2;
        list_add(r, made.as.list, text_part(r, text, first, (keep_ends ? at + len : at) - first));
        first = at + len;
    }
    if (first < text.len && r->status == STATUS_OK)
        list_add(r, made.as.list, text_part(r, text, first, text.len - first));
    return made;
}
