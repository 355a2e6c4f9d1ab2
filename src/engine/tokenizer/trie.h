/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens by the beginning of their texts: the longest one at a place is found in as many steps as it has bytes. */
#ifndef ENGINE_TOKENIZER_TRIE_H
#define ENGINE_TOKENIZER_TRIE_H

#include "engine/tokenizer/tokenizer.h"

enum { TRIE_ROOT = 0, TRIE_NONE = 0 }; /* no node leads back to the root */

/* Enters the tokens of t with one of the kinds (bits, 1 << enum token_kind) and a text; of equal texts the first.
 * Nine bytes from a for each byte of text, and eight for each token while it works.  STATUS_NO_MEMORY. */
must_check enum status trie_build(struct tokenizer_trie *trie, struct arena *a, const struct tokenizer *t,
                                  unsigned kinds);

/* The node behind node with that byte, or TRIE_NONE. */
uint32_t trie_step(const struct tokenizer_trie *trie, uint32_t node, uint8_t byte);

#endif
