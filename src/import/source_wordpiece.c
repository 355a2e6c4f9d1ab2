/* SPDX-License-Identifier: Apache-2.0 */
/* WordPiece as BERT has it. */
#include "import/source_json.h"
#include "import/source_rules.h"

enum { WORD_MAX = 1 << 20 };

static enum status read_normalizer(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *steps[SOURCE_STEPS_MAX];
    size_t n;
    enum status status = source_steps(steps, &n, json_get(root, "normalizer"), "normalizers", why);
    if (status != STATUS_OK)
        return status;
    if (n != 1 || !source_is_type(steps[0], "BertNormalizer"))
        return source_unsupported(
            why, "normalizer of WordPiece, which is not BertNormalizer:", n == 0 ? NULL : json_get(steps[0], "type"));
    if (!source_flag(steps[0], "clean_text", true))
        return source_unsupported(why, "BertNormalizer without clean_text", NULL);
    s->chinese_apart = source_flag(steps[0], "handle_chinese_chars", true);
    s->lower_case = source_flag(steps[0], "lowercase", true);
    s->strip_accents = source_flag(steps[0], "strip_accents", s->lower_case);
    return STATUS_OK;
}

enum status source_wordpiece_find(struct source_rules *s, const struct json *root, struct reason *why)
{
    const struct json *model = json_get(root, "model"), *pre = json_get(root, "pre_tokenizer");
    uint64_t most;
    s->model = SOURCE_WORDPIECE;
    enum status status = read_normalizer(s, root, why);
    if (status != STATUS_OK)
        return status;
    if (!source_is_type(pre, "BertPreTokenizer"))
        return source_unsupported(why,
                                  "pre_tokenizer of WordPiece, which is not BertPreTokenizer:", json_get(pre, "type"));
    if (!json_is_text(json_get(model, "continuing_subword_prefix"), "##"))
        return source_unsupported(
            why, "continuing_subword_prefix, which is not ##:", json_get(model, "continuing_subword_prefix"));
    const struct json *given = json_get(model, "max_input_chars_per_word");
    if (json_u64(&most, given) != STATUS_OK || most > WORD_MAX)
        return source_unsupported(why, "max_input_chars_per_word, which is not 0 to 2^20", NULL);
    s->word_max = (uint32_t)most;
    s->cleans = source_flag(json_get(root, "decoder"), "cleanup", true);
    return STATUS_OK;
}
