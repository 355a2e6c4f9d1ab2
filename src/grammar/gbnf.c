/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/gbnf.h"

#include "core/codec/utf8.h"
#include "grammar/build.h"
#include "grammar/gbnf_rules.h"

#include <string.h>

enum { NAME_SLOTS = 2 * GBNF_NAMES_MAX, TIMES_MAX = 16384 };

struct name {
    const uint8_t *text;
    size_t len;
    uint32_t rule;
};

struct gbnf {
    struct build build;
    const uint8_t *start, *at, *end;
    struct name *names;   /* [GBNF_NAMES_MAX] */
    uint16_t *name_slots; /* [NAME_SLOTS]: name + 1 or 0 */
    size_t names_n;
    struct code_range *ranges; /* [BUILD_RANGES_MAX + 1] */
    size_t ranges_n;
};

size_t gbnf_arena_len(void)
{
    return build_arena_len() + GBNF_NAMES_MAX * sizeof(struct name) + NAME_SLOTS * sizeof(uint16_t) +
           (BUILD_RANGES_MAX + 1) * sizeof(struct code_range) + 64;
}

static void fail(struct gbnf *g, enum status status, const char *text)
{
    uint64_t line = 1;
    if (g->build.status != STATUS_OK)
        return;
    for (const uint8_t *at = g->start; at < g->at; at++)
        line += *at == '\n';
    g->build.status = status;
    reason_set(g->build.why, "grammar, line ", NULL);
    reason_add_u64(g->build.why, line);
    reason_add(g->build.why, ": ");
    reason_add(g->build.why, text);
}

static bool failed(const struct gbnf *g)
{
    return g->build.status != STATUS_OK;
}

static int peek(const struct gbnf *g)
{
    return g->at < g->end ? *g->at : -1;
}

static bool take(struct gbnf *g, char c)
{
    bool found = peek(g) == c;
    g->at += found;
    return found;
}

/* White space and comments; newlines only where a rule goes on behind them. */
static void skip_space(struct gbnf *g, bool newlines)
{
    for (int c = peek(g); c == ' ' || c == '\t' || c == '#' || (newlines && (c == '\n' || c == '\r')); c = peek(g)) {
        if (c != '#') {
            g->at++;
            continue;
        }
        while (g->at < g->end && *g->at != '\n' && *g->at != '\r')
            g->at++;
    }
}

/* ---- names ---- */

static bool in_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The rule of that name, which may yet have to be written. */
static uint32_t rule_of(struct gbnf *g, const uint8_t *text, size_t len)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ text[i]) * 16777619U;
    size_t slot = (hash ^ hash >> 16) % NAME_SLOTS;
    for (; g->name_slots[slot] != 0; slot = (slot + 1) % NAME_SLOTS) {
        const struct name *name = &g->names[g->name_slots[slot] - 1];
        if (name->len == len && memcmp(name->text, text, len) == 0)
            return name->rule;
    }
    if (g->names_n == GBNF_NAMES_MAX) {
        fail(g, STATUS_LIMIT, "more than 8192 names");
        return 0;
    }
    g->names[g->names_n] = (struct name){text, len, build_new_rule(&g->build)};
    g->name_slots[slot] = (uint16_t)(g->names_n + 1);
    return g->names[g->names_n++].rule;
}

static uint32_t take_name(struct gbnf *g)
{
    const uint8_t *text = g->at;
    while (in_name(peek(g)))
        g->at++;
    if (g->at == text) {
        fail(g, STATUS_MALFORMED, "a name was expected");
        return 0;
    }
    return rule_of(g, text, (size_t)(g->at - text));
}

/* ---- characters ---- */

static uint32_t take_hex(struct gbnf *g, size_t digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        int c = peek(g);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            fail(g, STATUS_MALFORMED, "a hexadecimal digit was expected");
            return 0;
        }
        value = value << 4 | (uint32_t)digit;
        g->at++;
    }
    if (value > BUILD_CODE_POINT_MAX || (value >= 0xd800 && value <= 0xdfff))
        fail(g, STATUS_MALFORMED, "an escape that is no Unicode character");
    return failed(g) ? 0 : value;
}

static uint32_t take_escape(struct gbnf *g)
{
    int c = peek(g);
    g->at += c >= 0;
    switch (c) {
    case 'x': return take_hex(g, 2);
    case 'u': return take_hex(g, 4);
    case 'U': return take_hex(g, 8);
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '\\':
    case '"':
    case '[':
    case ']': return (uint32_t)c;
    default: fail(g, STATUS_MALFORMED, "an escape that is not known"); return 0;
    }
}

