/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-tokenizers: stages made of rules, patterns made of stages, and at the end the table of names
 * (tokenizer.ggml.pre).  The regular expressions are the ones published with the models; test/data/pretokenizer has
 * them as text, and test/engine/pretokenizer.c holds each row to its own. */
#include "engine/tokenizer/pattern.h"

#include "engine/tokenizer/pattern_sets.h"

#include <string.h>

/* ---- rules that many stages share: macros, because an initializer cannot be a function ---- */

#define CONTRACTIONS                                                                                                   \
    {                                                                                                                  \
        RULE_CONTRACTION, NULL, NULL, NULL, 0                                                                          \
    }
#define CONTRACTIONS_ANY                                                                                               \
    {                                                                                                                  \
        RULE_CONTRACTION_ANY, NULL, NULL, NULL, 0                                                                      \
    }
#define NEWLINES                                                                                                       \
    {                                                                                                                  \
        RULE_NEWLINES, NULL, NULL, NULL, 0                                                                             \
    }
#define SPACES_BEFORE                                                                                                  \
    {                                                                                                                  \
        RULE_SPACES_BEFORE, NULL, NULL, NULL, 0                                                                        \
    }
#define SPACES                                                                                                         \
    {                                                                                                                  \
        RULE_RUN, NULL, &set_spaces, NULL, 0                                                                           \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        RULE_END, NULL, NULL, NULL, 0                                                                                  \
    }

/* P?B+ , B{1,max} and P?B+T* */
#define WORDS(prefix, body)                                                                                            \
    {                                                                                                                  \
        RULE_RUN, &prefix, &body, NULL, 0                                                                              \
    }
#define RUNS(body)                                                                                                     \
    {                                                                                                                  \
        RULE_RUN, NULL, &body, NULL, 0                                                                                 \
    }
#define UP_TO(max, body)                                                                                               \
    {                                                                                                                  \
        RULE_RUN, NULL, &body, NULL, max                                                                               \
    }
#define MARKS(body, tail)                                                                                              \
    {                                                                                                                  \
        RULE_RUN, &set_space, &body, &tail, 0                                                                          \
    }
#define CASED(upper, lower, endings)                                                                                   \
    {                                                                                                                  \
        RULE_CASED, &set_before_letters, &upper, &lower, endings                                                       \
    }

/* ---- stages ---- */

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const struct rule gpt2[] = {CONTRACTIONS,
                                   WORDS(set_space, set_letters),
                                   WORDS(set_space, set_numbers),
                                   WORDS(set_space, set_others),
                                   SPACES_BEFORE,
                                   SPACES,
                                   END};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ ; also with \p{N},
 * \p{N}+, no contractions, no tail after marks, halved spaces */
static const struct rule llama3[] = {CONTRACTIONS_ANY,
                                     WORDS(set_before_letters, set_letters),
                                     UP_TO(3, set_numbers),
                                     MARKS(set_others, set_newlines),
                                     NEWLINES,
                                     SPACES_BEFORE,
                                     SPACES,
                                     END};
static const struct rule qwen2[] = {CONTRACTIONS_ANY,
                                    WORDS(set_before_letters, set_letters),
                                    UP_TO(1, set_numbers),
                                    MARKS(set_others, set_newlines),
                                    NEWLINES,
                                    SPACES_BEFORE,
                                    SPACES,
                                    END};
static const struct rule minicpm[] = {CONTRACTIONS_ANY,
                                      WORDS(set_before_letters, set_letters),
                                      RUNS(set_numbers),
                                      MARKS(set_others, set_newlines),
                                      NEWLINES,
                                      SPACES_BEFORE,
                                      SPACES,
                                      END};
static const struct rule ufakzeka[] = {WORDS(set_before_letters, set_letters),
                                       UP_TO(1, set_numbers),
                                       MARKS(set_others, set_newlines),
                                       NEWLINES,
                                       SPACES_BEFORE,
                                       SPACES,
                                       END};
