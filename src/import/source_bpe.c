/* SPDX-License-Identifier: Apache-2.0 */
/* BPE: on bytes, cut by published regular expressions, or on characters with byte fallback. */
#include "import/source_json.h"
#include "import/source_rules.h"

#include <stddef.h>
#include <string.h>

#define CASED_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define ENDINGS     "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define BEFORE      "[^\\r\\n\\p{L}\\p{N}]?"
#define MARKS       " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define SPACES      "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define NUMBER      "\\p{N}"
#define GPT2        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define BLOOM       " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
#define CASED       BEFORE CASED_UPPER "*" CASED_LOWER "+"

enum { EXPRESSIONS_MAX = 5 };

/* The regular expressions of published tokenizers, one after the other, and the name that stands for them. */
struct expression_row {
    const char *expressions[EXPRESSIONS_MAX + 1];
    const char *pre, *pre_whole_words; /* without and with ignore_merges; NULL: none */
};

static const struct expression_row rows[] = {
    {{GPT2}, "gpt-2", NULL},
    {{NUMBER, GPT2}, "smollm", NULL},
    {{ENDINGS "|" BEFORE "\\p{L}+|\\p{N}{1,3}|" MARKS "|" SPACES}, "smaug-bpe", "llama-bpe"},
    {{ENDINGS "|" BEFORE "\\p{L}+|\\p{N}|" MARKS "|" SPACES}, "qwen2", NULL},
    {{ENDINGS "|" BEFORE "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" SPACES}, "qwen35", NULL},
    {{"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]"
      "|\\s+(?!\\S)|\\s+"},
     "bailingmoe",
     NULL},
    {{CASED "|" BEFORE CASED_UPPER "+" CASED_LOWER "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES}, NULL, "tekken"},
    {{CASED ENDINGS "?|" BEFORE CASED_UPPER "+" CASED_LOWER "*" ENDINGS
                    "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES},
     "gpt-4o",
     NULL},
    {{"\\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
      "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" SPACES},
     "deepseek-v3",
     NULL},
    {{"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", NUMBER},
     "deepseek-coder",
     NULL},
    {{BLOOM}, "bloom", NULL},
    {{BLOOM, NUMBER}, "viking", NULL},
};

/* Equal, where a line break stands for its escape too. */
static bool is_expression(const struct json *text, const char *expression)
{
    size_t at = 0;
    for (size_t i = 0; i < text->text_len; i++) {
        char c = text->text[i];
        if ((c == '\n' || c == '\r') && expression[at] == '\\' && expression[at + 1] == (c == '\n' ? 'n' : 'r'))
            at += 2;
        else if (expression[at] != '\0' && expression[at] == c)
            at++;
        else
            return false;
    }
    return expression[at] == '\0';
}

/* What each step of the pre_tokenizer cuts by: Split and Digits have an expression, ByteLevel has GPT-2's or none. */
struct cutting {
    const struct json *split[SOURCE_STEPS_MAX]; /* the text of a Split, or NULL: */
    const char *known[SOURCE_STEPS_MAX];
    size_t n;
};

static enum status read_cutting(struct cutting *c, const struct json *const *steps, size_t steps_n, struct reason *why)
{
    *c = (struct cutting){.n = 0};
    for (size_t i = 0; i < steps_n; i++) {
        const struct json *step = steps[i], *regex = json_get(json_get(step, "pattern"), "Regex");
        bool last = i + 1 == steps_n;
        if (last && source_is_type(step, "ByteLevel")) {
            if (source_flag(step, "use_regex", true))
                c->known[c->n++] = GPT2;
        } else if (!last && source_is_type(step, "Digits") && source_is(step, "individual_digits", true)) {
            c->known[c->n++] = NUMBER;
        } else if (!last && source_is_type(step, "Split") && regex != NULL && regex->type == JSON_STRING &&
                   json_is_text(json_get(step, "behavior"), "Isolated") && source_is(step, "invert", false)) {
            c->split[c->n++] = regex;
        } else {
            return source_unsupported(why, "pre_tokenizer", json_get(step, "type"));
        }
    }
    return STATUS_OK;
}

static bool is_row(const struct cutting *c, const struct expression_row *row)
{
    for (size_t i = 0; i < c->n; i++) {
        if (i == EXPRESSIONS_MAX || row->expressions[i] == NULL)
            return false;
        if (c->split[i] != NULL ? !is_expression(c->split[i], row->expressions[i])
                                : strcmp(c->known[i], row->expressions[i]) != 0)
            return false;
    }
    return row->expressions[c->n] == NULL;
}

static enum status find_bytes(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *steps[SOURCE_STEPS_MAX], *seen = NULL;
    size_t steps_n;
    struct cutting cutting;
    const struct json *pre = json_get(root, "pre_tokenizer"), *model = json_get(root, "model");
    enum status status = source_steps(steps, &steps_n, pre, "pretokenizers", why);
    if (status != STATUS_OK)
        return status;
    if (steps_n == 0 || !source_is_type(steps[steps_n - 1], "ByteLevel"))
        return source_unsupported(why, "pre_tokenizer", steps_n == 0 ? NULL : json_get(steps[steps_n - 1], "type"));
    s->space_prefix = source_flag(steps[steps_n - 1], "add_prefix_space", true);
    s->prefix = s->space_prefix ? "always" : NULL;
    if (s->space_prefix && steps_n > 1) /* each piece would get one */
        return source_unsupported(why, "ByteLevel with add_prefix_space after other steps", NULL);
    status = read_cutting(&cutting, steps, steps_n, why);
    if (status != STATUS_OK)
        return status;
    bool whole = source_is(model, "ignore_merges", true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && s->pre == NULL; i++) {
        if (!is_row(&cutting, &rows[i]))
            continue;
        s->pre = whole ? rows[i].pre_whole_words : rows[i].pre;
        s->whole_words = whole;
        if (s->pre == NULL)
            s->pre = whole ? rows[i].pre : rows[i].pre_whole_words;
    }
    for (size_t i = 0; i < cutting.n; i++)
        seen = cutting.split[i] != NULL ? cutting.split[i] : seen;
    return s->pre != NULL ? STATUS_OK : source_unsupported(why, "expression of pre_tokenizer", seen);
}

static bool replaces_spaces(const struct json *n)
{
    return source_is_type(n, "Replace") && json_is_text(json_get(json_get(n, "pattern"), "String"), " ") &&
           source_is_mark(json_get(n, "content"));
}

/* Metaspace; where it cuts, "llama" would not. */
static enum status find_metaspace(struct source_rules *s, const struct json *pre, struct reason *why)
{
    const struct json *scheme = json_get(pre, "prepend_scheme");
    bool older = scheme == NULL && source_flag(pre, "add_prefix_space", true);
    if (!source_is_mark(json_get(pre, "replacement")))
        return source_unsupported(why, "replacement of Metaspace", json_get(pre, "replacement"));
    if (!source_is(pre, "split", false)) {
        s->model = SOURCE_MERGES;
        s->pre = "cloister-words";
    }
    s->prefix = json_is_text(scheme, "always") || older ? "always" : json_is_text(scheme, "first") ? "first" : NULL;
    s->space_prefix = s->prefix != NULL;
    return s->space_prefix || scheme == NULL || json_is_text(scheme, "never")
               ? STATUS_OK
               : source_unsupported(why, "prepend_scheme", scheme);
}

/* SentencePiece's: Metaspace, or a normalizer that writes spaces as U+2581. */
static enum status find_spaces(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *steps[SOURCE_STEPS_MAX];
    size_t n;
    const struct json *pre = json_get(root, "pre_tokenizer"), *normalizer = json_get(root, "normalizer");
    if (source_is_type(pre, "Metaspace") && source_is_absent(normalizer))
        return find_metaspace(s, pre, why);
    /* Gemma cuts at spaces that are no longer there */
    bool idle = source_is_type(pre, "Split") && json_is_text(json_get(json_get(pre, "pattern"), "String"), " ");
    if (!source_is_absent(pre) && !idle)
        return source_unsupported(why, "pre_tokenizer", json_get(pre, "type"));
    enum status status = source_steps(steps, &n, normalizer, "normalizers", why);
    if (status != STATUS_OK)
        return status;
    if (n == 1 && replaces_spaces(steps[0]))
        return STATUS_OK;
    s->space_prefix = n == 2 && source_is_type(steps[0], "Prepend") && source_is_mark(json_get(steps[0], "prepend")) &&
                      replaces_spaces(steps[1]);
    return s->space_prefix ? STATUS_OK : source_unsupported(why, "normalizer", json_get(normalizer, "type"));
}

enum status source_bpe_find(struct source_rules *s, const struct json *root, struct reason *why)
{
    static const char *const absent[] = {"continuing_subword_prefix", "end_of_word_suffix", "dropout"};
    const struct json *model = json_get(root, "model");
    const struct json *normalizer = json_get(root, "normalizer"), *steps[SOURCE_STEPS_MAX];
    size_t n;
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        const struct json *value = json_get(model, absent[i]);
        if (!source_is_absent(value) && !(value->type == JSON_STRING && value->text_len == 0))
            return source_unsupported(why, absent[i], value);
    }
    s->model = source_is(model, "byte_fallback", true) ? SOURCE_SPM : SOURCE_BYTES;
    if (s->model == SOURCE_SPM && source_is(model, "ignore_merges", true))
        return source_unsupported(why, "BPE with byte_fallback and ignore_merges", NULL);
    if (s->model == SOURCE_SPM)
        return find_spaces(s, root, why);
    enum status status = source_steps(steps, &n, normalizer, "normalizers", why);
    if (status != STATUS_OK)
        return status;
    s->nfc = n == 1 && source_is_type(steps[0], "NFC");
    if (n != 0 && !s->nfc)
        return source_unsupported(why, "normalizer", json_get(steps[0], "type"));
    return find_bytes(s, root, why);
}

enum status source_rules_find(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *model = json_get(root, "model");
    *s = (struct source_rules){.model = SOURCE_BYTES};
    if (source_is_type(model, "Unigram"))
        return source_unigram_find(s, root, why);
    if (source_is_type(model, "WordPiece"))
        return source_wordpiece_find(s, root, why);
    /* older files name no type for BPE, which alone has merges */
    if (source_is_type(model, "BPE") ||
        (model != NULL && source_is_absent(json_get(model, "type")) && json_get(model, "merges") != NULL))
        return source_bpe_find(s, root, why);
    return source_unsupported(why, "model", json_get(model, "type"));
}
