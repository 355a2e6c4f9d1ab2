/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: the vocabulary and everything that is made of it, from GGUF metadata whose bytes are hostile. */
#include "engine/tokenizer/tokenizer.h"

#include "core/base/reader.h"
#include "engine/numerics.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/charsmap.h"
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/pattern.h"
#include "engine/tokenizer/settings.h"
#include "engine/tokenizer/trie.h"
#include "engine/tokenizer/vocabulary.h"

#include <float.h>

enum { SPECIALS_LEN_MAX = 1 << 20 }; /* bytes of all tokens that are found whole in text */

size_t tokenizer_arena_len(size_t meta_len)
{
    /* 52 bytes of tables for a key of 14 bytes, 76 for a tensor of 33, 64 for a merge of 9, 73 for a token of 9 and 9
     * for each of its further bytes; 18 for those of special tokens */
    size_t specials_len = meta_len < SPECIALS_LEN_MAX ? meta_len : SPECIALS_LEN_MAX;
    return meta_len > SIZE_MAX / 32 ? SIZE_MAX : meta_len * 10 + specials_len * 9 + 65536;
}

static enum status fail(struct reason *why, enum status status, const char *text)
{
    reason_set(why, "tokenizer: ", text, NULL);
    return status;
}

/* The value of a token like <0x0A>. */
static bool byte_value(uint8_t *value, const struct token *t)
{
    *value = 0;
    if (t->len != 6 || t->text[0] != '<' || t->text[1] != '0' || t->text[2] != 'x' || t->text[5] != '>')
        return false;
    for (int i = 3; i < 5; i++) {
        uint8_t c = t->text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return false;
        *value = (uint8_t)(*value << 4 | digit);
    }
    return true;
}

/* The arrays of the vocabulary; scores and kinds may be absent. */
struct arrays {
    struct reader texts, scores, kinds;
    bool has_scores, has_kinds;
};

static enum status read_token(struct tokenizer *t, uint32_t id, struct arrays *arrays, struct reason *why)
{
    struct token *token = &t->tokens[id];
    uint64_t len = reader_u64le(&arrays->texts);
    if (len > TOKENIZER_TOKEN_LEN_MAX)
        return fail(why, STATUS_LIMIT, "a token is longer than 1024 bytes");
    token->len = (uint32_t)len;
    token->text = reader_bytes(&arrays->texts, token->len);
    uint32_t score = arrays->has_scores ? reader_u32le(&arrays->scores) : 0;
    uint32_t kind = arrays->has_kinds ? reader_u32le(&arrays->kinds) : TOKEN_NORMAL;
    token->score = f32_from_bits(score);
    if ((score & 0x7f800000) == 0x7f800000 || kind < TOKEN_NORMAL || kind > TOKEN_BYTE)
        return fail(why, STATUS_MALFORMED, "a token has no usable score or kind");
    token->kind = (enum token_kind)kind;
    if (token->kind == TOKEN_BYTE) {
        if (!byte_value(&token->byte, token) || t->byte_tokens[token->byte] != TOKENIZER_NO_TOKEN)
            return fail(why, STATUS_MALFORMED, "a byte token is not like <0x0A>, or is there twice");
        t->byte_tokens[token->byte] = id;
    }
    t->longest = token->len > t->longest ? token->len : t->longest;
    if (token->kind == TOKEN_NORMAL && token->score < t->score_min)
        t->score_min = token->score;
    return STATUS_OK;
}

static enum status optional_array(struct reader *r, bool *there, const struct gguf *g, const char *key,
                                  enum gguf_type type, uint64_t n, struct reason *why)
{
    const struct gguf_value *value;
    enum status status = gguf_array(&value, g, key, type, why);
    *there = status == STATUS_OK;
    reader_init(r, "", 0);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (value->elements_n != n)
        return fail(why, STATUS_MALFORMED, "not as many scores and kinds as tokens");
    reader_init(r, value->bytes.bytes, value->bytes.len);
    return STATUS_OK;
}