static const struct rule seed_coder[] = {CONTRACTIONS_ANY,
                                         WORDS(set_before_letters, set_letters),
                                         UP_TO(1, set_numbers),
                                         WORDS(set_space, set_others), /* [^\s\p{L}\p{N}\r\n]: \s has \r and \n */
                                         NEWLINES,
                                         SPACES_BEFORE,
                                         SPACES,
                                         END};
static const struct rule jais2[] = {CONTRACTIONS_ANY,
                                    WORDS(set_before_letters, set_letters),
                                    UP_TO(3, set_numbers),
                                    MARKS(set_others, set_newlines),
                                    NEWLINES,
                                    {RULE_SPACES_HALVED, NULL, NULL, NULL, 0},
                                    END};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|... */
static const struct rule qwen35[] = {CONTRACTIONS_ANY,
                                     WORDS(set_before_letters, set_letters_marks),
                                     UP_TO(1, set_numbers),
                                     MARKS(set_others_no_marks, set_newlines),
                                     NEWLINES,
                                     SPACES_BEFORE,
                                     SPACES,
                                     END};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|... */
static const struct rule exaone_moe[] = {CONTRACTIONS_ANY,
                                         {RULE_PHRASE, &set_before_letters, NULL, NULL, 0},
                                         UP_TO(1, set_numbers),
                                         {RULE_RUN_ONE_TAIL, &set_space, &set_others, &set_newlines_slash, 0},
                                         NEWLINES,
                                         SPACES_BEFORE,
                                         SPACES,
                                         END};

/* [^\r\n\p{L}\p{N}]?U*L+(?i:'s|...)?|[^\r\n\p{L}\p{N}]?U+L*(?i:'s|...)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|... where
 * U is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L is [\p{Ll}\p{Lm}\p{Lo}\p{M}]; also with \p{N}, and without contractions */
static const struct rule gpt_4o[] = {CASED(set_upper, set_lower, 1),
                                     UP_TO(3, set_numbers),
                                     MARKS(set_others, set_newlines_slash),
                                     NEWLINES,
                                     SPACES_BEFORE,
                                     SPACES,
                                     END};
static const struct rule youtu_words[] = {CASED(set_upper, set_lower, 1),
                                          UP_TO(1, set_numbers),
                                          MARKS(set_others, set_newlines_slash),
                                          NEWLINES,
                                          SPACES_BEFORE,
                                          SPACES,
                                          END};
static const struct rule tekken[] = {CASED(set_upper, set_lower, 0),
                                     UP_TO(1, set_numbers),
                                     MARKS(set_others, set_newlines_slash),
                                     NEWLINES,
                                     SPACES_BEFORE,
                                     SPACES,
                                     END};
/* [\p{Han}]+|the same with U and L without Han, and [\r\n]* */
static const struct rule kimi_k2[] = {RUNS(set_han),
                                      CASED(set_upper_no_han, set_lower_no_han, 1),
                                      UP_TO(3, set_numbers),
                                      MARKS(set_others, set_newlines),
                                      NEWLINES,
                                      SPACES_BEFORE,
                                      SPACES,
                                      END};

/* [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static const struct rule deepseek3_words[] = {{RULE_PAIR, NULL, &set_ascii_marks, &set_ascii_letters, 0},
                                              WORDS(set_before_words, set_letters_marks),
                                              MARKS(set_marks_symbols, set_newlines),
                                              NEWLINES,
                                              SPACES_BEFORE,
                                              SPACES,
                                              END};
/* the same with  ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+ */
static const struct rule spark_words[] = {{RULE_PAIR, NULL, &set_ascii_marks, &set_ascii_letters, 0},
                                          WORDS(set_before_words, set_letters_marks),
                                          WORDS(set_space, set_marks_symbols),
                                          UP_TO(1, set_newlines),
                                          SPACES_BEFORE,
                                          SPACES,
                                          END};

