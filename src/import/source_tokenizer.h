/* SPDX-License-Identifier: Apache-2.0 */
/* tokenizer.json and the files beside it as the tokenizer.* keys of a GGUF file: byte-level BPE ("gpt2"),
 * SentencePiece's BPE with byte fallback ("llama") and unigram ("t5"), WordPiece ("bert").  spec/import.md, IMP-50 to
 * IMP-57. */
#ifndef IMPORT_SOURCE_TOKENIZER_H
#define IMPORT_SOURCE_TOKENIZER_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/builder.h"
#include "import/folder.h"
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_VOCAB_OWN = 0xffffffff >> 1 }; /* as many tokens as the tokenizer itself has */

/* Adds the keys; vocab_n: tokens that the model has, or SOURCE_VOCAB_OWN.  STATUS_UNSUPPORTED names what is not known,
 * STATUS_MALFORMED, STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status source_tokenizer_write(struct builder *b, struct arena *a, const struct folder *folder,
                                              uint32_t vocab_n, struct reason *why);

/* Bytes of keys that it can add, and of arena that it can take. */
size_t source_tokenizer_keys_len(const struct folder *folder);
size_t source_tokenizer_arena_len(const struct folder *folder);

#endif
