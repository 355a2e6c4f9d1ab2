/* SPDX-License-Identifier: Apache-2.0 */
/* Unigram as SentencePiece has it. */
#include "import/source_json.h"
#include "import/source_rules.h"

/* Runs of two spaces and more become one, or the mark that one becomes. */
static bool collapses_spaces(const struct json *n)
{
    const struct json *content = json_get(n, "content");
    return source_is_type(n, "Replace") && json_is_text(json_get(json_get(n, "pattern"), "Regex"), " {2,}") &&
           (json_is_text(content, " ") || source_is_mark(content));
}

/* Precompiled, Strip and Replace, each once at most and in this order. */
static enum status read_normalizer(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *steps[SOURCE_STEPS_MAX];
    size_t n;
    enum status status = source_steps(steps, &n, json_get(root, "normalizer"), "normalizers", why);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0, place = 0; i < n; i++) {
        const struct json *map = json_get(steps[i], "precompiled_charsmap");
        if (source_is_type(steps[i], "Precompiled") && map != NULL && map->type == JSON_STRING && place < 1) {
            s->charsmap = map;
            place = 1;
        } else if (source_is_type(steps[i], "Strip") && place < 2) {
            s->strips_start = source_is(steps[i], "strip_left", true);
            s->strips_end = source_is(steps[i], "strip_right", true);
            place = 2;
        } else if (collapses_spaces(steps[i]) && place < 3) {
            s->collapses = true;
            place = 3;
        } else {
            return source_unsupported(why, "normalizer of Unigram, or its place:", json_get(steps[i], "type"));
        }
    }
    return STATUS_OK;
}

static enum status read_metaspace(struct source_rules *s, const struct json *pre, struct reason *why)
{
    const struct json *scheme = json_get(pre, "prepend_scheme");
    if (!source_is_type(pre, "Metaspace") || !source_is_mark(json_get(pre, "replacement")))
        return source_unsupported(
            why, "pre_tokenizer of Unigram, which is not Metaspace with U+2581:", json_get(pre, "type"));
    if (scheme == NULL)
        s->prefix = source_flag(pre, "add_prefix_space", true) ? "always" : NULL;
    else if (json_is_text(scheme, "always") || json_is_text(scheme, "first"))
        s->prefix = json_is_text(scheme, "always") ? "always" : "first";
    else if (!json_is_text(scheme, "never"))
        return source_unsupported(why, "prepend_scheme", scheme);
    s->metaspace = true;
    s->space_prefix = s->prefix != NULL;
    s->words_apart = source_flag(pre, "split", true);
    return STATUS_OK;
}

enum status source_unigram_find(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *steps[SOURCE_STEPS_MAX];
    size_t n;
    s->model = SOURCE_UNIGRAM;
    enum status status = read_normalizer(s, root, why);
    if (status == STATUS_OK)
        status = source_steps(steps, &n, json_get(root, "pre_tokenizer"), "pretokenizers", why);
    if (status != STATUS_OK)
        return status;
    s->words_only = n == 2 && source_is_type(steps[0], "WhitespaceSplit");
    if (n != 1 && !s->words_only)
        return source_unsupported(why,
                                  "pre_tokenizer of Unigram, which is not Metaspace, after WhitespaceSplit or not:",
                                  n == 0 ? NULL : json_get(steps[0], "type"));
    status = read_metaspace(s, steps[n - 1], why);
    if (status != STATUS_OK)
        return status;
    if (s->words_only && !(s->words_apart && json_is_text(json_get(steps[1], "prepend_scheme"), "always")) &&
        !(s->words_apart && json_get(steps[1], "prepend_scheme") == NULL && s->prefix != NULL))
        return source_unsupported(why, "WhitespaceSplit before a Metaspace that is not always prepended and split",
                                  NULL);
    return STATUS_OK;
}
