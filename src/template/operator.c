/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, and what Python's operators do with texts and lists. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static struct value overflow(struct render *r)
{
    render_fail(r, STATUS_LIMIT, "a whole number of more than 64 bits", NULL);
    return value_undefined();
}

/* Rounded down, as Python divides. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static struct value power(struct render *r, int64_t base, int64_t exponent)
{
    int64_t product = 1;
    if (exponent < 0) {
        render_fail(r, STATUS_UNSUPPORTED, "a power with a negative exponent is not supported", NULL);
        return value_undefined();
    }
    if (base == 0 || base == 1 || base == -1)
        return value_integer(base == 0 ? exponent == 0 : exponent % 2 == 0 ? 1 : base);
    for (; exponent > 0; exponent--) {
        if (__builtin_mul_overflow(product, base, &product))
            return overflow(r);
    }
    return value_integer(product);
}

static struct value whole_numbers(struct render *r, uint32_t op, int64_t a, int64_t b)
{
    int64_t made = 0;
    bool over = false;
    if (b == 0 && (op == '/' || op == '%' || op == ('/' << 8 | '/'))) {
        render_fail(r, STATUS_USAGE, "a division by zero", NULL);
        return value_undefined();
    }
    if (op == '/')
        return value_float((double)a / (double)b);
    if (op == ('*' << 8 | '*'))
        return power(r, a, b);
    if (op == '+')
        over = __builtin_add_overflow(a, b, &made);
    else if (op == '-')
        over = __builtin_sub_overflow(a, b, &made);
    else if (op == '*')
        over = __builtin_mul_overflow(a, b, &made);
    else if (b == -1)
        over = op != '%' && __builtin_sub_overflow(0, a, &made);
    else
        made = op == '%' ? a - floor_divide(a, b) * b : floor_divide(a, b);
    return over ? overflow(r) : value_integer(made);
}

static struct value real_numbers(struct render *r, uint32_t op, double a, double b)
{
    bool zero = !(b < 0) && !(b > 0);
    if (zero && op == '/') {
        render_fail(r, STATUS_USAGE, "a division by zero", NULL);
        return value_undefined();
    }
    if (op == '+')
        return value_float(a + b);
    if (op == '-')
        return value_float(a - b);
    if (op == '*')
        return value_float(a * b);
    if (op == '/')
        return value_float(a / b);
    render_fail(r, STATUS_UNSUPPORTED, "//, % and ** of fractions are not supported", NULL);
    return value_undefined();
}

static struct value repeat_text(struct render *r, struct value text, int64_t times)
{
    size_t start = r->texts.used;
    for (int64_t i = 0; i < times && text.len > 0 && render_charge(r, 1); i++)
        area_add_text(r, &r->texts, text);
    return text_end(r, start);
}

static struct value add_lists(struct render *r, struct value a, struct value b, int64_t times)
{
    const struct list *first = a.as.list, *second = b.as.list;
    struct value made = list_make(r, first->form, 0);
    for (int64_t i = 0; i < times; i++) {
        for (uint32_t j = 0; j < first->n && render_charge(r, 1); j++)
            list_add(r, made.as.list, first->items[j]);
        if (!render_charge(r, 1))
            break;
    }
    for (uint32_t j = 0; b.kind == VALUE_LIST && j < second->n && render_charge(r, 1); j++)
        list_add(r, made.as.list, second->items[j]);
    return value_mixed(made, a, b);
}

/* A text joined to one that went through `safe` is escaped for HTML. */
static struct value add_texts(struct render *r, struct value a, struct value b)
{
    if (a.safe != b.safe) {
        static const struct arguments none = {NULL, 0, NULL, 0};
        struct value escape = value_text("escape", 6, FROM_TEMPLATE);
        struct value *plain = a.safe ? &b : &a;
        *plain = filter_apply(r, filter_find(escape), escape, *plain, &none);
    }
    bool safe = a.safe || b.safe;
    struct value made = r->status == STATUS_OK ? text_concat(r, a, b) : a;
    made.safe = safe;
    return made;
}

static bool is_sequence(struct value v)
{
    return v.kind == VALUE_LIST && (v.as.list->form == LIST_PLAIN || v.as.list->form == LIST_TUPLE);
}

static struct value wrong_types(struct render *r, struct value a, struct value b)
{
    const struct value *undefined = a.kind == VALUE_UNDEFINED ? &a : b.kind == VALUE_UNDEFINED ? &b : NULL;
    struct value names = value_text(value_type(a), strlen(value_type(a)), FROM_TEMPLATE);
    names = text_concat(r, names, value_text(" and ", 5, FROM_TEMPLATE));
    names = text_concat(r, names, value_text(value_type(b), strlen(value_type(b)), FROM_TEMPLATE));
    if (undefined != NULL)
        render_fail(r, STATUS_USAGE, "an operator on something undefined:", undefined);
    else
        render_fail(r, STATUS_USAGE, "an operator on types that it does not take:", &names);
    return value_undefined();
}

static struct value sequences(struct render *r, uint32_t op, struct value a, struct value b)
{
    bool whole_b = b.kind == VALUE_INTEGER || b.kind == VALUE_BOOL;
    int64_t times = b.kind == VALUE_BOOL ? b.as.truth : b.as.integer;
    if (op == '+' && a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
        return add_texts(r, a, b);
    if (op == '+' && is_sequence(a) && is_sequence(b) && a.as.list->form == b.as.list->form)
        return add_lists(r, a, b, 1);
    if (op == '*' && a.kind == VALUE_TEXT && whole_b)
        return repeat_text(r, a, times);
    if (op == '*' && is_sequence(a) && whole_b)
        return add_lists(r, a, b, times);
    if (op == '%' && a.kind == VALUE_TEXT)
        return format_percent(r, a, b);
    return wrong_types(r, a, b);
}

struct value operator_apply(struct render *r, uint32_t op, struct value a, struct value b)
{
    double real_a, real_b;
    if (!value_real(a, &real_a) || !value_real(b, &real_b)) {
        bool swap = op == '*' && (a.kind == VALUE_INTEGER || a.kind == VALUE_BOOL);
        return swap ? sequences(r, op, b, a) : sequences(r, op, a, b);
    }
    struct value made;
    if (a.kind == VALUE_FLOAT || b.kind == VALUE_FLOAT)
        made = real_numbers(r, op, real_a, real_b);
    else
        made = whole_numbers(r, op, a.kind == VALUE_BOOL ? a.as.truth : a.as.integer,
                             b.kind == VALUE_BOOL ? b.as.truth : b.as.integer);
    return value_mixed(made, a, b);
}
