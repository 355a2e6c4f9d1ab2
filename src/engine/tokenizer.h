/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece BPE from GGUF metadata: text to tokens, and tokens back to text as a stream. */
#ifndef ENGINE_TOKENIZER_H
#define ENGINE_TOKENIZER_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/gguf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKENIZER_NO_TOKEN = 0x7fffffff, /* where the model has no such special token */
    TOKENIZER_TOKENS_MAX = 1 << 20,
    TOKENIZER_TOKEN_LEN_MAX = 1024,                         /* bytes of one token's text */
    TOKENIZER_SPECIAL_LEN_MAX = 256,                        /* of a token that is found whole in text */
    TOKENIZER_TEXT_MAX = 1 << 28,                           /* bytes of a text to encode */
    DETOKENIZER_OUT_MAX = 3 * TOKENIZER_TOKEN_LEN_MAX + 16, /* bytes that one token can give */
};

enum token_kind { TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED, TOKEN_BYTE };

struct token {
    const uint8_t *text; /* in the metadata; not NUL-terminated */
    uint32_t len;
    float score;
    enum token_kind kind;
    uint8_t byte; /* of TOKEN_BYTE */
};

struct tokenizer_slot {
    uint32_t hash;
    uint32_t token_plus_one; /* 0: free */
};

/* The fields below tokens_n are the tokenizer's own. */
struct tokenizer {
    uint32_t bos, eos, unknown; /* or TOKENIZER_NO_TOKEN */
    bool add_bos;               /* what the model asks for */
    bool add_space_prefix;
    struct gguf_text chat_template; /* as in the file; len 0 when absent */
    struct token *tokens;
    uint32_t tokens_n;
    struct tokenizer_slot *slots;
    uint32_t slots_n;
    uint32_t byte_tokens[256];
    uint32_t longest;         /* bytes of the longest token */
    uint32_t longest_special; /* of those found whole in text; 0 when there is none */
    bool special_first[256];  /* the first bytes of those */
};

struct tokenizer_encode_options {
    bool add_bos;       /* starts with bos, if there is one */
    bool parse_special; /* text such as "<s>" becomes the control token; never with text from outside */
};

/* Opens the tokenizer in GGUF metadata.  Tables are taken from a (tokenizer_arena_len bytes at most); texts point into
 * meta, which the caller keeps alive and unchanged.  STATUS_UNSUPPORTED names a tokenizer that is not "llama";
 * STATUS_MALFORMED, STATUS_TRUNCATED, STATUS_LIMIT, STATUS_NO_MEMORY.  *t is zeroed on error. */
must_check enum status tokenizer_open(struct tokenizer *t, struct arena *a, const void *meta, size_t meta_len,
                                      struct reason *why);

/* Arena bytes that tokenizer_open can need for meta_len bytes of metadata. */
size_t tokenizer_arena_len(size_t meta_len);

/* Bytes of scratch (about 70 for each byte), and the most tokens, that a text of text_len bytes can need. */
size_t tokenizer_scratch_len(size_t text_len);
size_t tokenizer_tokens_max(size_t text_len);

/* Encodes text (any bytes; UTF-8 expected) to tokens.  tokens: room for capacity.  scratch is aligned to 8 and wiped
 * before return.  Time n log n in text_len.  *tokens_n is 0 on error.
 * STATUS_LIMIT: capacity is too small, or text_len over TOKENIZER_TEXT_MAX; STATUS_NO_MEMORY: scratch is;
 * STATUS_UNSUPPORTED: a byte has no token. */
must_check enum status tokenizer_encode(const struct tokenizer *t, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                                        const void *text, size_t text_len,
                                        const struct tokenizer_encode_options *options, void *scratch,
                                        size_t scratch_len);

/* Text from a stream of tokens: gives whole UTF-8 characters only and U+FFFD for bytes that form none. */
struct detokenizer {
    const struct tokenizer *tokenizer;
    uint8_t held[4]; /* the start of a character */
    uint8_t held_len;
    bool at_start; /* drop the one space that encoding put before the text */
};

/* at_start: the tokens begin a text, as after bos; false when they go on after a prompt. */
void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool at_start);

/* Writes the text that became complete with token to out (*out_len bytes).  Control tokens give none.
 * STATUS_USAGE: token is not below tokens_n. */
must_check enum status detokenizer_next(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len,
                                        uint32_t token);

/* Writes what is held back at the end of a stream (nothing, or one U+FFFD) and wipes d. */
void detokenizer_end(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len);

#endif
