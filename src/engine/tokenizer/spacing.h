/* SPDX-License-Identifier: Apache-2.0 */
/* The spaces of unigram as tokenizer.json has them (Strip, Replace, WhitespaceSplit and Metaspace, in this order): fed
 * character by character, it writes the text in which U+2581 begins each word. */
#ifndef ENGINE_TOKENIZER_SPACING_H
#define ENGINE_TOKENIZER_SPACING_H

#include "engine/tokenizer/tokenizer.h"

struct spacing {
    const struct tokenizer *tokenizer;
    bool prefix;          /* the text gets a mark before it unless it starts with one */
    bool any;             /* something was written */
    bool after_space;     /* of a run that becomes one */
    bool in_word;         /* where white space is dropped */
    size_t len, kept_len; /* bytes so far; up to the last character that is no white space */
};

enum { SPACING_OUT_MAX = 7 }; /* a mark and a character */

/* begins: the text stands at the start of everything that is encoded. */
void spacing_init(struct spacing *s, const struct tokenizer *t, bool begins);

/* Writes what a character becomes to out and returns how many bytes. */
size_t spacing_next(struct spacing *s, uint8_t out[static SPACING_OUT_MAX], uint32_t code);

/* How many of the bytes so far are the text. */
size_t spacing_end(const struct spacing *s);

#endif
