/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python's str() and repr() write them.  What is written around a value comes from where the value comes. */
#include "core/codec/utf8.h"
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static void add_literal(struct render *r, struct area *a, const char *literal, struct value of)
{
    area_add(r, a, literal, strlen(literal), of.origin);
}

static void print_number(struct render *r, struct area *a, struct value v)
{
    char text[NUMBER_TEXT_MAX];
    if (v.kind == VALUE_NUMBER)
        area_add(r, a, v.as.text, v.len, v.origin);
    else if (v.kind == VALUE_INTEGER)
        area_add(r, a, text, number_integer(text, v.as.integer), v.origin);
    else if (render_charge(r, 50))
        area_add(r, a, text, number_float(text, v.as.real), v.origin);
}

static void print_hex(struct render *r, struct area *a, uint32_t c, size_t digits_n, enum origin origin)
{
    for (size_t i = digits_n; i-- > 0;)
        area_add(r, a, &"0123456789abcdef"[c >> (4 * i) & 15], 1, origin);
}

/* One character of a quoted text. */
static void print_character(struct render *r, struct area *a, struct value v, size_t at, size_t len, uint32_t c)
{
    static const char names[] = "\n\r\t\\", means[] = "nrt\\";
    enum origin origin = text_input(r, v, at, len) ? FROM_INPUT : FROM_TEMPLATE;
    const char *name = c < 0x80 && c != 0 ? strchr(names, (int)c) : NULL;
    if (name != NULL) {
        area_add(r, a, "\\", 1, origin);
        area_add(r, a, means + (name - names), 1, origin);
    } else if (character_is_printable(c)) {
        area_add_from(r, a, v, at, len);
    } else {
        size_t digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
        area_add(r, a, digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U", 2, origin);
        print_hex(r, a, c, digits, origin);
    }
}

static void print_string(struct render *r, struct area *a, struct value v)
{
    bool apostrophe = v.len > 0 && memchr(v.as.text, '\'', v.len) != NULL;
    bool quotes = v.len > 0 && memchr(v.as.text, '"', v.len) != NULL;
    const char *quote = apostrophe && !quotes ? "\"" : "'";
    enum origin origin = text_input(r, v, 0, v.len) ? FROM_INPUT : FROM_TEMPLATE;
    area_add(r, a, quote, 1, origin);
    for (size_t at = 0, len; at < v.len && render_charge(r, 1); at += len) {
        uint32_t c = text_character(v, at, &len);
        if (c == (uint32_t)quote[0])
            area_add(r, a, "\\", 1, origin);
        print_character(r, a, v, at, len, c);
    }
    area_add(r, a, quote, 1, origin);
}

static void print_dict(struct render *r, struct area *a, struct value v)
{
    const struct dict *dict = v.as.dict;
    add_literal(r, a, "{", v);
    for (uint32_t i = 0; i < dict->n && render_charge(r, 1); i++) {
        if (i > 0)
            add_literal(r, a, ", ", v);
        print_quoted(r, a, dict->entries[i].key);
        add_literal(r, a, ": ", v);
        print_quoted(r, a, dict->entries[i].value);
    }
    add_literal(r, a, "}", v);
}

static void print_list(struct render *r, struct area *a, struct value v)
{
    static const char *const begin[] = {"[",           "(", "range(", "<generator [", "dict_keys([", "dict_values([",
                                        "dict_items(["};
    static const char *const end[] = {"]", ")", ")", "]>", "])", "])", "])"};
    const struct list *list = v.as.list;
    bool range = list->form == LIST_RANGE && list->n > 0;
    add_literal(r, a, begin[list->form], v);
    for (uint32_t i = list->at; i < list->n && !range && render_charge(r, 1); i++) {
        if (i > 0)
            add_literal(r, a, ", ", v);
        print_quoted(r, a, list->items[i]);
    }
    if (range) { /* of step 1, as nearly all are */
        print_quoted(r, a, list->items[0]);
        add_literal(r, a, ", ", v);
        print_quoted(r, a, value_integer(list->items[list->n - 1].as.integer + 1));
    }
    if (list->form == LIST_TUPLE && list->n == 1)
        add_literal(r, a, ",", v);
    add_literal(r, a, end[list->form], v);
}

static void print_other(struct render *r, struct area *a, struct value v)
{
    static const char *const names[] = {[VALUE_MACRO] = "<Macro>",
                                        [VALUE_FUNCTION] = "<function>",
                                        [VALUE_METHOD] = "<method>",
                                        [VALUE_LOOP] = "<LoopContext>",
                                        [VALUE_UNDEFINED] = "Undefined"};
    if (v.kind == VALUE_NONE)
        add_literal(r, a, "None", v);
    else if (v.kind == VALUE_BOOL)
        add_literal(r, a, v.as.truth ? "True" : "False", v);
    else if (v.kind == VALUE_INTEGER || v.kind == VALUE_FLOAT || v.kind == VALUE_NUMBER)
        print_number(r, a, v);
    else
        add_literal(r, a, names[v.kind], v);
}

void print_quoted(struct render *r, struct area *a, struct value v)
{
    if (!render_enter(r))
        return;
    if (v.kind == VALUE_TEXT) {
        print_string(r, a, v);
    } else if (v.kind == VALUE_LIST) {
        print_list(r, a, v);
    } else if (v.kind == VALUE_NAMESPACE) {
        add_literal(r, a, "<Namespace ", v);
        print_dict(r, a, v);
        add_literal(r, a, ">", v);
    } else if (v.kind == VALUE_DICT) {
        print_dict(r, a, v);
    } else {
        print_other(r, a, v);
    }
    render_leave(r);
}

void print_text(struct render *r, struct area *a, struct value v)
{
    if (v.kind == VALUE_TEXT)
        area_add_text(r, a, v);
    else if (v.kind != VALUE_UNDEFINED)
        print_quoted(r, a, v);
}
