/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts text into the pieces of a pattern, in time linear in the text. */
#ifndef ENGINE_TOKENIZER_SCAN_H
#define ENGINE_TOKENIZER_SCAN_H

#include "engine/tokenizer/pattern.h"

/* One stage on one piece of the stage before. */
struct scan {
    const uint8_t *text;
    const struct rule *rules;
    size_t at, end;
    size_t match_start, match_end; /* found beyond at; match_end 0: none */
    /* the last run of white space that was looked at */
    size_t space_from, space_end, space_last, newline_end;
    /* the last run of a body that was counted; its characters from count_from on */
    size_t count_from, count_end, count;
};

struct splitter {
    const struct pattern *pattern;
    struct scan levels[PATTERN_STAGES_MAX];
    size_t depth; /* levels in use */
};

/* text: any bytes, kept alive by the caller. */
void splitter_init(struct splitter *s, const struct pattern *pattern, const uint8_t *text, size_t len);

/* The next piece as text[*start .. *end); false at the end.  The pieces are not empty, and joined they are the text. */
bool splitter_next(struct splitter *s, size_t *start, size_t *end);

#endif
