/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer that a GGUF file's metadata describes: text to tokens, and tokens back to text as a stream.  Each kind
 * is in its own file: spm.c, bpe.c, wordpiece.c, unigram.c.  spec/tokenizer.md. */
#ifndef ENGINE_TOKENIZER_TOKENIZER_H
#define ENGINE_TOKENIZER_TOKENIZER_H

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
    TOKENIZER_MERGES_MAX = 1 << 22,
    TOKENIZER_TOKEN_LEN_MAX = 1024,                         /* bytes of one token's text */
    TOKENIZER_SPECIAL_LEN_MAX = 256,                        /* of a token that is found whole in text */
    TOKENIZER_TEXT_MAX = 1 << 28,                           /* bytes of a text to encode */
    DETOKENIZER_OUT_MAX = 3 * TOKENIZER_TOKEN_LEN_MAX + 64, /* bytes that one token can give */
};

enum tokenizer_kind {
    TOKENIZER_SPM,       /* "llama": SentencePiece BPE with byte fallback */
    TOKENIZER_BPE,       /* "gpt2", "gemma4": BPE with merges, on bytes or on characters */
    TOKENIZER_WORDPIECE, /* "bert" */
    TOKENIZER_UNIGRAM,   /* "t5" */
};

enum token_kind { TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED, TOKEN_BYTE };

/* Which texts get the space that stands before text. */
enum tokenizer_prefix {
    TOKENIZER_PREFIX_KIND,   /* every stretch between special tokens, even one that starts with a space */
    TOKENIZER_PREFIX_FIRST,  /* what everything starts with, unless it starts with a space */
    TOKENIZER_PREFIX_ALWAYS, /* every stretch that does not start with a space */
    TOKENIZER_PREFIX_EVERY,  /* every stretch; of BPE */
};

/* How text from WordPiece is cleaned. */
enum tokenizer_cleanup { TOKENIZER_CLEANUP_TEXT, TOKENIZER_CLEANUP_TOKENS, TOKENIZER_CLEANUP_NONE };

struct token {
    const uint8_t *text; /* in the metadata; not NUL-terminated */
    uint32_t len;
    float score;
    enum token_kind kind;
    uint8_t byte;       /* of TOKEN_BYTE */
    bool ends;          /* ends a generation */
    bool strips_left;   /* takes the white space before it, where it is found whole in text */
    bool strips_right;  /* and after it */
    bool strips_widely; /* white space is Unicode's there, not ASCII's */
};

struct tokenizer_slot {
    uint32_t hash;
    uint32_t token_plus_one; /* 0: free */
};

/* A tree of texts: the children of node i are the nodes first[i] .. first[i + 1], in the order of their bytes. */
struct tokenizer_trie {
    uint32_t *first;
    uint32_t *token; /* whose text ends here, or TOKENIZER_NO_TOKEN */
    uint8_t *byte;   /* the last byte of the node's text */
    uint32_t nodes_n;
};

/* left and right, next to each other, become token; the lower rank goes first. */
struct tokenizer_merge {
    uint32_t left, right, rank;
    uint32_t token_plus_one; /* 0: a free slot */
};

/* A compiled character map of SentencePiece, in the metadata. */
struct tokenizer_charsmap {
    const uint8_t *units; /* 32 bits each */
    uint32_t units_n;     /* 0: there is no map */
    const uint8_t *texts; /* each ends in NUL */
    uint32_t texts_len;
};

/* The fields below tokens_n are the tokenizer's own. */
struct tokenizer {
    enum tokenizer_kind kind;
    uint32_t bos, eos, unknown, separator; /* or TOKENIZER_NO_TOKEN */
    uint32_t padding, mask;                /* likewise */
    bool add_bos, add_eos, add_separator;  /* what the model asks for */
    bool add_space_prefix;
    enum tokenizer_prefix prefix;
    bool remove_extra_spaces;         /* unigram: runs of spaces become one */
    bool metaspace, words_only;       /* unigram: spaces as spacing.h has them; white space is dropped */
    bool strips_start, strips_end;    /* unigram: white space at the ends of a stretch is dropped */
    bool nfc;                         /* BPE: text is normalized first */
    bool whole_words;                 /* BPE: a piece that is a token is not merged from its parts */
    bool lower_case, strip_accents;   /* WordPiece */
    bool chinese_apart;               /* WordPiece: each Chinese character is a word */
    bool drops_controls;              /* WordPiece: U+000B, U+000C and U+0085 do not part words */
    bool marks_apart;                 /* WordPiece: U+2581 in a text never begins a token */
    uint32_t word_max;                /* WordPiece: characters; a longer word is unknown */
    enum tokenizer_cleanup cleanup;   /* WordPiece */
    struct gguf_text chat_template;   /* as in the file; len 0 when absent */
    const struct pattern_name *split; /* of BPE: the pre-tokenizer */
    struct token *tokens;
    uint32_t tokens_n;
    struct tokenizer_slot *slots;
    uint32_t slots_n;
    struct tokenizer_merge *merges; /* of BPE; a hash table */
    uint32_t merges_n;              /* its slots; 0: no merges */
    uint32_t byte_tokens[256];      /* the token that stands for a byte */
    bool has_all_bytes;
    bool words_apart;                /* of SPM and unigram: no token goes from one word into the next */
    uint32_t longest;                /* bytes of the longest token */
    float score_min;                 /* of normal tokens */
    struct tokenizer_trie specials;  /* those found whole in text */
    struct tokenizer_trie words;     /* of WordPiece and unigram */
    struct tokenizer_charsmap chars; /* of unigram */
};

