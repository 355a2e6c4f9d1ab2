/* SPDX-License-Identifier: Apache-2.0 */
/* Every filter and penalty against a plain re-implementation of spec/numerics.md that sorts everything, on logits of
 * many shapes; and frequencies of what is drawn against what they must be (chi-square, fixed seeds).
 * NUM-50 NUM-51 NUM-54 NUM-55 NUM-56 NUM-57 NUM-58 NUM-59 NUM-60 NUM-61 NUM-62 NUM-63 */
#include "tap.h"

#include "engine/numerics.h"
#include "engine/sample.h"

#include <float.h>
#include <math.h>

enum { VOCAB = 700, TOKENS = 90, PROMPT = 30 };

static float logits[VOCAB];
static uint32_t tokens[TOKENS];
static uint64_t allowed[(VOCAB + 63) / 64];
static struct sample_scratch scratch;

static uint64_t random_state = 1;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

/* ---- the plain way ---- */

struct plain {
    uint32_t token;
    float logit, distance;
};

static float adjusted[VOCAB];

static int by_logit(const void *left, const void *right)
{
    const struct plain *a = left, *b = right;
    if (a->logit > b->logit || a->logit < b->logit)
        return a->logit > b->logit ? -1 : 1;
    return a->token < b->token ? -1 : 1;
}

static int by_distance(const void *left, const void *right)
{
    const struct plain *a = left, *b = right;
    if (a->distance > b->distance || a->distance < b->distance)
        return a->distance < b->distance ? -1 : 1;
    return a->token < b->token ? -1 : 1;
}

static float within(float x)
{
    return x > FLT_MAX ? FLT_MAX : x < -FLT_MAX ? -FLT_MAX : x;
}

static void adjust(const struct sample_options *o, const struct sample_input *in)
{
    memcpy(adjusted, in->logits, in->vocab_n * sizeof adjusted[0]);
    for (size_t i = 0; i < in->bias_n; i++)
        adjusted[in->bias[i].token] =
            isinf(in->bias[i].bias) ? -INFINITY : adjusted[in->bias[i].token] + in->bias[i].bias;
    for (uint32_t t = 0; t < in->vocab_n; t++) {
        bool seen = false;
        unsigned sampled = 0;
        for (size_t i = 0; i < in->tokens_n; i++) {
            seen = seen || (in->tokens[i] == t && i + o->repeat_last_n >= in->tokens_n);
            sampled += in->tokens[i] == t && i >= in->prompt_n;
        }
        if (in->allowed != NULL && (in->allowed[t / 64] >> t % 64 & 1) == 0)
            adjusted[t] = -INFINITY;
        if (isinf(adjusted[t]))
            continue;
        if (seen)
            adjusted[t] = within(adjusted[t] > 0 ? adjusted[t] / o->repeat_penalty : adjusted[t] * o->repeat_penalty);
        if (sampled > 0)
            adjusted[t] = within(adjusted[t] - (float)sampled * o->frequency_penalty - o->presence_penalty);
    }
}

static double w(float logit, float m)
{
    return (double)f32_exp(logit - m);
}

static double total(const struct plain *list, size_t n, float m, bool all, size_t vocab_n)
{
    double sum = 0;
    for (size_t i = 0; i < vocab_n && all; i++)
        sum = sum + (isinf(adjusted[i]) ? 0.0 : w(adjusted[i], m));
    for (size_t i = 0; i < n && !all; i++)
        sum = sum + w(list[i].logit, m);
    return sum;
}

static size_t plain_typical(struct plain *list, size_t n, float m, bool all, size_t vocab_n, float typical_p)
{
    double sum = total(list, n, m, all, vocab_n), expected = 0, reached = 0;
    size_t kept = 0;
    for (size_t i = 0; i < vocab_n && all; i++) {
        if (!isinf(adjusted[i]))
            expected = expected + w(adjusted[i], m) / sum * (f64_log(sum) + ((double)m - (double)adjusted[i]));
    }
    for (size_t i = 0; i < n && !all; i++)
        expected = expected + w(list[i].logit, m) / sum * (f64_log(sum) + ((double)m - (double)list[i].logit));
    for (size_t i = 0; i < n; i++)
        list[i].distance = (float)fabs(f64_log(sum) + ((double)m - (double)list[i].logit) - expected);
    qsort(list, n, sizeof *list, by_distance);
    while (kept < n) {
        reached = reached + w(list[kept++].logit, m);
        if (reached >= (double)typical_p * sum)
            break;
    }
    qsort(list, kept, sizeof *list, by_logit);
    return kept;
}

