/* SPDX-License-Identifier: Apache-2.0 */
/* The merges of BPE (tokenizer.ggml.merges), found by the two tokens that stand next to each other. */
#ifndef ENGINE_TOKENIZER_MERGES_H
#define ENGINE_TOKENIZER_MERGES_H

#include "engine/tokenizer/tokenizer.h"

/* Reads the merges of g into t, whose vocabulary is filled; wanted: their absence is an error.  A merge whose parts or
 * whole are no tokens can never happen and is left out; of equal ones the first counts.  STATUS_MALFORMED: absent or of
 * another type, or too many alike; STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status merges_read(struct tokenizer *t, struct arena *a, const struct gguf *g, bool wanted,
                                   struct reason *why);

/* The merge of left and right, or NULL.  Either may be TOKENIZER_NO_TOKEN. */
const struct tokenizer_merge *merges_find(const struct tokenizer *t, uint32_t left, uint32_t right);

#endif
