/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/grammar.h"

#include <string.h>

static enum status malformed(struct reason *why, const char *text)
{
    reason_set(why, "grammar: ", text, NULL);
    return STATUS_MALFORMED;
}

size_t grammar_scratch_len(size_t elements_n)
{
    return elements_n * (2 * sizeof(uint32_t) + 2);
}

/* The numbers at the front, and that everything they announce is there. */
static enum status read_head(struct grammar *g, const uint32_t *elements, size_t elements_n, struct reason *why)
{
    *g = (struct grammar){0};
    if (elements_n > GRAMMAR_ELEMENTS_MAX) {
        reason_set(why, "grammar: more than 65536 elements", NULL);
        return STATUS_LIMIT;
    }
    if (elements_n <= GRAMMAR_HEAD || elements[0] != GRAMMAR_VERSION)
        return malformed(why, "no elements of a known version");
    if (elements[1] > GRAMMAR_RULES_MAX || elements[2] > GRAMMAR_SETS_MAX) {
        reason_set(why, "grammar: more than 16384 rules or 1024 sets of characters", NULL);
        return STATUS_LIMIT;
    }
    size_t body = GRAMMAR_HEAD + (size_t)elements[1] + (size_t)elements[2] * GRAMMAR_SET_WORDS;
    if (elements[1] == 0 || body >= elements_n)
        return malformed(why, "no rules");
    *g = (struct grammar){.elements = elements,
                          .starts = elements + GRAMMAR_HEAD,
                          .sets = elements + GRAMMAR_HEAD + elements[1],
                          .elements_n = (uint32_t)elements_n,
                          .rules_n = elements[1],
                          .sets_n = elements[2]};
    for (uint32_t i = 0; i < g->rules_n; i++) {
        if (g->starts[i] < body || g->starts[i] >= elements_n)
            return malformed(why, "a rule that starts outside the list");
    }
    return STATUS_OK;
}

static bool element_is_good(const struct grammar *g, uint32_t element)
{
    uint32_t value = grammar_value(element);
    switch (grammar_kind(element)) {
    case GRAMMAR_END:
    case GRAMMAR_OR: return value == 0;
    case GRAMMAR_RULE: return value < g->rules_n;
    case GRAMMAR_RANGE: return value <= 0xffff && value >> 8 <= (value & 0xff);
    case GRAMMAR_SET: return value < g->sets_n;
    default: return false;
    }
}

/* The last element ends a rule, so walking on from any start meets an end. */
static enum status check_elements(const struct grammar *g, struct reason *why)
{
    for (size_t i = GRAMMAR_HEAD + g->rules_n + (size_t)g->sets_n * GRAMMAR_SET_WORDS; i < g->elements_n; i++) {
        if (!element_is_good(g, g->elements[i]))
            return malformed(why, "an element that cannot be");
    }
    if (grammar_kind(g->elements[g->elements_n - 1]) != GRAMMAR_END)
        return malformed(why, "the last rule has no end");
    return STATUS_OK;
}

/* Whether some alternative of the rule matches nothing, as far as is known of the others. */
static bool can_be_empty(const struct grammar *g, uint32_t rule, const uint8_t *empty)
{
    bool so_far = true;
    for (uint32_t at = g->starts[rule];; at++) {
        uint32_t element = g->elements[at];
        unsigned kind = grammar_kind(element);
        if (kind == GRAMMAR_END || (kind == GRAMMAR_OR && so_far))
            return so_far;
        if (kind == GRAMMAR_OR)
            so_far = true;
        else
            so_far = so_far && kind == GRAMMAR_RULE && empty[grammar_value(element)] != 0;
    }
}