static enum status open_arrays(struct arrays *arrays, struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    const struct gguf_value *texts;
    enum status status = gguf_array(&texts, g, "tokenizer.ggml.tokens", GGUF_STRING, why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (texts->elements_n == 0)
        return fail(why, STATUS_MALFORMED, "no tokens");
    if (texts->elements_n > TOKENIZER_TOKENS_MAX)
        return fail(why, STATUS_LIMIT, "more than 2^20 tokens");
    t->tokens_n = (uint32_t)texts->elements_n;
    reader_init(&arrays->texts, texts->bytes.bytes, texts->bytes.len);
    status =
        optional_array(&arrays->scores, &arrays->has_scores, g, "tokenizer.ggml.scores", GGUF_F32, t->tokens_n, why);
    if (status == STATUS_OK)
        status = optional_array(&arrays->kinds, &arrays->has_kinds, g, "tokenizer.ggml.token_type", GGUF_I32,
                                t->tokens_n, why);
    if (status == STATUS_OK && !arrays->has_scores && (t->kind == TOKENIZER_SPM || t->kind == TOKENIZER_UNIGRAM))
        status = fail(why, STATUS_MALFORMED, "tokens of this kind need scores");
    return status;
}

static enum status read_tokens(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why)
{
    struct arrays arrays = {0};
    enum status status = open_arrays(&arrays, t, g, why);
    if (status != STATUS_OK)
        return status;
    t->slots_n = 2;
    while (t->slots_n < 2 * t->tokens_n)
        t->slots_n *= 2;
    t->tokens = arena_take(a, t->tokens_n, sizeof *t->tokens, _Alignof(struct token));
    t->slots = arena_take(a, t->slots_n, sizeof *t->slots, _Alignof(struct tokenizer_slot));
    if (t->tokens == NULL || t->slots == NULL)
        return fail(why, STATUS_NO_MEMORY, "no memory for the vocabulary");
    for (uint32_t i = 0; i < t->tokens_n && status == STATUS_OK; i++)
        status = read_token(t, i, &arrays, why);
    if (status == STATUS_OK && (reader_end(&arrays.texts) != STATUS_OK || reader_end(&arrays.scores) != STATUS_OK ||
                                reader_end(&arrays.kinds) != STATUS_OK))
        status = fail(why, STATUS_BROKEN, "the arrays do not match their lengths");
    if (status == STATUS_OK && vocabulary_fill(t) != STATUS_OK)
        status = fail(why, STATUS_MALFORMED, "too many tokens that are alike");
    return status;
}

static enum status check_specials(const struct tokenizer *t, struct reason *why)
{
    uint64_t len = 0;
    for (uint32_t i = 0; i < t->tokens_n; i++) {
        if ((VOCABULARY_SPECIAL >> t->tokens[i].kind & 1) == 0)
            continue;
        if (t->tokens[i].len > TOKENIZER_SPECIAL_LEN_MAX)
            return fail(why, STATUS_LIMIT, "a special token is longer than 256 bytes");
        len += t->tokens[i].len;
    }
    return len > SPECIALS_LEN_MAX ? fail(why, STATUS_LIMIT, "more than 1 MiB of special tokens") : STATUS_OK;
}

/* What is found by its beginning; the kinds of tokens are settled. */
static enum status build_tries(struct tokenizer *t, struct arena *a, struct reason *why)
{
    enum status status = check_specials(t, why);
    if (status != STATUS_OK)
        return status;
    status = trie_build(&t->specials, a, t, VOCABULARY_SPECIAL);
    if (status == STATUS_OK && (t->kind == TOKENIZER_WORDPIECE || t->kind == TOKENIZER_UNIGRAM))
        status = trie_build(&t->words, a, t, VOCABULARY_WORDS);
    return status == STATUS_OK ? STATUS_OK : fail(why, status, "no memory for the vocabulary");
}

static enum status open_kind(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why)
{
    switch (t->kind) {
    case TOKENIZER_BPE: return bpe_open(t, a, g, why);
    case TOKENIZER_UNIGRAM: return charsmap_open(&t->chars, g, why);
    case TOKENIZER_SPM: spm_open(t); break;
    case TOKENIZER_WORDPIECE: break;
    }
    return STATUS_OK;
}

static enum status open_parts(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why)
{
    enum status status = settings_kind(t, g, why);
    if (status == STATUS_OK)
        status = read_tokens(t, a, g, why);
    if (status == STATUS_OK)
        status = settings_read(t, g, why);
    if (status == STATUS_OK)
        status = ends_read(t, g, why);
    if (status == STATUS_OK)
        status = settings_strips(t, g, why);
    if (status == STATUS_OK)
        status = extensions_read(t, g, why);
    if (status == STATUS_OK)
        status = build_tries(t, a, why);
    if (status == STATUS_OK)
        status = open_kind(t, a, g, why);
    t->score_min = t->score_min < FLT_MAX ? t->score_min : 0;
    t->has_all_bytes = true;
    for (size_t i = 0; i < 256; i++)
        t->has_all_bytes = t->has_all_bytes && t->byte_tokens[i] != TOKENIZER_NO_TOKEN;
    return status;
}

enum status tokenizer_open(struct tokenizer *t, struct arena *a, const void *meta, size_t meta_len, struct reason *why)
{
    struct gguf g;
    *t = (struct tokenizer){.score_min = FLT_MAX};
    for (size_t i = 0; i < 256; i++)
        t->byte_tokens[i] = TOKENIZER_NO_TOKEN;
    enum status status = gguf_parse(&g, a, meta, meta_len, why);
    if (status == STATUS_OK)
        status = open_parts(t, a, &g, why);
    if (status != STATUS_OK)
        *t = (struct tokenizer){0};
    else
        reason_set(why, "", NULL);
    return status;
}
