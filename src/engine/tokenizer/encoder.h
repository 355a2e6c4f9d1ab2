/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of tokenizers share while they encode: the tokens so far, scratch, and symbols that merge.  Each kind
 * encodes one stretch of plain text at a time; encode.c finds the special tokens between. */
#ifndef ENGINE_TOKENIZER_ENCODER_H
#define ENGINE_TOKENIZER_ENCODER_H

#include "engine/tokenizer/tokenizer.h"

enum { ENCODER_NONE = 0x7fffffff };

/* A run of bytes of the text; neighbours by index.  len 0: merged into the one before. */
struct symbol {
    uint32_t start, len;
    uint32_t previous, next;
    uint32_t token; /* of BPE */
};

/* A possible merge of two neighbours, the lower key first, of equal ones the leftmost; out of date when their lengths
 * no longer add up to len. */
struct pair {
    uint32_t key;
    uint32_t left, right;
    uint32_t len;
};

struct encoder {
    const struct tokenizer *tokenizer;
    uint32_t *tokens;
    size_t capacity, tokens_n;
    enum status status; /* the first failure sticks */
    uint8_t *scratch;   /* of the kind, aligned to 8 */
    size_t scratch_len;
    uint8_t *prepared; /* text with a space before it, or normalized */
    /* merging, of SPM and BPE */
    uint8_t *text;
    struct symbol *symbols;
    struct pair *pairs; /* a heap */
    size_t symbols_n, pairs_n;
};

/* Appends a token; the tokens of bytes that have no other, or unknown. */
void encoder_emit(struct encoder *e, uint32_t token);
void encoder_emit_bytes(struct encoder *e, const uint8_t *bytes, size_t len);
void encoder_fail(struct encoder *e, enum status status);

/* Merging: scratch for text_len bytes, and its parts. */
size_t merging_scratch_len(size_t text_len);
void merging_init(struct encoder *e, size_t text_len);

/* Starts anew with no symbols; adds one after the last; closes the chain. */
void merging_start(struct encoder *e);
void merging_add(struct encoder *e, size_t start, size_t len, uint32_t token);

/* Adds a pair, or takes the first; joins it and is true when it is not out of date. */
void merging_push(struct encoder *e, struct pair pair);
struct pair merging_pop(struct encoder *e);
bool merging_join(struct encoder *e, struct pair pair);

/* Copies text with each space as U+2581, after one more when prefix is true, to e->text; returns its length. */
size_t merging_escape(struct encoder *e, const uint8_t *text, size_t len, bool prefix);

/* Bytes of the character at text: what its first byte says, as far as continuation bytes follow.  So no symbol starts
 * inside a space mark, and there are no more symbols than bytes and spaces of the text. */
size_t merging_character_len(const uint8_t *text, size_t left);

#endif
