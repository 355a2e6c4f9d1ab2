/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of every token, in the order of the bytes, so that all tokens can be asked against a grammar in one walk
 * that takes each shared beginning once. */
#ifndef ENGINE_TOKEN_BYTES_H
#define ENGINE_TOKEN_BYTES_H

#include "core/base/status.h"
#include "engine/grammar_run.h"
#include "engine/tokenizer/tokenizer.h"
#include <stddef.h>
#include <stdint.h>

/* A token without bytes (control, unknown, unused) is not in the order, and no grammar ever allows it. */
struct token_bytes {
    uint32_t tokens_n, ordered_n;
    uint8_t *bytes;
    uint32_t *offsets; /* [tokens_n + 1]: where each token's bytes begin */
    uint32_t *order;   /* [ordered_n] */
    uint16_t *shared;  /* [ordered_n]: bytes that each begins with as the one before it */
};

/* Bytes of memory that token_bytes_init needs for the tokenizer; 0 when there are too many. */
size_t token_bytes_len(const struct tokenizer *t);

/* memory: token_bytes_len(t) bytes, aligned to 4; t is not needed after it. */
void token_bytes_init(struct token_bytes *v, const struct tokenizer *t, void *memory);

/* The bytes of one token (below tokens_n), as text of an answer. */
const uint8_t *token_bytes_of(const struct token_bytes *v, uint32_t token, size_t *len);

/* allowed: [(tokens_n + 63) / 64], bit t % 64 of word t / 64: the token's bytes may come next.  Tidies the run.
 * STATUS_LIMIT: the grammar allows too many ways. */
must_check enum status token_bytes_mask(uint64_t *allowed, struct grammar_run *r, const struct token_bytes *v);

#endif
