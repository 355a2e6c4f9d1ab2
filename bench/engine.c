/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of the engine, as TSV on standard output: for each weight type and instruction set, prompt and decode tokens a
 * second with one thread and with all cores, and how fast weights are placed.
 * usage: engine [MODEL.gguf]   without a model, random weights of a middling shape */
#include "engine/gguf_make.h"
#include "engine/rig.h"
#include "sys/cpu.h"
#include "sys/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROMPT = 128, PIECE = 1 << 20 };

static const double seconds_each = 0.7;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void row(const char *model, const char *kernels, unsigned threads, const char *what, double value,
                const char *unit)
{
    printf("%s\t%s\t%u\t%s\t%.2f\t%s\n", model, kernels, threads, what, value, unit);
    fflush(stdout);
}

static void must(enum status status, const struct reason *why)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s: %s\n", status_name(status), why->text);
    exit(1);
}

static void bench_place(const char *name, const struct rig *r)
{
    double start = now();
    double passed;
    double bytes = 0;
    do {
        for (size_t from = 0; from < r->file_len; from += PIECE)
            model_place(&r->model, r->weights, from, r->file + from,
                        r->file_len - from < PIECE ? r->file_len - from : PIECE);
        bytes += (double)r->file_len;
        passed = now() - start;
    } while (passed < seconds_each);
    row(name, "-", 1, "place", bytes / passed * 1e-9, "GB/s");
}

/* Whole prompts of the longest length that fits, in one step each. */
static void bench_prompt(const char *name, struct rig_engine *e, unsigned threads)
{
    struct engine_token step[PROMPT];
    struct reason why;
    uint32_t sequence;
    size_t n = e->engine.options.batch_max;
    double tokens = 0;
    double passed = 0;
    while (passed < seconds_each) {
        must(engine_sequence_open(&e->engine, &sequence, &why), &why);
        for (size_t i = 0; i < n; i++)
            step[i] = (struct engine_token){.sequence = sequence,
                                            .token = (uint32_t)(i * 31 % e->engine.model->vocab_n),
                                            .wants_logits = i + 1 == n};
        double start = now();
        must(engine_step(&e->engine, step, n, &why), &why);
        passed += now() - start;
        tokens += (double)n;
        engine_sequence_close(&e->engine, sequence);
    }
    row(name, e->engine.kernels->name, threads, "prompt", tokens / passed, "tokens/s");
}

/* Single tokens of sequences_n sequences at once. */
static void bench_decode(const char *name, struct rig_engine *e, unsigned threads, uint32_t sequences_n)
{
    struct engine_token step[8];
    struct reason why;
    double tokens = 0;
    double passed = 0;
    char what[32];
    while (passed < seconds_each) {
        for (uint32_t s = 0; s < sequences_n; s++) {
            must(engine_sequence_open(&e->engine, &step[s].sequence, &why), &why);
            step[s].wants_logits = true;
        }
        for (uint32_t i = 0; i < e->engine.options.context_max && passed < seconds_each; i++) {
            for (uint32_t s = 0; s < sequences_n; s++)
                step[s].token = (i * 7 + s) % e->engine.model->vocab_n;
            double start = now();
            must(engine_step(&e->engine, step, sequences_n, &why), &why);
            passed += now() - start;
            tokens += (double)sequences_n;
        }
        for (uint32_t s = 0; s < sequences_n; s++)
            engine_sequence_close(&e->engine, step[s].sequence);
    }
    snprintf(what, sizeof what, "decode x%u", sequences_n);
    row(name, e->engine.kernels->name, threads, what, tokens / passed, "tokens/s");
}

static void bench_model(const char *name, const struct rig *r)
{
    const struct kernels *kernels[3];
    size_t kernels_n = rig_kernels(kernels);
    unsigned cores = cpu_read().cores_n;
    uint32_t context = r->model.context_n < 256 ? r->model.context_n : 256;
    bench_place(name, r);
    for (size_t k = 0; k < kernels_n; k++)
        for (unsigned threads = 1; threads <= cores; threads = threads == cores ? cores + 1 : cores) {
            struct worker_pool *pool;
            struct rig_engine e;
            struct reason why;
            must(worker_pool_open(&pool, threads, &why), &why);
            struct workers workers = {.n = threads, .context = pool, .run = worker_pool_run};
            rig_engine_open(&e, r, kernels[k], workers,
                            (struct engine_options){.sequences_max = 4,
                                                    .context_max = context,
                                                    .batch_max = context < PROMPT ? context : PROMPT,
                                                    .logits_max = 4});
            bench_prompt(name, &e, threads);
            bench_decode(name, &e, threads, 1);
            bench_decode(name, &e, threads, 4);
            rig_engine_close(&e);
            worker_pool_close(pool);
        }
}

int main(int argc, char **argv)
{
    struct rig r;
    size_t len;
    printf("model\tkernels\tthreads\twhat\tvalue\tunit\n");
    if (argc > 1) {
        uint8_t *file = rig_read(argv[1], &len);
        rig_open(&r, file, len);
        bench_model(argv[1], &r);
        rig_close(&r);
        return 0;
    }
    for (int type = 0; type < WEIGHT_TYPES_N; type++) {
        uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 4096,
                                                                    .dim = 1024,
                                                                    .hidden = 2816,
                                                                    .layers_n = 4,
                                                                    .heads_n = 16,
                                                                    .kv_heads_n = 4,
                                                                    .context_n = 256,
                                                                    .type = (enum weight_type)type,
                                                                    .tied = true,
                                                                    .weights = true,
                                                                    .seed = 1});
        rig_open(&r, file, len);
        bench_model(weight_type_name((enum weight_type)type), &r);
        rig_close(&r);
    }
    return 0;
}
