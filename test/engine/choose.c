/* SPDX-License-Identifier: Apache-2.0 */
/* A vocabulary's mask against asking each token alone; tokens chosen under grammars; ends.  On the vocabulary of the
 * small model and on that of phi-3.  GR-3 GR-4 NUM-51 NUM-57 */
#include "engine/choose.h"

#include "engine/rig.h"
#include "grammar/gbnf.h"
#include "tap.h"

static struct tokenizer tokenizer;
static struct token_bytes vocabulary;
static struct grammar_run run;
static void *run_memory;
static struct choice_scratch scratch;
static float *logits;
static uint32_t elements[GRAMMAR_ELEMENTS_MAX];

static uint64_t random_state = 3;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

static void *held[4]; /* what the open vocabulary lives in */

static void close_vocabulary(void)
{
    for (size_t i = 0; i < 4; i++)
        free(held[i]);
    free(scratch.allowed);
    free(logits);
}

static bool open_vocabulary(const char *path)
{
    struct arena arena;
    struct reason why;
    size_t len;
    uint8_t *file = rig_read(path, &len);
    held[0] = file;
    held[1] = malloc(tokenizer_arena_len(len));
    arena_init(&arena, held[1], tokenizer_arena_len(len));
    if (tokenizer_open(&tokenizer, &arena, file, len, &why) != STATUS_OK)
        return false;
    held[2] = malloc(token_bytes_len(&tokenizer));
    token_bytes_init(&vocabulary, &tokenizer, held[2]);
    held[3] = calloc(1, sample_scratch_len(tokenizer.tokens_n));
    sample_scratch_init(&scratch.sample, held[3], tokenizer.tokens_n);
    scratch.allowed = calloc((tokenizer.tokens_n + 63) / 64, 8);
    logits = calloc(tokenizer.tokens_n, sizeof logits[0]);
    return true;
}

static bool begin(const char *grammar)
{
    struct arena arena;
    struct grammar g;
    struct reason why;
    size_t n;
    uint32_t rule;
    void *memory = malloc(gbnf_arena_len());
    arena_init(&arena, memory, gbnf_arena_len());
    bool good = gbnf_parse(elements, GRAMMAR_ELEMENTS_MAX, &n, &arena, grammar, strlen(grammar), &why) == STATUS_OK &&
                grammar_check(&g, &rule, elements, n, memory, &why) == STATUS_OK &&
                grammar_run_init(&run, &g, run_memory) == STATUS_OK;
    free(memory);
    return good;
}

static void test_bytes(void)
{
    bool ordered = true, same = true;
    for (uint32_t i = 0; i < vocabulary.ordered_n; i++) {
        size_t a_len, b_len, len;
        uint8_t bytes[TOKENIZER_TOKEN_LEN_MAX];
        const uint8_t *b = token_bytes_of(&vocabulary, vocabulary.order[i], &b_len);
        same = same && tokenizer_token_bytes(&tokenizer, vocabulary.order[i], bytes, &len) == STATUS_OK;
        same = same && len == b_len && memcmp(bytes, b, len) == 0 && len > 0;
        if (i == 0)
            continue;
        const uint8_t *a = token_bytes_of(&vocabulary, vocabulary.order[i - 1], &a_len);
        size_t shared = vocabulary.shared[i];
        int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
        ordered = ordered && (order < 0 || (order == 0 && a_len <= b_len)) && shared <= a_len && shared <= b_len &&
                  memcmp(a, b, shared) == 0 && (shared == a_len || shared == b_len || a[shared] != b[shared]);
    }
    check(ordered && same && vocabulary.ordered_n > 0, "%u of %u tokens have bytes, in order", vocabulary.ordered_n,
          vocabulary.tokens_n);
}

