/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: lengths, and the formats whose every text is valid (dates of months as long as they are, without leap days).
 */
#include "grammar/schema_rules.h"

#include "grammar/gbnf_rules.h"

#include <string.h>

static const struct {
    const char *name;
    const char *rules; /* GBNF */
} formats[] = {
    {"date", "[12] [0-9] [0-9] [0-9] \"-\" "
             "((\"0\" [13578] | \"1\" [02]) \"-\" (\"0\" [1-9] | [12] [0-9] | \"3\" [01]) | "
             "(\"0\" [469] | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\") | "
             "\"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" [0-8]))"},
    {"time", "([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9] \":\" [0-5] [0-9] (\".\" [0-9]{1,6})? "
             "(\"Z\" | [+-] ([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9])"},
    {"date-time", "[12] [0-9] [0-9] [0-9] \"-\" "
                  "((\"0\" [13578] | \"1\" [02]) \"-\" (\"0\" [1-9] | [12] [0-9] | \"3\" [01]) | "
                  "(\"0\" [469] | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\") | "
                  "\"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" [0-8])) \"T\" "
                  "([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9] \":\" [0-5] [0-9] (\".\" [0-9]{1,6})? "
                  "(\"Z\" | [+-] ([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9])"},
    {"uuid", "[0-9a-f]{8} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{4} \"-\" [0-9a-f]{12}"},
};

static void write_format(struct schema *s, const struct json *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (json_is_text(format, formats[i].name)) {
            gbnf_expression(&s->build, formats[i].rules, s->ranges);
            return;
        }
    }
    schema_fail(s, STATUS_UNSUPPORTED, "\"format\" must be \"date\", \"time\", \"date-time\" or \"uuid\"");
}

static void write_lengths(struct schema *s, const struct json *node)
{
    uint32_t min = schema_count(s, node, "minLength", 0), max = schema_count(s, node, "maxLength", BUILD_UNLIMITED);
    size_t item = build_open(&s->build);
    if (min > max)
        schema_fail(s, STATUS_UNSUPPORTED, "\"minLength\" is above \"maxLength\"");
    schema_json(s, JSON_RULE_CHARACTER);
    if (!schema_failed(s))
        build_repeat(&s->build, item, min, max);
}

void schema_string(struct schema *s, const struct json *node)
{
    const struct json *pattern = json_get(node, "pattern"), *format = json_get(node, "format");
    bool lengths = json_get(node, "minLength") != NULL || json_get(node, "maxLength") != NULL;
    if ((pattern != NULL) + (format != NULL) + lengths > 1) {
        schema_fail(s, STATUS_UNSUPPORTED, "\"pattern\", \"format\" and lengths are supported one at a time");
        return;
    }
    build_words(&s->build, "\"");
    if (format != NULL)
        write_format(s, format);
    else if (pattern != NULL && pattern->type == JSON_STRING)
        schema_pattern(s, pattern->text, pattern->text_len);
    else if (pattern != NULL)
        schema_fail(s, STATUS_MALFORMED, "\"pattern\" must be a text");
    else
        write_lengths(s, node);
    build_words(&s->build, "\"");
}
