/* SPDX-License-Identifier: Apache-2.0 */
/* What guessing the next tokens (engine/speculate.h) gains and costs: tokens a second with and without, in turn, as TSV
 * on standard output.  The text is given beforehand and stands for what a model would draw:
 *   repetitive   the same 40 tokens over and over: every guess is right from the second time on
 *   misleading   what was there before comes again, but something else follows: every guess is wrong
 *   new          nothing comes twice: there is nothing to guess from
 * usage: speculate MODEL.gguf [THREADS [TOKENS]] */
#include "measure.h"

#include "engine/rig.h"
#include "engine/speculate.h"
#include "sys/cpu.h"
#include "sys/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5, TOKENS = 128, BATCH = 1 + SPECULATE_MAX };

static void make_text(uint32_t *text, size_t n, const char *kind, uint32_t vocab_n)
{
    for (size_t i = 0; i < n; i++) {
        size_t token = i;
        if (kind[0] == 'r')
            token = i % 40;
        else if (kind[0] == 'm')
            token = i % 4 == 3 ? 3 + i / 4 : i % 4;
        text[i] = (uint32_t)(token % vocab_n);
    }
}

/* Goes through the text token by token, as the vault does (enclave/vault_serve.c); returns tokens a second. */
static double follow(struct rig_engine *e, const uint32_t *text, size_t n, bool guess)
{
    struct engine_token step[BATCH];
    struct speculation speculation = {0};
    uint32_t sequence, guesses[SPECULATE_MAX];
    struct reason why;
    must(engine_sequence_open(&e->engine, &sequence, (uint32_t)n + BATCH, &why), &why);
    double start = now();
    for (size_t done = 0; done + 1 < n;) { /* the engine has seen `done` tokens */
        size_t made = guess ? speculate(&speculation, guesses, n - done - 2, text, done + 1) : 0;
        size_t kept = 0;
        step[0] = (struct engine_token){sequence, text[done], true};
        for (size_t i = 0; i < made; i++)
            step[i + 1] = (struct engine_token){sequence, guesses[i], true};
        must(engine_step(&e->engine, step, 1 + made, &why), &why);
        while (kept < made && guesses[kept] == text[done + 1 + kept])
            kept++;
        done += 1 + kept;
        engine_sequence_cut(&e->engine, sequence, (uint32_t)done);
        speculation_judge(&speculation, made, kept);
    }
    double passed = now() - start;
    engine_sequence_close(&e->engine, sequence);
    return (double)(n - 1) / passed;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"repetitive", "misleading", "new"};
    const struct kernels *kernels[RIG_KERNELS_MAX];
    struct worker_pool *pool;
    struct rig_engine e;
    struct reason why;
    struct rig r;
    size_t len;
    if (argc < 2) {
        fprintf(stderr, "usage: speculate MODEL.gguf [THREADS [TOKENS]]\n");
        return 1;
    }
    unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : cpu_read().cores_n;
    uint8_t *file = rig_read(argv[1], &len);
    rig_open(&r, file, len);
    uint32_t n = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : TOKENS;
    n = n + BATCH <= r.model.context_n ? n : r.model.context_n - BATCH;
    must(worker_pool_open(&pool, threads, &why), &why);
    rig_engine_open(&e, &r, kernels[rig_kernels(kernels) - 1],
                    (struct workers){.n = threads, .context = pool, .run = worker_pool_run},
                    (struct engine_options){.sequences_max = 1,
                                            .context_max = n + BATCH,
                                            .batch_max = BATCH,
                                            .logits_max = BATCH,
                                            .pages_max = (n + BATCH + CACHE_PAGE - 1) / CACHE_PAGE});
    uint32_t *text = calloc(n, sizeof *text);
    printf("model\ttext\tthreads\tplain\tguessing\tratio\tunit\n");
    for (size_t k = 0; text != NULL && k < sizeof kinds / sizeof *kinds; k++) {
        double plain[RUNS], guessing[RUNS];
        make_text(text, n, kinds[k], r.model.vocab_n);
        for (size_t i = 0; i < RUNS; i++) {
            plain[i] = follow(&e, text, n, false);
            guessing[i] = follow(&e, text, n, true);
        }
        double a = median(plain, RUNS);
        double b = median(guessing, RUNS);
        printf("%s\t%s\t%u\t%.2f\t%.2f\t%.2f\ttokens/s\n", argv[1], kinds[k], threads, a, b, b / a);
        fflush(stdout);
    }
    free(text);
    rig_engine_close(&e);
    rig_close(&r);
    worker_pool_close(pool);
    return 0;
}