static const char *const grammars[] = {
    "root ::= \"yes\" | \"no\"",
    "root ::= [^a]* \"a\"",
    "root ::= (\" \" [a-z]+)* \".\"",
    "root ::= [\xc3\xa0-\xc3\xbf\xe2\x82\xac]{2,5}",
    "root ::= \"{\" ([a-z] \":\" root \",\")* \"}\"",
};

/* Follows drawn tokens; at each place every token is asked alone. */
static void test_mask(const char *grammar)
{
    unsigned places = 0, right = 0, fitting_n = 0;
    for (int walk = 0; walk < 6; walk++) {
        if (!begin(grammar))
            return;
        for (int i = 0; i < 8; i++, places++) {
            uint32_t chosen = UINT32_MAX, seen = 0;
            bool good = token_bytes_mask(scratch.allowed, &run, &vocabulary) == STATUS_OK;
            for (uint32_t t = 0; t < vocabulary.tokens_n && good; t++) {
                size_t len;
                uint32_t to;
                const uint8_t *bytes = token_bytes_of(&vocabulary, t, &len);
                bool fits = len > 0 && grammar_run_look(&run, &to, bytes, len) == STATUS_OK && to != GRAMMAR_NO_STATE;
                good = ((scratch.allowed[t / 64] >> t % 64 & 1) != 0) == fits;
                if (fits && draw(++seen) == 0)
                    chosen = t;
            }
            right += good;
            fitting_n += seen;
            if (chosen == UINT32_MAX)
                break;
            size_t len;
            const uint8_t *bytes = token_bytes_of(&vocabulary, chosen, &len);
            if (grammar_run_tidy(&run) != STATUS_OK || grammar_run_take(&run, bytes, len) != STATUS_OK)
                break;
        }
    }
    check(right > 0 && right >= places && fitting_n > 0, "GR-4: %u masks are those of single tokens", right);
}

/* The text of what is chosen until a stop or the grammar's end; false when there was no token or too many. */
static bool generate(char *text, size_t capacity, struct choice_setup *c, unsigned most, bool *stopped)
{
    uint32_t tokens[64];
    size_t len = 0;
    *stopped = false;
    for (unsigned n = 0; n < most; n++) {
        for (uint32_t i = 0; i < vocabulary.tokens_n; i++)
            logits[i] = (float)draw(1000) / 100.0f;
        const struct sample_input in = {
            .logits = logits, .vocab_n = vocabulary.tokens_n, .tokens = tokens, .tokens_n = n, .prompt_n = 0};
        if (choice_next(&tokens[n], c, &in, &scratch) != STATUS_OK)
            return false;
        if (choice_stops(c, tokens[n])) {
            *stopped = true;
            break;
        }
        size_t piece_len;
        const uint8_t *piece = token_bytes_of(&vocabulary, tokens[n], &piece_len);
        if (len + piece_len >= capacity)
            return false;
        memcpy(text + len, piece, piece_len);
        len += piece_len;
        if (choice_is_done(c))
            break;
    }
    text[len] = '\0';
    return true;
}