static uint32_t plain_choose(const struct sample_options *o, size_t vocab_n, double u)
{
    static struct plain list[VOCAB];
    size_t n = 0, kept;
    for (uint32_t i = 0; i < vocab_n; i++)
        if (!isinf(adjusted[i]))
            list[n++] = (struct plain){i, adjusted[i], 0};
    bool plainly = (o->top_k == 0 || o->top_k >= vocab_n) && o->top_p >= 1 && o->typical_p >= 1 && o->min_p <= 0;
    if (!plainly || o->temperature <= 0)
        qsort(list, n, sizeof *list, by_logit);
    if (o->temperature <= 0)
        return list[0].token;
    bool all = o->top_k == 0 || o->top_k >= vocab_n;
    kept = all || o->top_k > n ? n : o->top_k;
    float m = list[0].logit;
    for (size_t i = 0; i < n; i++)
        m = list[i].logit > m ? list[i].logit : m;
    if (o->typical_p < 1) {
        kept = plain_typical(list, kept, m, all, vocab_n, o->typical_p);
        all = false;
    }
    if (o->top_p < 1) {
        double enough = (double)o->top_p * total(list, kept, m, all, vocab_n), reached = 0;
        for (size_t i = 0; i < kept; i++) {
            reached = reached + w(list[i].logit, m);
            if (reached >= enough)
                kept = i + 1;
        }
    }
    while (o->min_p > 0 && kept > 1 && f32_exp(list[kept - 1].logit - list[0].logit) < o->min_p)
        kept--;
    double sum = 0;
    float l = plainly ? m : list[0].logit;
    for (size_t i = 0; i < kept; i++)
        sum = sum + (double)f32_exp((list[i].logit - l) / o->temperature);
    double left = u * sum;
    uint32_t last = 0;
    for (size_t i = 0; i < kept; i++) {
        double weight = (double)f32_exp((list[i].logit - l) / o->temperature);
        if (left < weight)
            return list[i].token;
        left = left - weight;
        last = !plainly || weight > 0 ? list[i].token : last;
    }
    return last;
}

