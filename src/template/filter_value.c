/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on any value: defaults, numbers, JSON. */
#include "core/codec/decimal.h"
#include "template/function.h"
#include "template/render.h"

static struct value fallback(struct render *r, const struct call *c)
{
    (void)r;
    bool use = c->of.kind == VALUE_UNDEFINED || (value_truth(c->given[1]) && !value_truth(c->of));
    if (!use)
        return c->of;
    return is_given(c->given[0]) ? c->given[0] : value_text("", 0, FROM_TEMPLATE);
}

static bool truncate(double real, int64_t *integer)
{
    bool fits = real > -9223372036854775808.0 && real < 9223372036854775808.0;
    *integer = fits ? (int64_t)real : 0;
    return fits;
}

static struct value to_integer(struct render *r, const struct call *c)
{
    int64_t integer;
    double real;
    struct value made = is_given(c->given[0]) ? c->given[0] : value_integer(0);
    if (c->of.kind == VALUE_INTEGER || c->of.kind == VALUE_NUMBER)
        return c->of;
    if (c->of.kind == VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "undefined, so it is no number:", &c->of);
    if (c->of.kind == VALUE_TEXT && text_integer(c->of, given_integer(r, c->given[1], 10), &integer))
        made = value_integer(integer);
    else if ((c->of.kind == VALUE_TEXT ? text_real(c->of, &real) : value_real(c->of, &real)) &&
             truncate(real, &integer))
        made = value_integer(integer);
    return value_mixed(made, c->of, c->of);
}

static struct value to_float(struct render *r, const struct call *c)
{
    double real;
    struct value made = is_given(c->given[0]) ? c->given[0] : value_float(0);
    if (c->of.kind == VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "undefined, so it is no number:", &c->of);
    if (c->of.kind == VALUE_TEXT ? text_real(c->of, &real) : value_real(c->of, &real))
        made = value_float(real);
    return value_mixed(made, c->of, c->of);
}

static struct value absolute(struct render *r, const struct call *c)
{
    double real;
    struct value of = c->of;
    if (!value_real(of, &real))
        render_fail(r, STATUS_USAGE, "abs needs a number", NULL);
    if (of.kind == VALUE_FLOAT)
        of.as.real = real < 0 ? -real : real;
    else if (real < 0)
        return value_mixed(operator_apply(r, '-', value_integer(0), of), of, of);
    else if (of.kind == VALUE_BOOL)
        return value_mixed(value_integer(of.as.truth), of, of);
    return of;
}

/* To decimals, ties to even in the exact value. */
static double round_common(double real, unsigned decimals)
{
    char text[NUMBER_TEXT_MAX];
    double rounded;
    size_t len = number_fixed(text, real, decimals);
    return decimal_double(&rounded, text, len) == STATUS_OK ? rounded : real;
}

static struct value round_up_or_down(struct render *r, struct value of, double real, int64_t decimals, bool up)
{
    double scale = 1;
    int64_t whole;
    for (int64_t i = 0; i < decimals; i++)
        scale *= 10;
    if (!truncate(real * scale, &whole)) {
        render_fail(r, STATUS_USAGE, "a number that is too large to round", NULL);
        return of;
    }
    double back = (double)whole;
    if (up && back < real * scale)
        back += 1;
    else if (!up && back > real * scale)
        back -= 1;
    return value_mixed(value_float(back / scale), of, of);
}

static struct value rounded(struct render *r, const struct call *c)
{
    double real = 0;
    int64_t decimals = given_integer(r, c->given[0], 0);
    bool common = !is_given(c->given[1]) || text_is(c->given[1], "common"), up = text_is(c->given[1], "ceil");
    if (!value_real(c->of, &real) || decimals < 0 || decimals > 15 ||
        (!common && !up && !text_is(c->given[1], "floor")))
        render_fail(r, STATUS_USAGE, "round needs a number, 0 to 15 decimals, and common, ceil or floor", NULL);
    if (r->status != STATUS_OK)
        return c->of;
    if (!common)
        return round_up_or_down(r, c->of, real, decimals, up);
    if (c->of.kind != VALUE_FLOAT)
        return c->of;
    return render_charge(r, 50) ? value_mixed(value_float(round_common(real, (unsigned)decimals)), c->of, c->of)
                                : c->of;
}

static struct value attribute(struct render *r, const struct call *c)
{
    struct value found;
    if (c->given[0].kind == VALUE_TEXT && c->of.kind == VALUE_DICT)
        return method_find(r, c->of, c->given[0], &found) ? found : value_undefined(); /* never an item */
    return c->given[0].kind == VALUE_TEXT && c->of.kind != VALUE_UNDEFINED ? value_attribute(r, c->of, c->given[0])
                                                                           : c->of;
}

static void set_separators(struct render *r, struct json_style *style, struct value pair)
{
    bool two = pair.kind == VALUE_LIST && pair.as.list->n == 2 && pair.as.list->items[0].kind == VALUE_TEXT &&
               pair.as.list->items[1].kind == VALUE_TEXT;
    if (two) {
        style->item_separator = pair.as.list->items[0];
        style->key_separator = pair.as.list->items[1];
    } else if (is_given(pair) && pair.kind != VALUE_NONE) {
        render_fail(r, STATUS_USAGE, "separators must be two texts", NULL);
    }
}

static struct value to_json(struct render *r, const struct call *c)
{
    struct json_style style = {.ensure_ascii = value_truth(c->given[0]),
                               .indented = is_given(c->given[1]) && c->given[1].kind != VALUE_NONE,
                               .sort_keys = value_truth(c->given[3]),
                               .item_separator = value_text(", ", 2, FROM_TEMPLATE),
                               .key_separator = value_text(": ", 2, FROM_TEMPLATE)};
    if (style.indented) {
        style.item_separator.len = 1;
        style.indent =
            c->given[1].kind == VALUE_TEXT
                ? c->given[1]
                : operator_apply(r, '*', value_text(" ", 1, c->of.origin == FROM_TEMPLATE ? FROM_TEMPLATE : FROM_INPUT),
                                 c->given[1]);
    }
    set_separators(r, &style, c->given[2]);
    size_t start = r->texts.used;
    if (r->status == STATUS_OK)
        print_json(r, &r->texts, c->of, &style);
    return text_end(r, start);
}

const struct function filters_value[] = {
    {"default", fallback, {"default_value", "boolean"}, 0},
    {"d", fallback, {"default_value", "boolean"}, 0},
    {"int", to_integer, {"default", "base"}, 0},
    {"float", to_float, {"default"}, 0},
    {"abs", absolute, {NULL}, 0},
    {"round", rounded, {"precision", "method"}, 0},
    {"attr", attribute, {"name"}, 0},
    {"tojson", to_json, {"ensure_ascii", "indent", "separators", "sort_keys"}, 0},
    {NULL, NULL, {NULL}, 0},
};
