/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer that is open, for tests. */
#ifndef TEST_ENGINE_OPENED_H
#define TEST_ENGINE_OPENED_H

#include "engine/tokenizer/tokenizer.h"
#include "tap.h"

struct opened {
    struct tokenizer t;
    uint8_t *meta;
    size_t meta_len;
    void *tables;
};

/* Opens metadata, of which it makes a copy before a guard page, with exactly the arena that was promised. */
static inline enum status open_bytes(struct opened *o, const uint8_t *bytes, size_t len, struct reason *why)
{
    struct arena arena;
    o->meta = guarded_copy(bytes, len);
    o->meta_len = len;
    o->tables = malloc(tokenizer_arena_len(len));
    arena_init(&arena, o->tables, tokenizer_arena_len(len));
    return tokenizer_open(&o->t, &arena, o->meta, len, why);
}

static inline void close_bytes(struct opened *o)
{
    guarded_free(o->meta, o->meta_len);
    free(o->tables);
}

/* Tokens from the heap; *n is SIZE_MAX with the status in its place when it fails. */
static inline uint32_t *encode(size_t *n, enum status *status, const struct tokenizer *t, const void *text, size_t len,
                               bool special)
{
    struct tokenizer_segment segment = {text, len, special};
    struct tokenizer_encode_options options = {.add_bos = false, .add_eos = false};
    size_t room = tokenizer_tokens_max(t, len);
    uint32_t *tokens = malloc(room * sizeof *tokens);
    void *scratch = malloc(tokenizer_scratch_len(t, len));
    *status = tokenizer_encode(t, tokens, room, n, &segment, 1, &options, scratch, tokenizer_scratch_len(t, len));
    free(scratch);
    return tokens;
}

static inline bool becomes(const struct tokenizer *t, const char *text, bool special, const uint32_t *wanted,
                           size_t wanted_n)
{
    size_t n;
    enum status status;
    uint32_t *tokens = encode(&n, &status, t, text, strlen(text), special);
    bool equal = status == STATUS_OK && n == wanted_n && memcmp(tokens, wanted, n * sizeof *tokens) == 0;
    free(tokens);
    return equal;
}

#endif
