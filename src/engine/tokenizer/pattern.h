/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-tokenizers as data.  A pattern is a sequence of stages; a stage is a regular expression whose alternatives are
 * rules, tried in order at each position.  A stage cuts each piece of the stage before it into matches and what lies
 * between them.  pattern.c holds the table of names, scan.c what the rules do.  spec/tokenizer.md, TOK-4. */
#ifndef ENGINE_TOKENIZER_PATTERN_H
#define ENGINE_TOKENIZER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint32_t first, last;
};

/* A set of characters: those in the ranges (or, with outside, those that are not) when there are any; otherwise those
 * that have one of the traits of any and none of none (engine/tokenizer/unicode.h). */
struct character_set {
    uint32_t any, none;
    const struct range *ranges;
    size_t ranges_n;
    bool outside;
};

/* P, B, T: the rule's sets prefix, body, tail; an absent prefix or tail is left out. */
enum rule_kind {
    RULE_END,
    RULE_CONTRACTION,     /* 's|'t|'re|'ve|'m|'ll|'d */
    RULE_CONTRACTION_ANY, /* the same in any case */
    RULE_RUN,             /* P? B{1,max} T*;  max 0: no limit */
    RULE_RUN_ONE_TAIL,    /* P? B+ T? */
    RULE_EXACTLY,         /* B{max} */
    RULE_CASED,           /* P? B* T+ contraction? | P? B+ T* contraction?;  max 1: with the contraction, in any case */
    RULE_PAIR,            /* B T+ */
    RULE_PHRASE,          /* P? (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ */
    RULE_NEWLINES,        /* \s*[\r\n]+ */
    RULE_SPACES_BEFORE,   /* \s+(?!\S) */
    RULE_SPACES_END,      /* \s+$ */
    RULE_SPACES_HALVED,   /* \s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s */
    RULE_THREES,          /* B{1,3}(?=(?:B{3})*(?!B)) */
    RULE_THREES_WORD,     /* B{1,3}(?=(?:B{3})*\b) */
    RULE_THREES_FROM,     /* (?=(B{3})+(?!B)), the piece up to the next such place */
    RULE_INDENT,          /* [\t\n]|    |   (four spaces, two spaces) */
    RULE_SENTINEL,        /* <sentinel:[0-9]+> */
    RULE_IMAGE,           /* IMGIMG[A-I]{1,4}Z */
};

struct rule {
    enum rule_kind kind;
    const struct character_set *prefix, *body, *tail;
    uint32_t max;
};

enum { PATTERN_STAGES_MAX = 6 };

/* Each stage ends with RULE_END. */
struct pattern {
    const struct rule *stages[PATTERN_STAGES_MAX];
    size_t stages_n;
};

/* What goes with a pre-tokenizer's name besides its pattern. */
enum {
    PATTERN_WHOLE_WORDS = 1 << 0,    /* a piece that is a token is not merged from its bytes */
    PATTERN_ADD_BOS = 1 << 1,        /* unless the metadata says otherwise */
    PATTERN_ADD_SEP = 1 << 2,        /* likewise */
    PATTERN_CHARACTERS = 1 << 3,     /* tokens are plain text, not the printable characters that stand for bytes */
    PATTERN_ESCAPE_SPACES = 1 << 4,  /* a space is written as U+2581 */
    PATTERN_WHOLE_NEWLINES = 1 << 5, /* a piece of newlines that is a token is not merged */
    PATTERN_NO_BOS = 1 << 6,         /* no bos unless the metadata names one */
};

struct pattern_name {
    const char *name;
    const struct pattern *pattern;
    unsigned flags;
};

/* The row of that name, or NULL; pattern_at: the rows by number, NULL behind the last. */
const struct pattern_name *pattern_find(const void *name, size_t len);
const struct pattern_name *pattern_at(size_t index);

#endif
