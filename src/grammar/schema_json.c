/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259 as rules, with bounds where the standard has none (digits, white space), so that no answer is blanks without
 * end. */
#include "grammar/schema_rules.h"

#include "core/codec/utf8.h"

#include <string.h>

enum { INDENT_MAX = 20, DIGITS_MAX = 15, FRACTION_MAX = 16, EXPONENT_MAX = 2 };

static void class_of(struct schema *s, const char *pairs)
{
    struct code_range ranges[16];
    size_t n = 0;
    for (; pairs[0] != '\0'; pairs += 2)
        ranges[n++] = (struct code_range){(uint8_t)pairs[0], (uint8_t)pairs[1]};
    build_class(&s->build, ranges, n, false);
}

static void digits(struct schema *s, uint32_t min, uint32_t max)
{
    size_t item = build_open(&s->build);
    class_of(s, "09");
    build_repeat(&s->build, item, min, max);
}

/* Nothing, a space, or a new line with its indentation. */
static void space(struct schema *s)
{
    struct build *b = &s->build;
    build_or(b);
    build_words(b, " ");
    build_or(b);
    build_words(b, "\n");
    size_t item = build_open(b);
    class_of(s, "  \t\t");
    build_repeat(b, item, 0, INDENT_MAX);
}

/* Four digits of \u: neither U+0000, which strict readers refuse, nor half a surrogate pair. */
static void escaped_unit(struct schema *s)
{
    static const char *const forms[][4] = {{"19acefACEF", "09afAF", "09afAF", "09afAF"},
                                           {"bbBB", "09afAF", "09afAF", "09afAF"},
                                           {"ddDD", "07", "09afAF", "09afAF"},
                                           {"00", "19afAF", "09afAF", "09afAF"},
                                           {"00", "00", "19afAF", "09afAF"},
                                           {"00", "00", "00", "19afAF"}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (i > 0)
            build_or(&s->build);
        for (size_t k = 0; k < 4; k++)
            class_of(s, forms[i][k]);
    }
}

static void character(struct schema *s)
{
    struct build *b = &s->build;
    struct code_range outside[8] = {{0, 0x1f}, {'"', '"'}, {'\\', '\\'}, {0x7f, 0x7f}};
    build_class(b, outside, 4, true);
    build_or(b);
    build_words(b, "\\");
    size_t group = build_open(b);
    class_of(s, "\"\"\\\\//bbffnnrrtt");
    build_or(b);
    build_words(b, "u");
    size_t unit = build_open(b);
    escaped_unit(s);
    build_close_in_place(b, unit);
    build_close_in_place(b, group);
}

static void integer(struct schema *s)
{
    struct build *b = &s->build;
    size_t item = build_open(b);
    build_words(b, "-");
    build_repeat(b, item, 0, 1);
    item = build_open(b);
    build_words(b, "0");
    build_or(b);
    class_of(s, "19");
    digits(s, 0, DIGITS_MAX);
    build_close_in_place(b, item);
}

static void number(struct schema *s)
{
    struct build *b = &s->build;
    schema_json(s, JSON_RULE_INTEGER);
    size_t item = build_open(b);
    build_words(b, ".");
    digits(s, 1, FRACTION_MAX);
    build_repeat(b, item, 0, 1);
    item = build_open(b);
    class_of(s, "eeEE");
    size_t sign = build_open(b);
    class_of(s, "++--");
    build_repeat(b, sign, 0, 1);
    digits(s, 1, EXPONENT_MAX);
    build_repeat(b, item, 0, 1);
}

/* open item ("," item)* close, or open close. */
static void list(struct schema *s, const char *open, enum json_rule item, const char *close)
{
    struct build *b = &s->build;
    build_words(b, open);
    schema_json(s, JSON_RULE_SPACE);
    size_t group = build_open(b);
    schema_json(s, item);
    size_t more = build_open(b);
    build_words(b, ",");
    schema_json(s, JSON_RULE_SPACE);
    schema_json(s, item);
    build_repeat(b, more, 0, BUILD_UNLIMITED);
    schema_json(s, JSON_RULE_SPACE);
    build_repeat(b, group, 0, 1);
    build_words(b, close);
}

static void value(struct schema *s)
{
    static const enum json_rule kinds[] = {JSON_RULE_OBJECT, JSON_RULE_ARRAY, JSON_RULE_STRING, JSON_RULE_NUMBER,
                                           JSON_RULE_BOOLEAN};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        schema_json(s, kinds[i]);
        build_or(&s->build);
    }
    build_words(&s->build, "null");
}