static double uniform_of(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* ---- against it ---- */

static void make_logits(unsigned shape, size_t vocab_n)
{
    static const float spreads[] = {0.01f, 1, 8, 60, 3000, 1e30f};
    float spread = spreads[shape % 6];
    for (size_t i = 0; i < vocab_n; i++) {
        float x = (float)draw(1 << 20) / (float)(1 << 20) - 0.5f;
        logits[i] = shape % 5 == 4 ? (float)draw(4) : x * spread * (draw(50) == 0 ? 3.0f : 1.0f);
    }
}

static float of(const float *values, uint32_t n)
{
    return values[draw(n)];
}

static struct sample_options make_options(void)
{
    static const float temperatures[] = {0, 0.3f, 1, 1, 1.7f, 100}, tops[] = {1, 1, 0.999f, 0.9f, 0.5f, 0.01f},
                       mins[] = {0, 0, 0.05f, 0.5f, 1}, typicals[] = {1, 1, 0.95f, 0.5f, 0.05f},
                       repeats[] = {1, 1, 1.3f, 0.5f, 100}, penalties[] = {0, 0, 0.7f, -1.5f, 2};
    static const uint32_t ks[] = {0, 0, 1, 2, 40, 500, VOCAB, 100000}, lasts[] = {0, 5, 64, 100000};
    struct sample_options o = sample_options_plain();
    o.temperature = of(temperatures, 6);
    o.top_k = ks[draw(8)];
    o.top_p = of(tops, 6);
    o.min_p = of(mins, 5);
    o.typical_p = of(typicals, 5);
    o.repeat_penalty = of(repeats, 5);
    o.repeat_last_n = lasts[draw(4)];
    o.frequency_penalty = of(penalties, 5);
    o.presence_penalty = of(penalties, 5);
    o.seed = draw(1000);
    return o;
}

static void test_all(void)
{
    static struct sample_bias bias[8];
    unsigned same = 0, tried = 0, impossible = 0;
    for (unsigned round = 0; round < 6000; round++) {
        size_t vocab_n = draw(4) == 0 ? 1 + draw(9) : VOCAB;
        struct sample_options o = make_options();
        struct sampler s;
        uint64_t state = o.seed;
        make_logits(round, vocab_n);
        for (size_t i = 0; i < TOKENS; i++)
            tokens[i] = draw(3) == 0 ? draw((uint32_t)vocab_n) : draw(vocab_n < 7 ? (uint32_t)vocab_n : 7);
        for (size_t i = 0; i < 8; i++)
            bias[i] =
                (struct sample_bias){draw((uint32_t)vocab_n), draw(3) == 0 ? -INFINITY : (float)draw(200) - 100.0f};
        for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
            allowed[i] = (uint64_t)draw(1u << 31) << 33 ^ (uint64_t)draw(1u << 31) << 10 ^ draw(1u << 31);
        const struct sample_input in = {.logits = logits,
                                        .vocab_n = vocab_n,
                                        .tokens = tokens,
                                        .tokens_n = draw(2) == 0 ? 0 : TOKENS,
                                        .prompt_n = PROMPT,
                                        .bias = bias,
                                        .bias_n = draw(2) == 0 ? 0 : 8,
                                        .allowed = draw(3) == 0 ? allowed : NULL};
        struct sample_input input = in;
        input.prompt_n = input.tokens_n == 0 ? 0 : PROMPT;
        if (sampler_init(&s, &o) != STATUS_OK)
            continue;
        adjust(&o, &input);
        bool any = false;
        for (size_t i = 0; i < vocab_n; i++)
            any = any || !isinf(adjusted[i]);
        for (int k = 0; k < 3; k++, tried++) {
            uint32_t token;
            double u = uniform_of(&state);
            enum status status = sampler_next(&token, &s, &input, &scratch);
            impossible += !any && status == STATUS_NOT_FOUND;
            bool good = any ? status == STATUS_OK && token == plain_choose(&o, vocab_n, u) : status == STATUS_NOT_FOUND;
            same += good;
            if (!good && tried - same < 5)
                note("round %u: %s, %u not %u; t %g k %u p %g min %g typ %g", round, status_name(status), token,
                     any ? plain_choose(&o, vocab_n, u) : 0, (double)o.temperature, o.top_k, (double)o.top_p,
                     (double)o.min_p, (double)o.typical_p);
        }
    }
    check(same == tried && impossible > 0, "NUM-51 NUM-54 to NUM-62: %u of %u tokens as the plain way, %u impossible",
          same, tried, impossible);
    bool zero = true;
    for (size_t i = 0; i < VOCAB; i++)
        zero = zero && scratch.counts[i] == 0;
    check(zero, "the counts are 0 between calls");
}

static void test_options(void)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, -0.001f, 101.0f, -2.5f};
    struct sampler s;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (int field = 0; field < 6; field++) {
            struct sample_options o = sample_options_plain();
            float *at = field == 0   ? &o.temperature
                        : field == 1 ? &o.min_p
                        : field == 2 ? &o.typical_p
                        : field == 3 ? &o.repeat_penalty
                        : field == 4 ? &o.frequency_penalty
                                     : &o.presence_penalty;
            bool fine = i == 3 && field >= 4; /* -0.001 is a penalty */
            *at = bad[i];
            check((sampler_init(&s, &o) == STATUS_OK) == fine, "NUM-50: %g in field %d", (double)bad[i], field);
        }
    }
    const struct sample_bias biases[] = {{VOCAB, 0}, {0, 100.5f}, {0, -101}, {0, NAN}, {0, INFINITY}};
    for (size_t i = 0; i < sizeof biases / sizeof biases[0]; i++)
        check(sample_bias_check(&biases[i], 1, VOCAB) == STATUS_USAGE, "NUM-50: bias %zu", i);
    const struct sample_bias good[] = {{VOCAB - 1, 100}, {0, -100}, {0, -INFINITY}};
    check(sample_bias_check(good, 3, VOCAB) == STATUS_OK, "NUM-50: biases that can be");
}

