/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/build.h"

#include "core/codec/utf8.h"

#include <string.h>

size_t build_arena_len(void)
{
    return 64 +
           (2 * GRAMMAR_ELEMENTS_MAX + GRAMMAR_RULES_MAX + GRAMMAR_SETS_MAX * GRAMMAR_SET_WORDS) * sizeof(uint32_t);
}

void build_init(struct build *b, struct arena *arena, struct reason *why)
{
    *b = (struct build){.why = why};
    b->body = arena_take(arena, GRAMMAR_ELEMENTS_MAX, sizeof b->body[0], _Alignof(uint32_t));
    b->pending = arena_take(arena, GRAMMAR_ELEMENTS_MAX, sizeof b->pending[0], _Alignof(uint32_t));
    b->starts = arena_take(arena, GRAMMAR_RULES_MAX, sizeof b->starts[0], _Alignof(uint32_t));
    b->sets = arena_take(arena, GRAMMAR_SETS_MAX * GRAMMAR_SET_WORDS, sizeof b->sets[0], _Alignof(uint32_t));
    if (b->body == NULL || b->pending == NULL || b->starts == NULL || b->sets == NULL)
        build_fail(b, STATUS_NO_MEMORY, "no memory for the grammar");
}

void build_fail(struct build *b, enum status status, const char *text)
{
    if (b->status != STATUS_OK)
        return;
    b->status = status;
    reason_set(b->why, text, NULL);
}

static void add(struct build *b, uint32_t element)
{
    if (b->pending_n + b->body_n >= GRAMMAR_ELEMENTS_MAX)
        build_fail(b, STATUS_LIMIT, "the grammar is too large: more than 65536 elements");
    if (b->status == STATUS_OK)
        b->pending[b->pending_n++] = element;
}

uint32_t build_new_rule(struct build *b)
{
    if (b->rules_n == GRAMMAR_RULES_MAX)
        build_fail(b, STATUS_LIMIT, "the grammar is too large: more than 16384 rules");
    return b->status == STATUS_OK ? b->rules_n++ : 0;
}

size_t build_open(const struct build *b)
{
    return b->pending_n;
}

void build_close(struct build *b, size_t opened, uint32_t rule)
{
    add(b, grammar_element(GRAMMAR_END, 0));
    if (b->status != STATUS_OK)
        return;
    b->starts[rule] = (uint32_t)b->body_n + 1;
    memcpy(b->body + b->body_n, b->pending + opened, (b->pending_n - opened) * sizeof b->body[0]);
    b->body_n += b->pending_n - opened;
    b->pending_n = opened;
}

void build_close_in_place(struct build *b, size_t opened)
{
    uint32_t rule = build_new_rule(b);
    build_close(b, opened, rule);
    build_rule(b, rule);
}

void build_or(struct build *b)
{
    add(b, grammar_element(GRAMMAR_OR, 0));
}

void build_rule(struct build *b, uint32_t rule)
{
    add(b, grammar_element(GRAMMAR_RULE, rule));
}

static void add_bytes(struct build *b, uint8_t first, uint8_t last)
{
    add(b, grammar_element(GRAMMAR_RANGE, (uint32_t)first << 8 | last));
}

void build_text(struct build *b, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len && b->status == STATUS_OK; i++)
        add_bytes(b, at[i], at[i]);
}

void build_words(struct build *b, const char *text)
{
    build_text(b, text, strlen(text));
}

void build_code_point(struct build *b, uint32_t code_point)
{
    uint8_t bytes[4];
    build_text(b, bytes, utf8_write(bytes, code_point));
}

/* One element for the ASCII part of merged ranges. */
static void add_ascii(struct build *b, const struct code_range *ranges, size_t ranges_n)
{
    uint32_t set[GRAMMAR_SET_WORDS] = {0};
    if (ranges_n == 1 || ranges[1].first > 0x7f) {
        add_bytes(b, (uint8_t)ranges[0].first, (uint8_t)(ranges[0].last > 0x7f ? 0x7f : ranges[0].last));
        return;
    }
    for (size_t i = 0; i < ranges_n; i++) {
        for (uint32_t c = ranges[i].first; c <= ranges[i].last && c <= 0x7f; c++)
            set[c / 32] |= (uint32_t)1 << c % 32;
    }
    uint32_t number = 0;
    while (number < b->sets_n && memcmp(b->sets + number * GRAMMAR_SET_WORDS, set, sizeof set) != 0)
        number++;
    if (number == GRAMMAR_SETS_MAX)
        build_fail(b, STATUS_LIMIT, "the grammar is too large: more than 1024 sets of characters");
    if (b->status != STATUS_OK)
        return;
    memcpy(b->sets + number * GRAMMAR_SET_WORDS, set, sizeof set);
    b->sets_n += number == b->sets_n;
    add(b, grammar_element(GRAMMAR_SET, number));
}

/* Code points that are encoded in equally many bytes (tail_n behind the first) as sequences of byte ranges: each takes
 * whole blocks of 64^level code points that differ in one byte above the blocks. */
