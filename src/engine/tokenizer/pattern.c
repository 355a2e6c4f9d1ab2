/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-tokenizers: stages made of rules, patterns made of stages, and at the end the table of names
 * (tokenizer.ggml.pre).  The regular expressions are the ones published with the models; test/data/pretokenizer has
 * them as text, and test/engine/pretokenizer.c holds each row to its own. */
#include "engine/tokenizer/pattern.h"

#include "engine/tokenizer/pattern_sets.h"

#include <string.h>

/* ---- stages ---- */

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const struct rule gpt2[] = {{.kind = RULE_CONTRACTION},
                                   {.kind = RULE_RUN, .prefix = &set_space, .body = &set_letters},
                                   {.kind = RULE_RUN, .prefix = &set_space, .body = &set_numbers},
                                   {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others},
                                   {.kind = RULE_SPACES_BEFORE},
                                   {.kind = RULE_RUN, .body = &set_spaces},
                                   {.kind = RULE_END}};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ ; also with \p{N},
 * \p{N}+, no contractions, no tail after marks, halved spaces */
static const struct rule llama3[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 3},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule qwen2[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule minicpm[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule ufakzeka[] = {
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule seed_coder[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others}, /* [^\s\p{L}\p{N}\r\n]: \s has \r and \n */
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule jais2[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 3},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_HALVED},
    {.kind = RULE_END}};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|... */
static const struct rule qwen35[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_RUN, .prefix = &set_before_letters, .body = &set_letters_marks},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others_no_marks, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};

/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|... */
static const struct rule exaone_moe[] = {
    {.kind = RULE_CONTRACTION_ANY},
    {.kind = RULE_PHRASE, .prefix = &set_before_letters},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN_ONE_TAIL, .prefix = &set_space, .body = &set_others, .tail = &set_newlines_slash},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};

/* [^\r\n\p{L}\p{N}]?U*L+(?i:'s|...)?|[^\r\n\p{L}\p{N}]?U+L*(?i:'s|...)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|... where
 * U is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L is [\p{Ll}\p{Lm}\p{Lo}\p{M}]; also with \p{N}, and without contractions */
static const struct rule gpt_4o[] = {
    {.kind = RULE_CASED, .prefix = &set_before_letters, .body = &set_upper, .tail = &set_lower, .max = 1},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 3},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines_slash},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule youtu_words[] = {
    {.kind = RULE_CASED, .prefix = &set_before_letters, .body = &set_upper, .tail = &set_lower, .max = 1},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines_slash},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
static const struct rule tekken[] = {
    {.kind = RULE_CASED, .prefix = &set_before_letters, .body = &set_upper, .tail = &set_lower},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 1},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines_slash},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
/* [\p{Han}]+|the same with U and L without Han, and [\r\n]* */
static const struct rule kimi_k2[] = {
    {.kind = RULE_RUN, .body = &set_han},
    {.kind = RULE_CASED, .prefix = &set_before_letters, .body = &set_upper_no_han, .tail = &set_lower_no_han, .max = 1},
    {.kind = RULE_RUN, .body = &set_numbers, .max = 3},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_others, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};

/* [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static const struct rule deepseek3_words[] = {
    {.kind = RULE_PAIR, .body = &set_ascii_marks, .tail = &set_ascii_letters},
    {.kind = RULE_RUN, .prefix = &set_before_words, .body = &set_letters_marks},
    {.kind = RULE_RUN, .prefix = &set_space, .body = &set_marks_symbols, .tail = &set_newlines},
    {.kind = RULE_NEWLINES},
    {.kind = RULE_SPACES_BEFORE},
    {.kind = RULE_RUN, .body = &set_spaces},
    {.kind = RULE_END}};
/* the same with  ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+ */
static const struct rule spark_words[] = {{.kind = RULE_PAIR, .body = &set_ascii_marks, .tail = &set_ascii_letters},
                                          {.kind = RULE_RUN, .prefix = &set_before_words, .body = &set_letters_marks},
                                          {.kind = RULE_RUN, .prefix = &set_space, .body = &set_marks_symbols},
                                          {.kind = RULE_RUN, .body = &set_newlines, .max = 1},
                                          {.kind = RULE_SPACES_BEFORE},
                                          {.kind = RULE_RUN, .body = &set_spaces},
                                          {.kind = RULE_END}};

