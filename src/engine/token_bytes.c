/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/token_bytes.h"

#include "engine/sort.h"

#include <string.h>

/* The length of what a token (below tokens_n) adds to a text; bytes are written to out. */
static size_t bytes_of(const struct tokenizer *t, uint32_t token, uint8_t out[static TOKENIZER_TOKEN_LEN_MAX])
{
    size_t len;
    return tokenizer_token_bytes(t, token, out, &len) == STATUS_OK ? len : 0;
}

/* 2^20 tokens of 1 KiB are the tokenizer's bound. */
size_t token_bytes_len(const struct tokenizer *t)
{
    uint8_t bytes[TOKENIZER_TOKEN_LEN_MAX];
    size_t total = 0;
    for (uint32_t i = 0; i < t->tokens_n; i++)
        total += bytes_of(t, i, bytes);
    if (total > UINT32_MAX)
        return 0;
    return ((size_t)t->tokens_n * 2 + 1) * sizeof(uint32_t) + (size_t)t->tokens_n * sizeof(uint16_t) + total;
}

const uint8_t *token_bytes_of(const struct token_bytes *v, uint32_t token, size_t *len)
{
    *len = v->offsets[token + 1] - v->offsets[token];
    return v->bytes + v->offsets[token];
}

static bool before(const void *context, uint32_t a, uint32_t b)
{
    const struct token_bytes *v = context;
    size_t a_len, b_len;
    const uint8_t *a_bytes = token_bytes_of(v, a, &a_len), *b_bytes = token_bytes_of(v, b, &b_len);
    int order = memcmp(a_bytes, b_bytes, a_len < b_len ? a_len : b_len);
    if (order != 0)
        return order < 0;
    return a_len != b_len ? a_len < b_len : a < b;
}

static uint16_t shared_len(const struct token_bytes *v, uint32_t a, uint32_t b)
{
    size_t a_len, b_len, n = 0;
    const uint8_t *a_bytes = token_bytes_of(v, a, &a_len), *b_bytes = token_bytes_of(v, b, &b_len);
    while (n < a_len && n < b_len && a_bytes[n] == b_bytes[n])
        n++;
    return (uint16_t)n; /* at most TOKENIZER_TOKEN_LEN_MAX */
}

void token_bytes_init(struct token_bytes *v, const struct tokenizer *t, void *memory)
{
    uint8_t bytes[TOKENIZER_TOKEN_LEN_MAX];
    uint32_t empty_n = 0;
    *v = (struct token_bytes){.tokens_n = t->tokens_n, .offsets = memory};
    v->order = v->offsets + t->tokens_n + 1;
    v->shared = (uint16_t *)(v->order + t->tokens_n);
    v->bytes = (uint8_t *)(v->shared + t->tokens_n);
    v->offsets[0] = 0;
    for (uint32_t i = 0; i < t->tokens_n; i++) {
        size_t len = bytes_of(t, i, bytes);
        memcpy(v->bytes + v->offsets[i], bytes, len);
        v->offsets[i + 1] = v->offsets[i] + (uint32_t)len;
        empty_n += len == 0;
    }
    sort_indices(v->order, t->tokens_n, before, v); /* those without bytes come first */
    v->ordered_n = t->tokens_n - empty_n;
    memmove(v->order, v->order + empty_n, v->ordered_n * sizeof v->order[0]);
    for (uint32_t i = 0; i < v->ordered_n; i++)
        v->shared[i] = i == 0 ? 0 : shared_len(v, v->order[i - 1], v->order[i]);
}

/* The states along the bytes of one token after another. */
struct walk {
    uint32_t states[TOKENIZER_TOKEN_LEN_MAX + 1];
    size_t reached; /* states up to this one belong to the token before */
};

/* Goes on from the shared beginning; *fits: all of the bytes may come. */
static enum status walk_token(struct walk *w, bool *fits, struct grammar_run *r, const uint8_t *bytes, size_t len,
                              size_t shared)
{
    uint32_t state = w->states[shared];
    for (size_t at = shared; at < len; at++) {
        uint32_t next;
        if (!grammar_run_known(r, &next, state, bytes[at])) {
            enum status status = grammar_run_move(r, &next, state, bytes[at]);
            if (status != STATUS_OK)
                return status;
        }
        if (next == GRAMMAR_NO_STATE) {
            w->reached = at;
            *fits = false;
            return STATUS_OK;
        }
        state = next;
        w->states[at + 1] = state;
    }
    w->reached = len;
    *fits = true;
    return STATUS_OK;
}

enum status token_bytes_mask(uint64_t *allowed, struct grammar_run *r, const struct token_bytes *v)
{
    struct walk w = {.reached = 0};
    enum status status = grammar_run_tidy(r);
    memset(allowed, 0, ((size_t)v->tokens_n + 63) / 64 * sizeof allowed[0]);
    w.states[0] = r->state;
    for (uint32_t i = 0; i < v->ordered_n && status == STATUS_OK; i++) {
        bool fits;
        size_t len, shared = v->shared[i];
        uint32_t token = v->order[i];
        if (shared > w.reached) /* begins as one that was refused within that beginning */
            continue;
        const uint8_t *bytes = token_bytes_of(v, token, &len);
        status = walk_token(&w, &fits, r, bytes, len, shared);
        if (status == STATUS_OK && fits)
            allowed[token / 64] |= (uint64_t)1 << token % 64;
    }
    return status;
}
