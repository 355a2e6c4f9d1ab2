/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_tokenizer.h"

#include "core/base/checked.h"
#include "core/codec/json.h"
#include "engine/numerics.h"
#include "engine/tokenizer/pattern.h"
#include "import/source_json.h"
#include "import/source_rules.h"
#include "import/source_special.h"
#include "import/source_vocabulary.h"

#include <string.h>

enum { UNUSED_LEN = 64, FIXED_LEN = 8192 };

static size_t texts_len(const struct folder *f)
{
    size_t sum;
    bool fits = checked_add_size(&sum, f->tokenizer.len, f->tokenizer_config.len) &&
                checked_add_size(&sum, sum, f->chat_template.len) && checked_add_size(&sum, sum, f->config.len) &&
                checked_add_size(&sum, sum, f->generation_config.len);
    return fits && sum < SIZE_MAX / 256 ? sum : SIZE_MAX / 256;
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

/* WordPiece marks in GGUF what begins a word, in tokenizer.json what goes on. */
static void write_word(struct builder *b, const struct source_token *t)
{
    bool goes_on = t->len > 2 && memcmp(t->text, "##", 2) == 0;
    if (goes_on && t->len >= 5 && memcmp(t->text + 2, "\xe2\x96\x81", 3) == 0)
        goes_on = false; /* would look like one that begins a word; never found so */
    if (goes_on) {
        builder_element_text(b, t->text + 2, t->len - 2);
        return;
    }
    writer_u64le(&b->keys, t->len + 3);
    writer_text(&b->keys, "\xe2\x96\x81");
    writer_bytes(&b->keys, t->text, t->len);
}

static void write_texts(struct builder *b, const struct source_vocabulary *v, enum source_model model)
{
    builder_array(b, "tokenizer.ggml.tokens", GGUF_STRING, v->n);
    for (uint32_t i = 0; i < v->n; i++) {
        char text[UNUSED_LEN / 2];
        struct writer w;
        if (v->tokens[i].text != NULL && model == SOURCE_WORDPIECE && v->tokens[i].kind == KIND_NORMAL) {
            write_word(b, &v->tokens[i]);
            continue;
        }
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
}

static void write_tokens(struct builder *b, const struct source_vocabulary *v, enum source_model model)
{
    bool scores = model == SOURCE_SPM || model == SOURCE_UNIGRAM;
    write_texts(b, v, model);
    if (scores)
        builder_array(b, "tokenizer.ggml.scores", GGUF_F32, v->n);
    for (uint32_t i = 0; scores && i < v->n; i++)
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

static void write_merging_rules(struct builder *b, const struct source_rules *s)
{
    const struct pattern_name *row = pattern_find(s->pre, strlen(s->pre));
    builder_text(b, "tokenizer.ggml.pre", s->pre, strlen(s->pre));
    if (s->model == SOURCE_MERGES)
        builder_bool(b, "tokenizer.ggml.add_space_prefix", s->space_prefix);
    if (row != NULL && s->whole_words != ((row->flags & PATTERN_WHOLE_WORDS) != 0))
        builder_bool(b, "cloister.tokenizer.whole_words", s->whole_words);
}

static void write_wordpiece_rules(struct builder *b, const struct source_rules *s)
{
    builder_bool(b, "tokenizer.ggml.normalizer.lowercase", s->lower_case);
    builder_bool(b, "tokenizer.ggml.normalizer.strip_accents", s->strip_accents);
    builder_bool(b, "cloister.tokenizer.chinese_apart", s->chinese_apart);
    builder_bool(b, "cloister.tokenizer.drops_controls", true);
    builder_bool(b, "cloister.tokenizer.marks_apart", true);
    builder_u32(b, "cloister.tokenizer.word_max", s->word_max);
    builder_bool(b, "cloister.tokenizer.cleanup", s->cleans);
}

static enum status write_unigram_rules(struct builder *b, struct arena *a, const struct source_rules *s,
                                       struct reason *why)
{
    builder_bool(b, "tokenizer.ggml.add_space_prefix", s->space_prefix);
    builder_bool(b, "tokenizer.ggml.remove_extra_whitespaces", s->collapses);
    builder_bool(b, "cloister.tokenizer.metaspace", true);
    builder_bool(b, "cloister.tokenizer.words_apart", s->words_apart);
    builder_bool(b, "cloister.tokenizer.words_only", s->words_only);
    builder_bool(b, "cloister.tokenizer.strips_start", s->strips_start);
    builder_bool(b, "cloister.tokenizer.strips_end", s->strips_end);
    if (s->charsmap == NULL || s->charsmap->text_len == 0)
        return STATUS_OK;
    size_t len;
    uint8_t *map = arena_take(a, s->charsmap->text_len, 1, 1);
    if (map == NULL)
        return STATUS_NO_MEMORY;
    if (json_base64(map, s->charsmap->text_len, &len, s->charsmap) != STATUS_OK) {
        reason_set(why, "tokenizer.json: precompiled_charsmap is no base64", NULL);
        return STATUS_MALFORMED;
    }
    builder_array(b, "tokenizer.ggml.precompiled_charsmap", GGUF_U8, len);
    writer_bytes(&b->keys, map, len);
    return STATUS_OK;
}

static enum status write_rules(struct builder *b, struct arena *a, const struct source_rules *s, struct reason *why)
{
    if (s->nfc)
        builder_bool(b, "cloister.tokenizer.nfc", true);
    if (s->prefix != NULL)
        builder_text(b, "cloister.tokenizer.prefix", s->prefix, strlen(s->prefix));
    switch (s->model) {
    case SOURCE_BYTES:
    case SOURCE_MERGES: write_merging_rules(b, s); break;
    case SOURCE_SPM: builder_bool(b, "tokenizer.ggml.add_space_prefix", s->space_prefix); break;
    case SOURCE_WORDPIECE: write_wordpiece_rules(b, s); break;
    case SOURCE_UNIGRAM: return write_unigram_rules(b, a, s, why);
    }
    return STATUS_OK;
}

/* chat_template.jinja, or chat_template: a text, or a list with one that is named default. */
static void write_template(struct builder *b, const struct json *settings, struct folder_text file)
{
    const struct json *value = json_get(settings, "chat_template");
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

/* "llama" knows no merges, only tokens and which goes first; where that is not the same, the merges themselves are
 * taken. */
static void prefer_merges(struct source_rules *s, struct source_vocabulary *v, const struct json *tokenizer)
{
    if (s->model != SOURCE_SPM || source_vocabulary_is_ranked(v, json_get(json_get(tokenizer, "model"), "merges")))
        return;
    s->model = SOURCE_MERGES;
    s->pre = "cloister-whole";
    if (s->space_prefix && s->prefix == NULL)
        s->prefix = "every";
}

static enum status read_files(struct source_files *f, struct arena *a, const struct folder *folder, struct reason *why)
{
    enum status status = read_json(&f->tokenizer, a, folder->tokenizer, "tokenizer.json", why);
    if (status == STATUS_OK)
        status = read_json(&f->settings, a, folder->tokenizer_config, "tokenizer_config.json", why);
    if (status == STATUS_OK)
        status = read_json(&f->config, a, folder->config, "config.json", why);
    if (status == STATUS_OK)
        status = read_json(&f->generation, a, folder->generation_config, "generation_config.json", why);
    return status;
}

enum status source_tokenizer_write(struct builder *b, struct arena *a, const struct folder *folder, uint32_t vocab_n,
                                   struct reason *why)
{
    static const char *const models[] = {"gpt2", "llama", "gpt2", "bert", "t5"};
    struct source_files f;
    struct source_rules rules;
    struct source_vocabulary v;
    if (folder->tokenizer.bytes == NULL)
        return STATUS_OK;
    enum status status = read_files(&f, a, folder, why);
    if (status == STATUS_OK)
        status = source_rules_find(&rules, f.tokenizer, why);
    if (status == STATUS_OK && vocab_n == SOURCE_VOCAB_OWN)
        vocab_n = source_vocabulary_n(f.tokenizer);
    if (status == STATUS_OK)
        status = source_vocabulary_read(&v, a, f.tokenizer, rules.model, vocab_n, why);
    if (status != STATUS_OK)
        return status;
    prefer_merges(&rules, &v, f.tokenizer);
    builder_text(b, "tokenizer.ggml.model", models[rules.model], strlen(models[rules.model]));
    write_tokens(b, &v, rules.model);
    if (rules.model == SOURCE_BYTES || rules.model == SOURCE_MERGES)
        status = write_merges(b, json_get(json_get(f.tokenizer, "model"), "merges"), why);
    source_special_write(b, &f, &v, rules.model);
    if (status == STATUS_OK)
        status = write_rules(b, a, &rules, why);
    write_template(b, f.settings, folder->chat_template);
    return status;
}
