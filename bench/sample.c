/* SPDX-License-Identifier: Apache-2.0 */
/* Time of choosing one token, as TSV on standard output: by size of the vocabulary and by options, and of the mask that
 * a grammar puts over a vocabulary of 151,936 tokens.  The logits are like a model's: most of them far below the first.
 */
#include "engine/choose.h"
#include "grammar/gbnf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VOCAB_MAX = 262144, ROWS = 8 };

static float *logits[ROWS];
static uint32_t tokens[2048];
static struct choice_scratch scratch;

static uint64_t random_state = 1;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* Sums of uniform numbers, and a few that stand out. */
static void make_logits(void)
{
    for (size_t row = 0; row < ROWS; row++) {
        logits[row] = malloc(VOCAB_MAX * sizeof(float));
        if (logits[row] == NULL)
            exit(1);
        for (size_t i = 0; i < VOCAB_MAX; i++) {
            float sum = 0;
            for (int k = 0; k < 6; k++)
                sum += (float)draw(1000) / 250.0f - 2.0f;
            logits[row][i] = sum;
        }
        for (int k = 0; k < 60; k++)
            logits[row][draw(100000)] = 8.0f + (float)draw(1000) / 100.0f;
    }
}

static void bench(const char *what, size_t vocab_n, const struct sample_options *o, bool logprobs)
{
    struct sampler s;
    struct sample_logprobs all;
    double best = 1e18;
    if (sampler_init(&s, o) != STATUS_OK)
        exit(1);
    for (int round = 0; round < 7; round++) {
        double start = now_us();
        for (size_t row = 0; row < ROWS; row++) {
            const struct sample_input in = {.logits = logits[row],
                                            .vocab_n = vocab_n,
                                            .tokens = tokens,
                                            .tokens_n = sizeof tokens / sizeof tokens[0],
                                            .prompt_n = 1024};
            uint32_t token;
            if (sampler_next(&token, &s, &in, &scratch.sample) != STATUS_OK)
                exit(1);
            if (logprobs)
                sample_logprobs(&all, logits[row], vocab_n, token, 5, &scratch.sample);
        }
        double each = (now_us() - start) / ROWS;
        best = each < best ? each : best;
    }
    printf("%s\t%zu\t%.0f\tus\n", what, vocab_n, best);
}

static void bench_sampler(size_t vocab_n)
{
    struct sample_options o = sample_options_plain();
    o.temperature = 0;
    bench("greedy", vocab_n, &o, false);
    bench("greedy and 5 logprobs", vocab_n, &o, true);
    o.temperature = 0.8f;
    bench("temperature", vocab_n, &o, false);
    o.top_k = 40;
    bench("top_k 40", vocab_n, &o, false);
    o.top_p = 0.95f;
    o.min_p = 0.05f;
    bench("top_k 40, top_p, min_p", vocab_n, &o, false);
    o.repeat_penalty = 1.1f;
    o.repeat_last_n = 64;
    o.presence_penalty = 0.5f;
    bench("the same with penalties", vocab_n, &o, false);
    o = sample_options_plain();
    o.top_p = 0.95f;
    bench("top_p alone", vocab_n, &o, false);
    o.top_p = 1;
    o.min_p = 0.05f;
    bench("min_p alone", vocab_n, &o, false);
    o.min_p = 0;
    o.typical_p = 0.95f;
    bench("typical_p alone", vocab_n, &o, false);
}

