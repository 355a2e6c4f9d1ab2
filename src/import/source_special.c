/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_special.h"

#include "import/source_json.h"

enum { NONE = VOCABULARY_NONE };

/* The text of a special token in tokenizer_config.json: a string, or an object that holds it. */
static const struct json *text_of(const struct source_files *f, const char *name)
{
    const struct json *value = json_get(f->settings, name);
    if (value != NULL && value->type == JSON_OBJECT)
        value = json_get(value, "content");
    return value != NULL && value->type == JSON_STRING ? value : NULL;
}

static uint32_t find(const struct source_vocabulary *v, const struct json *text)
{
    return text != NULL && text->type == JSON_STRING ? source_vocabulary_find(v, text->text, text->text_len) : NONE;
}

/* A number, or the first of a list. */
static uint32_t number(const struct source_vocabulary *v, const struct json *value)
{
    uint64_t id;
    if (value != NULL && value->type == JSON_ARRAY)
        value = value->first;
    return json_u64(&id, value) == STATUS_OK && id < v->n ? (uint32_t)id : NONE;
}

/* The step that puts special tokens around a text, or NULL. */
static const struct json *template_of(const struct source_files *f)
{
    const struct json *processor = json_get(f->tokenizer, "post_processor");
    const struct json *m = source_is_type(processor, "Sequence") ? json_get(processor, "processors") : NULL;
    for (m = m == NULL ? processor : m->first; m != NULL; m = m->next)
        if (source_is_type(m, "TemplateProcessing") || source_is_type(m, "BertProcessing") ||
            source_is_type(m, "RobertaProcessing"))
            return m;
    return NULL;
}

/* The special token that the template starts (or ends) with. */
static uint32_t template_id(const struct source_files *f, const struct source_vocabulary *v, bool at_end)
{
    const struct json *processor = template_of(f), *single = json_get(processor, "single");
    if (processor != NULL && !source_is_type(processor, "TemplateProcessing")) {
        const struct json *pair = json_get(processor, at_end ? "sep" : "cls");
        return pair != NULL && pair->type == JSON_ARRAY ? find(v, pair->first) : NONE;
    }
    const struct json *m = single == NULL ? NULL : single->first;
    while (m != NULL && at_end && m->next != NULL)
        m = m->next;
    return find(v, json_get(json_get(m, "SpecialToken"), "id"));
}

/* Models as bits, 1 << enum source_model. */
enum {
    IN_BYTES = 1 << SOURCE_BYTES | 1 << SOURCE_MERGES,
    IN_SPM = 1 << SOURCE_SPM,
    IN_WORDPIECE = 1 << SOURCE_WORDPIECE,
    IN_UNIGRAM = 1 << SOURCE_UNIGRAM,
};

static const struct id_row {
    const char *name, *number, *key;
    unsigned models;          /* that have it */
    unsigned assumed;         /* for which a reader assumes one where the key is absent */
    bool begins, ends, known; /* by the template, or by the model itself, when no file names it */
} id_rows[] = {
    {"bos_token", "bos_token_id", "tokenizer.ggml.bos_token_id", IN_BYTES | IN_SPM | IN_UNIGRAM, IN_BYTES | IN_SPM,
     true, false, false},
    {"cls_token", "", "tokenizer.ggml.bos_token_id", IN_WORDPIECE, IN_WORDPIECE, true, false, false},
    {"eos_token", "eos_token_id", "tokenizer.ggml.eos_token_id", IN_BYTES | IN_SPM | IN_UNIGRAM,
     IN_BYTES | IN_SPM | IN_UNIGRAM, false, true, false},
    {"sep_token", "", "tokenizer.ggml.seperator_token_id", IN_WORDPIECE, IN_WORDPIECE, false, true, false},
    {"unk_token", "unk_token_id", "tokenizer.ggml.unknown_token_id", IN_BYTES | IN_SPM | IN_UNIGRAM | IN_WORDPIECE,
     IN_SPM, false, false, true},
    {"pad_token", "pad_token_id", "tokenizer.ggml.padding_token_id", IN_BYTES | IN_SPM | IN_UNIGRAM | IN_WORDPIECE,
     IN_UNIGRAM | IN_WORDPIECE, false, false, false},
    {"mask_token", "", "tokenizer.ggml.mask_token_id", IN_WORDPIECE, IN_WORDPIECE, false, false, false},
};

