/* SPDX-License-Identifier: Apache-2.0 */
/* Making a compiled grammar (spec/grammar.md): elements of rules that are being written stand one behind another, the
 * innermost last; a finished rule moves to the body.  The first failure sticks; its reason is kept. */
#ifndef GRAMMAR_BUILD_H
#define GRAMMAR_BUILD_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/grammar.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUILD_RANGES_MAX = 512, /* of one class of characters */
    BUILD_UNLIMITED = UINT16_MAX,
    BUILD_CODE_POINT_MAX = 0x10ffff,
};

/* Code points, both ends included. */
struct code_range {
    uint32_t first, last;
};

struct build {
    uint32_t *body;    /* [GRAMMAR_ELEMENTS_MAX] */
    uint32_t *pending; /* [GRAMMAR_ELEMENTS_MAX] */
    uint32_t *starts;  /* [GRAMMAR_RULES_MAX]: in the body, plus 1; 0: not written yet */
    uint32_t *sets;    /* [GRAMMAR_SETS_MAX * GRAMMAR_SET_WORDS] */
    size_t body_n, pending_n;
    uint32_t rules_n, sets_n;
    enum status status;
    struct reason *why;
};

/* Arena bytes that build_init takes. */
size_t build_arena_len(void);
void build_init(struct build *b, struct arena *arena, struct reason *why);

/* Fails with a reason of pieces joined, unless it has failed before. */
void build_fail(struct build *b, enum status status, const char *text);

/* The number of a rule that will be written; the first is the root. */
uint32_t build_new_rule(struct build *b);

/* Elements from here on belong to a rule, until build_close gives it its number. */
size_t build_open(const struct build *b);
void build_close(struct build *b, size_t opened, uint32_t rule);

/* The same as a rule of its own that is referred to in place of its elements. */
void build_close_in_place(struct build *b, size_t opened);

/* Elements.  A class is sorted and merged in place; with negate, all code points but these.  Surrogates are never
 * characters. */
void build_or(struct build *b);
void build_rule(struct build *b, uint32_t rule);
void build_text(struct build *b, const void *bytes, size_t len);
void build_words(struct build *b, const char *text);
void build_code_point(struct build *b, uint32_t code_point);
void build_class(struct build *b, struct code_range *ranges, size_t ranges_n, bool negate);

/* Repeats the elements since item: at least min times, at most max or BUILD_UNLIMITED. */
void build_repeat(struct build *b, size_t item, uint32_t min, uint32_t max);

/* The whole list into elements, checked.  STATUS_UNSUPPORTED: *rule begins with itself. */
must_check enum status build_finish(struct build *b, uint32_t *elements, size_t capacity, size_t *elements_n,
                                    uint32_t *rule);

/* Sorts and joins ranges in place; returns how many are left. */
size_t code_ranges_merge(struct code_range *ranges, size_t ranges_n);

/* The complement of merged ranges, in place; room for one more is needed. */
size_t code_ranges_negate(struct code_range *ranges, size_t ranges_n);

#endif
