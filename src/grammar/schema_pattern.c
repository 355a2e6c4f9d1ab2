/* SPDX-License-Identifier: Apache-2.0 */
/* "pattern": the common part of regular expressions, over the characters of a string's value.  Without anchors the
 * string may hold anything before and behind, as the standard says. */
#include "grammar/schema_rules.h"

#include <string.h>

enum { GROUPS_MAX = 32, TIMES_MAX = 16384, SHORTHAND_RANGES_MAX = 8 };

struct pattern {
    struct schema *schema;
    const char *at, *end;
};

static void refuse(struct pattern *p, const char *what)
{
    if (schema_failed(p->schema))
        return;
    schema_fail(p->schema, STATUS_UNSUPPORTED, "\"pattern\": ");
    reason_add(p->schema->build.why, what);
}

static bool failed(const struct pattern *p)
{
    return schema_failed(p->schema);
}

static int peek(const struct pattern *p)
{
    return p->at < p->end ? (uint8_t)*p->at : -1;
}

static bool take(struct pattern *p, char c)
{
    bool found = peek(p) == (uint8_t)c;
    p->at += found;
    return found;
}

/* The text is well-formed UTF-8: the JSON reader saw to it. */
static uint32_t take_character(struct pattern *p)
{
    const uint8_t *at = (const uint8_t *)p->at;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    uint32_t value = len == 1 ? at[0] : at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        value = value << 6 | (at[i] & 0x3f);
    p->at += len;
    return value;
}

static uint32_t take_hex(struct pattern *p, int digits)
{
    uint32_t value = 0;
    for (int i = 0; i < digits; i++) {
        int c = peek(p);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            refuse(p, "a hexadecimal digit was expected");
            return 0;
        }
        value = value << 4 | (uint32_t)digit;
        p->at++;
    }
    return value;
}

/* ASCII alone: engines differ in what else these take, and none refuses these. */
static size_t shorthand(struct code_range *out, char letter)
{
    static const struct code_range digits[] = {{'0', '9'}}, words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                                   spaces[] = {{'\t', '\r'}, {' ', ' '}};
    static const struct code_range no_digits[] = {{1, '0' - 1}, {'9' + 1, 0x7f}},
                                   no_words[] = {{1, '0' - 1},
                                                 {'9' + 1, 'A' - 1},
                                                 {'Z' + 1, '_' - 1},
                                                 {'`', '`'},
                                                 {'{', 0x7f}},
                                   no_spaces[] = {{'!', '~'}};
    static const struct {
        char letter;
        const struct code_range *ranges;
        size_t n;
    } rows[] = {{'d', digits, 1},    {'w', words, 4},    {'s', spaces, 2},
                {'D', no_digits, 2}, {'W', no_words, 5}, {'S', no_spaces, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].letter != letter)
            continue;
        memcpy(out, rows[i].ranges, rows[i].n * sizeof out[0]);
        return rows[i].n;
    }
    return 0;
}

/* Behind a backslash: one character, or a shorthand's ranges (*n of them). */
static uint32_t take_escape(struct pattern *p, struct code_range *ranges, size_t *n)
{
    static const char letters[] = "tnrfv", values[] = "\t\n\r\f\v";
    int c = peek(p);
    *n = c < 0 ? 0 : shorthand(ranges, (char)c);
    if (*n > 0) {
        p->at++;
        return 0;
    }
    const char *known = c <= 0 ? NULL : strchr(letters, c);
    if (known != NULL) {
        p->at++;
        return (uint8_t)values[known - letters];
    }
    if (c == 'x' || c == 'u') {
        p->at++;
        uint32_t value = take_hex(p, c == 'x' ? 2 : 4);
        if (value >= 0xd800 && value <= 0xdfff)
            refuse(p, "half a surrogate pair is not supported");
        return value;
    }
    if (c < 0 || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
        refuse(p, "an escape that is not supported");
        return 0;
    }
    p->at++;
    return (uint32_t)c;
}

static void add_range(struct pattern *p, size_t *n, uint32_t first, uint32_t last)
{
    if (first > last)
        refuse(p, "a range of characters that runs backwards");
    else if (*n == BUILD_RANGES_MAX)
        refuse(p, "a class of more than 512 ranges");
    else
        p->schema->ranges[(*n)++] = (struct code_range){first, last};
}

static void take_class(struct pattern *p)
{
    struct code_range some[SHORTHAND_RANGES_MAX];
    bool negate = take(p, '^'), ascii = false;
    size_t n = 0, some_n = 0;
    while (!failed(p) && !take(p, ']')) {
        if (p->at == p->end) {
            refuse(p, "a class without its end");
            return;
        }
        uint32_t first = take(p, '\\') ? take_escape(p, some, &some_n) : take_character(p), last = first;
        for (size_t i = 0; i < some_n; i++)
            add_range(p, &n, some[i].first, some[i].last);
        ascii = ascii || some_n > 0;
        if (some_n > 0) {
            some_n = 0;
            continue;
        }
        if (p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
            p->at++;
            last = take(p, '\\') ? take_escape(p, some, &some_n) : take_character(p);
            if (some_n > 0)
                refuse(p, "a range that ends in a shorthand");
        }
        add_range(p, &n, first, last);
    }
    if (negate && ascii)
        add_range(p, &n, 0x80, BUILD_CODE_POINT_MAX);
    if (!failed(p))
        schema_class(p->schema, n, negate);
}

