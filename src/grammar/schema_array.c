/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays: prefixItems at their places, items behind them, minItems and maxItems over both. */
#include "grammar/schema_rules.h"

struct array {
    const struct json *prefix; /* a list, or NULL */
    uint32_t prefix_n;
    const struct json *items; /* NULL: any value */
    uint32_t min, max;        /* max: or BUILD_UNLIMITED */
};

static bool read_array(struct schema *s, struct array *a, const struct json *node)
{
    const struct json *items = json_get(node, "items");
    a->prefix = json_get(node, "prefixItems");
    if (a->prefix != NULL && a->prefix->type != JSON_ARRAY)
        schema_fail(s, STATUS_MALFORMED, "\"prefixItems\" must be a list");
    if (items != NULL && items->type == JSON_ARRAY)
        schema_fail(s, STATUS_UNSUPPORTED, "\"items\" as a list is not supported; use \"prefixItems\"");
    a->prefix_n = a->prefix == NULL ? 0 : (uint32_t)a->prefix->members_n;
    a->min = schema_count(s, node, "minItems", 0);
    a->max = schema_count(s, node, "maxItems", BUILD_UNLIMITED);
    bool closed = items != NULL ? items->type == JSON_FALSE : a->prefix_n > 0;
    if (closed && a->max > a->prefix_n)
        a->max = a->prefix_n;
    a->items = items == NULL || items->type == JSON_FALSE || schema_is_any(items) ? NULL : items;
    if (a->min > a->max)
        schema_fail(s, STATUS_UNSUPPORTED, "\"minItems\" is above what the array may hold");
    return !schema_failed(s);
}

static void separator(struct schema *s, bool wanted)
{
    if (!wanted)
        return;
    build_words(&s->build, ",");
    schema_json(s, JSON_RULE_SPACE);
}

static void write_item(struct schema *s, const struct json *schema, unsigned depth)
{
    if (schema == NULL)
        schema_json(s, JSON_RULE_VALUE);
    else
        schema_value(s, schema, depth + 1);
}

/* Items behind the prefix: at least min, at most max. */
static void write_rest(struct schema *s, const struct array *a, uint32_t min, uint32_t max, unsigned depth)
{
    struct build *b = &s->build;
    size_t all = build_open(b), opened = build_open(b);
    uint32_t first = a->prefix_n == 0 ? 1 : 0, item = build_new_rule(b);
    write_item(s, a->items, depth);
    build_close(b, opened, item);
    if (first == 1)
        build_rule(b, item);
    size_t more = build_open(b);
    separator(s, true);
    build_rule(b, item);
    build_repeat(b, more, min > first ? min - first : 0, max == BUILD_UNLIMITED ? max : max - first);
    if (first == 1 && min == 0)
        build_repeat(b, all, 0, 1);
}

/* The prefix from place i on, as a chain of rules from the back: each place may be the end once min is reached. */
static uint32_t write_prefix(struct schema *s, const struct array *a, unsigned depth)
{
    struct build *b = &s->build;
    uint32_t in_prefix = a->prefix_n < a->max ? a->prefix_n : a->max;
    uint32_t next = build_new_rule(b);
    size_t opened = build_open(b);
    uint32_t rest_min = a->min > a->prefix_n ? a->min - a->prefix_n : 0;
    uint32_t rest_max = a->max == BUILD_UNLIMITED ? a->max : a->max - in_prefix;
    if (a->max > in_prefix)
        write_rest(s, a, rest_min, rest_max, depth);
    build_close(b, opened, next);
    for (uint32_t i = in_prefix; i-- > 0 && !schema_failed(s);) {
        const struct json *schema = a->prefix->first;
        for (uint32_t k = 0; k < i; k++)
            schema = schema->next;
        uint32_t rule = build_new_rule(b);
        opened = build_open(b);
        separator(s, i > 0);
        write_item(s, schema, depth);
        build_rule(b, next);
        if (i >= a->min)
            build_or(b);
        build_close(b, opened, rule);
        next = rule;
    }
    return next;
}

void schema_array(struct schema *s, const struct json *node, unsigned depth)
{
    struct array a;
    if (!read_array(s, &a, node))
        return;
    build_words(&s->build, "[");
    schema_json(s, JSON_RULE_SPACE);
    uint32_t items = write_prefix(s, &a, depth);
    build_rule(&s->build, items);
    schema_json(s, JSON_RULE_SPACE);
    build_words(&s->build, "]");
}
