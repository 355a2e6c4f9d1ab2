/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_tokenizer.h"

#include "core/base/checked.h"
#include "core/codec/json.h"
#include "engine/numerics.h"
#include "import/source_split.h"
#include "import/source_vocabulary.h"

#include <string.h>

enum { UNUSED_LEN = 64, FIXED_LEN = 4096 };

struct tokenizer_files {
    const struct json *tokenizer, *settings, *config; /* settings may be NULL */
};

static size_t texts_len(const struct folder *f)
{
    size_t sum;
    bool fits = checked_add_size(&sum, f->tokenizer.len, f->tokenizer_config.len) &&
                checked_add_size(&sum, sum, f->chat_template.len) && checked_add_size(&sum, sum, f->config.len);
    return fits ? sum : SIZE_MAX / 256;
}

size_t source_tokenizer_keys_len(const struct folder *folder)
{
    /* a token takes 16 bytes and its text, 6 in the JSON; a merge 8 and its text, 4 in the JSON */
    if (folder->tokenizer.bytes == NULL)
        return 0;
    return texts_len(folder) * 4 + VOCABULARY_GAPS_MAX * UNUSED_LEN + FIXED_LEN;
}

size_t source_tokenizer_arena_len(const struct folder *folder)
{
    if (folder->tokenizer.bytes == NULL)
        return 0;
    return texts_len(folder) * 72 + VOCABULARY_GAPS_MAX * (sizeof(struct source_token) + 4) + FIXED_LEN;
}

static enum status read_json(const struct json **root, struct arena *a, struct folder_text text, const char *name,
                             struct reason *why)
{
    struct reason inner = {""};
    *root = NULL;
    if (text.bytes == NULL)
        return STATUS_OK;
    enum status status = json_parse(root, a, text.bytes, text.len, &inner);
    if (status != STATUS_OK)
        reason_set(why, name, ": ", inner.text, NULL);
    return status;
}

/* The text of a special token in tokenizer_config.json: a string, or an object that holds it. */
static const struct json *special_text(const struct tokenizer_files *t, const char *name)
{
    const struct json *value = json_get(t->settings, name);
    if (value != NULL && value->type == JSON_OBJECT)
        value = json_get(value, "content");
    return value != NULL && value->type == JSON_STRING ? value : NULL;
}

/* By its text, otherwise by the number in config.json. */
static uint32_t special_id(const struct tokenizer_files *t, const struct source_vocabulary *v, const char *name,
                           const char *number)
{
    uint64_t id;
    const struct json *text = special_text(t, name);
    if (text != NULL)
        return source_vocabulary_find(v, text->text, text->text_len);
    const struct json *value = json_get(t->config, number);
    if (value != NULL && value->type == JSON_ARRAY)
        value = value->first;
    return json_u64(&id, value) == STATUS_OK && id < v->n ? (uint32_t)id : VOCABULARY_NONE;
}

/* Whether the template that is put around a text starts (or ends) with a special token. */
static bool template_has(const struct json *processor, bool at_end)
{
    const struct json *list = json_get(processor, "processors");
    for (const struct json *m = list == NULL ? NULL : list->first; m != NULL; m = m->next)
        if (json_is_text(json_get(m, "type"), "TemplateProcessing"))
            return template_has(m, at_end);
    const struct json *single = json_get(processor, "single");
    if (!json_is_text(json_get(processor, "type"), "TemplateProcessing") || single == NULL)
        return false;
    const struct json *m = single->first;
    while (m != NULL && at_end && m->next != NULL)
        m = m->next;
    return json_get(m, "SpecialToken") != NULL;
}

static void write_flag(struct builder *b, const struct tokenizer_files *t, const char *setting, const char *key,
                       bool at_end)
{
    bool value;
    if (json_bool(&value, json_get(t->settings, setting)) != STATUS_OK)
        value = template_has(json_get(t->tokenizer, "post_processor"), at_end);
    builder_bool(b, key, value);
}

