/* SPDX-License-Identifier: Apache-2.0 */
/* The clean-up that detokenizers of WordPiece do: no space before . , ? ! 's 'm 're 've, and none around a lone '. */
#ifndef ENGINE_TOKENIZER_CLEANUP_H
#define ENGINE_TOKENIZER_CLEANUP_H

#include "engine/tokenizer/tokenizer.h"

enum { CLEANUP_OUT_MAX = 10 };

/* Feeds one byte; writes what is now certain to out and returns how many bytes. */
size_t cleanup_next(struct detokenizer_cleanup *c, uint8_t out[static CLEANUP_OUT_MAX], uint8_t byte);

/* Writes what is held back. */
size_t cleanup_end(struct detokenizer_cleanup *c, uint8_t out[static CLEANUP_OUT_MAX]);

#endif
