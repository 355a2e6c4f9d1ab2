/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of the engine, as TSV on standard output: prompt and decode tokens a second, and beside them how fast this
 * machine reads memory, which bounds decoding, and how fast AMX multiplies, which bounds prompts.
 * usage: engine [MODEL.gguf [KERNELS [THREADS]]]   KERNELS may be "best"; without a model, random weights of a middling
 * shape in every type */
#include "measure.h"

#include "engine/gguf_make.h"
#include "engine/kernel/amx.h"
#include "engine/rig.h"
#include "sys/cpu.h"
#include "sys/workers.h"

#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20, TILE_ROUNDS = 4096, SEQUENCES = 16, RUNS = 5, RUNS_MAX = 64 };

static double seconds_each = 1.0; /* of a row, at least; and at least three runs */

static void row(const char *model, const char *kernels, unsigned threads, const char *what, double value,
                const char *unit)
{
    printf("%s\t%s\t%u\t%s\t%.2f\t%s\n", model, kernels, threads, what, value, unit);
    fflush(stdout);
}

/* ---- reading memory ---- */

struct reading {
    const uint8_t *bytes;
    size_t len;
    volatile uint64_t sink[WORKERS_MAX];
};

static void read_task(void *argument, unsigned worker, size_t piece)
{
    struct reading *r = argument;
    const uint8_t *at = r->bytes + piece * PIECE;
    __m128i sum = _mm_setzero_si128();
    for (size_t i = 0; i < PIECE; i += 64) {
        _mm_prefetch((const char *)(at + i + 1024), _MM_HINT_T0);
        for (size_t k = 0; k < 64; k += 16)
            sum = _mm_xor_si128(sum, _mm_load_si128((const __m128i *)(const void *)(at + i + k)));
    }
    r->sink[worker] += (uint64_t)_mm_cvtsi128_si64(sum);
}

static double bench_read(const struct rig *r, const struct workers *workers)
{
    struct reading reading = {.bytes = r->weights, .len = (size_t)model_weights_len(&r->model)};
    double rates[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        double start = now();
        workers->run(workers->context, read_task, &reading, reading.len / PIECE);
        rates[i] = (double)(reading.len / PIECE * PIECE) / (now() - start);
    }
    return median(rates, RUNS);
}

/* ---- multiplying tiles of int8 from registers ---- */

static void multiply_task(void *argument, unsigned worker, size_t piece)
{
    (void)argument;
    (void)worker;
    (void)piece;
    amx_multiply(TILE_ROUNDS);
}

/* Multiplications a second. */
static double bench_tiles(const struct workers *workers)
{
    double rates[RUNS];
    size_t pieces = (size_t)workers->n * 64;
    for (size_t i = 0; i < RUNS; i++) {
        double start = now();
        workers->run(workers->context, multiply_task, NULL, pieces);
        double passed = now() - start;
        rates[i] = (double)pieces * (double)amx_multiply(TILE_ROUNDS) / passed;
    }
    return median(rates, RUNS);
}

/* ---- the engine ---- */

/* One prompt of n tokens, in steps of the batch. */
static double prompt_once(struct rig_engine *e, uint32_t n)
{
    struct reason why;
    uint32_t sequence;
    struct engine_token *step = calloc(n, sizeof *step);
    uint32_t batch = e->engine.options.batch_max;
    must(engine_sequence_open(&e->engine, &sequence, n, &why), &why);
    for (uint32_t i = 0; step != NULL && i < n; i++)
        step[i] = (struct engine_token){
            .sequence = sequence, .token = i * 31 % e->engine.model->vocab_n, .wants_logits = i + 1 == n};
    double start = now();
    for (uint32_t at = 0; step != NULL && at < n; at += batch)
        must(engine_step(&e->engine, step + at, n - at < batch ? n - at : batch, &why), &why);
    double passed = now() - start;
    engine_sequence_close(&e->engine, sequence);
    free(step);
    return (double)n / passed;
}

/* n single tokens of each of sequences_n sequences. */
static double decode_once(struct rig_engine *e, uint32_t n, uint32_t sequences_n)
{
    struct engine_token step[SEQUENCES];
    struct reason why;
    for (uint32_t s = 0; s < sequences_n; s++) {
        must(engine_sequence_open(&e->engine, &step[s].sequence, n, &why), &why);
        step[s].wants_logits = true;
    }
    double start = now();
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t s = 0; s < sequences_n; s++)
            step[s].token = (i * 7 + s) % e->engine.model->vocab_n;
        must(engine_step(&e->engine, step, sequences_n, &why), &why);
    }
    double passed = now() - start;
    for (uint32_t s = 0; s < sequences_n; s++)
        engine_sequence_close(&e->engine, step[s].sequence);
    return (double)n * sequences_n / passed;
}

