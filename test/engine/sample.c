/* SPDX-License-Identifier: Apache-2.0 */
/* The sampler: options, distribution, determinism, and its numbers as published vectors. */
#include "tap.h"

#include "engine/sample.h"

#include <math.h>

enum { VOCAB = 1000, DRAWS = 200000 };

static float logits[VOCAB];
static struct sample_scratch scratch;
static struct sample_options plain; /* everything off, seed 42 */

static void test_options(void)
{
    static const struct {
        const char *what;
        float temperature, top_p;
        enum status status;
    } cases[] = {
        {"zero temperature", 0.0f, 1.0f, STATUS_OK},  {"temperature 100", 100.0f, 1.0f, STATUS_OK},
        {"negative", -0.1f, 1.0f, STATUS_USAGE},      {"temperature 101", 101.0f, 1.0f, STATUS_USAGE},
        {"NaN temperature", NAN, 1.0f, STATUS_USAGE}, {"infinite", INFINITY, 1.0f, STATUS_USAGE},
        {"top_p 0", 1.0f, 0.0f, STATUS_USAGE},        {"top_p above 1", 1.0f, 1.01f, STATUS_USAGE},
        {"NaN top_p", 1.0f, NAN, STATUS_USAGE},       {"negative top_p", 1.0f, -1.0f, STATUS_USAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sampler s;
        struct sample_options o = plain;
        o.temperature = cases[i].temperature;
        o.top_p = cases[i].top_p;
        check(sampler_init(&s, &o) == cases[i].status, "NUM-50: %s", cases[i].what);
    }
}

static uint32_t draw(struct sampler *s, size_t vocab_n)
{
    uint32_t token = UINT32_MAX;
    const struct sample_input in = {.logits = logits, .vocab_n = vocab_n};
    if (sampler_next(&token, s, &in, &scratch) != STATUS_OK)
        return UINT32_MAX;
    return token;
}

/* Compares frequencies over the first n tokens with expected ones. */
static void test_distribution(const char *what, const struct sample_options *o, const double *expected, size_t n)
{
    struct sampler s;
    static unsigned counts[VOCAB];
    double worst = 0;
    memset(counts, 0, sizeof counts);
    if (sampler_init(&s, o) != STATUS_OK)
        return;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t token = draw(&s, n);
        if (token >= n) {
            check(false, "%s", what);
            return;
        }
        counts[token]++;
    }
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)counts[i] / (double)DRAWS - expected[i]));
    check(worst < 0.005, "NUM-53 NUM-54 NUM-55: %s: off by %.4f at most", what, worst);
}

static void test_distributions(void)
{
    struct sample_options o = plain;
    static const double weights[4] = {0.1, 0.4, 0.2, 0.3};
    for (size_t i = 0; i < 4; i++)
        logits[i] = (float)log(weights[i]) + 3.0f;
    test_distribution("all", &o, weights, 4);
    o.top_k = 2;
    test_distribution("top_k 2", &o, (const double[]){0, 4.0 / 7, 0, 3.0 / 7}, 4);
    o.top_k = 4;
    o.top_p = 0.6f;
    test_distribution("top_p 0.6", &o, (const double[]){0, 4.0 / 7, 0, 3.0 / 7}, 4);
    o.top_k = 3;
    o.top_p = 0.85f;
    test_distribution("top_k 3, top_p 0.85", &o, (const double[]){0, 4.0 / 9, 2.0 / 9, 3.0 / 9}, 4);
    o.top_k = 3;
    o.top_p = 0.3f;
    test_distribution("top_k 3, top_p 0.3", &o, (const double[]){0, 1, 0, 0}, 4);
    o = plain;
    o.temperature = 0.5f;
    test_distribution("temperature 0.5", &o, (const double[]){1 / 30.0, 16 / 30.0, 4 / 30.0, 9 / 30.0}, 4);
    o.temperature = 1e-30f;
    test_distribution("a temperature near 0", &o, (const double[]){0, 1, 0, 0}, 4);
}

static void test_greedy(void)
{
    struct sampler s;
    struct sample_options o = plain;
    o.temperature = 0.0f;
    for (size_t i = 0; i < VOCAB; i++)
        logits[i] = -5.0f;
    logits[77] = logits[500] = 2.0f;
    check(sampler_init(&s, &o) == STATUS_OK && draw(&s, VOCAB) == 77, "NUM-51: of equal logits the smaller token");
    o = plain;
    o.top_k = 1;
    check(sampler_init(&s, &o) == STATUS_OK && draw(&s, VOCAB) == 77, "NUM-51: top_k 1 is the same");
}

static enum status next_of(uint32_t *token, struct sampler *s, size_t vocab_n)
{
    const struct sample_input in = {.logits = logits, .vocab_n = vocab_n};
    return sampler_next(token, s, &in, &scratch);
}

static void test_bad_logits(void)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct sampler s;
    uint32_t token = 5;
    for (size_t i = 0; i < 3; i++) {
        memset(logits, 0, sizeof logits);
        logits[999] = bad[i];
        check(sampler_init(&s, &plain) == STATUS_OK && next_of(&token, &s, VOCAB) == STATUS_MALFORMED && token == 0,
              "NUM-5: a logit that is not finite, %zu", i);
    }
    check(next_of(&token, &s, 0) == STATUS_USAGE, "no logits");
    memset(logits, 0, sizeof logits);
    logits[0] = 3e38f;
    logits[1] = -3e38f;
    check(next_of(&token, &s, 2) == STATUS_OK && token == 0, "extreme logits");
}

/* The same seed gives the same tokens, also cut into top_k of everything and top_p of nearly everything. */
static void test_seeds(void)
{
    static const uint32_t expected[8] = {741, 159, 278, 344, 38, 868, 218, 800};
    struct sampler a, b;
    struct sample_options other = plain;
    uint32_t tokens[8];
    bool equal = true;
    bool differ = false;
    other.seed = 43;
    for (size_t i = 0; i < VOCAB; i++)
        logits[i] = 0.0f;
    if (sampler_init(&a, &plain) != STATUS_OK || sampler_init(&b, &other) != STATUS_OK)
        return;
    for (size_t i = 0; i < 8; i++) {
        tokens[i] = draw(&a, VOCAB);
        equal = equal && tokens[i] == expected[i];
        differ = differ || tokens[i] != draw(&b, VOCAB);
    }
    if (!check(equal, "NUM-52: seed 42 over 1000 equal logits gives the tokens of SplitMix64"))
        note("%u %u %u %u %u %u %u %u", tokens[0], tokens[1], tokens[2], tokens[3], tokens[4], tokens[5], tokens[6],
             tokens[7]);
    check(differ, "NUM-52: another seed, other tokens");
}

int main(void)
{
    plain = sample_options_plain();
    plain.seed = 42;
    sample_scratch_init(&scratch, calloc(1, sample_scratch_len(VOCAB)), VOCAB);
    test_options();
    test_greedy();
    test_distributions();
    test_bad_logits();
    test_seeds();
    return tap_done();
}