static void test_choices(void)
{
    struct sample_options options = sample_options_plain();
    char text[1024];
    bool stopped;
    unsigned good = 0, greedy_good = 0;
    struct choice_setup c = {.run = &run, .vocabulary = &vocabulary, .stops = {tokenizer.eos}, .stops_n = 1};
    for (unsigned i = 0; i < 40; i++) {
        options.seed = i;
        options.temperature = i % 2 == 0 ? 1.0f : 0.0f;
        bool fine = begin(grammars[0]) && sampler_init(&c.sampler, &options) == STATUS_OK &&
                    generate(text, sizeof text, &c, 8, &stopped) && !stopped &&
                    (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0);
        good += fine && i % 2 == 0;
        greedy_good += fine && i % 2 == 1;
    }
    check(good == 20 && greedy_good == 20, "GR-4: yes or no, and the end without a token of its own");
    options.temperature = 1.0f;
    unsigned ended = 0, right = 0;
    for (unsigned i = 0; i < 40; i++) { /* stops where the text may end, never before */
        options.seed = i;
        bool fine = begin("root ::= \"ab\"*") && sampler_init(&c.sampler, &options) == STATUS_OK &&
                    generate(text, sizeof text, &c, 12, &stopped);
        ended += fine && stopped && strlen(text) % 2 == 0;
        right += fine && (!stopped || strlen(text) % 2 == 0);
    }
    check(right == 40 && ended > 5, "GR-4: a stop comes where the text may end alone");
    c.stops_n = 0;
    check(begin("root ::= \"ab\"") && sampler_init(&c.sampler, &options) == STATUS_OK &&
              generate(text, sizeof text, &c, 12, &stopped) && strcmp(text, "ab") == 0,
          "GR-4: the end of a grammar needs no token that stops");
    struct sample_bias never[256];
    size_t never_n = 0;
    for (uint32_t t = 0; t < vocabulary.tokens_n && never_n < 256; t++) {
        size_t len;
        const uint8_t *bytes = token_bytes_of(&vocabulary, t, &len);
        if (len > 0 && bytes[0] == 'q')
            never[never_n++] = (struct sample_bias){t, -__builtin_inff()};
    }
    c.bias = never;
    c.bias_n = never_n;
    uint32_t token;
    const struct sample_input in = {.logits = logits, .vocab_n = vocabulary.tokens_n};
    check(begin("root ::= \"q\"") && sampler_init(&c.sampler, &options) == STATUS_OK &&
              choice_next(&token, &c, &in, &scratch) == STATUS_NOT_FOUND,
          "NUM-57: no token is left");
}

/* With temperature 0 the likeliest allowed token is taken, whether the mask was needed or not. */
static void test_greedy(void)
{
    struct sample_options options = sample_options_plain();
    struct choice_setup c = {.run = &run, .vocabulary = &vocabulary, .stops = {tokenizer.eos}, .stops_n = 1};
    unsigned good = 0;
    options.temperature = 0;
    for (unsigned i = 0; i < 50; i++) {
        uint32_t token = 0, best = UINT32_MAX;
        for (uint32_t t = 0; t < vocabulary.tokens_n; t++)
            logits[t] = (float)draw(100000);
        if (!begin(i % 2 == 0 ? "root ::= [a-z ]+" : "root ::= .*") ||
            sampler_init(&c.sampler, &options) != STATUS_OK ||
            token_bytes_mask(scratch.allowed, &run, &vocabulary) != STATUS_OK)
            continue;
        for (uint32_t t = 0; t < vocabulary.tokens_n; t++) {
            bool allowed = (scratch.allowed[t / 64] >> t % 64 & 1) != 0 || (t == tokenizer.eos && i % 2 == 1);
            if (allowed && (best == UINT32_MAX || logits[t] > logits[best]))
                best = t;
        }
        const struct sample_input in = {.logits = logits, .vocab_n = vocabulary.tokens_n};
        uint64_t before = c.sampler.state;
        good += choice_next(&token, &c, &in, &scratch) == STATUS_OK && token == best &&
                c.sampler.state == before + 0x9e3779b97f4a7c15;
    }
    check(good == 50, "NUM-51 NUM-52: the likeliest allowed token, with one draw");
}

int main(void)
{
    static const char *const paths[] = {"test/data/stories260K/stories260K.gguf",
                                        "test/data/tokenizer-phi-3/ggml-vocab-phi-3.gguf"};
    run_memory = calloc(1, grammar_run_len());
    for (size_t i = 0; i < 2; i++) {
        if (!check(open_vocabulary(paths[i]), "%s", paths[i]))
            continue;
        test_bytes();
        for (size_t k = 0; k < sizeof grammars / sizeof grammars[0]; k++)
            test_mask(grammars[k]);
        test_choices();
        test_greedy();
        close_vocabulary();
    }
    free(run_memory);
    return tap_done();
}