static uint32_t id_of(const struct id_row *row, const struct source_files *f, const struct source_vocabulary *v,
                      enum source_model model)
{
    const struct json *text = text_of(f, row->name);
    if (row->known && model != SOURCE_BYTES)
        return v->unknown;
    if (text != NULL)
        return find(v, text);
    uint32_t id = number(v, json_get(f->config, row->number));
    if (id == NONE && row->ends)
        id = number(v, json_get(f->generation, row->number));
    if (id == NONE && (row->begins || row->ends))
        id = template_id(f, v, row->ends);
    return id;
}

static uint32_t write_ids(struct builder *b, const struct source_files *f, const struct source_vocabulary *v,
                          enum source_model model)
{
    uint32_t eos = NONE;
    for (size_t i = 0; i < sizeof id_rows / sizeof id_rows[0]; i++) {
        const struct id_row *row = &id_rows[i];
        if ((row->models >> model & 1) == 0)
            continue;
        uint32_t id = id_of(row, f, v, model);
        if (id != NONE)
            builder_u32(b, row->key, id);
        else if ((row->assumed >> model & 1) != 0)
            builder_u32(b, row->key, UINT32_MAX); /* none */
        eos = row->ends ? id : eos;
    }
    return eos;
}

static void write_flag(struct builder *b, const struct source_files *f, const char *setting, const char *key,
                       bool by_template)
{
    bool value;
    if (json_bool(&value, json_get(f->settings, setting)) != STATUS_OK)
        value = by_template;
    builder_bool(b, key, value);
}

/* ---- lists of tokens ---- */

typedef bool wanted(const void *context, uint32_t id);

static void write_list(struct builder *b, const char *key, uint32_t n, wanted *is_wanted, const void *context)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += is_wanted(context, i) ? 1 : 0;
    if (count == 0)
        return;
    builder_array(b, key, GGUF_U32, count);
    for (uint32_t i = 0; i < n; i++)
        if (is_wanted(context, i))
            writer_u32le(&b->keys, i);
}

static bool strips_left(const void *context, uint32_t id)
{
    return ((const struct source_vocabulary *)context)->tokens[id].strips_left;
}

static bool strips_right(const void *context, uint32_t id)
{
    return ((const struct source_vocabulary *)context)->tokens[id].strips_right;
}

static bool ends(const void *context, uint32_t id)
{
    return ((const struct source_vocabulary *)context)->tokens[id].ends;
}

/* Marks the tokens of a number or a list of numbers, but for eos; *first: the first of them that is marked. */
static void mark_ends(struct source_vocabulary v, uint32_t *first, const struct json *value, uint32_t eos)
{
    for (const struct json *m = value != NULL && value->type == JSON_ARRAY ? value->first : value; m != NULL;
         m = value->type == JSON_ARRAY ? m->next : NULL) {
        uint64_t id;
        if (json_u64(&id, m) != STATUS_OK || id >= v.n || id == eos)
            continue;
        v.tokens[id].ends = true;
        *first = *first == NONE ? (uint32_t)id : *first;
    }
}

void source_special_write(struct builder *b, const struct source_files *f, const struct source_vocabulary *v,
                          enum source_model model)
{
    uint32_t first = NONE;
    uint32_t eos = write_ids(b, f, v, model);
    bool begins = template_id(f, v, false) != NONE, closes = template_id(f, v, true) != NONE;
    write_flag(b, f, "add_bos_token", "tokenizer.ggml.add_bos_token", begins);
    if (model == SOURCE_WORDPIECE)
        builder_bool(b, "tokenizer.ggml.add_sep_token", closes);
    else
        write_flag(b, f, "add_eos_token", "tokenizer.ggml.add_eos_token", closes);
    mark_ends(*v, &first, json_get(f->config, "eos_token_id"), eos);
    mark_ends(*v, &first, json_get(f->generation, "eos_token_id"), eos);
    if (first != NONE)
        builder_u32(b, "tokenizer.ggml.eot_token_id", first);
    write_list(b, "cloister.tokenizer.end_token_ids", v->n, ends, v);
    write_list(b, "cloister.tokenizer.strips_left", v->n, strips_left, v);
    write_list(b, "cloister.tokenizer.strips_right", v->n, strips_right, v);
}
