/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers between two bounds, as decimal digits. */
#include "grammar/schema_rules.h"

#include <string.h>

#define INTEGER_MAX ((int64_t)9999999999999999)

static void digit_range(struct schema *s, uint64_t first, uint64_t last)
{
    struct code_range range = {(uint32_t)('0' + first), (uint32_t)('0' + last)};
    build_class(&s->build, &range, 1, false);
}

static void any_digits(struct schema *s, uint32_t n)
{
    size_t item = build_open(&s->build);
    if (n == 0)
        return;
    digit_range(s, 0, 9);
    build_repeat(&s->build, item, n, n);
}

/* The digits of value above its last skipped ones. */
static void write_digits(struct schema *s, uint64_t value, uint32_t skipped)
{
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    for (uint32_t i = 0; i < skipped; i++)
        value /= 10;
    for (; value > 0; value /= 10)
        text[--at] = (char)('0' + value % 10);
    build_words(&s->build, text + at);
}

/* From first to last, both 0 and more: blocks of 10^level numbers that differ in one digit above the block. */
static void write_range(struct schema *s, bool *begun, uint64_t first, uint64_t last)
{
    while (first <= last && !schema_failed(s)) {
        uint64_t block = 1, power = 10;
        uint32_t level = 0;
        while (power <= first)
            power *= 10; /* the number after the longest one with as many digits */
        uint64_t end = last < power - 1 ? last : power - 1;
        while (first % (block * 10) == 0 && block * 10 <= first && first + block * 10 - 1 <= end) {
            block *= 10;
            level++;
        }
        uint64_t digit = first / block % 10;
        uint64_t more = (end - first + 1) / block - 1; /* whole blocks behind the first */
        more = more > 9 - digit ? 9 - digit : more;
        if (*begun)
            build_or(&s->build);
        *begun = true;
        write_digits(s, first, level + 1);
        digit_range(s, digit, digit + more);
        any_digits(s, level);
        first += block * (more + 1);
    }
}

static int64_t bound(struct schema *s, const struct json *node, const char *name, int64_t fallback, int64_t add)
{
    int64_t value;
    const struct json *member = json_get(node, name);
    if (member == NULL)
        return fallback;
    if (json_i64(&value, member) != STATUS_OK || value > INTEGER_MAX - 1 || value < 1 - INTEGER_MAX) {
        schema_refuse(s, name, strlen(name), " must be a whole number of at most 15 digits");
        return fallback;
    }
    return value + add;
}

void schema_integer(struct schema *s, const struct json *node)
{
    int64_t low = bound(s, node, "minimum", -INTEGER_MAX, 0), high = bound(s, node, "maximum", INTEGER_MAX, 0);
    int64_t above = bound(s, node, "exclusiveMinimum", low, 1), below = bound(s, node, "exclusiveMaximum", high, -1);
    bool begun = false;
    low = above > low ? above : low;
    high = below < high ? below : high;
    if (low > high)
        schema_fail(s, STATUS_UNSUPPORTED, "no whole number is between the bounds");
    if (schema_failed(s))
        return;
    if (low == -INTEGER_MAX && high == INTEGER_MAX) {
        schema_json(s, JSON_RULE_INTEGER);
        return;
    }
    size_t opened = build_open(&s->build);
    if (low < 0) {
        size_t negative = build_open(&s->build);
        bool negative_begun = false;
        build_words(&s->build, "-");
        negative = build_open(&s->build);
        write_range(s, &negative_begun, high < 0 ? (uint64_t)-high : 1, (uint64_t)-low);
        build_close_in_place(&s->build, negative);
        begun = true;
    }
    if (high >= 0) {
        bool positive_begun = false;
        if (begun)
            build_or(&s->build);
        size_t positive = build_open(&s->build);
        write_range(s, &positive_begun, low > 0 ? (uint64_t)low : 0, (uint64_t)high);
        build_close_in_place(&s->build, positive);
    }
    build_close_in_place(&s->build, opened);
}
