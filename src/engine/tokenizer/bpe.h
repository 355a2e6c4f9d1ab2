/* SPDX-License-Identifier: Apache-2.0 */
/* BPE with merges: opening, and the printable characters that stand for bytes in its vocabulary. */
#ifndef ENGINE_TOKENIZER_BPE_H
#define ENGINE_TOKENIZER_BPE_H

#include "engine/tokenizer/tokenizer.h"

/* Reads the merges and finds the tokens of single bytes.  Statuses as merges_read. */
must_check enum status bpe_open(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why);

/* True when the vocabulary writes bytes as printable characters. */
bool bpe_is_bytes(const struct tokenizer *t);

/* The bytes of a token's text; a character that stands for no byte is left as it is.  Returns how many. */
size_t bpe_text(uint8_t out[static TOKENIZER_TOKEN_LEN_MAX], const struct token *token);

#endif