static const struct rule number[] = {UP_TO(1, set_numbers), END};
static const struct rule numbers[] = {RUNS(set_numbers), END};
static const struct rule numbers_3[] = {UP_TO(3, set_numbers), END};
static const struct rule three_ascii_digits[] = {{RULE_EXACTLY, NULL, &set_ascii_digits, NULL, 3}, END};
static const struct rule one_newline[] = {UP_TO(1, set_newlines), END};
static const struct rule lines[] = {RUNS(set_not_newline), RUNS(set_newline), END};
static const struct rule not_spaces[] = {RUNS(set_not_spaces), END};
static const struct rule falcon_marks[] = {RUNS(set_falcon_marks), END};
static const struct rule default_marks[] = {RUNS(set_default_marks), END};
static const struct rule deepseek_letters[] = {WORDS(set_spaces, set_deepseek_letters), END};
static const struct rule deepseek_marks[] = {WORDS(set_spaces, set_deepseek_marks), END};
static const struct rule deepseek_cjk[] = {RUNS(set_deepseek_cjk), END};
static const struct rule spaces_end[] = {{RULE_SPACES_END, NULL, NULL, NULL, 0}, END};
static const struct rule coder_letters[] = {WORDS(set_spaces, set_letters), END};
static const struct rule coder_punctuation[] = {WORDS(set_spaces, set_punctuation), END};
static const struct rule cjk[] = {RUNS(set_cjk), END};
static const struct rule bloom[] = {WORDS(set_space, set_bloom_words), END};
static const struct rule youtu_scripts[] = {RUNS(set_hangul), RUNS(set_youtu_marks), RUNS(set_bopomofo), RUNS(set_cjk),
                                            END};
static const struct rule sentinel[] = {{RULE_SENTINEL, NULL, NULL, NULL, 0}, END};
static const struct rule image[] = {{RULE_IMAGE, NULL, NULL, NULL, 0}, END};
static const struct rule indent[] = {{RULE_INDENT, NULL, NULL, NULL, 0}, END};
static const struct rule one_mark[] = {UP_TO(1, set_falcon_marks), END};
static const struct rule threes_from[] = {{RULE_THREES_FROM, NULL, &set_digits, NULL, 0}, END};
static const struct rule threes[] = {{RULE_THREES, NULL, &set_numbers, NULL, 0}, END};
static const struct rule threes_word[] = {{RULE_THREES_WORD, NULL, &set_digits, NULL, 0}, END};
static const struct rule afmoe_scripts[] = {RUNS(set_afmoe_scripts), END};

/* '(?i:[sdmt]|ll|ve|re) is the same set of endings; \s*[\r\n] ends where \s*[\r\n]+ does */

/* ---- patterns ---- */

static const struct pattern pattern_gpt2 = {{gpt2}, 1};
static const struct pattern pattern_default = {{default_marks, gpt2, numbers, three_ascii_digits}, 4};
static const struct pattern pattern_falcon = {{falcon_marks, gpt2, three_ascii_digits}, 3};
static const struct pattern pattern_starcoder = {{number, gpt2}, 2};
static const struct pattern pattern_llama3 = {{llama3}, 1};
static const struct pattern pattern_qwen2 = {{qwen2}, 1};
static const struct pattern pattern_laguna = {{lines, qwen2}, 2};
static const struct pattern pattern_minicpm = {{numbers_3, minicpm}, 2};
static const struct pattern pattern_ufakzeka = {{ufakzeka}, 1};
static const struct pattern pattern_seed_coder = {{seed_coder}, 1};
static const struct pattern pattern_jais2 = {{jais2}, 1};
static const struct pattern pattern_qwen35 = {{qwen35}, 1};
static const struct pattern pattern_exaone_moe = {{exaone_moe}, 1};
static const struct pattern pattern_gpt_4o = {{gpt_4o}, 1};
static const struct pattern pattern_tiny_aya = {{threes_word, gpt_4o}, 2};
static const struct pattern pattern_tekken = {{tekken}, 1};
static const struct pattern pattern_youtu = {{youtu_scripts, youtu_words}, 2};
static const struct pattern pattern_kimi_k2 = {{kimi_k2}, 1};
static const struct pattern pattern_deepseek_llm = {
    {one_newline, deepseek_letters, deepseek_marks, spaces_end, deepseek_cjk, numbers}, 6};
