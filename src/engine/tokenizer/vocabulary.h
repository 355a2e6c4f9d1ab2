/* SPDX-License-Identifier: Apache-2.0 */
/* Finding tokens by their text.  Private to the tokenizer. */
#ifndef ENGINE_TOKENIZER_VOCABULARY_H
#define ENGINE_TOKENIZER_VOCABULARY_H

#include "engine/tokenizer/tokenizer.h"

enum { VOCABULARY_PROBES_MAX = 1024 }; /* so that no vocabulary makes a search slow */

/* Kinds as bits, for the searches: 1 << enum token_kind. */
enum {
    VOCABULARY_MERGED = 1 << TOKEN_NORMAL | 1 << TOKEN_USER_DEFINED,
    VOCABULARY_WORDS = VOCABULARY_MERGED | 1 << TOKEN_UNUSED,
    VOCABULARY_SPECIAL = 1 << TOKEN_USER_DEFINED | 1 << TOKEN_CONTROL | 1 << TOKEN_UNKNOWN,
    VOCABULARY_ALL = VOCABULARY_WORDS | VOCABULARY_SPECIAL,
};

/* Enters every token; t->slots is zeroed and larger than tokens_n.  STATUS_MALFORMED: too many tokens alike. */
must_check enum status vocabulary_fill(struct tokenizer *t);

/* The first token with that text and one of the kinds, or TOKENIZER_NO_TOKEN. */
uint32_t vocabulary_find(const struct tokenizer *t, const uint8_t *text, size_t len, unsigned kinds);

#endif
