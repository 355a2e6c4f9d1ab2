/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of pattern.h as hand-written scanners.  Each returns where its match from `at` ends, or 0 for none (a match
 * is never empty).  They go forward only; what a regular expression would find by going back is remembered on the way,
 * and runs that several matches look at are measured once. */
#include "engine/tokenizer/scan.h"

#include "engine/tokenizer/unicode.h"

#include <string.h>

enum { NO_MATCH = 0 };

static bool set_has(const struct character_set *set, uint32_t code)
{
    if (set->ranges_n == 0) {
        uint32_t traits = unicode_traits(code);
        return (traits & set->any) != 0 && (traits & set->none) == 0;
    }
    size_t low = 0;
    size_t high = set->ranges_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > set->ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    bool inside = low < set->ranges_n && code >= set->ranges[low].first;
    return inside != set->outside && ((unicode_traits(code) & set->none) == 0);
}

/* When a character of the set is at *at, moves behind it. */
static bool take(const struct scan *s, size_t *at, const struct character_set *set)
{
    size_t next = *at;
    if (next >= s->end || !set_has(set, unicode_next(s->text, s->end, &next)))
        return false;
    *at = next;
    return true;
}

static size_t take_all(const struct scan *s, size_t at, const struct character_set *set)
{
    while (take(s, &at, set))
        continue;
    return at;
}

/* Which letter stands at *at, small: with any_case also capitals and U+017F, the long s; 0 for none. */
static uint8_t letter(const struct scan *s, size_t *at, bool any_case)
{
    uint8_t byte = *at < s->end ? s->text[*at] : 0;
    if (any_case && s->end - *at >= 2 && byte == 0xc5 && s->text[*at + 1] == 0xbf) {
        *at += 2;
        return 's';
    }
    if (any_case && byte >= 'A' && byte <= 'Z')
        byte |= 0x20;
    (*at)++;
    return byte >= 'a' && byte <= 'z' ? byte : 0;
}

static size_t contraction(const struct scan *s, size_t at, bool any_case)
{
    if (at >= s->end || s->text[at] != '\'')
        return NO_MATCH;
    at++;
    if (at >= s->end)
        return NO_MATCH;
    uint8_t first = letter(s, &at, any_case);
    if (first == 's' || first == 't' || first == 'm' || first == 'd')
        return at;
    if (at >= s->end)
        return NO_MATCH;
    uint8_t second = letter(s, &at, any_case);
    bool ends = ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
    return ends ? at : NO_MATCH;
}

static size_t run(const struct scan *s, size_t at, const struct rule *r)
{
    /* a first character that is in the body begins the body: the same end as if it were the prefix */
    if (!take(s, &at, r->body) && (r->prefix == NULL || !take(s, &at, r->prefix) || !take(s, &at, r->body)))
        return NO_MATCH;
    if (r->max == 0)
        at = take_all(s, at, r->body);
    for (uint32_t i = 1; i < r->max && take(s, &at, r->body); i++)
        continue;
    if (r->kind == RULE_RUN_ONE_TAIL)
        take(s, &at, r->tail);
    else if (r->tail != NULL)
        at = take_all(s, at, r->tail);
    return at;
}

static size_t exactly(const struct scan *s, size_t at, const struct rule *r)
{
    for (uint32_t i = 0; i < r->max; i++)
        if (!take(s, &at, r->body))
            return NO_MATCH;
    return at;
}

/* B*T+: as many of B as go, given back until a T follows: then that T is the last character of the run that is in both.
 */
static size_t upper_then_lower(const struct scan *s, size_t at, const struct rule *r)
{
    size_t both_end = NO_MATCH;
    for (size_t before = at; take(s, &at, r->body); before = at) {
        if (take(s, &before, r->tail))
            both_end = before;
    }
    size_t end = take_all(s, at, r->tail);
    return end > at ? end : both_end;
}

static size_t cased(const struct scan *s, size_t at, const struct rule *r)
{
    size_t prefixed = at;
    size_t end = NO_MATCH;
    if (take(s, &prefixed, r->prefix))
        end = upper_then_lower(s, prefixed, r);
    if (end == NO_MATCH)
        end = upper_then_lower(s, at, r);
    /* the second alternative is left with a run of B of which none is in T */
    if (end == NO_MATCH && prefixed != at && take_all(s, prefixed, r->body) > prefixed)
        end = take_all(s, prefixed, r->body);
    if (end == NO_MATCH && take_all(s, at, r->body) > at)
        end = take_all(s, at, r->body);
    if (end == NO_MATCH || r->max == 0)
        return end;
    size_t more = contraction(s, end, true);
    return more == NO_MATCH ? end : more;
}