static const struct pattern pattern_deepseek_coder = {
    {one_newline, coder_letters, coder_punctuation, deepseek_cjk, number}, 5};
static const struct pattern pattern_deepseek3 = {{numbers_3, cjk, deepseek3_words}, 3};
static const struct pattern pattern_spark = {{numbers_3, cjk, spark_words, number}, 4};
static const struct pattern pattern_afmoe = {{threes, afmoe_scripts, deepseek3_words}, 3};
static const struct pattern pattern_bloom = {{bloom}, 1};
static const struct pattern pattern_viking = {{bloom, number}, 2};
static const struct pattern pattern_superbpe = {{numbers, threes_from}, 2};
static const struct pattern pattern_chameleon = {{sentinel, image, indent, number, one_mark, gpt2}, 6};
static const struct pattern pattern_lines = {{lines}, 1};
static const struct pattern pattern_whitespace = {{not_spaces}, 1};

/* ---- names ---- */

enum {
    LLAMA3_FLAGS = PATTERN_WHOLE_WORDS | PATTERN_ADD_BOS,
    PLAIN_FLAGS = PATTERN_CHARACTERS | PATTERN_ESCAPE_SPACES,
    GEMMA4_FLAGS = PLAIN_FLAGS | PATTERN_WHOLE_NEWLINES | PATTERN_ADD_BOS,
};

