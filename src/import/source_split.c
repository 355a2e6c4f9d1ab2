/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_split.h"

#include <stddef.h>

#define CASED_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define ENDINGS     "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define BEFORE      "[^\\r\\n\\p{L}\\p{N}]?"
#define SPACES      "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* The regular expressions of published tokenizers; pre is NULL where no name stands for it. */
struct expression {
    const char *text;
    const char *pre, *pre_whole_words; /* without and with ignore_merges */
};

static const struct expression expressions[] = {
    {ENDINGS "|" BEFORE "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" SPACES, "smaug-bpe", "llama-bpe"},
    {ENDINGS "|" BEFORE "\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" SPACES, "qwen2", NULL},
    {BEFORE CASED_UPPER "*" CASED_LOWER "+|" BEFORE CASED_UPPER "+" CASED_LOWER
                        "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES,
     NULL, "tekken"},
    {BEFORE CASED_UPPER "*" CASED_LOWER "+" ENDINGS "?|" BEFORE CASED_UPPER "+" CASED_LOWER "*" ENDINGS
                        "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES,
     "gpt-4o", NULL},
};

static enum status unsupported(struct reason *why, const char *what, const struct json *seen)
{
    reason_set(why, "tokenizer.json: unsupported ", what, " ", NULL);
    if (seen != NULL && seen->type == JSON_STRING)
        reason_add_quoted(why, seen->text, seen->text_len);
    return STATUS_UNSUPPORTED;
}

static bool is_type(const struct json *object, const char *type)
{
    return json_is_text(json_get(object, "type"), type);
}

static bool is_absent(const struct json *value)
{
    return value == NULL || value->type == JSON_NULL;
}

static bool is(const struct json *object, const char *name, bool wanted)
{
    const struct json *value = json_get(object, name);
    return value != NULL && value->type == (wanted ? JSON_TRUE : JSON_FALSE);
}

/* The only or first step of a Sequence, and the second in *second; anything else is its own only step. */
static const struct json *steps(const struct json *value, const char *list, const struct json **second)
{
    *second = NULL;
    if (!is_type(value, "Sequence"))
        return value;
    const struct json *members = json_get(value, list);
    if (members == NULL || members->type != JSON_ARRAY || members->members_n < 1 || members->members_n > 2)
        return NULL;
    *second = members->first->next;
    return members->first;
}

/* ByteLevel, alone (with its own expression), after Digits, or after Split. */
static enum status find_bytes(struct source_split *s, const struct json *root, struct reason *why)
{
    const struct json *second;
    const struct json *first = steps(json_get(root, "pre_tokenizer"), "pretokenizers", &second);
    const struct json *level = second != NULL ? second : first;
    bool whole_words = is(json_get(root, "model"), "ignore_merges", true);
    if (!is(level, "add_prefix_space", false))
        return unsupported(why, "ByteLevel with add_prefix_space", NULL);
    bool own = !is(level, "use_regex", false); /* true when absent */
    bool digits = second != NULL && is_type(first, "Digits") && is(first, "individual_digits", true);
    if (own && !whole_words && (second == NULL || digits)) {
        s->pre = digits ? "smollm" : "gpt-2";
        return STATUS_OK;
    }
    const struct json *regex = json_get(json_get(first, "pattern"), "Regex");
    if (own || second == NULL || !is_type(first, "Split") || !json_is_text(json_get(first, "behavior"), "Isolated") ||
        !is(first, "invert", false) || regex == NULL)
        return unsupported(why, "pre_tokenizer", json_get(first, "type"));
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0] && s->pre == NULL; i++)
        if (json_is_text(regex, expressions[i].text))
            s->pre = whole_words ? expressions[i].pre_whole_words : expressions[i].pre;
    return s->pre != NULL ? STATUS_OK : unsupported(why, "expression of pre_tokenizer", regex);
}

static bool is_space_mark(const struct json *text)
{
    return json_is_text(text, "\xe2\x96\x81");
}

static bool replaces_spaces(const struct json *n)
{
    return is_type(n, "Replace") && json_is_text(json_get(json_get(n, "pattern"), "String"), " ") &&
           is_space_mark(json_get(n, "content"));
}

/* Metaspace without splitting, or a normalizer that writes spaces as U+2581. */
static enum status find_spaces(struct source_split *s, const struct json *root, struct reason *why)
{
    const struct json *second;
    const struct json *pre = json_get(root, "pre_tokenizer"), *normalizer = json_get(root, "normalizer");
    if (is_type(pre, "Metaspace") && is_absent(normalizer) && is_space_mark(json_get(pre, "replacement")) &&
        is(pre, "split", false)) {
        const struct json *scheme = json_get(pre, "prepend_scheme");
        s->space_prefix = json_is_text(scheme, "first") || json_is_text(scheme, "always");
        return s->space_prefix || json_is_text(scheme, "never") ? STATUS_OK
                                                                : unsupported(why, "prepend_scheme", scheme);
    }
    /* Gemma cuts at spaces that are no longer there */
    bool idle = is_type(pre, "Split") && json_is_text(json_get(json_get(pre, "pattern"), "String"), " ");
    if (!is_absent(pre) && !idle)
        return unsupported(why, "pre_tokenizer", json_get(pre, "type"));
    const struct json *first = steps(normalizer, "normalizers", &second);
    if (second == NULL && replaces_spaces(first))
        return STATUS_OK;
    s->space_prefix = is_type(first, "Prepend") && is_space_mark(json_get(first, "prepend")) && replaces_spaces(second);
    return s->space_prefix ? STATUS_OK : unsupported(why, "normalizer", json_get(normalizer, "type"));
}

enum status source_split_find(struct source_split *s, const struct json *root, struct reason *why)
{
    static const char *const absent[] = {"continuing_subword_prefix", "end_of_word_suffix", "dropout"};
    const struct json *model = json_get(root, "model"), *normalizer = json_get(root, "normalizer");
    *s = (struct source_split){NULL, false};
    if (!is_type(model, "BPE"))
        return unsupported(why, "model", json_get(model, "type"));
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        const struct json *value = json_get(model, absent[i]);
        if (!is_absent(value) && !(value->type == JSON_STRING && value->text_len == 0))
            return unsupported(why, absent[i], value);
    }
    if (is(model, "byte_fallback", true))
        return find_spaces(s, root, why);
    /* GGUF tokenizers do not normalise: texts of other forms than NFC differ */
    if (!is_absent(normalizer) && !is_type(normalizer, "NFC"))
        return unsupported(why, "normalizer", json_get(normalizer, "type"));
    return find_bytes(s, root, why);
}