static size_t pair(const struct scan *s, size_t at, const struct rule *r)
{
    if (!take(s, &at, r->body))
        return NO_MATCH;
    size_t end = take_all(s, at, r->tail);
    return end > at ? end : NO_MATCH;
}

static size_t phrase(const struct scan *s, size_t at, const struct rule *r)
{
    static const struct character_set letter_set = {.any = UNICODE_L};
    static const struct character_set mark_set = {.any = UNICODE_M};
    if (!take(s, &at, &letter_set) && (!take(s, &at, r->prefix) || !take(s, &at, &letter_set)))
        return NO_MATCH;
    for (size_t next = at;; next = at) {
        at = take_all(s, at, &mark_set);
        next = at + (at < s->end && s->text[at] == ' ');
        if (!take(s, &next, &letter_set))
            return at;
        at = next;
    }
}

static const struct character_set space_set = {.any = UNICODE_SPACE};

/* Measures the run of white space at `at`; false when there is none. */
static bool spaces_at(struct scan *s, size_t at)
{
    if (at >= s->space_from && at < s->space_end)
        return true;
    size_t next = at;
    if (!take(s, &next, &space_set))
        return false;
    s->space_from = at;
    s->newline_end = NO_MATCH;
    for (s->space_end = at; take(s, &s->space_end, &space_set);) {
        s->space_last = at;
        at = s->space_end;
        if (s->text[at - 1] == '\n' || s->text[at - 1] == '\r')
            s->newline_end = at;
    }
    return true;
}

static size_t newlines(struct scan *s, size_t at)
{
    return spaces_at(s, at) && s->newline_end > at ? s->newline_end : NO_MATCH;
}

static size_t spaces_before(struct scan *s, size_t at)
{
    if (!spaces_at(s, at))
        return NO_MATCH;
    if (s->space_end == s->end)
        return s->end;
    return s->space_last > at ? s->space_last : NO_MATCH;
}

static size_t spaces_end(struct scan *s, size_t at)
{
    return spaces_at(s, at) && s->space_end == s->end ? s->end : NO_MATCH;
}

static size_t spaces_halved(const struct scan *s, size_t at)
{
    enum { LONGEST = 512 };
    size_t ends[LONGEST + 2];
    size_t n = 0;
    for (ends[0] = at; n <= LONGEST; n++) {
        ends[n + 1] = ends[n];
        if (!take(s, &ends[n + 1], &space_set))
            break;
    }
    bool to_the_end = n <= LONGEST && ends[n] == s->end;
    for (size_t wanted = LONGEST; wanted > 0; wanted /= 2) {
        if (wanted < n || (wanted == n && to_the_end))
            return ends[wanted];
    }
    return n == 0 ? NO_MATCH : ends[1];
}

/* How many characters of the body follow from `at` to the end of their run. */
static size_t count_from(struct scan *s, size_t at, const struct character_set *body)
{
    if (at < s->count_from || at >= s->count_end) {
        s->count_from = at;
        s->count = 0;
        for (s->count_end = at; take(s, &s->count_end, body);)
            s->count++;
    }
    while (s->count_from < at) {
        take(s, &s->count_from, body);
        s->count--;
    }
    return s->count;
}

static size_t threes(struct scan *s, size_t at, const struct rule *r)
{
    static const struct character_set word_set = {.any = UNICODE_L | UNICODE_M | UNICODE_N | UNICODE_PC};
    size_t n = count_from(s, at, r->body);
    size_t end = s->count_end;
    if (n == 0 || (r->kind == RULE_THREES_WORD && take(s, &end, &word_set)))
        return NO_MATCH;
    for (n = (n - 1) % 3 + 1; n > 0; n--)
        take(s, &at, r->body);
    return at;
}

/* The pieces begin where a multiple of three is left and go on to the next such place. */
static size_t threes_from(struct scan *s, size_t at, const struct rule *r)
{
    size_t n = count_from(s, at, r->body);
    if (n == 0 || n % 3 != 0)
        return NO_MATCH;
    do {
        unicode_next(s->text, s->end, &at);
        n = at < s->end ? count_from(s, at, r->body) : 0;
    } while (at < s->end && (n == 0 || n % 3 != 0));
    return at;
}

