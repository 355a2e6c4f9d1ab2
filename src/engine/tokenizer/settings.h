/* SPDX-License-Identifier: Apache-2.0 */
/* What GGUF metadata says of a tokenizer besides its tokens, and what each kind assumes where it says nothing. */
#ifndef ENGINE_TOKENIZER_SETTINGS_H
#define ENGINE_TOKENIZER_SETTINGS_H

#include "engine/tokenizer/tokenizer.h"

/* Finds the kind and, for BPE, the pre-tokenizer; sets the defaults that go with them.  STATUS_UNSUPPORTED names what
 * is not known. */
must_check enum status settings_kind(struct tokenizer *t, const struct gguf *g, struct reason *why);

/* Special ids, flags, the chat template; the vocabulary is read. */
must_check enum status settings_read(struct tokenizer *t, const struct gguf *g, struct reason *why);

/* Marks the special tokens that take white space around them (TOK-7); the vocabulary is filled. */
must_check enum status settings_strips(struct tokenizer *t, const struct gguf *g, struct reason *why);

/* Marks the tokens that end a generation, and makes control tokens of those that look like one (TOK-8). */
must_check enum status ends_read(struct tokenizer *t, const struct gguf *g, struct reason *why);

/* The keys of our own; everything else is read. */
must_check enum status extensions_read(struct tokenizer *t, const struct gguf *g, struct reason *why);

/* A token id from the metadata; *id is left alone when it is absent, TOKENIZER_NO_TOKEN when it is none (2^32 - 1). */
must_check enum status settings_id(uint32_t *id, const struct tokenizer *t, const struct gguf *g, const char *key,
                                   struct reason *why);

/* A truth value from the metadata; *flag is left alone when it is absent. */
must_check enum status settings_flag(bool *flag, const struct gguf *g, const char *key, struct reason *why);

#endif