static uint32_t take_character(struct gbnf *g)
{
    if (take(g, '\\'))
        return take_escape(g);
    size_t len = utf8_char_len(g->at, (size_t)(g->end - g->at));
    if (len == 0) {
        fail(g, STATUS_MALFORMED, g->at == g->end ? "it ends within a text or a class" : "it is no UTF-8");
        return 0;
    }
    uint32_t value = len == 1 ? *g->at : *g->at & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        value = value << 6 | (g->at[i] & 0x3f);
    g->at += len;
    return value;
}

static void take_literal(struct gbnf *g)
{
    while (!failed(g) && !take(g, '"')) {
        uint32_t character = take_character(g);
        if (!failed(g))
            build_code_point(&g->build, character);
    }
}

static void take_class(struct gbnf *g)
{
    bool negate = take(g, '^');
    g->ranges_n = 0;
    while (!failed(g) && !take(g, ']')) {
        struct code_range range;
        range.first = range.last = take_character(g);
        if (g->end - g->at >= 2 && g->at[0] == '-' && g->at[1] != ']') {
            g->at++;
            range.last = take_character(g);
        }
        if (!failed(g) && range.first > range.last)
            fail(g, STATUS_MALFORMED, "a range of characters that runs backwards");
        if (g->ranges_n == BUILD_RANGES_MAX)
            fail(g, STATUS_LIMIT, "a class of more than 512 ranges");
        if (!failed(g))
            g->ranges[g->ranges_n++] = range;
    }
    if (!failed(g) && g->ranges_n == 0)
        fail(g, STATUS_MALFORMED, "a class of characters that is empty");
    if (!failed(g))
        build_class(&g->build, g->ranges, g->ranges_n, negate);
}

static void any_character(struct gbnf *g)
{
    g->ranges[0] = (struct code_range){0, BUILD_CODE_POINT_MAX};
    build_class(&g->build, g->ranges, 1, false);
}

/* ---- repetition ---- */

static uint32_t take_number(struct gbnf *g)
{
    uint32_t value = 0;
    if (peek(g) < '0' || peek(g) > '9')
        fail(g, STATUS_MALFORMED, "a number was expected");
    for (int c = peek(g); !failed(g) && c >= '0' && c <= '9'; c = peek(g)) {
        value = value * 10 + (uint32_t)(c - '0');
        if (value > TIMES_MAX)
            fail(g, STATUS_LIMIT, "a repetition of more than 16384 times");
        g->at++;
    }
    return value;
}

static void take_times(struct gbnf *g, uint32_t *min, uint32_t *max)
{
    skip_space(g, false);
    *min = *max = peek(g) == ',' ? 0 : take_number(g);
    skip_space(g, false);
    if (take(g, ',')) {
        skip_space(g, false);
        *max = peek(g) == '}' ? BUILD_UNLIMITED : take_number(g);
        skip_space(g, false);
    }
    if (!failed(g) && !take(g, '}'))
        fail(g, STATUS_MALFORMED, "'}' was expected");
    if (!failed(g) && *min > *max)
        fail(g, STATUS_MALFORMED, "a repetition whose least is above its most");
}

/* Repetitions behind the item that was just taken. */
static void take_repetitions(struct gbnf *g, size_t item, bool nested)
{
    while (!failed(g)) {
        uint32_t min = 0, max = BUILD_UNLIMITED;
        skip_space(g, nested);
        if (take(g, '{'))
            take_times(g, &min, &max);
        else if (take(g, '+'))
            min = 1;
        else if (take(g, '?'))
            max = 1;
        else if (!take(g, '*'))
            return;
        if (!failed(g))
            build_repeat(&g->build, item, min, max);
    }
}

/* ---- rules ---- */

static void take_alternatives(struct gbnf *g, unsigned depth);

static void take_group(struct gbnf *g, unsigned depth)
{
    size_t opened = build_open(&g->build);
    if (depth == GBNF_DEPTH_MAX) {
        fail(g, STATUS_LIMIT, "more than 64 groups in one another");
        return;
    }
    skip_space(g, true);
    take_alternatives(g, depth + 1);
    if (!failed(g) && !take(g, ')'))
        fail(g, STATUS_MALFORMED, "')' was expected");
    if (!failed(g))
        build_close_in_place(&g->build, opened);
}

/* One item, without what repeats it; false when a sequence ends here. */
static bool take_item(struct gbnf *g, unsigned depth)
{
    if (take(g, '"')) {
        take_literal(g);
    } else if (take(g, '[')) {
        take_class(g);
    } else if (take(g, '(')) {
        take_group(g, depth);
    } else if (take(g, '.')) {
        any_character(g);
    } else if (in_name(peek(g))) {
        uint32_t rule = take_name(g);
        build_rule(&g->build, rule);
    } else if (peek(g) == '<' || peek(g) == '!') {
        fail(g, STATUS_UNSUPPORTED, "tokens by name or number are not supported");
    } else {
        return false;
    }
    return true;
}

