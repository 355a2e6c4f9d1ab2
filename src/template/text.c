/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and where their bytes come from.  The bytes of a text whose origin is FROM_BOTH are in the render's heap, where
 * every byte has a mark; other texts are all of one origin and may be anywhere. */
#include "core/codec/utf8.h"
#include "template/render.h"

#include <string.h>

/* The marks of a text in the heap. */
static const uint8_t *marks_of(const struct render *r, struct value text)
{
    return r->texts.marks + (text.as.text - r->texts.text);
}

static bool make_room(struct render *r, const struct area *a, size_t len)
{
    if (!render_charge(r, len / 16))
        return false;
    if (len > a->capacity - a->used) {
        render_fail(r, STATUS_LIMIT, a->limit, NULL);
        return false;
    }
    return true;
}

void area_add(struct render *r, struct area *a, const void *text, size_t len, enum origin origin)
{
    if (len == 0 || !make_room(r, a, len))
        return;
    memcpy(a->text + a->used, text, len);
    memset(a->marks + a->used, origin != FROM_TEMPLATE, len);
    a->used += len;
}

void area_add_from(struct render *r, struct area *a, struct value text, size_t first, size_t len)
{
    if (text.origin != FROM_BOTH) {
        area_add(r, a, text.as.text + first, len, text.origin);
        return;
    }
    if (len == 0 || !make_room(r, a, len))
        return;
    memcpy(a->text + a->used, text.as.text + first, len);
    memcpy(a->marks + a->used, marks_of(r, text) + first, len);
    a->used += len;
}

void area_add_text(struct render *r, struct area *a, struct value text)
{
    area_add_from(r, a, text, 0, text.len);
}

/* The text of heap bytes, with one origin if they have but one. */
static struct value heap_text(const struct render *r, size_t start, size_t len)
{
    const uint8_t *marks = r->texts.marks + start;
    enum origin origin = FROM_BOTH;
    if (len == 0 || memchr(marks, 1, len) == NULL)
        origin = FROM_TEMPLATE;
    else if (memchr(marks, 0, len) == NULL)
        origin = FROM_INPUT;
    return value_text(r->texts.text + start, len, origin);
}

struct value text_end(struct render *r, size_t start)
{
    return heap_text(r, start, r->texts.used - start);
}

struct value area_cut(struct render *r, struct area *a, size_t start)
{
    size_t len = a->used - start, heap_start = r->texts.used;
    if (!make_room(r, &r->texts, len))
        return value_undefined();
    if (len > 0) {
        memcpy(r->texts.text + heap_start, a->text + start, len);
        memcpy(r->texts.marks + heap_start, a->marks + start, len);
    }
    r->texts.used += len;
    a->used = start;
    return text_end(r, heap_start);
}

struct value text_part(const struct render *r, struct value text, size_t first, size_t len)
{
    struct value part = text.origin == FROM_BOTH ? heap_text(r, (size_t)(text.as.text - r->texts.text) + first, len)
                                                 : value_text(text.as.text + first, len, text.origin);
    part.safe = text.safe;
    return part;
}

/* b is in the heap right behind a: together they are a text already. */
static bool are_neighbours(const struct render *r, struct value a, struct value b)
{
    uintptr_t start = (uintptr_t)r->texts.text, end = start + r->texts.used;
    return a.as.text + a.len == b.as.text && (uintptr_t)a.as.text >= start && (uintptr_t)b.as.text < end;
}

static bool at_heap_end(const struct render *r, struct value text)
{
    return text.len > 0 && text.as.text + text.len == r->texts.text + r->texts.used &&
           (uintptr_t)text.as.text >= (uintptr_t)r->texts.text;
}

struct value text_concat(struct render *r, struct value a, struct value b)
{
    size_t start = r->texts.used;
    if (a.len == 0)
        return b;
    if (b.len == 0)
        return a;
    if (are_neighbours(r, a, b))
        return heap_text(r, (size_t)(a.as.text - r->texts.text), (size_t)a.len + b.len);
    if (at_heap_end(r, a)) /* nothing but new bytes after it: it grows where it is */
        start = (size_t)(a.as.text - r->texts.text);
    else
        area_add_text(r, &r->texts, a);
    area_add_text(r, &r->texts, b);
    return text_end(r, start);
}

bool text_is(struct value text, const char *literal)
{
    return text.kind == VALUE_TEXT && text.len == strlen(literal) &&
           (text.len == 0 || memcmp(text.as.text, literal, text.len) == 0);
}

bool text_same(struct value a, struct value b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.as.text, b.as.text, a.len) == 0);
}

bool text_input(const struct render *r, struct value text, size_t first, size_t len)
{
    if (text.origin == FROM_BOTH)
        return len > 0 && memchr(marks_of(r, text) + first, 1, len) != NULL;
    return text.origin == FROM_INPUT;
}

/* Comparisons are counted, for a text of one letter would make them many. */
size_t text_find(struct render *r, struct value in, struct value what, size_t from)
{
    if (from > in.len || what.len > in.len - from)
        return SIZE_MAX;
    if (what.len == 0)
        return from;
    const uint8_t *end = in.as.text + in.len - what.len + 1;
    for (const uint8_t *p = in.as.text + from; p < end; p++) {
        p = memchr(p, what.as.text[0], (size_t)(end - p));
        if (p == NULL || !render_charge(r, 1 + what.len / 64))
            return SIZE_MAX;
        if (memcmp(p, what.as.text, what.len) == 0)
            return (size_t)(p - in.as.text);
    }
    return SIZE_MAX;
}

size_t text_characters(struct value text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += (text.as.text[i] & 0xc0) != 0x80;
    return n;
}

size_t text_offset(struct value text, size_t character)
{
    size_t at = 0;
    while (at < text.len && character > 0) {
        at++;
        while (at < text.len && (text.as.text[at] & 0xc0) == 0x80)
            at++;
        character--;
    }
    return at;
}

uint32_t text_character(struct value text, size_t at, size_t *len)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *len = utf8_char_len(text.as.text + at, text.len - at);
    if (*len == 0) { /* not in a template or in JSON */
        *len = 1;
        return 0xfffd;
    }
    uint32_t c = text.as.text[at] & first_bits[*len];
    for (size_t i = 1; i < *len; i++)
        c = c << 6 | (text.as.text[at + i] & 0x3f);
    return c;
}

struct value value_to_text(struct render *r, struct value v)
{
    size_t start = r->texts.used;
    if (v.kind == VALUE_TEXT)
        return v;
    print_text(r, &r->texts, v);
    return text_end(r, start);
}