/* Words and pieces of words, half of them behind a space, and all single bytes. */
static void make_vocabulary(struct token_bytes *v, uint32_t n)
{
    static const char *const parts[] = {
        "a",  "e",   "th",  "in",  "er",  "on", "st", "re", "al", "ing", "ion",      "tr",
        "co", "pro", "\",", "\":", "{\"", "0",  "1",  "9",  "\n", "  ",  "\xc3\xa9", "\xd0\xb0"};
    struct tokenizer t = {.tokens_n = n};
    uint8_t *texts = malloc((size_t)n * 40);
    t.tokens = calloc(n, sizeof t.tokens[0]);
    if (texts == NULL || t.tokens == NULL)
        exit(1);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *text = texts + (size_t)i * 40;
        size_t len = 0;
        t.tokens[i] = (struct token){.text = text, .kind = i < 256 ? TOKEN_BYTE : TOKEN_NORMAL, .byte = (uint8_t)i};
        if (draw(2) == 0)
            text[len++] = ' ';
        for (uint32_t k = 1 + draw(5); k > 0; k--) {
            const char *part = parts[draw(sizeof parts / sizeof parts[0])];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        t.tokens[i].len = (uint32_t)len;
    }
    double start = now_us();
    token_bytes_init(v, &t, malloc(token_bytes_len(&t)));
    printf("order the vocabulary\t%u\t%.0f\tus\n", n, now_us() - start);
    free(texts);
    free(t.tokens);
}

static void bench_mask(const char *what, const struct token_bytes *v, const char *grammar, const char *begin)
{
    static uint32_t elements[GRAMMAR_ELEMENTS_MAX];
    static struct grammar_run run;
    struct arena arena;
    struct grammar g;
    struct reason why;
    size_t n;
    uint32_t rule;
    double first = 0, best = 1e18;
    void *memory = malloc(gbnf_arena_len()), *run_memory = calloc(1, grammar_run_len());
    arena_init(&arena, memory, gbnf_arena_len());
    if (gbnf_parse(elements, GRAMMAR_ELEMENTS_MAX, &n, &arena, grammar, strlen(grammar), &why) != STATUS_OK ||
        grammar_check(&g, &rule, elements, n, memory, &why) != STATUS_OK ||
        grammar_run_init(&run, &g, run_memory) != STATUS_OK ||
        grammar_run_take(&run, (const uint8_t *)begin, strlen(begin)) != STATUS_OK)
        exit(1);
    for (int round = 0; round < 7; round++) {
        double start = now_us();
        if (token_bytes_mask(scratch.allowed, &run, v) != STATUS_OK)
            exit(1);
        double each = now_us() - start;
        first = round == 0 ? each : first;
        best = each < best ? each : best;
    }
    printf("mask, %s, first\t%u\t%.0f\tus\nmask, %s, again\t%u\t%.0f\tus\n", what, v->tokens_n, first, what,
           v->tokens_n, best);
    free(memory);
    free(run_memory);
}

int main(void)
{
    static const char json[] =
        "root ::= object\nvalue ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
        "object ::= \"{\" ws (string \":\" ws value (\",\" ws string \":\" ws value)*)? \"}\" ws\n"
        "array ::= \"[\" ws (value (\",\" ws value)*)? \"]\" ws\n"
        "string ::= \"\\\"\" ([^\"\\\\\\x7f\\x00-\\x1f] | \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4}))* \"\\\"\" "
        "ws\n"
        "number ::= \"-\"? [0-9]+ (\".\" [0-9]+)? ws\nws ::= | \" \" | \"\\n\" [ \\t]{0,20}\n";
    struct token_bytes v;
    void *memory = calloc(1, sample_scratch_len(VOCAB_MAX));
    scratch.allowed = calloc(VOCAB_MAX / 64, 8);
    if (memory == NULL || scratch.allowed == NULL)
        return 1;
    sample_scratch_init(&scratch.sample, memory, VOCAB_MAX);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        tokens[i] = draw(32000);
    make_logits();
    printf("what\tvocabulary\tvalue\tunit\n");
    bench_sampler(32000);
    bench_sampler(151936);
    bench_sampler(VOCAB_MAX);
    make_vocabulary(&v, 151936);
    bench_mask("JSON at its start", &v, json, "");
    bench_mask("JSON in a string", &v, json, "{\"a\":\"");
    bench_mask("a string of 200 at most", &v, "root ::= \"\\\"\" [^\"\\\\]{0,200} \"\\\"\"", "\"");
    bench_mask("any text", &v, "root ::= .*", "");
    return 0;
}