static bool starts(const struct scan *s, size_t at, const char *text)
{
    size_t len = strlen(text);
    return s->end - at >= len && memcmp(s->text + at, text, len) == 0;
}

static size_t indent(const struct scan *s, size_t at)
{
    if (s->text[at] == '\t' || s->text[at] == '\n')
        return at + 1;
    return starts(s, at, "    ") ? at + 4 : starts(s, at, "  ") ? at + 2 : NO_MATCH;
}

static size_t sentinel(const struct scan *s, size_t at)
{
    static const char begin[] = "<sentinel:";
    size_t digits = at + sizeof begin - 1;
    if (!starts(s, at, begin))
        return NO_MATCH;
    for (at = digits; at < s->end && s->text[at] >= '0' && s->text[at] <= '9'; at++)
        continue;
    return at > digits && at < s->end && s->text[at] == '>' ? at + 1 : NO_MATCH;
}

static size_t image(const struct scan *s, size_t at)
{
    static const char begin[] = "IMGIMG";
    size_t letters = at + sizeof begin - 1;
    if (!starts(s, at, begin))
        return NO_MATCH;
    for (at = letters; at < s->end && at - letters < 4 && s->text[at] >= 'A' && s->text[at] <= 'I'; at++)
        continue;
    return at > letters && at < s->end && s->text[at] == 'Z' ? at + 1 : NO_MATCH;
}

static size_t match_rule(struct scan *s, size_t at, const struct rule *r)
{
    switch (r->kind) {
    case RULE_CONTRACTION: return contraction(s, at, false);
    case RULE_CONTRACTION_ANY: return contraction(s, at, true);
    case RULE_RUN:
    case RULE_RUN_ONE_TAIL: return run(s, at, r);
    case RULE_EXACTLY: return exactly(s, at, r);
    case RULE_CASED: return cased(s, at, r);
    case RULE_PAIR: return pair(s, at, r);
    case RULE_PHRASE: return phrase(s, at, r);
    case RULE_NEWLINES: return newlines(s, at);
    case RULE_SPACES_BEFORE: return spaces_before(s, at);
    case RULE_SPACES_END: return spaces_end(s, at);
    case RULE_SPACES_HALVED: return spaces_halved(s, at);
    case RULE_THREES:
    case RULE_THREES_WORD: return threes(s, at, r);
    case RULE_THREES_FROM: return threes_from(s, at, r);
    case RULE_INDENT: return indent(s, at);
    case RULE_SENTINEL: return sentinel(s, at);
    case RULE_IMAGE: return image(s, at);
    case RULE_END: break;
    }
    return NO_MATCH;
}

static size_t match(struct scan *s, size_t at)
{
    size_t end = NO_MATCH;
    for (const struct rule *r = s->rules; r->kind != RULE_END && end == NO_MATCH; r++)
        end = match_rule(s, at, r);
    return end;
}

/* The next match, or what lies before it. */
static void next_piece(struct scan *s, size_t *start, size_t *end)
{
    *start = s->at;
    if (s->match_end == NO_MATCH) {
        for (s->match_start = s->at; s->match_start < s->end;) {
            s->match_end = match(s, s->match_start);
            if (s->match_end != NO_MATCH)
                break;
            unicode_next(s->text, s->end, &s->match_start);
        }
    }
    *end = s->match_start > s->at ? s->match_start : s->match_end;
    if (s->match_start <= s->at)
        s->match_end = NO_MATCH;
    s->at = *end;
}

void splitter_init(struct splitter *s, const struct pattern *pattern, const uint8_t *text, size_t len)
{
    s->pattern = pattern;
    s->depth = 1;
    s->levels[0] = (struct scan){.text = text, .rules = pattern->stages[0], .end = len};
}

bool splitter_next(struct splitter *s, size_t *start, size_t *end)
{
    while (s->depth > 0 && s->levels[s->depth - 1].at == s->levels[s->depth - 1].end)
        s->depth--;
    if (s->depth == 0)
        return false;
    for (;;) {
        struct scan *level = &s->levels[s->depth - 1];
        next_piece(level, start, end);
        if (s->depth == s->pattern->stages_n)
            return true;
        s->levels[s->depth] =
            (struct scan){.text = level->text, .rules = s->pattern->stages[s->depth], .at = *start, .end = *end};
        s->depth++;
    }
}
