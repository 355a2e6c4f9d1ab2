/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a tokenizer.json by number: its model's vocabulary and its added tokens. */
#ifndef IMPORT_SOURCE_VOCABULARY_H
#define IMPORT_SOURCE_VOCABULARY_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "import/source_rules.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VOCABULARY_GAPS_MAX = 16384, /* numbers that the model has and the tokenizer does not use */
    VOCABULARY_TEXT_MAX = 1024,
    VOCABULARY_NONE = 0x7fffffff,
};

/* Numbered as tokenizer.ggml.token_type. */
enum source_kind { KIND_NORMAL = 1, KIND_UNKNOWN, KIND_CONTROL, KIND_USER_DEFINED, KIND_UNUSED, KIND_BYTE };

struct source_token {
    const char *text; /* NULL: not used */
    size_t len;
    enum source_kind kind;
    float score;
    bool strips_left, strips_right; /* of added tokens */
    uint32_t merges_n;              /* that make it; of source_vocabulary_is_ranked */
    bool ends;                      /* a generation, besides eos */
};

struct source_vocabulary {
    struct source_token *tokens;
    uint32_t n;
    uint32_t *sorted; /* by text; those that are used come first */
    uint32_t used_n;
    uint32_t unknown; /* the model's unknown token, or VOCABULARY_NONE */
};

/* Reads the tokens of root; of SentencePiece (BPE or unigram) byte tokens and scores too, of its BPE in the order of
 * the merges. */
must_check enum status source_vocabulary_read(struct source_vocabulary *v, struct arena *a, const struct json *root,
                                              enum source_model model, uint32_t vocab_n, struct reason *why);

/* One more than the highest number of a token in root; 0: there is none. */
uint32_t source_vocabulary_n(const struct json *root);

/* The number of the token with this text, or VOCABULARY_NONE. */
uint32_t source_vocabulary_find(const struct source_vocabulary *v, const char *text, size_t len);

/* True when the merges are those of every token and all its cuts in two, token by token: then the order of the tokens
 * says all that the merges say.  Counts merges_n. */
bool source_vocabulary_is_ranked(struct source_vocabulary *v, const struct json *merges);

/* Both parts of a merge, spelt "a b" or ["a","b"]; false when it is neither. */
bool source_merge_read(const struct json *merge, const char *parts[static 2], size_t lens[static 2]);

#endif
