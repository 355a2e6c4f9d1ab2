/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/settings.h"

#include "engine/tokenizer/pattern.h"
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

enum { NONE = TOKENIZER_NO_TOKEN };

static const struct kind_row {
    const char *name;
    enum tokenizer_kind kind;
    uint32_t bos, eos, unknown, separator, padding, mask;
    bool add_bos, add_eos, add_separator, add_space_prefix;
} kinds[] = {
    {"llama", TOKENIZER_SPM, 1, 2, 0, NONE, NONE, NONE, true, false, false, true},
    {"gpt2", TOKENIZER_BPE, 11, 11, NONE, NONE, NONE, NONE, false, false, false, false},
    {"gemma4", TOKENIZER_BPE, NONE, NONE, NONE, NONE, NONE, NONE, false, false, false, false},
    {"bert", TOKENIZER_WORDPIECE, 101, NONE, 100, 102, 0, 103, true, true, true, false},
    {"t5", TOKENIZER_UNIGRAM, NONE, 1, 2, NONE, 0, NONE, false, true, false, false},
};

static enum status unsupported(struct reason *why, const char *what, struct gguf_text name)
{
    reason_set(why, "tokenizer: unsupported ", what, " ", NULL);
    reason_add_quoted(why, name.bytes, name.len);
    return STATUS_UNSUPPORTED;
}

static enum status find_split(struct tokenizer *t, const struct gguf *g, const struct kind_row *row, struct reason *why)
{
    struct gguf_text name = {(const uint8_t *)"default", 7};
    struct gguf_text given;
    enum status status = gguf_text(&given, g, "tokenizer.ggml.pre", why);
    if (status == STATUS_OK && given.len != 0)
        name = given;
    else if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    if (strcmp(row->name, "gemma4") == 0)
        name = (struct gguf_text){(const uint8_t *)row->name, strlen(row->name)};
    t->split = pattern_find(name.bytes, name.len);
    if (t->split == NULL)
        return unsupported(why, "pre-tokenizer", name);
    t->add_bos = (t->split->flags & PATTERN_ADD_BOS) != 0;
    t->add_separator = (t->split->flags & PATTERN_ADD_SEP) != 0;
    if ((t->split->flags & PATTERN_NO_BOS) != 0)
        t->bos = NONE;
    return STATUS_OK;
}