/* Passes forward and backward until nothing changes. */
static enum status find_empty(const struct grammar *g, uint8_t *empty, struct reason *why)
{
    bool changed = true;
    memset(empty, 0, g->rules_n);
    for (unsigned pass = 0; changed; pass++) {
        changed = false;
        if (pass == GRAMMAR_PASSES_MAX) {
            reason_set(why, "grammar: empty rules are nested too deep", NULL);
            return STATUS_LIMIT;
        }
        for (uint32_t i = 0; i < g->rules_n; i++) {
            uint32_t rule = pass % 2 == 0 ? g->rules_n - 1 - i : i;
            if (empty[rule] == 0 && can_be_empty(g, rule, empty)) {
                empty[rule] = 1;
                changed = true;
            }
        }
    }
    return STATUS_OK;
}

/* Depth first through what each rule can begin with; a rule met again while it is open begins with itself. */
struct search {
    const struct grammar *g;
    const uint8_t *empty;
    uint8_t *seen;   /* [rules_n]: 0, 1 open, 2 done */
    uint32_t *rules; /* [rules_n]: the open ones */
    uint32_t *next;  /* [rules_n]: the element of each to look at next */
    size_t open_n;
};

/* The next rule that the innermost open one can begin with; false when there is none left. */
static bool next_beginning(struct search *s, uint32_t *rule)
{
    const struct grammar *g = s->g;
    uint32_t *at = &s->next[s->open_n - 1];
    bool first = true; /* where we stand, something may still begin */
    for (;; (*at)++) {
        uint32_t element = g->elements[*at];
        switch (grammar_kind(element)) {
        case GRAMMAR_END: return false;
        case GRAMMAR_OR: first = true; break;
        case GRAMMAR_RULE:
            if (first) {
                *rule = grammar_value(element);
                return true;
            }
            break;
        default: first = false;
        }
    }
}

/* After a rule: on behind it if it can be empty, otherwise to the end of its alternative. */
static void step_over(struct search *s, uint32_t rule)
{
    uint32_t *at = &s->next[s->open_n - 1];
    (*at)++;
    if (s->empty[rule] != 0)
        return;
    while (grammar_kind(s->g->elements[*at]) != GRAMMAR_END && grammar_kind(s->g->elements[*at]) != GRAMMAR_OR)
        (*at)++;
}

static void open_rule(struct search *s, uint32_t rule)
{
    s->seen[rule] = 1;
    s->rules[s->open_n] = rule;
    s->next[s->open_n++] = s->g->starts[rule];
}

static bool begins_with_itself(struct search *s, uint32_t from, uint32_t *culprit)
{
    uint32_t rule;
    open_rule(s, from);
    while (s->open_n > 0) {
        if (!next_beginning(s, &rule)) {
            s->seen[s->rules[--s->open_n]] = 2;
            continue;
        }
        step_over(s, rule);
        if (s->seen[rule] == 1) {
            *culprit = rule;
            return true;
        }
        if (s->seen[rule] == 0)
            open_rule(s, rule);
    }
    return false;
}

static enum status check_recursion(const struct grammar *g, uint32_t *culprit, uint8_t *scratch, struct reason *why)
{
    struct search s = {.g = g, .rules = (uint32_t *)(void *)scratch};
    s.next = s.rules + g->rules_n;
    uint8_t *empty = (uint8_t *)(s.next + g->rules_n);
    s.seen = empty + g->rules_n;
    s.empty = empty;
    memset(s.seen, 0, g->rules_n);
    enum status status = find_empty(g, empty, why);
    for (uint32_t i = 0; i < g->rules_n && status == STATUS_OK; i++) {
        if (s.seen[i] == 0 && begins_with_itself(&s, i, culprit)) {
            reason_set(why, "grammar: a rule begins with itself (left recursion)", NULL);
            status = STATUS_UNSUPPORTED;
        }
    }
    return status;
}

enum status grammar_check(struct grammar *g, uint32_t *rule, const uint32_t *elements, size_t elements_n, void *scratch,
                          struct reason *why)
{
    *rule = 0;
    enum status status = read_head(g, elements, elements_n, why);
    if (status == STATUS_OK)
        status = check_elements(g, why);
    if (status == STATUS_OK)
        status = check_recursion(g, rule, scratch, why);
    if (status != STATUS_OK)
        *g = (struct grammar){0};
    return status;
}
