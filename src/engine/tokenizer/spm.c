/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece BPE: characters are merged to tokens, the pair with the best score first, of equal ones the leftmost.
 * What is no token in the end becomes one token a byte. */
#include "engine/numerics.h"
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/vocabulary.h"

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

void spm_encode(struct encoder *e, const uint8_t *text, size_t len, bool begins)
{
    size_t escaped_len = merging_escape(e, text, len, begins && e->tokenizer->add_space_prefix);
    merging_start(e);
    for (size_t at = 0, char_len; at < escaped_len; at += char_len) {
        char_len = merging_character_len(e->text + at, escaped_len - at);
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
    for (uint32_t i = 0; i != ENCODER_NONE; i = e->symbols[i].next) {
        const struct symbol *s = &e->symbols[i];
        uint32_t token = find(e, s, s->len);
        if (token == TOKENIZER_NO_TOKEN)
            encoder_emit_bytes(e, e->text + s->start, s->len);
        else
            encoder_emit(e, token);
    }
}
