/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars in GBNF, the notation of llama.cpp's grammars: text to a compiled grammar (spec/grammar.md). */
#ifndef GRAMMAR_GBNF_H
#define GRAMMAR_GBNF_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum {
    GBNF_TEXT_MAX = 1 << 16,
    GBNF_NAMES_MAX = 1 << 13, /* rules with a name */
    GBNF_DEPTH_MAX = 64,      /* groups in groups */
};

/* Arena bytes that gbnf_parse takes. */
size_t gbnf_arena_len(void);

/* elements: room for capacity, GRAMMAR_ELEMENTS_MAX are enough.  STATUS_MALFORMED, STATUS_UNSUPPORTED (left recursion,
 * tokens by name), STATUS_LIMIT; why names the line or the rule. */
must_check enum status gbnf_parse(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena,
                                  const void *text, size_t text_len, struct reason *why);

#endif