static void write_rule(struct schema *s, enum json_rule rule)
{
    struct build *b = &s->build;
    size_t item;
    switch (rule) {
    case JSON_RULE_SPACE: space(s); return;
    case JSON_RULE_CHARACTER: character(s); return;
    case JSON_RULE_INTEGER: integer(s); return;
    case JSON_RULE_NUMBER: number(s); return;
    case JSON_RULE_OBJECT: list(s, "{", JSON_RULE_MEMBER, "}"); return;
    case JSON_RULE_ARRAY: list(s, "[", JSON_RULE_VALUE, "]"); return;
    case JSON_RULE_VALUE: value(s); return;
    case JSON_RULE_STRING:
        build_words(b, "\"");
        item = build_open(b);
        schema_json(s, JSON_RULE_CHARACTER);
        build_repeat(b, item, 0, BUILD_UNLIMITED);
        build_words(b, "\"");
        return;
    case JSON_RULE_BOOLEAN:
        build_words(b, "true");
        build_or(b);
        build_words(b, "false");
        return;
    case JSON_RULE_MEMBER:
        schema_json(s, JSON_RULE_STRING);
        build_words(b, ":");
        schema_json(s, JSON_RULE_SPACE);
        schema_json(s, JSON_RULE_VALUE);
        return;
    case JSON_RULES_N: return;
    }
}

/* The rules refer to each other in a circle: a rule has its number before it is written. */
void schema_json(struct schema *s, enum json_rule rule)
{
    if (s->json_rules[rule] == 0 && !schema_failed(s)) {
        uint32_t number_of_rule = build_new_rule(&s->build);
        size_t opened = build_open(&s->build);
        s->json_rules[rule] = number_of_rule + 1;
        write_rule(s, rule);
        build_close(&s->build, opened, number_of_rule);
    }
    if (!schema_failed(s))
        build_rule(&s->build, s->json_rules[rule] - 1);
}

static bool holds(const struct code_range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* Characters that stand escaped in a string, with their short form. */
static const struct {
    uint32_t character;
    const char *escape;
} short_escapes[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"},
                     {'\n', "\\n"}, {'\r', "\\r"},  {'\t', "\\t"}};

void schema_class(struct schema *s, size_t ranges_n, bool negate)
{
    struct build *b = &s->build;
    struct code_range plain[BUILD_RANGES_MAX + 8];
    size_t plain_n = 0, opened = build_open(b);
    bool first = true;
    ranges_n = code_ranges_merge(s->ranges, ranges_n);
    if (negate)
        ranges_n = code_ranges_negate(s->ranges, ranges_n);
    for (size_t i = 0; i < ranges_n; i++) { /* cut around '"' and '\\', from the space on */
        static const struct code_range pieces[] = {
            {0x20, '"' - 1}, {'"' + 1, '\\' - 1}, {'\\' + 1, BUILD_CODE_POINT_MAX}};
        for (size_t k = 0; k < 3 && plain_n < BUILD_RANGES_MAX + 8; k++) {
            uint32_t from = s->ranges[i].first > pieces[k].first ? s->ranges[i].first : pieces[k].first;
            uint32_t to = s->ranges[i].last < pieces[k].last ? s->ranges[i].last : pieces[k].last;
            if (from <= to)
                plain[plain_n++] = (struct code_range){from, to};
        }
    }
    if (plain_n > 0) {
        build_class(b, plain, plain_n, false);
        first = false;
    }
    for (size_t i = 0; i < sizeof short_escapes / sizeof short_escapes[0]; i++) {
        if (!holds(s->ranges, ranges_n, short_escapes[i].character))
            continue;
        if (!first)
            build_or(b);
        first = false;
        build_words(b, short_escapes[i].escape);
    }
    if (first)
        schema_fail(s, STATUS_UNSUPPORTED, "\"pattern\" has a class of control characters alone, or an empty one");
    build_close_in_place(b, opened);
}

void schema_string_literal(struct schema *s, const char *text, size_t len)
{
    struct build *b = &s->build;
    build_words(b, "\"");
    for (size_t i = 0; i < len && !schema_failed(s); i++) {
        uint8_t c = (uint8_t)text[i];
        const char *escape = NULL;
        char unit[7] = "\\u0000";
        for (size_t k = 0; k < sizeof short_escapes / sizeof short_escapes[0]; k++)
            escape = short_escapes[k].character == c ? short_escapes[k].escape : escape;
        if (escape == NULL && c < 0x20) {
            unit[4] = "01"[c >> 4];
            unit[5] = "0123456789abcdef"[c & 15];
            escape = unit;
        }
        if (escape != NULL)
            build_words(b, escape);
        else
            build_text(b, &c, 1);
    }
    build_words(b, "\"");
}

void schema_literal(struct schema *s, const struct json *node, unsigned depth)
{
    struct build *b = &s->build;
    if (depth == SCHEMA_DEPTH_MAX) {
        schema_fail(s, STATUS_LIMIT, "it is nested too deep");
        return;
    }
    switch (node->type) {
    case JSON_NULL: build_words(b, "null"); return;
    case JSON_TRUE: build_words(b, "true"); return;
    case JSON_FALSE: build_words(b, "false"); return;
    case JSON_NUMBER: build_text(b, node->text, node->text_len); return;
    case JSON_STRING: schema_string_literal(s, node->text, node->text_len); return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    build_words(b, node->type == JSON_ARRAY ? "[" : "{");
    for (const struct json *one = node->first; one != NULL && !schema_failed(s); one = one->next) {
        if (one != node->first)
            build_words(b, ",");
        if (node->type == JSON_OBJECT) {
            schema_string_literal(s, one->key, one->key_len);
            build_words(b, ":");
        }
        schema_literal(s, one, depth + 1);
    }
    build_words(b, node->type == JSON_ARRAY ? "]" : "}");
}
