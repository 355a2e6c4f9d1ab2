/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens end a generation: those that the metadata names, and those whose text is known for it. */
#include "engine/tokenizer/settings.h"
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

/* Texts that end a turn, a message or a document; the last ones pad, or part files and repositories in code models.
 * Octal: \357\275\234 is U+FF5C and \342\226\201 is U+2581, in names of DeepSeek. */
static const char *const end_texts[] = {"<|eot_id|>",
                                        "<|im_end|>",
                                        "<|end|>",
                                        "<|return|>",
                                        "<|call|>",
                                        "<|flush|>",
                                        "<|calls|>",
                                        "<end_of_turn>",
                                        "<|endoftext|>",
                                        "</s>",
                                        "<|eom_id|>",
                                        "<EOT>",
                                        "_<EOT>",
                                        "[EOT]",
                                        "[EOS]",
                                        "<|end_of_text|>",
                                        "<end_of_utterance>",
                                        "<eos>",
                                        "<turn|>",
                                        "<|tool_response>",
                                        "<\357\275\234end\342\226\201of\342\226\201sentence\357\275\234>",
                                        "[e~[",
                                        "<|fim_pad|>",
                                        "<fim-pad>",
                                        "<fim_pad>",
                                        "<PAD>",
                                        "[PAD]",
                                        "<|fim_repo|>",
                                        "<|repo_name|>",
                                        "<fim-repo>",
                                        "<REPO>",
                                        "<reponame>",
                                        "<|file_sep|>"};

/* Control tokens that some files call normal ones: they are found in templates, and never in text from outside. */
static const char *const control_texts[] = {"<|fim_prefix|>",
                                            "<fim-prefix>",
                                            "<fim_prefix>",
                                            "<PRE>",
                                            "\342\226\201<PRE>",
                                            "<|code_prefix|>",
                                            "<|prefix|>",
                                            "<|fim_suffix|>",
                                            "<fim-suffix>",
                                            "<fim_suffix>",
                                            "<SUF>",
                                            "\342\226\201<SUF>",
                                            "<|code_suffix|>",
                                            "<|suffix|>",
                                            "<|fim_middle|>",
                                            "<fim-middle>",
                                            "<fim_middle>",
                                            "<MID>",
                                            "\342\226\201<MID>",
                                            "<|code_middle|>",
                                            "<|middle|>",
                                            "<\357\275\234fim\342\226\201begin\357\275\234>",
                                            "<\357\275\234fim\342\226\201hole\357\275\234>",
                                            "<\357\275\234fim\342\226\201end\357\275\234>"};

static struct token *named(struct tokenizer *t, const char *text)
{
    uint32_t id = vocabulary_find(t, (const uint8_t *)text, strlen(text), VOCABULARY_ALL);
    return id == TOKENIZER_NO_TOKEN ? NULL : &t->tokens[id];
}

static bool ends(struct tokenizer *t, const char *text)
{
    const struct token *token = named(t, text);
    return token != NULL && token->ends;
}

static void make_control(struct token *token)
{
    if (token->kind == TOKEN_NORMAL || token->kind == TOKEN_USER_DEFINED)
        token->kind = TOKEN_CONTROL;
}

/* Where a text has another meaning in its company. */
static void take_back(struct tokenizer *t)
{
    bool harmony = ends(t, "<|return|>") && (ends(t, "<|call|>") || ends(t, "<|calls|>"));
    bool solar = ends(t, "<|flush|>") && (ends(t, "<|call|>") || ends(t, "<|calls|>"));
    if ((harmony || solar) && ends(t, "<|end|>"))
        named(t, "<|end|>")->ends = false; /* ends a message of several */
    if (ends(t, "<|tool_response>") && ends(t, "</s>"))
        named(t, "</s>")->ends = false;
}

enum status ends_read(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    static const char *const keys[] = {"tokenizer.ggml.eot_token_id",     "tokenizer.ggml.eom_token_id",
                                       "tokenizer.ggml.fim_pad_token_id", "tokenizer.ggml.fim_rep_token_id",
                                       "tokenizer.ggml.fim_sep_token_id", "tokenizer.ggml.eos_token_id"};
    for (size_t i = 0; i < sizeof end_texts / sizeof end_texts[0]; i++) {
        struct token *token = named(t, end_texts[i]);
        if (token == NULL)
            continue;
        token->ends = true;
        make_control(token);
    }
    for (size_t i = 0; i < sizeof control_texts / sizeof control_texts[0]; i++) {
        struct token *token = named(t, control_texts[i]);
        if (token != NULL)
            make_control(token);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint32_t id = TOKENIZER_NO_TOKEN;
        enum status status = settings_id(&id, t, g, keys[i], why);
        if (status != STATUS_OK)
            return status;
        if (id != TOKENIZER_NO_TOKEN)
            t->tokens[id].ends = true;
    }
    if (t->eos != TOKENIZER_NO_TOKEN)
        t->tokens[t->eos].ends = true;
    take_back(t);
    return STATUS_OK;
}

bool tokenizer_ends(const struct tokenizer *t, uint32_t token)
{
    return token < t->tokens_n && t->tokens[token].ends;
}