enum status settings_kind(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    struct gguf_text model;
    const struct kind_row *row = NULL;
    enum status status = gguf_text(&model, g, "tokenizer.ggml.model", why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (gguf_text_is(model, kinds[i].name))
            row = &kinds[i];
    if (row == NULL)
        return unsupported(why, "kind", model);
    t->kind = row->kind;
    t->bos = row->bos;
    t->eos = row->eos;
    t->unknown = row->unknown;
    t->separator = row->separator;
    t->padding = row->padding;
    t->mask = row->mask;
    t->add_bos = row->add_bos;
    t->add_eos = row->add_eos;
    t->add_separator = row->add_separator;
    t->add_space_prefix = row->add_space_prefix;
    t->lower_case = true;
    return row->kind == TOKENIZER_BPE ? find_split(t, g, row, why) : STATUS_OK;
}

enum status settings_id(uint32_t *id, const struct tokenizer *t, const struct gguf *g, const char *key,
                        struct reason *why)
{
    uint64_t value;
    enum status status = gguf_u64(&value, g, key, why);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (value == UINT32_MAX) { /* -1 in unsigned disguise: none */
        *id = NONE;
        return STATUS_OK;
    }
    if (value >= t->tokens_n) {
        reason_set(why, "tokenizer: a special token is beyond the vocabulary", NULL);
        return STATUS_MALFORMED;
    }
    *id = (uint32_t)value;
    return STATUS_OK;
}

enum status settings_flag(bool *flag, const struct gguf *g, const char *key, struct reason *why)
{
    bool value;
    enum status status = gguf_bool(&value, g, key, why);
    if (status == STATUS_OK)
        *flag = value;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_ids(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    const struct {
        const char *key;
        uint32_t *id;
    } rows[] = {
        {"tokenizer.ggml.bos_token_id", &t->bos},
        {"tokenizer.ggml.eos_token_id", &t->eos},
        {"tokenizer.ggml.unknown_token_id", &t->unknown},
        {"tokenizer.ggml.seperator_token_id", &t->separator}, /* spelt so in GGUF */
        {"tokenizer.ggml.padding_token_id", &t->padding},
        {"tokenizer.ggml.mask_token_id", &t->mask},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STATUS_OK; i++) {
        if (*rows[i].id >= t->tokens_n)
            *rows[i].id = NONE;
        status = settings_id(rows[i].id, t, g, rows[i].key, why);
    }
    return status;
}

static enum status read_flags(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    const struct {
        const char *key;
        bool *flag;
    } rows[] = {
        {"tokenizer.ggml.add_bos_token", &t->add_bos},
        {"tokenizer.ggml.add_eos_token", &t->add_eos},
        {"tokenizer.ggml.add_sep_token", &t->add_separator},
        {"tokenizer.ggml.add_space_prefix", &t->add_space_prefix},
        {"tokenizer.ggml.remove_extra_whitespaces", &t->remove_extra_spaces},
        {"tokenizer.ggml.normalizer.lowercase", &t->lower_case},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STATUS_OK; i++)
        status = settings_flag(rows[i].flag, g, rows[i].key, why);
    t->strip_accents = t->lower_case;
    if (status == STATUS_OK)
        status = settings_flag(&t->strip_accents, g, "tokenizer.ggml.normalizer.strip_accents", why);
    return status;
}

enum status settings_read(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    enum status status = read_ids(t, g, why);
    if (status == STATUS_OK)
        status = read_flags(t, g, why);
    if (status != STATUS_OK)
        return status;
    if (t->kind == TOKENIZER_BPE && (t->split->flags & PATTERN_WHOLE_NEWLINES) != 0)
        t->add_bos = true; /* published files of Gemma 4 say false and mean true */
    if (t->kind == TOKENIZER_WORDPIECE)
        t->add_eos = t->add_separator;
    status = gguf_text(&t->chat_template, g, "tokenizer.chat_template", why);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static uint8_t small(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* part: in lower case; the text in any case. */
static bool contains(struct gguf_text text, const char *part)
{
    size_t len = strlen(part);
    for (size_t at = 0; at + len <= text.len; at++) {
        size_t same = 0;
        while (same < len && small(text.bytes[at + same]) == (uint8_t)part[same])
            same++;
        if (same == len)
            return true;
    }
    return false;
}

static struct token *special(struct tokenizer *t, const char *text)
{
    uint32_t id = vocabulary_find(t, (const uint8_t *)text, strlen(text), VOCABULARY_ALL);
    return id == NONE ? NULL : &t->tokens[id];
}

static void strips_left(struct tokenizer *t, const char *text)
{
    struct token *token = special(t, text);
    if (token != NULL)
        token->strips_left = true;
}

/* Phi-3: every special token takes the white space after it, but for three. */
static void strips_phi_3(struct tokenizer *t)
{
    static const char *const but[] = {"<unk>", "<s>", "<|endoftext|>"};
    for (uint32_t i = 0; i < t->tokens_n; i++)
        t->tokens[i].strips_right = (VOCABULARY_SPECIAL >> t->tokens[i].kind & 1) != 0;
    for (size_t i = 0; i < sizeof but / sizeof but[0]; i++) {
        struct token *token = special(t, but[i]);
        if (token != NULL)
            token->strips_right = false;
    }
}

enum status settings_strips(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    static const char *const keys[] = {"general.name", "tokenizer.ggml.pre", "general.architecture"};
    struct gguf_text texts[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    for (size_t i = 0; i < 3; i++) {
        enum status status = gguf_text(&texts[i], g, keys[i], why);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    struct gguf_text name = texts[0], split = texts[1], architecture = texts[2];
    if (contains(split, "jina-v2-de") || contains(split, "jina-v2-es") || contains(split, "jina-v2-code") ||
        contains(architecture, "nomic-bert-moe") || contains(architecture, "jina-bert-v3"))
        strips_left(t, "<mask>");
    else if (contains(name, "phi-3") || contains(name, "phi3"))
        strips_phi_3(t);
    else if (contains(name, "modern-bert"))
        strips_left(t, "[MASK]");
    return STATUS_OK;
}
