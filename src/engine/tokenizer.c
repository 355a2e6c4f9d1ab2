/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer.h"

#include "core/base/reader.h"
#include "engine/numerics.h"
#include "engine/vocabulary.h"

size_t tokenizer_arena_len(size_t meta_len)
{
    /* 52 bytes of tables for a key of 14 bytes, 76 for a tensor of 33, 64 for a token of 16 */
    return meta_len > SIZE_MAX / 16 ? SIZE_MAX : meta_len * 6 + 65536;
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

static enum status read_token(struct tokenizer *t, uint32_t id, struct reader *texts, struct reader *scores,
                              struct reader *kinds, struct reason *why)
{
    struct token *token = &t->tokens[id];
    uint64_t len = reader_u64le(texts);
    if (len > TOKENIZER_TOKEN_LEN_MAX)
        return fail(why, STATUS_LIMIT, "a token is longer than 1024 bytes");
    token->len = (uint32_t)len;
    token->text = reader_bytes(texts, token->len);
    uint32_t score = reader_u32le(scores);
    uint32_t kind = reader_u32le(kinds);
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
    if ((VOCABULARY_SPECIAL >> token->kind & 1) != 0 && token->len != 0) {
        if (token->len > TOKENIZER_SPECIAL_LEN_MAX)
            return fail(why, STATUS_LIMIT, "a special token is longer than 256 bytes");
        t->special_first[token->text[0]] = true;
        t->longest_special = token->len > t->longest_special ? token->len : t->longest_special;
    }
    return STATUS_OK;
}

static enum status read_tokens(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why)
{
    const struct gguf_value *texts, *scores, *kinds;
    enum status status = gguf_array(&texts, g, "tokenizer.ggml.tokens", GGUF_STRING, why);
    if (status == STATUS_OK)
        status = gguf_array(&scores, g, "tokenizer.ggml.scores", GGUF_F32, why);
    if (status == STATUS_OK)
        status = gguf_array(&kinds, g, "tokenizer.ggml.token_type", GGUF_I32, why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (texts->elements_n == 0 || scores->elements_n != texts->elements_n || kinds->elements_n != texts->elements_n)
        return fail(why, STATUS_MALFORMED, "no tokens, or not as many scores and kinds");
    if (texts->elements_n > TOKENIZER_TOKENS_MAX)
        return fail(why, STATUS_LIMIT, "more than 2^20 tokens");
    t->tokens_n = (uint32_t)texts->elements_n;
    t->slots_n = 2;
    while (t->slots_n < 2 * t->tokens_n)
        t->slots_n *= 2;
    t->tokens = arena_take(a, t->tokens_n, sizeof *t->tokens, _Alignof(struct token));
    t->slots = arena_take(a, t->slots_n, sizeof *t->slots, _Alignof(struct tokenizer_slot));
    if (t->tokens == NULL || t->slots == NULL)
        return fail(why, STATUS_NO_MEMORY, "no memory for the vocabulary");
    struct reader text, score, kind;
    reader_init(&text, texts->bytes.bytes, texts->bytes.len);
    reader_init(&score, scores->bytes.bytes, scores->bytes.len);
    reader_init(&kind, kinds->bytes.bytes, kinds->bytes.len);
    for (uint32_t i = 0; i < t->tokens_n && status == STATUS_OK; i++)
        status = read_token(t, i, &text, &score, &kind, why);
    if (status == STATUS_OK &&
        (reader_end(&text) != STATUS_OK || reader_end(&score) != STATUS_OK || reader_end(&kind) != STATUS_OK))
        status = fail(why, STATUS_BROKEN, "the arrays do not match their lengths");
    return status;
}

/* A token id from the metadata, or the fallback when it is absent; a token that does not exist is refused. */
static enum status read_id(uint32_t *id, const struct tokenizer *t, const struct gguf *g, const char *key,
                           uint32_t fallback, struct reason *why)
{
    uint64_t value;
    *id = fallback < t->tokens_n ? fallback : TOKENIZER_NO_TOKEN;
    enum status status = gguf_u64(&value, g, key, why);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (value == UINT32_MAX) { /* -1 in unsigned disguise: none */
        *id = TOKENIZER_NO_TOKEN;
        return STATUS_OK;
    }
    if (value >= t->tokens_n)
        return fail(why, STATUS_MALFORMED, "a special token is beyond the vocabulary");
    *id = (uint32_t)value;
    return STATUS_OK;
}

static enum status read_flag(bool *flag, const struct gguf *g, const char *key, struct reason *why)
{
    bool value;
    enum status status = gguf_bool(&value, g, key, why);
    if (status == STATUS_OK)
        *flag = value;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_model(const struct gguf *g, struct reason *why)
{
    struct gguf_text model;
    enum status status = gguf_text(&model, g, "tokenizer.ggml.model", why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (gguf_text_is(model, "llama"))
        return STATUS_OK;
    reason_set(why, "tokenizer: unsupported kind ", NULL);
    reason_add_quoted(why, model.bytes, model.len);
    return STATUS_UNSUPPORTED;
}

static enum status read_settings(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    enum status status = read_id(&t->bos, t, g, "tokenizer.ggml.bos_token_id", 1, why);
    if (status == STATUS_OK)
        status = read_id(&t->eos, t, g, "tokenizer.ggml.eos_token_id", 2, why);
    if (status == STATUS_OK)
        status = read_id(&t->unknown, t, g, "tokenizer.ggml.unknown_token_id", 0, why);
    if (status == STATUS_OK)
        status = read_flag(&t->add_bos, g, "tokenizer.ggml.add_bos_token", why);
    if (status == STATUS_OK)
        status = read_flag(&t->add_space_prefix, g, "tokenizer.ggml.add_space_prefix", why);
    if (status != STATUS_OK)
        return status;
    status = gguf_text(&t->chat_template, g, "tokenizer.chat_template", why);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status tokenizer_open(struct tokenizer *t, struct arena *a, const void *meta, size_t meta_len, struct reason *why)
{
    struct gguf g;
    *t = (struct tokenizer){.add_bos = true, .add_space_prefix = true};
    for (size_t i = 0; i < 256; i++)
        t->byte_tokens[i] = TOKENIZER_NO_TOKEN;
    enum status status = gguf_parse(&g, a, meta, meta_len, why);
    if (status == STATUS_OK)
        status = check_model(&g, why);
    if (status == STATUS_OK)
        status = read_tokens(t, a, &g, why);
    if (status == STATUS_OK)
        status = read_settings(t, &g, why);
    if (status == STATUS_OK && vocabulary_fill(t) != STATUS_OK)
        status = fail(why, STATUS_MALFORMED, "too many tokens that are alike");
    if (status != STATUS_OK)
        *t = (struct tokenizer){0};
    else
        reason_set(why, "", NULL);
    return status;
}