/* The median of runs that take seconds_each together, at least three. */
static double repeat(struct rig_engine *e, uint32_t n, uint32_t sequences_n)
{
    double rates[RUNS_MAX];
    size_t runs = 0;
    for (double start = now(); runs < RUNS_MAX && (runs < 3 || now() - start < seconds_each); runs++)
        rates[runs] = sequences_n == 0 ? prompt_once(e, n) : decode_once(e, n, sequences_n);
    return median(rates, runs);
}

static void bench_threads(const char *name, const struct rig *r, const struct kernels *kernels, unsigned threads)
{
    struct worker_pool *pool;
    struct rig_engine e;
    struct reason why;
    uint32_t context = r->model.context_n < 512 ? r->model.context_n : 512;
    uint32_t decode = context < 32 ? context : 32;
    must(worker_pool_open(&pool, threads, &why), &why);
    struct workers workers = {.n = threads, .context = pool, .run = worker_pool_run};
    rig_engine_open(&e, r, kernels, workers,
                    (struct engine_options){.sequences_max = SEQUENCES,
                                            .context_max = context,
                                            .batch_max = context,
                                            .logits_max = SEQUENCES,
                                            .pages_max = SEQUENCES * ((context + CACHE_PAGE - 1) / CACHE_PAGE),
                                            .cache = CACHE_BF16});
    double bandwidth = bench_read(r, &workers);
    double rate = repeat(&e, decode, 1);
    row(name, "-", threads, "read", bandwidth * 1e-9, "GB/s");
    row(name, kernels->name, threads, "decode", rate, "tokens/s");
    /* the embedding is read one row a token; tied, it is the output matrix as well */
    double used = (double)model_weights_len(&r->model);
    if (r->model.output.at != r->model.embedding.at)
        used -= (double)(layout_groups_n(&r->model.embedding) * r->model.embedding.group_len);
    row(name, kernels->name, threads, "decode, share of read", rate * used / bandwidth, "of 1");
    row(name, kernels->name, threads, "decode x16", repeat(&e, decode < 8 ? decode : 8, SEQUENCES), "tokens/s");
    rate = repeat(&e, context, 0);
    row(name, kernels->name, threads, "prompt", rate, "tokens/s");
    if (cpu_read().has.amx) {
        double tiles = bench_tiles(&workers);
        row(name, "-", threads, "AMX int8", tiles * 1e-12, "T multiplications/s");
        row(name, kernels->name, threads, "prompt, share of AMX int8",
            rate * (double)model_products_n(&r->model) / tiles, "of 1");
    }
    rig_engine_close(&e);
    worker_pool_close(pool);
}

/* only: the name of a table of kernels, "best", or NULL for all; threads 0: one and all. */
static void bench_model(const char *name, const struct rig *r, const char *only, unsigned threads)
{
    const struct kernels *kernels[RIG_KERNELS_MAX];
    size_t kernels_n = rig_kernels(kernels);
    unsigned cores = cpu_read().cores_n;
    if (only != NULL && strcmp(only, "best") == 0)
        only = kernels[kernels_n - 1]->name;
    for (size_t k = 0; k < kernels_n; k++)
        for (unsigned n = 1; n <= cores; n = n == cores ? cores + 1 : cores)
            if ((only == NULL || strcmp(only, kernels[k]->name) == 0) && (threads == 0 || threads == n))
                bench_threads(name, r, kernels[k], n);
}

int main(int argc, char **argv)
{
    struct rig r;
    size_t len;
    printf("model\tkernels\tthreads\twhat\tvalue\tunit\n");
    if (!cpu_read().has.amx)
        fprintf(stderr, "# no AMX on this processor, so its share is not measured\n");
    if (argc > 1) {
        uint8_t *file = rig_read(argv[1], &len);
        rig_open(&r, file, len);
        bench_model(argv[1], &r, argc > 2 ? argv[2] : NULL, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
        rig_close(&r);
        return 0;
    }
    seconds_each = 0.2;
    for (int type = 0; type < WEIGHT_TYPES_N; type++) {
        uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 4096,
                                                                    .dim = 1024,
                                                                    .hidden = 2816,
                                                                    .layers_n = 2,
                                                                    .heads_n = 16,
                                                                    .kv_heads_n = 4,
                                                                    .context_n = 128,
                                                                    .type = (enum weight_type)type,
                                                                    .tied = true,
                                                                    .weights = true,
                                                                    .seed = 1});
        rig_open(&r, file, len);
        bench_model(format_of((enum weight_type)type)->name, &r, NULL, 0);
        rig_close(&r);
    }
    return 0;
}