/* Any character but the ends of lines. */
static void any_character(struct pattern *p)
{
    static const struct code_range lines[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
    memcpy(p->schema->ranges, lines, sizeof lines);
    schema_class(p->schema, 3, true);
}

static void anything(struct pattern *p)
{
    struct build *b = &p->schema->build;
    size_t item = build_open(b);
    schema_json(p->schema, JSON_RULE_CHARACTER);
    build_repeat(b, item, 0, BUILD_UNLIMITED);
}

static void take_escaped(struct pattern *p)
{
    size_t n = 0;
    uint32_t value = take_escape(p, p->schema->ranges, &n);
    if (n == 0)
        p->schema->ranges[n++] = (struct code_range){value, value};
    if (!failed(p))
        schema_class(p->schema, n, false);
}

static void take_alternatives(struct pattern *p, unsigned depth);

static void take_group(struct pattern *p, unsigned depth)
{
    size_t opened = build_open(&p->schema->build);
    if (take(p, '?') && !take(p, ':')) {
        refuse(p, "groups that look ahead or behind, or have a name, are not supported");
        return;
    }
    if (depth == GROUPS_MAX) {
        refuse(p, "more than 32 groups in one another");
        return;
    }
    take_alternatives(p, depth + 1);
    if (!failed(p) && !take(p, ')'))
        refuse(p, "a group without its end");
    if (!failed(p))
        build_close_in_place(&p->schema->build, opened);
}

static uint32_t take_number(struct pattern *p)
{
    uint32_t value = 0;
    if (peek(p) < '0' || peek(p) > '9')
        refuse(p, "'{' that is no repetition");
    for (int c = peek(p); !failed(p) && c >= '0' && c <= '9'; c = peek(p)) {
        value = value * 10 + (uint32_t)(c - '0');
        if (value > TIMES_MAX)
            refuse(p, "a repetition of more than 16384 times");
        p->at++;
    }
    return value;
}

static void take_repetition(struct pattern *p, size_t item)
{
    uint32_t min = 0, max = BUILD_UNLIMITED;
    if (take(p, '{')) {
        min = max = take_number(p);
        if (take(p, ','))
            max = peek(p) == '}' ? BUILD_UNLIMITED : take_number(p);
        if (!failed(p) && (!take(p, '}') || min > max))
            refuse(p, "'{' that is no repetition");
    } else if (take(p, '+')) {
        min = 1;
    } else if (take(p, '?')) {
        max = 1;
    } else if (!take(p, '*')) {
        return;
    }
    (void)take(p, '?'); /* lazy: the same texts */
    int c = peek(p);
    if (c == '*' || c == '+' || c == '?' || c == '{')
        refuse(p, "a repetition of a repetition");
    if (!failed(p))
        build_repeat(&p->schema->build, item, min, max);
}

static bool ends_here(const struct pattern *p)
{
    int c = peek(p);
    return c < 0 || c == '|' || c == ')' || (c == '$' && p->at + 1 == p->end);
}

static void take_sequence(struct pattern *p, unsigned depth)
{
    while (!failed(p) && !ends_here(p)) {
        size_t item = build_open(&p->schema->build);
        int c = peek(p);
        if (c == '^' || c == '$')
            refuse(p, "'^' and '$' are supported at the very beginning and end alone");
        else if (c == '*' || c == '+' || c == '?' || c == '{' || c == '}' || c == ']')
            refuse(p, "a repetition of nothing, or a bracket without its beginning");
        else if (take(p, '['))
            take_class(p);
        else if (take(p, '('))
            take_group(p, depth);
        else if (take(p, '.'))
            any_character(p);
        else if (take(p, '\\'))
            take_escaped(p);
        else {
            uint32_t value = take_character(p);
            p->schema->ranges[0] = (struct code_range){value, value};
            schema_class(p->schema, 1, false);
        }
        if (!failed(p))
            take_repetition(p, item);
    }
}

static void take_alternatives(struct pattern *p, unsigned depth)
{
    take_sequence(p, depth);
    while (!failed(p) && take(p, '|')) {
        build_or(&p->schema->build);
        take_sequence(p, depth);
    }
}

/* Alternatives that are not in a group; an anchor would belong to one of them. */
static bool has_outer_alternatives(const char *text, size_t len)
{
    size_t open = 0;
    bool in_class = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (in_class)
            in_class = text[i] != ']';
        else if (text[i] == '[')
            in_class = true;
        else if (text[i] == '(')
            open++;
        else if (text[i] == ')')
            open -= open > 0;
        else if (text[i] == '|' && open == 0)
            return true;
    }
    return false;
}

void schema_pattern(struct schema *s, const char *text, size_t len)
{
    struct pattern p = {s, text, text + len};
    bool from_start = take(&p, '^');
    if (!from_start)
        anything(&p);
    size_t opened = build_open(&s->build);
    take_alternatives(&p, 0);
    build_close_in_place(&s->build, opened);
    bool to_end = take(&p, '$');
    if (p.at != p.end)
        refuse(&p, "a bracket without its beginning");
    if ((from_start || to_end) && has_outer_alternatives(text, len))
        refuse(&p, "'|' beside '^' or '$' is supported inside a group alone");
    if (!to_end)
        anything(&p);
}