static void add_sequences(struct build *b, bool *first, uint32_t from, uint32_t to, size_t tail_n)
{
    while (from <= to && b->status == STATUS_OK) {
        size_t level = tail_n;
        while ((from & ((1U << 6 * level) - 1)) != 0 || (from | ((1U << 6 * level) - 1)) > to)
            level--;
        uint32_t block = (1U << 6 * level) - 1;
        uint32_t limit = level == tail_n ? to : from | ((1U << 6 * (level + 1)) - 1);
        uint32_t last = (((limit < to ? limit : to) + 1) & ~block) - 1;
        uint8_t low[4], high[4];
        size_t len = utf8_write(low, from);
        utf8_write(high, last);
        if (!*first)
            build_or(b);
        *first = false;
        for (size_t i = 0; i < len; i++)
            add_bytes(b, low[i], high[i]);
        from = last + 1;
    }
}

static void add_above_ascii(struct build *b, bool *first, struct code_range range)
{
    static const struct {
        uint32_t first, last;
        size_t tail_n;
    } forms[] = {{0x80, 0x7ff, 1}, {0x800, 0xd7ff, 2}, {0xe000, 0xffff, 2}, {0x10000, BUILD_CODE_POINT_MAX, 3}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        uint32_t from = range.first > forms[i].first ? range.first : forms[i].first;
        uint32_t to = range.last < forms[i].last ? range.last : forms[i].last;
        if (from <= to)
            add_sequences(b, first, from, to, forms[i].tail_n);
    }
}

void build_class(struct build *b, struct code_range *ranges, size_t ranges_n, bool negate)
{
    ranges_n = code_ranges_merge(ranges, ranges_n);
    if (negate)
        ranges_n = code_ranges_negate(ranges, ranges_n);
    if (ranges_n == 0) {
        build_fail(b, STATUS_MALFORMED, "a class of characters that is empty");
        return;
    }
    size_t opened = build_open(b);
    bool first = true;
    if (ranges[0].first <= 0x7f) {
        add_ascii(b, ranges, ranges_n);
        first = false;
    }
    for (size_t i = 0; i < ranges_n && b->status == STATUS_OK; i++)
        add_above_ascii(b, &first, ranges[i]);
    if (first)
        build_fail(b, STATUS_MALFORMED, "a class of characters that holds surrogates alone");
    if (b->pending_n - opened > 1)
        build_close_in_place(b, opened);
}

static void repeat_unlimited(struct build *b, uint32_t item)
{
    uint32_t rule = build_new_rule(b);
    size_t opened = build_open(b);
    add(b, item);
    build_rule(b, rule);
    build_or(b);
    build_close(b, opened, rule);
    build_rule(b, rule);
}

/* Each rule is the item and the next rule, or nothing. */
static void repeat_limited(struct build *b, uint32_t item, uint32_t n)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < n && b->status == STATUS_OK; i++) {
        uint32_t rule = build_new_rule(b);
        size_t opened = build_open(b);
        add(b, item);
        if (i > 0)
            build_rule(b, next);
        build_or(b);
        build_close(b, opened, rule);
        next = rule;
    }
    if (n > 0)
        build_rule(b, next);
}

void build_repeat(struct build *b, size_t item, uint32_t min, uint32_t max)
{
    if (b->pending_n - item > 1)
        build_close_in_place(b, item);
    if (b->status != STATUS_OK || b->pending_n == item) /* nothing, however often, is nothing */
        return;
    uint32_t element = b->pending[--b->pending_n];
    for (uint32_t i = 0; i < min && b->status == STATUS_OK; i++)
        add(b, element);
    if (max == BUILD_UNLIMITED)
        repeat_unlimited(b, element);
    else
        repeat_limited(b, element, max - min);
}

enum status build_finish(struct build *b, uint32_t *elements, size_t capacity, size_t *elements_n, uint32_t *rule)
{
    struct grammar g;
    size_t head_n = GRAMMAR_HEAD + b->rules_n + (size_t)b->sets_n * GRAMMAR_SET_WORDS;
    *elements_n = 0;
    *rule = 0;
    for (uint32_t i = 0; i < b->rules_n && b->status == STATUS_OK; i++) {
        if (b->starts[i] == 0)
            build_fail(b, STATUS_BROKEN, "a rule of the grammar was not written");
    }
    if (head_n + b->body_n > capacity || head_n + b->body_n > GRAMMAR_ELEMENTS_MAX)
        build_fail(b, STATUS_LIMIT, "the grammar is too large: more than 65536 elements");
    if (b->status != STATUS_OK)
        return b->status;
    elements[0] = GRAMMAR_VERSION;
    elements[1] = b->rules_n;
    elements[2] = b->sets_n;
    for (uint32_t i = 0; i < b->rules_n; i++)
        elements[GRAMMAR_HEAD + i] = (uint32_t)head_n + b->starts[i] - 1;
    memcpy(elements + GRAMMAR_HEAD + b->rules_n, b->sets, (size_t)b->sets_n * GRAMMAR_SET_WORDS * sizeof elements[0]);
    memcpy(elements + head_n, b->body, b->body_n * sizeof elements[0]);
    *elements_n = head_n + b->body_n;
    /* what was pending is not needed any more: it holds the scratch, 10 bytes for each element */
    _Static_assert(GRAMMAR_RULES_MAX * 10 <= GRAMMAR_ELEMENTS_MAX * sizeof(uint32_t), "the rules fit");
    b->status = grammar_check(&g, rule, elements, *elements_n, b->pending, b->why);
    if (b->status != STATUS_OK)
        *elements_n = 0;
    return b->status;
}
