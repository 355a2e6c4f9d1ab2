/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece BPE: characters are merged to tokens, the pair with the best score first, of equal ones the leftmost.
 * What is no token in the end becomes one token a byte.  Where no token reaches from one word into the next, each word
 * is merged by itself: the tokens are the same, and the heap is small. */
#include "engine/numerics.h"
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

static uint32_t find(const struct encoder *e, const struct symbol *s, size_t len)
{
    return vocabulary_find(e->tokenizer, e->text + s->start, len, VOCABULARY_MERGED);
}

/* The bits of a score in an order in which the better is the lower; there is no NaN, and both zeros are one. */
static uint32_t key_of(float score)
{
    uint32_t bits = f32_bits(score + 0.0f);
    return (bits & 0x80000000) != 0 ? bits : 0x7fffffff - bits;
}

static void propose(struct encoder *e, uint32_t left, uint32_t right)
{
    if (left == ENCODER_NONE || right == ENCODER_NONE)
        return;
    uint32_t len = e->symbols[left].len + e->symbols[right].len;
    uint32_t token = find(e, &e->symbols[left], len);
    if (token == TOKENIZER_NO_TOKEN)
        return;
    uint32_t key = key_of(e->tokenizer->tokens[token].score);
    merging_push(e, (struct pair){.key = key, .left = left, .right = right, .len = len});
}

enum { MARK_LEN = 3 };

static bool mark_at(const uint8_t *text, size_t left)
{
    return left >= MARK_LEN && memcmp(text, "\xe2\x96\x81", MARK_LEN) == 0;
}

/* Where the word at `at` ends: before the next mark that follows something else. */
static size_t word_end(const uint8_t *text, size_t at, size_t len)
{
    while (at < len && mark_at(text + at, len - at))
        at += MARK_LEN;
    while (at < len && !mark_at(text + at, len - at))
        at++;
    return at;
}

void spm_open(struct tokenizer *t)
{
    t->words_apart = true;
    for (uint32_t i = 0; i < t->tokens_n; i++) {
        const struct token *token = &t->tokens[i];
        if ((VOCABULARY_MERGED >> token->kind & 1) != 0 && word_end(token->text, 0, token->len) < token->len)
            t->words_apart = false;
    }
}

static void merge_all(struct encoder *e, size_t start, size_t end)
{
    merging_start(e);
    for (size_t at = start, char_len; at < end; at += char_len) {
        char_len = merging_character_len(e->text + at, end - at);
        merging_add(e, at, char_len, TOKENIZER_NO_TOKEN);
    }
    for (uint32_t i = 1; i < e->symbols_n; i++)
        propose(e, i - 1, i);
    while (e->pairs_n != 0) {
        struct pair pair = merging_pop(e);
        if (!merging_join(e, pair))
            continue;
        propose(e, e->symbols[pair.left].previous, pair.left);
        propose(e, pair.left, e->symbols[pair.left].next);
    }
}

static void emit_all(struct encoder *e)
{
    for (uint32_t i = 0; i != ENCODER_NONE; i = e->symbols[i].next) {
        const struct symbol *s = &e->symbols[i];
        uint32_t token = find(e, s, s->len);
        if (token == TOKENIZER_NO_TOKEN)
            encoder_emit_bytes(e, e->text + s->start, s->len);
        else
            encoder_emit(e, token);
    }
}

void spm_encode(struct encoder *e, const uint8_t *text, size_t len, bool begins)
{
    size_t escaped_len = merging_escape(
        e, text, len, begins && e->tokenizer->add_space_prefix && e->tokenizer->prefix == TOKENIZER_PREFIX_KIND);
    for (size_t at = 0, end; at < escaped_len; at = end) {
        end = e->tokenizer->words_apart ? word_end(e->text, at, escaped_len) : escaped_len;
        merge_all(e, at, end);
        emit_all(e);
    }
}