/* Part of a text.  Texts of neighbouring segments are one text; a control token is found only where it lies wholly in
 * segments with parse_special, so text from outside has it false. */
struct tokenizer_segment {
    const void *text;
    size_t len;
    bool parse_special;
};

struct tokenizer_encode_options {
    bool add_bos; /* starts with bos, if there is one */
    bool add_eos; /* ends with eos, or with the separator for WordPiece, if there is one */
};

/* Opens the tokenizer in GGUF metadata.  Tables are taken from a (tokenizer_arena_len bytes at most); texts point into
 * meta, which the caller keeps alive and unchanged.  STATUS_UNSUPPORTED names a kind or pre-tokenizer that is not
 * known; STATUS_MALFORMED, STATUS_TRUNCATED, STATUS_LIMIT, STATUS_NO_MEMORY.  *t is zeroed on error. */
must_check enum status tokenizer_open(struct tokenizer *t, struct arena *a, const void *meta, size_t meta_len,
                                      struct reason *why);

/* Arena bytes that tokenizer_open can need for meta_len bytes of metadata. */
size_t tokenizer_arena_len(size_t meta_len);

/* Bytes of scratch (under 100 for each byte, under 160 with nfc), and the most tokens, that segments of text_len bytes
 * together can need; SIZE_MAX for more than TOKENIZER_TEXT_MAX. */
size_t tokenizer_scratch_len(const struct tokenizer *t, size_t text_len);
size_t tokenizer_tokens_max(const struct tokenizer *t, size_t text_len);

/* Encodes segments (any bytes; UTF-8 expected) to tokens.  tokens: room for capacity.  scratch is aligned to 8 and
 * wiped before return.  Time n log n in the text.  *tokens_n is 0 on error. STATUS_LIMIT: capacity is too small, the
 * text longer than TOKENIZER_TEXT_MAX, or the character map makes it more than 16 times longer; STATUS_NO_MEMORY:
 * scratch is too small; STATUS_UNSUPPORTED: a byte has no token; STATUS_MALFORMED: the character map leads outside
 * itself. */
must_check enum status tokenizer_encode(const struct tokenizer *t, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                                        const struct tokenizer_segment *segments, size_t segments_n,
                                        const struct tokenizer_encode_options *options, void *scratch,
                                        size_t scratch_len);

/* The control, unknown or user-defined token whose text is exactly this; TOKENIZER_NO_TOKEN when there is none. */
uint32_t tokenizer_special(const struct tokenizer *t, const void *text, size_t len);

/* True when token ends a generation: eos, end of turn or message, and the well-known texts for them (TOK-8).  False
 * beyond the vocabulary. */
bool tokenizer_ends(const struct tokenizer *t, uint32_t token);

/* The exact bytes that token gives to a text, wherever it stands; control, unknown and unused tokens give none.
 * STATUS_USAGE: token is not below tokens_n. */
must_check enum status tokenizer_token_bytes(const struct tokenizer *t, uint32_t token,
                                             uint8_t out[static TOKENIZER_TOKEN_LEN_MAX], size_t *out_len);

/* What WordPiece's clean-up holds back: at most " '" and one letter, in each of three steps. */
struct detokenizer_cleanup {
    uint8_t held[3][4];
    uint8_t held_len[3];
};

/* Text from a stream of tokens: gives whole UTF-8 characters only and U+FFFD for bytes that form none. */
struct detokenizer {
    const struct tokenizer *tokenizer;
    uint8_t held[4]; /* the start of a character */
    uint8_t held_len;
    bool at_start; /* drop the one space that encoding put before the text */
    bool exact;    /* bytes as they are */
    struct detokenizer_cleanup cleanup;
};

/* at_start: the tokens begin a text, as after bos; false when they go on after a prompt. */
void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool at_start);

/* The same, but gives the bytes of the tokens at once, whether they form characters or not. */
void detokenizer_init_exact(struct detokenizer *d, const struct tokenizer *t, bool at_start);

/* Writes the text that became complete with token to out (*out_len bytes).  Control tokens give none.
 * STATUS_USAGE: token is not below tokens_n. */
must_check enum status detokenizer_next(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len,
                                        uint32_t token);

/* Writes what is held back at the end of a stream (a space or two letters, or one U+FFFD) and wipes d. */
void detokenizer_end(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len);

#endif
