/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled grammar: rules over bytes as a list of u32 elements (spec/grammar.md).  Whoever runs one checks it first:
 * the elements come from outside. */
#ifndef ENGINE_GRAMMAR_H
#define ENGINE_GRAMMAR_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GRAMMAR_VERSION = 1,
    GRAMMAR_HEAD = 3, /* version, rules_n, sets_n */
    GRAMMAR_SET_WORDS = 8,
    GRAMMAR_ELEMENTS_MAX = 1 << 16, /* the whole list */
    GRAMMAR_RULES_MAX = 1 << 14,
    GRAMMAR_SETS_MAX = 1024,
    GRAMMAR_PASSES_MAX = 256, /* of grammar_check over the rules */
};

/* The kind of an element of a rule is its upper four bits. */
enum grammar_kind {
    GRAMMAR_END,   /* of the rule */
    GRAMMAR_OR,    /* the alternative ends and another begins */
    GRAMMAR_RULE,  /* rule number: lower 28 bits */
    GRAMMAR_RANGE, /* one byte from bits 8 to 15 to bits 0 to 7 */
    GRAMMAR_SET,   /* one byte of a set: lower 28 bits */
    GRAMMAR_KINDS,
};

static inline uint32_t grammar_element(enum grammar_kind kind, uint32_t value)
{
    return (uint32_t)kind << 28 | value;
}

static inline unsigned grammar_kind(uint32_t element)
{
    return element >> 28;
}

static inline uint32_t grammar_value(uint32_t element)
{
    return element & 0x0fffffff;
}

/* A list that grammar_check has accepted. */
struct grammar {
    const uint32_t *elements;
    const uint32_t *starts; /* [rules_n]: where each rule's first element is; rule 0 is the root */
    const uint32_t *sets;   /* [sets_n * 8]: bit b % 32 of word b / 32 */
    uint32_t elements_n, rules_n, sets_n;
};

/* Whether the terminal takes the byte. */
static inline bool grammar_takes(const struct grammar *g, uint32_t element, uint8_t byte)
{
    uint32_t value = grammar_value(element);
    if (grammar_kind(element) == GRAMMAR_RANGE)
        return byte >= value >> 8 && byte <= (value & 0xff);
    return (g->sets[value * GRAMMAR_SET_WORDS + byte / 32] >> byte % 32 & 1) != 0;
}

/* Bytes of scratch for grammar_check. */
size_t grammar_scratch_len(size_t elements_n);

/* Checks every element and that no rule begins with itself.  elements stay the caller's and g points into them;
 * scratch: grammar_scratch_len(elements_n) bytes, aligned to 4.  STATUS_MALFORMED: it is no grammar;
 * STATUS_UNSUPPORTED: a rule begins with itself, *rule says which; STATUS_LIMIT: a bound above is passed.  *g is zeroed
 * on error. */
must_check enum status grammar_check(struct grammar *g, uint32_t *rule, const uint32_t *elements, size_t elements_n,
                                     void *scratch, struct reason *why);

#endif
