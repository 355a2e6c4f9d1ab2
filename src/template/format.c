/* SPDX-License-Identifier: Apache-2.0 */
/* Python's "%s" % values and "{}".format(values): the fields that templates use. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

enum { WIDTH_MAX = 1 << 16 };

struct field {
    bool left, plus, zero, grouped;
    struct value fill;
    char align; /* '<', '>', '^' or 0 */
    int64_t width, precision;
    char type;
};

struct cursor {
    struct value text;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? (char)c->text.as.text[c->at] : '\0';
}

static bool take(struct cursor *c, char wanted)
{
    bool there = c->at < c->text.len && peek(c) == wanted;
    c->at += there;
    return there;
}

static int64_t take_number(struct cursor *c, int64_t fallback)
{
    int64_t number = 0;
    bool any = false;
    for (; peek(c) >= '0' && peek(c) <= '9'; c->at++, any = true)
        number = number > WIDTH_MAX ? number : number * 10 + (peek(c) - '0');
    return any ? number : fallback;
}

static struct value fail(struct render *r, enum status status, const char *what)
{
    render_fail(r, status, what, NULL);
    return value_undefined();
}

static struct value number_in_base(struct render *r, struct value v, const struct field *f)
{
    char digits[70];
    size_t n = sizeof digits;
    uint64_t base = f->type == 'o' ? 8 : f->type == 'b' ? 2 : 16, left;
    if (v.kind != VALUE_INTEGER && v.kind != VALUE_BOOL)
        return fail(r, STATUS_USAGE, "a field needs a whole number");
    int64_t integer = v.kind == VALUE_BOOL ? v.as.truth : v.as.integer;
    left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do {
        digits[--n] = (f->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[left % base];
        left /= base;
    } while (left > 0);
    if (integer < 0)
        digits[--n] = '-';
    size_t start = r->texts.used;
    area_add(r, &r->texts, digits + n, sizeof digits - n, v.origin);
    return text_end(r, start);
}

static struct value decimal(struct render *r, struct value v, const struct field *f)
{
    char digits[NUMBER_TEXT_MAX];
    double real;
    size_t start = r->texts.used;
    if (!value_real(v, &real) || !render_charge(r, 50))
        return fail(r, STATUS_USAGE, "a field needs a number");
    if (f->type == 'f' || f->type == 'F')
        area_add(r, &r->texts, digits, number_fixed(digits, real, f->precision < 0 ? 6 : (unsigned)f->precision),
                 v.origin);
    else if (v.kind == VALUE_FLOAT && (real > 9e18 || real < -9e18 || real != real))
        return fail(r, STATUS_USAGE, "a field needs a whole number of at most 64 bits");
    else
        area_add(r, &r->texts, digits,
                 number_integer(digits, v.kind == VALUE_FLOAT  ? (int64_t)real
                                        : v.kind == VALUE_BOOL ? v.as.truth
                                                               : v.as.integer),
                 v.origin);
    return text_end(r, start);
}

static struct value group(struct render *r, struct value digits)
{
    struct value comma = value_text(",", 1, digits.origin == FROM_TEMPLATE ? FROM_TEMPLATE : FROM_INPUT);
    size_t start = r->texts.used, whole = text_find(r, digits, value_text(".", 1, FROM_TEMPLATE), 0);
    size_t sign = digits.len > 0 && digits.as.text[0] == '-';
    whole = whole == SIZE_MAX ? digits.len : whole;
    for (size_t i = 0; i < digits.len && render_charge(r, 1); i++) {
        if (i > sign && i < whole && (whole - i) % 3 == 0)
            area_add_text(r, &r->texts, comma);
        area_add_from(r, &r->texts, digits, i, 1);
    }
    return text_end(r, start);
}

static struct value as_text(struct render *r, struct value v, const struct field *f, bool quoted)
{
    struct value text = value_to_text(r, v);
    if (quoted) {
        size_t start = r->texts.used;
        print_quoted(r, &r->texts, v);
        text = text_end(r, start);
    }
    return f->precision >= 0 ? text_part(r, text, 0, text_offset(text, (size_t)f->precision)) : text;
}

static struct value convert(struct render *r, struct value v, const struct field *f)
{
    bool number = f->type != '\0' && strchr("dinfFxXob", f->type) != NULL;
    struct value text;
    if (f->type == 's' || f->type == 'r' || f->type == 'a')
        return as_text(r, v, f, f->type != 's');
    if (!number)
        return fail(r, STATUS_UNSUPPORTED, "a kind of field that is not supported in a format");
    text = strchr("xXob", f->type) != NULL ? number_in_base(r, v, f) : decimal(r, v, f);
    if (f->grouped && r->status == STATUS_OK)
        text = group(r, text);
    if (f->plus && r->status == STATUS_OK && text.len > 0 && text.as.text[0] != '-')
        text = text_concat(r, value_text("+", 1, v.origin), text);
    return text;
}

static struct value place(struct render *r, struct value text, const struct field *f)
{
    if (f->width <= 0 || r->status != STATUS_OK)
        return text;
    bool sign = f->zero && text.len > 0 && (text.as.text[0] == '-' || text.as.text[0] == '+');
    if (f->zero && !f->left && f->align == '\0') {
        struct value zeros = text_pad(r, text_part(r, text, sign, text.len - sign), f->width - sign,
                                      value_text("0", 1, FROM_TEMPLATE), 2);
        return text_concat(r, text_part(r, text, 0, sign), zeros);
    }
    if (f->align == '^') { /* the odd one after */
        int64_t padding = f->width - (int64_t)text_characters(text);
        int64_t before = padding > 0 ? padding / 2 : 0;
        text = text_pad(r, text, (int64_t)text_characters(text) + before, f->fill, 2);
        return text_pad(r, text, f->width, f->fill, 0);
    }
    bool left = f->left || f->align == '<';
    return text_pad(r, text, f->width, f->fill, left ? 0 : 2);
}

static void add_value(struct render *r, struct value v, const struct field *f)
{
    struct value text = place(r, convert(r, v, f), f);
    if (r->status == STATUS_OK)
        area_add_text(r, &r->output, text); /* held back there until the whole is made */
}

/* %(name)s */
static struct value named_value(struct render *r, struct cursor *c, struct value values)
{
    size_t end = text_find(r, c->text, value_text(")", 1, FROM_TEMPLATE), c->at);
    if (end == SIZE_MAX || values.kind != VALUE_DICT)
        return fail(r, STATUS_USAGE, "a named field of a format needs a dict");
    const struct entry *entry = dict_find(r, values.as.dict, text_part(r, c->text, c->at, end - c->at));
    c->at = end + 1;
    return entry == NULL ? fail(r, STATUS_USAGE, "a format's field is not in the dict") : entry->value;
}

static void percent_field(struct render *r, struct cursor *c, struct value values, uint32_t *used)
{
    struct field f = {.precision = -1};
    bool named = take(c, '(');
    struct value value = named ? named_value(r, c, values) : value_none();
    for (bool flags = true; flags;) {
        flags = take(c, '-')   ? (f.left = true)
                : take(c, '0') ? (f.zero = true)
                : take(c, '+') ? (f.plus = true)
                               : false;
    }
    f.width = take_number(c, 0);
    if (take(c, '.'))
        f.precision = take_number(c, 0);
    f.type = peek(c);
    c->at++;
    if (f.width > WIDTH_MAX || r->status != STATUS_OK) {
        render_fail(r, STATUS_LIMIT, "a format's field is too wide", NULL);
        return;
    }
    bool tuple = values.kind == VALUE_LIST && values.as.list->form == LIST_TUPLE;
    if (!named && *used >= (tuple ? values.as.list->n : 1)) {
        render_fail(r, STATUS_USAGE, "not enough values for the format", NULL);
        return;
    }
    if (!named)
        value = tuple ? values.as.list->items[(*used)++] : ((*used)++, values);
    add_value(r, value, &f);
}

struct value format_percent(struct render *r, struct value format, struct value values)
{
    struct cursor c = {format, 0};
    size_t start = r->output.used;
    uint32_t used = 0;
    while (c.at < format.len && render_charge(r, 1)) {
        if (!take(&c, '%'))
            area_add_from(r, &r->output, format, c.at++, 1);
        else if (take(&c, '%'))
            area_add(r, &r->output, "%", 1, FROM_TEMPLATE);
        else
            percent_field(r, &c, values, &used);
    }
    bool left_over = values.kind == VALUE_LIST && values.as.list->form == LIST_TUPLE
                         ? used < values.as.list->n
                         : used == 0 && values.kind != VALUE_DICT;
    if (left_over)
        render_fail(r, STATUS_USAGE, "more values than the format has fields", NULL);
    return r->status == STATUS_OK ? area_cut(r, &r->output, start) : format;
}

/* The value of {0}, {name}, {}, with .attribute and [item] after it. */
static struct value braces_value(struct render *r, struct cursor *c, const struct arguments *all, uint32_t *used)
{
    size_t first = c->at;
    while (c->at < c->text.len && strchr(".[!:}", peek(c)) == NULL)
        c->at++;
    struct value name = text_part(r, c->text, first, c->at - first), value = value_undefined();
    int64_t index = -1;
    if (name.len == 0)
        index = (*used)++;
    if (name.len > 0 && (!text_integer(name, 10, &index) || index > INT32_MAX))
        index = -1;
    for (uint32_t i = 0; index < 0 && i < all->named_n; i++) {
        if (text_same(all->named[i].key, name))
            value = all->named[i].value;
    }
    if (index >= 0 && index < all->n)
        value = all->items[index];
    if (value.kind == VALUE_UNDEFINED && index >= all->n)
        return fail(r, STATUS_USAGE, "not enough values for the format");
    while ((peek(c) == '.' || peek(c) == '[') && render_charge(r, 1)) {
        bool item = peek(c) == '[';
        first = ++c->at;
        while (c->at < c->text.len && (item ? peek(c) != ']' : strchr(".[!:}", peek(c)) == NULL))
            c->at++;
        name = text_part(r, c->text, first, c->at - first);
        c->at += item;
        bool number = item && text_integer(name, 10, &index);
        value = value_item(r, value, number ? value_integer(index) : name);
    }
    return value;
}

/* After the ':'. */
static void braces_spec(struct cursor *c, struct field *f)
{
    size_t len = 0;
    if (c->at < c->text.len)
        text_character(c->text, c->at, &len);
    bool filled = c->at + len < c->text.len && strchr("<>^", (char)c->text.as.text[c->at + len]) != NULL;
    if (filled) {
        f->fill = value_text(c->text.as.text + c->at, len, FROM_TEMPLATE);
        c->at += len;
    }
    if (peek(c) != '\0' && strchr("<>^", peek(c)) != NULL)
        f->align = (char)c->text.as.text[c->at++];
    f->plus = take(c, '+');
    if (take(c, '0'))
        f->zero = true;
    f->width = take_number(c, 0);
    f->grouped = take(c, ',');
    if (take(c, '.'))
        f->precision = take_number(c, 0);
    if (peek(c) != '}')
        f->type = c->at < c->text.len ? (char)c->text.as.text[c->at++] : '\0';
}

static void braces_field(struct render *r, struct cursor *c, const struct arguments *all, uint32_t *used)
{
    struct field f = {.precision = -1};
    struct value value = braces_value(r, c, all, used);
    if (take(c, '!'))
        f.type = peek(c) == '\0' ? '\0' : (char)c->text.as.text[c->at++];
    if (f.type == 'r')
        value = as_text(r, value, &f, true);
    f.type = '\0';
    if (take(c, ':'))
        braces_spec(c, &f);
    bool number = value.kind == VALUE_INTEGER || value.kind == VALUE_FLOAT;
    if (f.type == '\0') {
        f.type = value.kind == VALUE_INTEGER ? 'd' : 's';
        f.left = !number && f.align == '\0';
    } else if (f.type == 's') {
        f.left = f.align == '\0';
    }
    if (!take(c, '}') || f.width > WIDTH_MAX)
        render_fail(r, STATUS_USAGE, "a format's field is not understood", NULL);
    if (r->status == STATUS_OK)
        add_value(r, value, &f);
}

struct value format_braces(struct render *r, struct value format, const struct arguments *all)
{
    struct cursor c = {format, 0};
    size_t start = r->output.used;
    uint32_t used = 0;
    while (c.at < format.len && render_charge(r, 1)) {
        bool brace = peek(&c) == '{' || peek(&c) == '}';
        bool twice = brace && c.at + 1 < format.len && format.as.text[c.at + 1] == format.as.text[c.at];
        if (!brace || twice) {
            area_add_from(r, &r->output, format, c.at, 1);
            c.at += 1 + twice;
        } else if (take(&c, '{')) {
            braces_field(r, &c, all, &used);
        } else {
            render_fail(r, STATUS_USAGE, "a '}' without '{' in a format", NULL);
        }
    }
    return r->status == STATUS_OK ? area_cut(r, &r->output, start) : format;
}
