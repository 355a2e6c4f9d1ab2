/* SPDX-License-Identifier: Apache-2.0 */
/* What `is` asks. */
#include "template/function.h"
#include "template/render.h"

static bool is_number(struct value v)
{
    return v.kind == VALUE_INTEGER || v.kind == VALUE_FLOAT || v.kind == VALUE_NUMBER || v.kind == VALUE_BOOL;
}

static bool is_defined(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind != VALUE_UNDEFINED;
}

static bool is_undefined(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_UNDEFINED;
}

static bool is_none(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_NONE;
}

static bool is_text(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_TEXT;
}

static bool test_number(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return is_number(v);
}

static bool is_integer(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_INTEGER || v.kind == VALUE_NUMBER;
}

static bool is_float(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_FLOAT;
}

static bool is_boolean(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_BOOL;
}

static bool is_true(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_BOOL && v.as.truth;
}

static bool is_false(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_BOOL && !v.as.truth;
}

static bool is_mapping(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_DICT;
}

static bool is_iterable(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_TEXT || v.kind == VALUE_LIST || v.kind == VALUE_DICT || v.kind == VALUE_UNDEFINED ||
           v.kind == VALUE_LOOP;
}

static bool is_sequence(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_TEXT || v.kind == VALUE_DICT || v.kind == VALUE_UNDEFINED ||
           (v.kind == VALUE_LIST && v.as.list->form <= LIST_RANGE);
}

static bool is_callable(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_MACRO || v.kind == VALUE_FUNCTION || v.kind == VALUE_METHOD;
}

static bool is_lower(struct render *r, struct value v, struct value other)
{
    static const struct arguments none = {NULL, 0, NULL, 0};
    struct value name = value_text("islower", 7, FROM_TEMPLATE), method;
    (void)other;
    v = value_to_text(r, v);
    return r->status == STATUS_OK && method_find(r, v, name, &method) && method.kind == VALUE_METHOD &&
           value_truth(method_call(r, method.as.method, &none));
}

static bool is_upper(struct render *r, struct value v, struct value other)
{
    static const struct arguments none = {NULL, 0, NULL, 0};
    struct value name = value_text("isupper", 7, FROM_TEMPLATE), method;
    (void)other;
    v = value_to_text(r, v);
    return r->status == STATUS_OK && method_find(r, v, name, &method) && method.kind == VALUE_METHOD &&
           value_truth(method_call(r, method.as.method, &none));
}

static bool is_multiple(struct render *r, struct value v, struct value other)
{
    struct value rest = operator_apply(r, '%', v, other);
    return r->status == STATUS_OK && !value_truth(rest);
}

static bool is_even(struct render *r, struct value v, struct value other)
{
    (void)other;
    return is_multiple(r, v, value_integer(2));
}

static bool is_odd(struct render *r, struct value v, struct value other)
{
    (void)other;
    return !is_multiple(r, v, value_integer(2));
}

static bool is_equal(struct render *r, struct value v, struct value other)
{
    return value_equal(r, v, other);
}

static bool is_different(struct render *r, struct value v, struct value other)
{
    return !value_equal(r, v, other);
}

static bool is_less(struct render *r, struct value v, struct value other)
{
    return value_order(r, v, other) < 0;
}

static bool is_less_or_equal(struct render *r, struct value v, struct value other)
{
    return value_order(r, v, other) <= 0;
}

static bool is_greater(struct render *r, struct value v, struct value other)
{
    return value_order(r, v, other) > 0;
}

static bool is_greater_or_equal(struct render *r, struct value v, struct value other)
{
    return value_order(r, v, other) >= 0;
}

static bool is_in(struct render *r, struct value v, struct value other)
{
    return value_contains(r, other, v);
}

static bool is_same(struct render *r, struct value v, struct value other)
{
    bool shared = v.kind == VALUE_LIST || v.kind == VALUE_DICT;
    return v.kind == other.kind && (shared ? v.as.text == other.as.text : value_equal(r, v, other));
}

static bool is_filter(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_TEXT && filter_find(v) != NODE_UNKNOWN;
}

static bool is_test(struct render *r, struct value v, struct value other)
{
    (void)r, (void)other;
    return v.kind == VALUE_TEXT && test_find(v) != NODE_UNKNOWN;
}

static const struct {
    const char *name;
    bool (*holds)(struct render *r, struct value v, struct value other);
    bool compares; /* takes one argument */
} tests[] = {
    {"defined", is_defined, false},
    {"undefined", is_undefined, false},
    {"none", is_none, false},
    {"string", is_text, false},
    {"number", test_number, false},
    {"integer", is_integer, false},
    {"float", is_float, false},
    {"boolean", is_boolean, false},
    {"true", is_true, false},
    {"false", is_false, false},
    {"mapping", is_mapping, false},
    {"iterable", is_iterable, false},
    {"sequence", is_sequence, false},
    {"callable", is_callable, false},
    {"lower", is_lower, false},
    {"upper", is_upper, false},
    {"even", is_even, false},
    {"odd", is_odd, false},
    {"divisibleby", is_multiple, true},
    {"filter", is_filter, false},
    {"test", is_test, false},
    {"in", is_in, true},
    {"sameas", is_same, true},
    {"equalto", is_equal, true},
    {"eq", is_equal, true},
    {"==", is_equal, true},
    {"ne", is_different, true},
    {"!=", is_different, true},
    {"lt", is_less, true},
    {"<", is_less, true},
    {"lessthan", is_less, true},
    {"le", is_less_or_equal, true},
    {"<=", is_less_or_equal, true},
    {"gt", is_greater, true},
    {">", is_greater, true},
    {"greaterthan", is_greater, true},
    {"ge", is_greater_or_equal, true},
    {">=", is_greater_or_equal, true},
};

uint32_t test_find(struct value name)
{
    for (uint32_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (text_is(name, tests[i].name))
            return i;
    }
    return NODE_UNKNOWN;
}

bool test_apply(struct render *r, uint32_t which, struct value name, struct value of, const struct arguments *all)
{
    if (r->status != STATUS_OK)
        return false;
    if (which == NODE_UNKNOWN) {
        render_fail(r, STATUS_USAGE, "there is no test of the name", &name);
        return false;
    }
    if (all->n + all->named_n != tests[which].compares) {
        render_fail(r, STATUS_USAGE, "another number of arguments than the test takes:", &name);
        return false;
    }
    struct value other = all->n == 1 ? all->items[0] : all->named_n == 1 ? all->named[0].value : value_undefined();
    return tests[which].holds(r, of, other) && r->status == STATUS_OK;
}
