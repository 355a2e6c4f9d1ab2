/* SPDX-License-Identifier: Apache-2.0 */
/* Guessing: where guesses come from, how failures space them, and that a sequence drawn with them is the same. */
#include "tap.h"

#include "engine/rig.h"
#include "engine/speculate.h"

enum { TOKENS = 100, VOCAB_MAX = 512 };

static void test_guesses(void)
{
    static const uint32_t text[] = {1, 2, 3, 4, 5, 1, 2, 3, 9, 7, 1, 2, 3};
    static const uint32_t loop[] = {6, 6, 6, 6};
    uint32_t guesses[SPECULATE_MAX];
    struct speculation s = {0};
    check(speculate(&s, guesses, 3, text, 13) == 3 && guesses[0] == 9 && guesses[1] == 7 && guesses[2] == 1,
          "what followed the latest time");
    check(speculate(&s, guesses, 1, text, 13) == 1 && guesses[0] == 9, "no more than asked for");
    check(speculate(&s, guesses, 0, text, 13) == 0, "none asked for");
    check(speculate(&s, guesses, 3, text, 8) == 3 && guesses[0] == 4 && guesses[2] == 1, "the only other time");
    check(speculate(&s, guesses, 3, text, 5) == 0, "nothing stood there before");
    for (size_t n = 0; n <= 3; n++)
        check(speculate(&s, guesses, 3, text, n) == 0, "too few tokens: %zu", n);
    check(speculate(&s, guesses, 3, loop, 4) == 1 && guesses[0] == 6, "no guess beyond the end");
}

static void test_backoff(void)
{
    static const uint32_t text[] = {1, 2, 3, 4, 1, 2, 3};
    uint32_t guesses[SPECULATE_MAX];
    struct speculation s = {0};
    size_t waits[8] = {0};
    for (size_t i = 0; i < 8; i++) {
        while (speculate(&s, guesses, 3, text, 7) == 0)
            waits[i]++;
        speculation_judge(&s, 3, 0);
    }
    check(waits[0] == 0 && waits[1] == 8 && waits[2] == 16 && waits[6] == 256 && waits[7] == 512,
          "a wrong guess costs a wait, twice as long each time");
    while (speculate(&s, guesses, 3, text, 7) == 0)
        continue;
    speculation_judge(&s, 3, 1);
    check(speculate(&s, guesses, 3, text, 7) == 3, "a right one ends it");
    speculation_judge(&s, 0, 0);
    check(speculate(&s, guesses, 3, text, 7) == 3, "no guess, no failure");
}

static uint32_t likeliest(const float *logits, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

/* Draws TOKENS tokens greedily behind a repetitive prompt; returns the steps it took. */
static size_t draw(uint32_t *out, struct rig_engine *r, bool guess)
{
    static const uint32_t prompt[] = {1, 403, 407, 261, 378, 403, 407, 261, 378, 403, 407, 261};
    struct engine *e = &r->engine;
    struct reason why;
    struct engine_token step[16];
    struct speculation s = {0};
    uint32_t tokens[16 + TOKENS + SPECULATE_MAX];
    uint32_t sequence, guesses[SPECULATE_MAX];
    size_t n = sizeof prompt / sizeof prompt[0], steps = 0, fed = 0, prompt_n = n;
    memcpy(tokens, prompt, sizeof prompt);
    if (engine_sequence_open(e, &sequence, 127, &why) != STATUS_OK)
        return 0;
    while (n < prompt_n + TOKENS) {
        size_t room = prompt_n + TOKENS - n - 1;
        size_t made = guess ? speculate(&s, guesses, room, tokens, n) : 0;
        size_t count = 0, kept = 0;
        for (; fed < n; fed++)
            step[count++] = (struct engine_token){sequence, tokens[fed], fed + 1 == n};
        for (size_t i = 0; i < made; i++)
            step[count++] = (struct engine_token){sequence, guesses[i], true};
        if (engine_step(e, step, count, &why) != STATUS_OK)
            return 0;
        steps++;
        tokens[n++] = likeliest(engine_logits(e, 0), e->model->vocab_n);
        while (kept < made && tokens[n - 1] == guesses[kept])
            tokens[n++] = likeliest(engine_logits(e, ++kept), e->model->vocab_n);
        fed = n - 1;
        engine_sequence_cut(e, sequence, (uint32_t)fed);
        speculation_judge(&s, made, kept);
    }
    engine_sequence_close(e, sequence);
    memcpy(out, tokens + prompt_n, TOKENS * sizeof *out);
    return steps;
}

int main(void)
{
    struct rig rig;
    struct rig_engine e;
    size_t len;
    uint32_t plain[TOKENS], guessed[TOKENS];
    test_guesses();
    test_backoff();
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    rig_open(&rig, file, len);
    rig_engine_open(&e, &rig, &kernels_scalar, workers_none(),
                    (struct engine_options){
                        .sequences_max = 1, .context_max = 127, .batch_max = 16, .logits_max = 4, .pages_max = 2});
    size_t plain_steps = draw(plain, &e, false);
    size_t guessed_steps = draw(guessed, &e, true);
    check(plain_steps == TOKENS && memcmp(plain, guessed, sizeof plain) == 0, "NUM-2: the same tokens with guesses");
    check(guessed_steps > 0 && guessed_steps < plain_steps, "and in fewer steps: %zu instead of %zu", guessed_steps,
          plain_steps);
    rig_engine_close(&e);
    rig_close(&rig);
    return tap_done();
}
