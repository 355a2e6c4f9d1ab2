/* SPDX-License-Identifier: Apache-2.0 */
/* How a tokenizer.json cuts text before BPE, recognised by its exact structure.  spec/import.md, IMP-51. */
#ifndef IMPORT_SOURCE_SPLIT_H
#define IMPORT_SOURCE_SPLIT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>

struct source_split {
    const char *pre;   /* of byte-level BPE: tokenizer.ggml.pre; NULL: SentencePiece's BPE */
    bool space_prefix; /* SentencePiece: a space is put before the text */
};

/* Recognises the normalizer, the pre_tokenizer and the model's flags in root, the whole of tokenizer.json.
 * STATUS_UNSUPPORTED names what was seen. */
must_check enum status source_split_find(struct source_split *s, const struct json *root, struct reason *why);

#endif