static void write_specials(struct builder *b, const struct tokenizer_files *t, const struct source_vocabulary *v)
{
    static const char *const rows[][3] = {
        {"bos_token", "bos_token_id", "tokenizer.ggml.bos_token_id"},
        {"eos_token", "eos_token_id", "tokenizer.ggml.eos_token_id"},
        {"unk_token", "unk_token_id", "tokenizer.ggml.unknown_token_id"},
        {"pad_token", "pad_token_id", "tokenizer.ggml.padding_token_id"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t id = special_id(t, v, rows[i][0], rows[i][1]);
        if (id != VOCABULARY_NONE)
            builder_u32(b, rows[i][2], id);
    }
    write_flag(b, t, "add_bos_token", "tokenizer.ggml.add_bos_token", false);
    write_flag(b, t, "add_eos_token", "tokenizer.ggml.add_eos_token", true);
}

static void write_tokens(struct builder *b, const struct source_vocabulary *v, bool spm)
{
    builder_array(b, "tokenizer.ggml.tokens", GGUF_STRING, v->n);
    for (uint32_t i = 0; i < v->n; i++) {
        char text[UNUSED_LEN / 2];
        struct writer w;
        if (v->tokens[i].text != NULL) {
            builder_element_text(b, v->tokens[i].text, v->tokens[i].len);
            continue;
        }
        writer_init(&w, text, sizeof text);
        writer_text(&w, "[PAD");
        writer_decimal(&w, i);
        writer_text(&w, "]");
        builder_element_text(b, text, writer_len(&w));
    }
    if (spm)
        builder_array(b, "tokenizer.ggml.scores", GGUF_F32, v->n);
    for (uint32_t i = 0; spm && i < v->n; i++)
        writer_u32le(&b->keys, f32_bits(v->tokens[i].score));
    builder_array(b, "tokenizer.ggml.token_type", GGUF_I32, v->n);
    for (uint32_t i = 0; i < v->n; i++)
        writer_u32le(&b->keys, (uint32_t)(v->tokens[i].text == NULL ? KIND_UNUSED : v->tokens[i].kind));
}

static enum status write_merges(struct builder *b, const struct json *merges, struct reason *why)
{
    builder_array(b, "tokenizer.ggml.merges", GGUF_STRING, merges->members_n);
    for (const struct json *m = merges->first; m != NULL; m = m->next) {
        const char *parts[2];
        size_t lens[2];
        if (!source_merge_read(m, parts, lens) || memchr(parts[0], ' ', lens[0]) != NULL ||
            memchr(parts[1], ' ', lens[1]) != NULL) {
            reason_set(why, "tokenizer.json: a merge that is not of two parts without spaces", NULL);
            return STATUS_MALFORMED;
        }
        writer_u64le(&b->keys, lens[0] + lens[1] + 1);
        writer_bytes(&b->keys, parts[0], lens[0]);
        writer_bytes(&b->keys, " ", 1);
        writer_bytes(&b->keys, parts[1], lens[1]);
    }
    return STATUS_OK;
}

/* chat_template.jinja, or chat_template: a text, or a list with one that is named default. */
static void write_template(struct builder *b, const struct tokenizer_files *t, struct folder_text file)
{
    const struct json *value = json_get(t->settings, "chat_template");
    if (file.bytes != NULL) {
        builder_text(b, "tokenizer.chat_template", file.bytes, file.len);
        return;
    }
    for (const struct json *m = value != NULL && value->type == JSON_ARRAY ? value->first : NULL; m != NULL;
         m = m->next)
        if (json_is_text(json_get(m, "name"), "default"))
            value = json_get(m, "template");
    if (value != NULL && value->type == JSON_STRING)
        builder_text(b, "tokenizer.chat_template", value->text, value->text_len);
}

enum status source_tokenizer_write(struct builder *b, struct arena *a, const struct folder *folder, uint32_t vocab_n,
                                   struct reason *why)
{
    struct tokenizer_files t;
    struct source_split split;
    struct source_vocabulary v;
    enum status status = read_json(&t.tokenizer, a, folder->tokenizer, "tokenizer.json", why);
    if (status != STATUS_OK || t.tokenizer == NULL)
        return status;
    status = read_json(&t.settings, a, folder->tokenizer_config, "tokenizer_config.json", why);
    if (status == STATUS_OK)
        status = read_json(&t.config, a, folder->config, "config.json", why);
    if (status == STATUS_OK)
        status = source_split_find(&split, t.tokenizer, why);
    if (status == STATUS_OK)
        status = source_vocabulary_read(&v, a, t.tokenizer, split.pre == NULL, vocab_n, why);
    if (status != STATUS_OK)
        return status;
    bool spm = split.pre == NULL;
    builder_text(b, "tokenizer.ggml.model", spm ? "llama" : "gpt2", spm ? 5 : 4);
    if (!spm)
        builder_text(b, "tokenizer.ggml.pre", split.pre, strlen(split.pre));
    write_tokens(b, &v, spm);
    if (!spm)
        status = write_merges(b, json_get(json_get(t.tokenizer, "model"), "merges"), why);
    write_specials(b, &t, &v);
    if (spm)
        builder_bool(b, "tokenizer.ggml.add_space_prefix", split.space_prefix);
    write_template(b, &t, folder->chat_template);
    return status;
}
