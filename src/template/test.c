/* SPDX-License-Identifier: Apache-2.0 */
/* What `is` asks. */
#include "template/function.h"
#include "template/render.h"

enum asked {
    DEFINED,
    UNDEFINED,
    NONE,
    TEXT,
    NUMBER,
    INTEGER,
    FLOAT,
    BOOLEAN,
    TRUE_VALUE,
    FALSE_VALUE,
    MAPPING,
    ITERABLE,
    SEQUENCE,
    CALLABLE,
    FILTER,
    TEST,
    LOWER,
    UPPER,
    EVEN,
    ODD,
    /* these take an argument */
    MULTIPLE,
    IN,
    SAME,
    EQUAL,
    DIFFERENT,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
};

static const struct {
    const char *name;
    enum asked asked;
} tests[] = {
    {"defined", DEFINED},
    {"undefined", UNDEFINED},
    {"none", NONE},
    {"string", TEXT},
    {"number", NUMBER},
    {"integer", INTEGER},
    {"float", FLOAT},
    {"boolean", BOOLEAN},
    {"true", TRUE_VALUE},
    {"false", FALSE_VALUE},
    {"mapping", MAPPING},
    {"iterable", ITERABLE},
    {"sequence", SEQUENCE},
    {"callable", CALLABLE},
    {"filter", FILTER},
    {"test", TEST},
    {"lower", LOWER},
    {"upper", UPPER},
    {"even", EVEN},
    {"odd", ODD},
    {"divisibleby", MULTIPLE},
    {"in", IN},
    {"sameas", SAME},
    {"equalto", EQUAL},
    {"eq", EQUAL},
    {"==", EQUAL},
    {"ne", DIFFERENT},
    {"!=", DIFFERENT},
    {"lt", LESS},
    {"<", LESS},
    {"lessthan", LESS},
    {"le", LESS_OR_EQUAL},
    {"<=", LESS_OR_EQUAL},
    {"gt", GREATER},
    {">", GREATER},
    {"greaterthan", GREATER},
    {"ge", GREATER_OR_EQUAL},
    {">=", GREATER_OR_EQUAL},
};

uint32_t test_find(struct value name)
{
    for (uint32_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (text_is(name, tests[i].name))
            return i;
    }
    return NODE_UNKNOWN;
}

/* By the method of that name. */
static bool has_case(struct render *r, struct value v, const char *name, size_t name_len)
{
    static const struct arguments none = {NULL, 0, NULL, 0};
    struct value method;
    v = value_to_text(r, v);
    return r->status == STATUS_OK && method_find(r, v, value_text(name, name_len, FROM_TEMPLATE), &method) &&
           method.kind == VALUE_METHOD && value_truth(method_call(r, method.as.method, &none));
}

static bool is_multiple(struct render *r, struct value v, struct value of)
{
    struct value rest = operator_apply(r, '%', v, of);
    return r->status == STATUS_OK && !value_truth(rest);
}

static bool is_same(struct render *r, struct value v, struct value other)
{
    bool shared = v.kind == VALUE_LIST || v.kind == VALUE_DICT;
    return v.kind == other.kind && (shared ? v.as.text == other.as.text : value_equal(r, v, other));
}

static bool is_sequence(struct value v, enum list_form last)
{
    return v.kind == VALUE_TEXT || v.kind == VALUE_DICT || v.kind == VALUE_UNDEFINED ||
           (v.kind == VALUE_LIST && v.as.list->form <= last);
}

static bool holds(struct render *r, enum asked asked, struct value v, struct value other)
{
    bool whole = v.kind == VALUE_INTEGER || v.kind == VALUE_NUMBER;
    switch (asked) {
    case DEFINED: return v.kind != VALUE_UNDEFINED;
    case UNDEFINED: return v.kind == VALUE_UNDEFINED;
    case NONE: return v.kind == VALUE_NONE;
    case TEXT: return v.kind == VALUE_TEXT;
    case NUMBER: return whole || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL;
    case INTEGER: return whole;
    case FLOAT: return v.kind == VALUE_FLOAT;
    case BOOLEAN: return v.kind == VALUE_BOOL;
    case TRUE_VALUE: return v.kind == VALUE_BOOL && v.as.truth;
    case FALSE_VALUE: return v.kind == VALUE_BOOL && !v.as.truth;
    case MAPPING: return v.kind == VALUE_DICT;
    case ITERABLE: return is_sequence(v, LIST_ITEMS) || v.kind == VALUE_LOOP;
    case SEQUENCE: return is_sequence(v, LIST_RANGE);
    case CALLABLE: return v.kind == VALUE_MACRO || v.kind == VALUE_FUNCTION || v.kind == VALUE_METHOD;
    case FILTER: return v.kind == VALUE_TEXT && filter_find(v) != NODE_UNKNOWN;
    case TEST: return v.kind == VALUE_TEXT && test_find(v) != NODE_UNKNOWN;
    case LOWER: return has_case(r, v, "islower", 7);
    case UPPER: return has_case(r, v, "isupper", 7);
    case EVEN: return is_multiple(r, v, value_integer(2));
    case ODD: return !is_multiple(r, v, value_integer(2));
    case MULTIPLE: return is_multiple(r, v, other);
    case IN: return value_contains(r, other, v);
    case SAME: return is_same(r, v, other);
    case EQUAL: return value_equal(r, v, other);
    case DIFFERENT: return !value_equal(r, v, other);
    case LESS: return value_order(r, v, other) < 0;
    case LESS_OR_EQUAL: return value_order(r, v, other) <= 0;
    case GREATER: return value_order(r, v, other) > 0;
    case GREATER_OR_EQUAL: return value_order(r, v, other) >= 0;
    }
    return false;
}

bool test_apply(struct render *r, uint32_t which, struct value name, struct value of, const struct arguments *all)
{
    if (r->status != STATUS_OK)
        return false;
    if (which == NODE_UNKNOWN) {
        render_fail(r, STATUS_USAGE, "there is no test of the name", &name);
        return false;
    }
    if (all->n + all->named_n != (tests[which].asked >= MULTIPLE)) {
        render_fail(r, STATUS_USAGE, "another number of arguments than the test takes:", &name);
        return false;
    }
    struct value other = all->n == 1 ? all->items[0] : all->named_n == 1 ? all->named[0].value : value_undefined();
    return holds(r, tests[which].asked, of, other) && r->status == STATUS_OK;
}
