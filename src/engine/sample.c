/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample.h"

#include "core/base/checked.h"
#include "engine/numerics.h"
#include "engine/sample_adjust.h"
#include "engine/sample_filter.h"

#include <float.h>
#include <stdbool.h>

struct sample_options sample_options_plain(void)
{
    return (struct sample_options){.temperature = 1.0f, .top_p = 1.0f, .typical_p = 1.0f, .repeat_penalty = 1.0f};
}

size_t sample_scratch_len(size_t vocab_n)
{
    size_t len;
    size_t each = sizeof(float) + sizeof(struct sample_candidate) + sizeof(uint32_t);
    return checked_mul_size(&len, vocab_n, each) ? len : 0;
}

void sample_scratch_init(struct sample_scratch *scratch, void *memory, size_t vocab_n)
{
    scratch->candidates = memory;
    scratch->logits = (float *)(scratch->candidates + vocab_n);
    scratch->counts = (uint32_t *)(scratch->logits + vocab_n);
}

/* NUM-52: SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* False for NaN. */
static bool within(float value, float low, float high)
{
    return value >= low && value <= high;
}

enum status sampler_init(struct sampler *s, const struct sample_options *options)
{
    *s = (struct sampler){0};
    bool good = within(options->temperature, 0.0f, 100.0f) && options->top_p > 0.0f && options->top_p <= 1.0f &&
                within(options->min_p, 0.0f, 1.0f) && options->typical_p > 0.0f && options->typical_p <= 1.0f &&
                within(options->repeat_penalty, 0.01f, 100.0f) && within(options->frequency_penalty, -2.0f, 2.0f) &&
                within(options->presence_penalty, -2.0f, 2.0f);
    if (!good)
        return STATUS_USAGE;
    s->options = *options;
    s->state = options->seed;
    return STATUS_OK;
}

enum status sample_bias_check(const struct sample_bias *bias, size_t bias_n, size_t vocab_n)
{
    if (bias_n > SAMPLE_BIAS_MAX)
        return STATUS_USAGE;
    for (size_t i = 0; i < bias_n; i++) {
        if (bias[i].token >= vocab_n || !(within(bias[i].bias, -100.0f, 100.0f) || bias[i].bias < -FLT_MAX))
            return STATUS_USAGE;
    }
    return STATUS_OK;
}

/* The largest of n > 0 numbers, four at a time; false when one of them is infinite or NaN. */
static bool find_largest(float *largest, const float *logits, size_t n)
{
    const __m128i exponent = _mm_set1_epi32(0x7f800000);
    __m128 most = _mm_set1_ps(logits[0]);
    __m128i bad = _mm_setzero_si128();
    float lanes[4];
    uint32_t bad_tail = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        __m128 four = _mm_loadu_ps(logits + i);
        bad = _mm_or_si128(bad, _mm_cmpeq_epi32(_mm_and_si128(_mm_castps_si128(four), exponent), exponent));
        most = _mm_max_ps(most, four);
    }
    _mm_storeu_ps(lanes, most);
    *largest = lanes[0];
    for (int lane = 1; lane < 4; lane++)
        *largest = lanes[lane] > *largest ? lanes[lane] : *largest;
    for (; i < n; i++) {
        bad_tail |= (f32_bits(logits[i]) & 0x7f800000) == 0x7f800000;
        *largest = logits[i] > *largest ? logits[i] : *largest;
    }
    return bad_tail == 0 && _mm_movemask_epi8(bad) == 0;
}

static uint32_t find_first(const float *logits, size_t n, float value)
{
    for (size_t i = 0; i < n; i++) {
        if (logits[i] >= value)
            return (uint32_t)i;
    }
    return 0;
}

enum status sampler_next(uint32_t *token, struct sampler *s, const struct sample_input *in,
                         struct sample_scratch *scratch)
{
    float largest;
    *token = 0;
    if (in->vocab_n == 0)
        return STATUS_USAGE;
    if (!find_largest(&largest, in->logits, in->vocab_n))
        return STATUS_MALFORMED;
    double uniform = (double)(draw(&s->state) >> 11) * 0x1p-53;
    const float *logits = sample_adjust(&s->options, in, scratch);
    if (logits != in->logits)
        (void)find_largest(&largest, logits, in->vocab_n); /* minus infinity is no fault here */
    if (largest < -FLT_MAX)
        return STATUS_NOT_FOUND;
    if (s->options.temperature <= 0.0f)
        *token = find_first(logits, in->vocab_n, largest);
    else
        *token = sample_choose(&s->options, logits, in->vocab_n, largest, uniform, scratch->candidates);
    return STATUS_OK;
}
