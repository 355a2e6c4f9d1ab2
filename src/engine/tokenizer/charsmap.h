/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece's compiled character map (tokenizer.ggml.precompiled_charsmap): what replaces the longest text that it
 * knows at a place.  Its bytes are a length, a double array of 32-bit units whose places are found by exclusive or, and
 * texts that end in NUL.  Format: Darts-clone, and SentencePiece's normalizer. */
#ifndef ENGINE_TOKENIZER_CHARSMAP_H
#define ENGINE_TOKENIZER_CHARSMAP_H

#include "engine/tokenizer/tokenizer.h"

/* Finds the map in g; none is an empty one.  STATUS_MALFORMED when its parts are not whole. */
must_check enum status charsmap_open(struct tokenizer_charsmap *m, const struct gguf *g, struct reason *why);

/* The longest text at the start of the len bytes that has a replacement: *known_len bytes, 0 for none; the replacement
 * is out_len bytes at *out, inside the map.  STATUS_MALFORMED: the array leads outside itself or its texts. */
must_check enum status charsmap_find(const struct tokenizer_charsmap *m, const uint8_t **out, size_t *out_len,
                                     size_t *known_len, const uint8_t *text, size_t len);

#endif