static const struct rule number[] = {{.kind = RULE_RUN, .body = &set_numbers, .max = 1}, {.kind = RULE_END}};
static const struct rule numbers[] = {{.kind = RULE_RUN, .body = &set_numbers}, {.kind = RULE_END}};
static const struct rule numbers_3[] = {{.kind = RULE_RUN, .body = &set_numbers, .max = 3}, {.kind = RULE_END}};
static const struct rule three_ascii_digits[] = {{.kind = RULE_EXACTLY, .body = &set_ascii_digits, .max = 3},
                                                 {.kind = RULE_END}};
static const struct rule one_newline[] = {{.kind = RULE_RUN, .body = &set_newlines, .max = 1}, {.kind = RULE_END}};
static const struct rule lines[] = {
    {.kind = RULE_RUN, .body = &set_not_newline}, {.kind = RULE_RUN, .body = &set_newline}, {.kind = RULE_END}};
static const struct rule not_spaces[] = {{.kind = RULE_RUN, .body = &set_not_spaces}, {.kind = RULE_END}};
static const struct rule falcon_marks[] = {{.kind = RULE_RUN, .body = &set_falcon_marks}, {.kind = RULE_END}};
static const struct rule default_marks[] = {{.kind = RULE_RUN, .body = &set_default_marks}, {.kind = RULE_END}};
static const struct rule deepseek_letters[] = {{.kind = RULE_RUN, .prefix = &set_spaces, .body = &set_deepseek_letters},
                                               {.kind = RULE_END}};
static const struct rule deepseek_marks[] = {{.kind = RULE_RUN, .prefix = &set_spaces, .body = &set_deepseek_marks},
                                             {.kind = RULE_END}};
static const struct rule deepseek_cjk[] = {{.kind = RULE_RUN, .body = &set_deepseek_cjk}, {.kind = RULE_END}};
static const struct rule spaces_end[] = {{.kind = RULE_SPACES_END}, {.kind = RULE_END}};
static const struct rule coder_letters[] = {{.kind = RULE_RUN, .prefix = &set_spaces, .body = &set_letters},
                                            {.kind = RULE_END}};
static const struct rule coder_punctuation[] = {{.kind = RULE_RUN, .prefix = &set_spaces, .body = &set_punctuation},
                                                {.kind = RULE_END}};
static const struct rule cjk[] = {{.kind = RULE_RUN, .body = &set_cjk}, {.kind = RULE_END}};
static const struct rule bloom[] = {{.kind = RULE_RUN, .prefix = &set_space, .body = &set_bloom_words},
                                    {.kind = RULE_END}};
static const struct rule youtu_scripts[] = {{.kind = RULE_RUN, .body = &set_hangul},
                                            {.kind = RULE_RUN, .body = &set_youtu_marks},
                                            {.kind = RULE_RUN, .body = &set_bopomofo},
                                            {.kind = RULE_RUN, .body = &set_cjk},
                                            {.kind = RULE_END}};
static const struct rule sentinel[] = {{.kind = RULE_SENTINEL}, {.kind = RULE_END}};
static const struct rule image[] = {{.kind = RULE_IMAGE}, {.kind = RULE_END}};
static const struct rule indent[] = {{.kind = RULE_INDENT}, {.kind = RULE_END}};
static const struct rule one_mark[] = {{.kind = RULE_RUN, .body = &set_falcon_marks, .max = 1}, {.kind = RULE_END}};
static const struct rule threes_from[] = {{.kind = RULE_THREES_FROM, .body = &set_digits}, {.kind = RULE_END}};
static const struct rule threes[] = {{.kind = RULE_THREES, .body = &set_numbers}, {.kind = RULE_END}};
static const struct rule threes_word[] = {{.kind = RULE_THREES_WORD, .body = &set_digits}, {.kind = RULE_END}};
static const struct rule afmoe_scripts[] = {{.kind = RULE_RUN, .body = &set_afmoe_scripts}, {.kind = RULE_END}};

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

/* what Metaspace cuts at, and nothing at all */
static const struct range word_starts[] = {{' ', ' '}, {0x2581, 0x2581}};
static const struct character_set set_word_start = {.ranges = word_starts, .ranges_n = 2};
static const struct character_set set_in_word = {.ranges = word_starts, .ranges_n = 2, .outside = true};
static const struct rule marked_words[] = {{.kind = RULE_RUN, .prefix = &set_word_start, .body = &set_in_word},
                                           {.kind = RULE_EXACTLY, .body = &set_word_start, .max = 1},
                                           {.kind = RULE_END}};
static const struct rule nothing[] = {{.kind = RULE_END}};
static const struct pattern pattern_marked_words = {{marked_words}, 1};
static const struct pattern pattern_whole = {{nothing}, 1};

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
    {"cloister-words", &pattern_marked_words, PLAIN_FLAGS},
    {"cloister-whole", &pattern_whole, PLAIN_FLAGS},
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
