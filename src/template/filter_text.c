/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on texts.  Other values are made texts first, as jinja2 does. */
#include "template/function.h"
#include "template/render.h"

static struct value cased(struct render *r, const struct call *c)
{
    return text_cased(r, value_to_text(r, c->of), c->variant != 0);
}

static struct value capitalize(struct render *r, const struct call *c)
{
    return text_capitalized(r, value_to_text(r, c->of));
}

static bool begins_word(uint32_t c)
{
    return character_is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
}

/* Words begin at the start and after space or an opening bracket. */
static struct value title(struct render *r, const struct call *c)
{
    struct value text = value_to_text(r, c->of), made = value_text("", 0, FROM_TEMPLATE);
    for (size_t at = 0, end = 0, len; at < text.len && render_charge(r, 1); at = end) {
        bool separator = begins_word(text_character(text, at, &len));
        for (end = at; end < text.len && begins_word(text_character(text, end, &len)) == separator; end += len)
            continue;
        made = text_concat(r, made, text_capitalized(r, text_part(r, text, at, end - at)));
    }
    return made;
}

static struct value trim(struct render *r, const struct call *c)
{
    return text_strip(r, value_to_text(r, c->of), c->given[0], STRIP_LEFT | STRIP_RIGHT);
}

static struct value replace(struct render *r, const struct call *c)
{
    struct value old = value_to_text(r, c->given[0]), new = value_to_text(r, c->given[1]);
    int64_t count = given_integer(r, c->given[2], -1);
    return text_replace(r, value_to_text(r, c->of), old, new, count);
}

static struct value indent(struct render *r, const struct call *c)
{
    struct value text = value_to_text(r, c->of), space = c->given[0];
    bool first = value_truth(c->given[1]), blank = value_truth(c->given[2]);
    if (space.kind != VALUE_TEXT)
        space =
            operator_apply(r, '*', value_text(" ", 1, FROM_TEMPLATE), value_integer(given_integer(r, c->given[0], 4)));
    struct value lines = text_lines(
        r, text_concat(r, text, value_text("\n", 1, text.origin == FROM_TEMPLATE ? FROM_TEMPLATE : FROM_INPUT)), false);
    enum origin origin = text.origin == FROM_TEMPLATE ? FROM_TEMPLATE : FROM_INPUT;
    size_t start = r->texts.used;
    for (uint32_t i = 0; r->status == STATUS_OK && i < lines.as.list->n; i++) {
        struct value line = lines.as.list->items[i];
        if (i > 0)
            area_add(r, &r->texts, "\n", 1, origin);
        if (i == 0 ? first : blank || line.len > 0)
            area_add(r, &r->texts, space.as.text, space.len, space.origin == FROM_TEMPLATE ? origin : FROM_INPUT);
        area_add_text(r, &r->texts, line);
    }
    return text_end(r, start);
}

static struct value string(struct render *r, const struct call *c)
{
    return value_to_text(r, c->of);
}

static struct value safe(struct render *r, const struct call *c)
{
    struct value text = value_to_text(r, c->of);
    text.safe = true;
    return text;
}

/* For HTML; not again what is safe. */
static struct value escape(struct render *r, const struct call *c)
{
    static const char *const names[][2] = {
        {"&", "&amp;"}, {">", "&gt;"}, {"<", "&lt;"}, {"'", "&#39;"}, {"\"", "&#34;"}};
    struct value text = value_to_text(r, c->of);
    for (size_t i = 0; i < 5 && !text.safe; i++) {
        struct value new = value_text(names[i][1], i < 1 || i > 2 ? 5 : 4, FROM_TEMPLATE);
        text = text_replace(r, text, value_text(names[i][0], 1, FROM_TEMPLATE), new, -1);
    }
    text.safe = true;
    return text;
}

static struct value center(struct render *r, const struct call *c)
{
    return text_pad(r, value_to_text(r, c->of), given_integer(r, c->given[0], 80), value_undefined(), 1);
}

static struct value wordcount(struct render *r, const struct call *c)
{
    struct value text = value_to_text(r, c->of);
    int64_t n = 0;
    bool before = false;
    for (size_t at = 0, len; at < text.len && render_charge(r, 1); at += len) {
        bool word = character_is_word(text_character(text, at, &len));
        n += word && !before;
        before = word;
    }
    return value_integer(n);
}

/* "%s"|format(x) */
static struct value format(struct render *r, const struct call *c)
{
    struct value values = list_make(r, LIST_TUPLE, c->all->n);
    for (uint32_t i = 0; i < c->all->n && r->status == STATUS_OK; i++)
        list_add(r, values.as.list, c->all->items[i]);
    if (c->all->named_n > 0 && r->status == STATUS_OK) {
        values = dict_make(r, c->all->named_n);
        for (uint32_t i = 0; i < c->all->named_n && r->status == STATUS_OK; i++)
            dict_set(r, values.as.dict, c->all->named[i].key, c->all->named[i].value);
    }
    return r->status == STATUS_OK ? format_percent(r, value_to_text(r, c->of), values) : c->of;
}

const struct function filters_text[] = {
    {"upper", cased, {NULL}, 1},
    {"lower", cased, {NULL}, 0},
    {"capitalize", capitalize, {NULL}, 0},
    {"title", title, {NULL}, 0},
    {"trim", trim, {"chars"}, 0},
    {"strip", trim, {"chars"}, 0},
    {"replace", replace, {"old", "new", "count"}, 0},
    {"indent", indent, {"width", "first", "blank"}, 0},
    {"string", string, {NULL}, 0},
    {"safe", safe, {NULL}, 0},
    {"escape", escape, {NULL}, 0},
    {"e", escape, {NULL}, 0},
    {"center", center, {"width"}, 0},
    {"wordcount", wordcount, {NULL}, 0},
    {"format", format, {"*"}, 0},
    {NULL, NULL, {NULL}, 0},
};
