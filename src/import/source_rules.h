/* SPDX-License-Identifier: Apache-2.0 */
/* How a tokenizer.json treats text before its model's vocabulary, recognised by its exact structure; what the engine
 * does not compute exactly is refused by name.  spec/import.md, IMP-51, IMP-55 and IMP-56. */
#ifndef IMPORT_SOURCE_RULES_H
#define IMPORT_SOURCE_RULES_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>
#include <stdint.h>

enum source_model {
    SOURCE_BYTES,     /* byte-level BPE: "gpt2" */
    SOURCE_SPM,       /* BPE with byte fallback: "llama", or where that is not the same: */
    SOURCE_MERGES,    /* "gpt2" on characters */
    SOURCE_WORDPIECE, /* "bert" */
    SOURCE_UNIGRAM,   /* "t5" */
};

/* Members that do not belong to the model are zero. */
struct source_rules {
    enum source_model model;
    const char *pre;    /* of bytes and merges: tokenizer.ggml.pre */
    bool whole_words;   /* of bytes: a piece that is a token is not merged, whatever pre says */
    bool nfc;           /* of bytes and SPM */
    bool space_prefix;  /* a space is put before text */
    const char *prefix; /* which texts get it: "always", "first", "every", NULL for those that GGUF's conventions say */
    /* unigram */
    bool metaspace;               /* prefix is Metaspace's, NULL for never */
    bool words_apart, words_only; /* no token reaches beyond a word; white space is dropped */
    bool collapses;               /* runs of spaces become one */
    bool strips_start, strips_end;
    const struct json *charsmap; /* base64; may be NULL */
    /* WordPiece */
    bool lower_case, strip_accents, chinese_apart;
    uint32_t word_max; /* characters; a longer word is unknown */
    bool cleans;       /* the decoder drops spaces before marks */
};

/* Reads the normalizer, the pre_tokenizer and the model's settings in root, the whole of tokenizer.json.
 * STATUS_UNSUPPORTED names what was seen; STATUS_MALFORMED. */
must_check enum status source_rules_find(struct source_rules *s, const struct json *root, struct reason *why);

/* The same for one kind of model each. */
must_check enum status source_bpe_find(struct source_rules *s, const struct json *root, struct reason *why);
must_check enum status source_unigram_find(struct source_rules *s, const struct json *root, struct reason *why);
must_check enum status source_wordpiece_find(struct source_rules *s, const struct json *root, struct reason *why);

#endif