static void take_sequence(struct gbnf *g, unsigned depth)
{
    for (;;) {
        size_t item = build_open(&g->build);
        int c = peek(g);
        if (c == '*' || c == '+' || c == '?' || c == '{')
            fail(g, STATUS_MALFORMED, "a repetition of nothing");
        if (failed(g) || !take_item(g, depth))
            return;
        take_repetitions(g, item, depth > 0);
    }
}

static void take_alternatives(struct gbnf *g, unsigned depth)
{
    take_sequence(g, depth);
    while (!failed(g) && take(g, '|')) {
        skip_space(g, true);
        build_or(&g->build);
        take_sequence(g, depth);
    }
}

static void take_rule(struct gbnf *g)
{
    uint32_t rule = take_name(g);
    size_t opened = build_open(&g->build);
    skip_space(g, false);
    if (!failed(g) && (g->end - g->at < 3 || memcmp(g->at, "::=", 3) != 0))
        fail(g, STATUS_MALFORMED, "\"::=\" was expected");
    if (!failed(g) && g->build.starts[rule] != 0)
        fail(g, STATUS_MALFORMED, "a rule of that name was there before");
    if (failed(g))
        return;
    g->at += 3;
    skip_space(g, true);
    take_alternatives(g, 0);
    if (!failed(g) && g->at < g->end && *g->at != '\n' && *g->at != '\r')
        fail(g, STATUS_MALFORMED, "the rule goes on with something that is not known");
    if (!failed(g))
        build_close(&g->build, opened, rule);
}

/* Says a name that is used and not written, or that begins with itself. */
static void fail_with_name(struct gbnf *g, enum status status, const char *before, uint32_t rule, const char *behind)
{
    g->build.status = status;
    for (size_t i = 0; i < g->names_n; i++) {
        if (g->names[i].rule != rule)
            continue;
        reason_set(g->build.why, before, NULL);
        reason_add_quoted(g->build.why, g->names[i].text, g->names[i].len);
        reason_add(g->build.why, behind);
    }
}

static void check_names(struct gbnf *g)
{
    for (size_t i = 0; i < g->names_n && !failed(g); i++) {
        if (g->build.starts[g->names[i].rule] == 0)
            fail_with_name(g, STATUS_MALFORMED, "grammar: there is no rule ", g->names[i].rule, "");
    }
}

void gbnf_expression(struct build *b, const char *text, struct code_range *ranges)
{
    struct gbnf g = {.build = *b, .ranges = ranges, .start = (const uint8_t *)text, .at = (const uint8_t *)text};
    g.end = g.at + strlen(text);
    size_t opened = build_open(&g.build);
    take_alternatives(&g, 0);
    if (g.at != g.end)
        fail(&g, STATUS_BROKEN, "an expression of our own that is none");
    if (!failed(&g))
        build_close_in_place(&g.build, opened);
    *b = g.build;
}

static void init(struct gbnf *g, struct arena *arena, const void *text, size_t text_len, struct reason *why)
{
    *g = (struct gbnf){.start = text, .at = text, .end = (const uint8_t *)text + text_len};
    build_init(&g->build, arena, why);
    g->names = arena_take(arena, GBNF_NAMES_MAX, sizeof g->names[0], _Alignof(struct name));
    g->name_slots = arena_take(arena, NAME_SLOTS, sizeof g->name_slots[0], _Alignof(uint16_t));
    g->ranges = arena_take(arena, BUILD_RANGES_MAX + 1, sizeof g->ranges[0], _Alignof(struct code_range));
    if (g->names == NULL || g->name_slots == NULL || g->ranges == NULL)
        build_fail(&g->build, STATUS_NO_MEMORY, "no memory for the grammar");
    if (text_len > GBNF_TEXT_MAX)
        build_fail(&g->build, STATUS_LIMIT, "grammar: longer than 65536 bytes");
}

enum status gbnf_parse(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena, const void *text,
                       size_t text_len, struct reason *why)
{
    static const uint8_t root[] = {'r', 'o', 'o', 't'};
    struct gbnf g;
    uint32_t rule;
    *elements_n = 0;
    init(&g, arena, text, text_len, why);
    if (!failed(&g))
        (void)rule_of(&g, root, sizeof root); /* rule 0 */
    for (skip_space(&g, true); !failed(&g) && g.at < g.end; skip_space(&g, true))
        take_rule(&g);
    check_names(&g);
    if (failed(&g))
        return g.build.status;
    enum status status = build_finish(&g.build, elements, capacity, elements_n, &rule);
    if (status == STATUS_UNSUPPORTED)
        fail_with_name(&g, status, "grammar: left recursion: the rule ", rule, " begins with itself");
    return status;
}