static const struct pattern_name names[] = {
    {"default", &pattern_default, 0},
    {"llama3", &pattern_llama3, LLAMA3_FLAGS},
    {"llama-v3", &pattern_llama3, LLAMA3_FLAGS},
    {"llama-bpe", &pattern_llama3, LLAMA3_FLAGS},
    {"falcon3", &pattern_llama3, LLAMA3_FLAGS},
    {"falcon-h1", &pattern_llama3, LLAMA3_FLAGS},
    {"pixtral", &pattern_llama3, LLAMA3_FLAGS},
    {"midm-2.0", &pattern_llama3, LLAMA3_FLAGS},
    {"lfm2", &pattern_llama3, LLAMA3_FLAGS},
    {"jina-v5-nano", &pattern_llama3, LLAMA3_FLAGS},
    {"dbrx", &pattern_llama3, 0},
    {"smaug-bpe", &pattern_llama3, 0},
    {"glm4", &pattern_llama3, PATTERN_NO_BOS},
    {"chatglm-bpe", &pattern_llama3, PATTERN_NO_BOS},
    {"minicpm5", &pattern_minicpm, PATTERN_WHOLE_WORDS},
    {"jais-2", &pattern_jais2, 0},
    {"deepseek-llm", &pattern_deepseek_llm, 0},
    {"deepseek-coder", &pattern_deepseek_coder, 0},
    {"deepseek-v3", &pattern_deepseek3, 0},
    {"hunyuan-dense", &pattern_deepseek3, 0},
    {"hy_v4", &pattern_deepseek3, 0},
    {"joyai-llm", &pattern_deepseek3, 0},
    {"spark2_5", &pattern_spark, 0},
    {"youtu", &pattern_youtu, PATTERN_WHOLE_WORDS},
    {"falcon", &pattern_falcon, 0},
    {"starcoder", &pattern_starcoder, 0},
    {"refact", &pattern_starcoder, 0},
    {"command-r", &pattern_starcoder, 0},
    {"smollm", &pattern_starcoder, 0},
    {"codeshell", &pattern_starcoder, 0},
    {"exaone", &pattern_starcoder, 0},
    {"minerva-7b", &pattern_starcoder, 0},
    {"mellum2", &pattern_starcoder, 0},
    {"gpt-2", &pattern_gpt2, 0},
    {"phi-2", &pattern_gpt2, 0},
    {"jina-es", &pattern_gpt2, 0},
    {"jina-de", &pattern_gpt2, 0},
    {"jina-v2-es", &pattern_gpt2, 0},
    {"jina-v2-de", &pattern_gpt2, 0},
    {"jina-v1-en", &pattern_gpt2, PATTERN_ADD_SEP},
    {"jina-v2-code", &pattern_gpt2, PATTERN_ADD_SEP},
    {"roberta-bpe", &pattern_gpt2, PATTERN_ADD_SEP},
    {"gigachat", &pattern_gpt2, 0},
    {"a.x-4.0", &pattern_gpt2, 0},
    {"mellum", &pattern_gpt2, 0},
    {"modern-bert", &pattern_gpt2, 0},
    {"exaone4", &pattern_gpt2, 0},
    {"mpt", &pattern_gpt2, 0},
    {"olmo", &pattern_gpt2, 0},
    {"jais", &pattern_gpt2, 0},
    {"trillion", &pattern_gpt2, 0},
    {"granite-docling", &pattern_gpt2, 0},
    {"stablelm2", &pattern_qwen2, 0},
    {"qwen2", &pattern_qwen2, 0},
    {"deepseek-r1-qwen", &pattern_qwen2, 0},
    {"kormo", &pattern_qwen2, 0},
    {"f2llmv2", &pattern_qwen2, 0},
    {"megrez", &pattern_qwen2, 0},
    {"hunyuan", &pattern_qwen2, 0},
    {"solar-open", &pattern_qwen2, 0},
    {"grok-2", &pattern_qwen2, 0},
    {"bailingmoe", &pattern_qwen2, 0},
    {"bailingmoe2", &pattern_qwen2, 0},
    {"llada-moe", &pattern_qwen2, 0},
    {"laguna", &pattern_laguna, 0},
    {"qwen35", &pattern_qwen35, 0},
    {"ufakzeka", &pattern_ufakzeka, 0},
    {"seed-coder", &pattern_seed_coder, 0},
    {"exaone-moe", &pattern_exaone_moe, 0},
    {"gpt-4o", &pattern_gpt_4o, 0},
    {"llama4", &pattern_gpt_4o, 0},
    {"kanana2", &pattern_gpt_4o, 0},
    {"talkie", &pattern_gpt_4o, 0},
    {"minimax-m2", &pattern_gpt_4o, 0},
    {"granite-embed-multi-97m", &pattern_gpt_4o, PATTERN_WHOLE_WORDS},
    {"tiny_aya", &pattern_tiny_aya, 0},
    {"cohere2moe", &pattern_tiny_aya, 0},
    {"tekken", &pattern_tekken, LLAMA3_FLAGS},
    {"kimi-k2", &pattern_kimi_k2, 0},
    {"afmoe", &pattern_afmoe, 0},
    {"poro-chat", &pattern_bloom, 0},
    {"bloom", &pattern_bloom, 0},
    {"gpt3-finnish", &pattern_bloom, 0},
    {"viking", &pattern_viking, 0},
    {"superbpe", &pattern_superbpe, 0},
    {"chameleon", &pattern_chameleon, PATTERN_ADD_BOS},
    {"gemma4", &pattern_lines, GEMMA4_FLAGS},
    {"granite-embed-multi-311m", &pattern_lines, GEMMA4_FLAGS},
    {"sarvam-moe", &pattern_lines, PLAIN_FLAGS},
    {"whitespace", &pattern_whitespace, PATTERN_CHARACTERS},
};

const struct pattern_name *pattern_at(size_t index)
{
    return index < sizeof names / sizeof names[0] ? &names[index] : NULL;
}

const struct pattern_name *pattern_find(const void *name, size_t len)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return &names[i];
    return NULL;
}
