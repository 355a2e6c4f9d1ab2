/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python's json.dumps writes them, which is what the filter `tojson` of chat templates does. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

struct printer {
    struct render *r;
    struct area *area;
    const struct json_style *style;
    uint32_t level;
};

static void add(struct printer *p, const char *literal, enum origin origin)
{
    area_add(p->r, p->area, literal, strlen(literal), origin);
}

static void add_unit(struct printer *p, uint32_t unit, enum origin origin)
{
    char text[6] = {'\\', 'u'};
    for (int i = 0; i < 4; i++)
        text[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
    area_add(p->r, p->area, text, sizeof text, origin);
}

static void print_character(struct printer *p, struct value v, size_t at, size_t len, uint32_t c)
{
    static const char names[] = "\"\\\n\r\t\f\b", means[] = "\"\\nrtfb";
    enum origin origin = text_input(p->r, v, at, len) ? FROM_INPUT : FROM_TEMPLATE;
    const char *name = c < 0x80 && c != 0 ? strchr(names, (int)c) : NULL;
    if (name != NULL) {
        char text[2] = {'\\', means[name - names]};
        area_add(p->r, p->area, text, 2, origin);
    } else if (c >= 0x10000 && p->style->ensure_ascii) {
        add_unit(p, 0xd800 + ((c - 0x10000) >> 10), origin);
        add_unit(p, 0xdc00 + ((c - 0x10000) & 0x3ff), origin);
    } else if (c < 0x20 || (c >= 0x7f && p->style->ensure_ascii && c != 0x7f)) {
        add_unit(p, c, origin);
    } else {
        area_add_from(p->r, p->area, v, at, len);
    }
}

static void print_string(struct printer *p, struct value v)
{
    enum origin origin = text_input(p->r, v, 0, v.len) ? FROM_INPUT : FROM_TEMPLATE;
    if (v.len == 0)
        origin = v.origin;
    add(p, "\"", origin);
    for (size_t at = 0, len; at < v.len && render_charge(p->r, 1); at += len) {
        uint32_t c = text_character(v, at, &len);
        print_character(p, v, at, len, c);
    }
    add(p, "\"", origin);
}

static void print_value(struct printer *p, struct value v);

static void new_line(struct printer *p, enum origin origin)
{
    if (!p->style->indented)
        return;
    add(p, "\n", origin);
    for (uint32_t i = 0; i < p->level && render_charge(p->r, 1); i++)
        area_add_text(p->r, p->area, p->style->indent);
}

static void separate(struct printer *p, uint32_t i, enum origin origin)
{
    if (i > 0)
        area_add(p->r, p->area, p->style->item_separator.as.text, p->style->item_separator.len, origin);
    new_line(p, origin);
}

/* Keys become texts. */
static void print_key(struct printer *p, struct value key)
{
    if (key.kind == VALUE_TEXT) {
        print_string(p, key);
        return;
    }
    add(p, "\"", key.origin);
    if (key.kind == VALUE_LIST || key.kind == VALUE_DICT)
        render_fail(p->r, STATUS_USAGE, "a dict's key cannot become JSON", NULL);
    print_value(p, key);
    add(p, "\"", key.origin);
}

static const struct entry **sort_entries(struct printer *p, const struct dict *dict)
{
    const struct entry **sorted = render_take(p->r, dict->n, sizeof *sorted);
    for (uint32_t i = 0; i < dict->n && sorted != NULL; i++) {
        uint32_t at = i;
        const struct entry *entry = &dict->entries[i];
        while (at > 0 && p->style->sort_keys && render_charge(p->r, 1) &&
               value_order(p->r, entry->key, sorted[at - 1]->key) < 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = entry;
    }
    return sorted;
}

static void print_dict(struct printer *p, struct value v)
{
    const struct dict *dict = v.as.dict;
    const struct entry **entries = dict->n == 0 ? NULL : sort_entries(p, dict);
    add(p, "{", v.origin);
    p->level++;
    for (uint32_t i = 0; i < dict->n && entries != NULL && render_charge(p->r, 1); i++) {
        separate(p, i, v.origin);
        print_key(p, entries[i]->key);
        area_add(p->r, p->area, p->style->key_separator.as.text, p->style->key_separator.len, v.origin);
        print_value(p, entries[i]->value);
    }
    p->level--;
    if (dict->n > 0)
        new_line(p, v.origin);
    add(p, "}", v.origin);
}

static void print_list(struct printer *p, struct value v)
{
    const struct list *list = v.as.list;
    if (list->form != LIST_PLAIN && list->form != LIST_TUPLE) {
        render_fail(p->r, STATUS_USAGE, "this kind of value cannot become JSON", NULL);
        return;
    }
    add(p, "[", v.origin);
    p->level++;
    for (uint32_t i = 0; i < list->n && render_charge(p->r, 1); i++) {
        separate(p, i, v.origin);
        print_value(p, list->items[i]);
    }
    p->level--;
    if (list->n > 0)
        new_line(p, v.origin);
    add(p, "]", v.origin);
}

static void print_float(struct printer *p, struct value v)
{
    double real = v.as.real;
    if (real != real)
        add(p, "NaN", v.origin);
    else if (real > 1.7976931348623157e308 || real < -1.7976931348623157e308)
        add(p, real > 0 ? "Infinity" : "-Infinity", v.origin);
    else
        print_text(p->r, p->area, v);
}

static void print_value(struct printer *p, struct value v)
{
    if (!render_enter(p->r))
        return;
    if (v.kind == VALUE_TEXT)
        print_string(p, v);
    else if (v.kind == VALUE_LIST)
        print_list(p, v);
    else if (v.kind == VALUE_DICT)
        print_dict(p, v);
    else if (v.kind == VALUE_NONE)
        add(p, "null", v.origin);
    else if (v.kind == VALUE_BOOL)
        add(p, v.as.truth ? "true" : "false", v.origin);
    else if (v.kind == VALUE_FLOAT)
        print_float(p, v);
    else if (v.kind == VALUE_INTEGER || v.kind == VALUE_NUMBER)
        print_text(p->r, p->area, v);
    else
        render_fail(p->r, STATUS_USAGE,
                    v.kind == VALUE_UNDEFINED ? "an undefined value cannot become JSON:"
                                              : "this kind of value cannot become JSON",
                    &v);
    render_leave(p->r);
}

void print_json(struct render *r, struct area *a, struct value v, const struct json_style *style)
{
    struct printer p = {.r = r, .area = a, .style = style};
    print_value(&p, v);
}