/* 40 kinds of tokens, 100,000 draws: the statistic stays below the 99.9th percentile of chi-square with 39 degrees. */
static void test_frequencies(void)
{
    enum { KINDS = 40, DRAWS = 100000 };
    static const struct {
        float temperature, top_p, min_p;
    } rows[] = {{1, 1, 0}, {0.7f, 1, 0}, {1.4f, 1, 0}, {1, 0.9f, 0}, {1, 1, 0.2f}, {1.3f, 0.8f, 0.1f}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        static unsigned counts[KINDS];
        static double expected[KINDS];
        struct sample_options o = sample_options_plain();
        struct sampler s;
        double sum = 0, statistic = 0;
        unsigned kinds = 0;
        memset(counts, 0, sizeof counts);
        o.temperature = rows[row].temperature;
        o.top_p = rows[row].top_p;
        o.min_p = rows[row].min_p;
        o.seed = row;
        for (size_t i = 0; i < KINDS; i++)
            logits[i] = -0.1f * (float)i;
        const struct sample_input in = {.logits = logits, .vocab_n = KINDS};
        double all = (1 - exp(-0.1 * KINDS)) / (1 - exp(-0.1)), reached = 0;
        for (size_t i = 0; i < KINDS; i++) {
            bool kept = reached < (double)o.top_p * all - 1e-6 && exp(-0.1 * (double)i) >= (double)o.min_p - 1e-6;
            reached += exp(-0.1 * (double)i);
            expected[i] = kept ? exp(-0.1 * (double)i / (double)o.temperature) : 0;
            sum += expected[i];
        }
        if (sampler_init(&s, &o) != STATUS_OK)
            continue;
        for (int i = 0; i < DRAWS; i++) {
            uint32_t token;
            if (sampler_next(&token, &s, &in, &scratch) == STATUS_OK)
                counts[token]++;
        }
        bool none_cut = true;
        for (size_t i = 0; i < KINDS; i++) {
            double wanted = expected[i] / sum * DRAWS;
            none_cut = none_cut && (expected[i] > 0 || counts[i] == 0);
            kinds += expected[i] > 0;
            statistic += expected[i] > 0 ? ((double)counts[i] - wanted) * ((double)counts[i] - wanted) / wanted : 0;
        }
        check(none_cut && statistic < 72.1, "NUM-55 NUM-62: chi-square %.1f over %u kinds, row %zu", statistic, kinds,
              row);
    }
}

static void test_logprobs(void)
{
    struct sample_logprobs out;
    unsigned good = 0, tried = 0;
    for (unsigned shape = 0; shape < 30; shape++, tried++) {
        size_t vocab_n = shape % 3 == 0 ? 5 : VOCAB;
        make_logits(shape == 5 ? 2 : shape, vocab_n);
        float m = logits[0];
        double sum = 0;
        for (size_t i = 0; i < vocab_n; i++)
            m = logits[i] > m ? logits[i] : m;
        for (size_t i = 0; i < vocab_n; i++)
            sum = sum + w(logits[i], m);
        uint32_t token = draw((uint32_t)vocab_n);
        sample_logprobs(&out, logits, vocab_n, token, 20, &scratch);
        bool right = out.top_n == (vocab_n < 20 ? vocab_n : 20) &&
                     out.chosen == (float)((double)logits[token] - (double)m - f64_log(sum)) &&
                     fabs(f64_log(sum) - log(sum)) < 1e-12;
        for (uint32_t i = 0; i < out.top_n; i++) {
            right = right && out.top[i].logit == (float)((double)logits[out.top[i].token] - (double)m - f64_log(sum));
            right = right && (i == 0 || logits[out.top[i - 1].token] > logits[out.top[i].token] ||
                              out.top[i - 1].token < out.top[i].token);
            for (uint32_t t = 0; t < vocab_n && i == 0; t++)
                right = right && logits[t] <= logits[out.top[0].token];
        }
        good += right;
    }
    check(good == tried, "NUM-63: %u of %u", good, tried);
}

int main(void)
{
    sample_scratch_init(&scratch, calloc(1, sample_scratch_len(VOCAB)), VOCAB);
    test_options();
    test_all();
    test_frequencies();
    test_logprobs();
    return tap_done();
}
