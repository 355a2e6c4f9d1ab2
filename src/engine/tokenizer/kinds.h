/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of tokenizers: scratch for a text of text_len bytes, and encoding a stretch of it without special tokens.
 */
#ifndef ENGINE_TOKENIZER_KINDS_H
#define ENGINE_TOKENIZER_KINDS_H

#include "engine/tokenizer/encoder.h"

/* Looks at the vocabulary for what spm_encode can take as given. */
void spm_open(struct tokenizer *t);

/* SPM and BPE use merging_scratch_len.  begins: no text stands before, or a special token does;
 * of unigram: nothing at all stands before. */
void spm_encode(struct encoder *e, const uint8_t *text, size_t len, bool begins);
void bpe_encode(struct encoder *e, const uint8_t *text, size_t len);

size_t wordpiece_scratch_len(size_t text_len);
void wordpiece_encode(struct encoder *e, const uint8_t *text, size_t len);

size_t unigram_scratch_len(size_t text_len);
void unigram_encode(struct encoder *e, const uint8_t *text, size_t len, bool begins);

#endif
