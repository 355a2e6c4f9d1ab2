/* SPDX-License-Identifier: Apache-2.0 */
#include "client/bench.h"

#include "client/replay_model.h"
#include "engine/engine.h"
#include "engine/kernel/amx.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/cpu.h"
#include "sys/model_stream.h"
#include "sys/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bench_run(const struct command_line *line);

static const struct command_option options[] = {
    {"model", "FILE", "the model: a GGUF file, or a sealed one with its key (mandatory)"},
    {"raw-key", "FILE", "32-byte key in base64, made by `cloister keys new`"},
    {"identity", "FILE", "X25519 identity, made by `cloister keys new --identity`"},
    {"threads", "N", "threads to use (default: one for each processor)"},
    {"isa", "NAME", "scalar, avx2, avx512 or amx (default: the best there is)"},
    {"prompt", "N", "tokens of the prompt (default: 512, or the model's context)"},
    {"kv-cache", "TYPE", "bf16, q8 or f32 (default: bf16)"},
    {"decode", "N", "tokens to generate in each run (default: 32)"},
    {"json", NULL, "print one JSON object"},
    {NULL, NULL, NULL},
};

const struct command bench_commands[] = {
    {"bench", "", 0, 0, "measure a model's speed on this machine", options, bench_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

enum { RUNS = 3, READ_PIECE = 1 << 20, TILE_ROUNDS = 4096, TILE_PIECES = 64, ALIGNMENT = 64 };

struct bench {
    struct replay_model model;
    struct worker_pool *pool;
    struct workers workers;
    const struct kernels *kernels;
    struct engine engine;
    uint8_t *memory;
    size_t memory_len;
    enum cache_type cache;
    uint32_t prompt_n, decode_n;
    double read_rate, prompt_rate, decode_rate; /* bytes, tokens, tokens a second; medians */
    double tile_rate;                           /* int8 multiplications a second in AMX's tiles; 0: there is no AMX */
    bool has_amx;
    volatile uint64_t sink[WORKERS_MAX];
};

static double seconds(void)
{
    return (double)clock_monotonic_ns() * 1e-9;
}

static double median(double *values)
{
    for (size_t i = 1; i < RUNS; i++)
        for (size_t k = i; k > 0 && values[k] < values[k - 1]; k--) {
            double swapped = values[k];
            values[k] = values[k - 1];
            values[k - 1] = swapped;
        }
    return values[RUNS / 2];
}

static void read_task(void *argument, unsigned worker, size_t piece)
{
    struct bench *b = argument;
    const uint8_t *at = b->model.weights + piece * READ_PIECE;
    uint64_t sum = 0;
    for (size_t i = 0; i < READ_PIECE; i += 64) {
        uint64_t words[8];
        __builtin_prefetch(at + i + 1024);
        memcpy(words, at + i, sizeof words);
        sum ^= words[0] ^ words[1] ^ words[2] ^ words[3] ^ words[4] ^ words[5] ^ words[6] ^ words[7];
    }
    b->sink[worker] += sum;
}

static void measure_read(struct bench *b)
{
    double rates[RUNS];
    size_t pieces = b->model.weights_len / READ_PIECE;
    for (size_t i = 0; i < RUNS && pieces != 0; i++) {
        double start = seconds();
        b->workers.run(b->workers.context, read_task, b, pieces);
        rates[i] = (double)pieces * READ_PIECE / (seconds() - start);
    }
    b->read_rate = pieces == 0 ? 0 : median(rates);
}

static void multiply_task(void *argument, unsigned worker, size_t piece)
{
    (void)argument;
    (void)worker;
    (void)piece;
    amx_multiply(TILE_ROUNDS);
}

static void measure_tiles(struct bench *b)
{
    double rates[RUNS];
    size_t pieces = (size_t)b->workers.n * TILE_PIECES;
    if (!b->has_amx)
        return;
    for (size_t i = 0; i < RUNS; i++) {
        double start = seconds();
        b->workers.run(b->workers.context, multiply_task, b, pieces);
        double passed = seconds() - start;
        rates[i] = (double)pieces * (double)amx_multiply(TILE_ROUNDS) / passed;
    }
    b->tile_rate = median(rates);
}

/* One prompt, then decode_n tokens; the rates of both. */
static enum status run_once(struct bench *b, double *prompt, double *decode, struct reason *why)
{
    uint32_t sequence;
    struct engine_token *step = calloc(b->prompt_n, sizeof *step);
    if (step == NULL)
        return STATUS_NO_MEMORY;
    enum status status = engine_sequence_open(&b->engine, &sequence, b->prompt_n + b->decode_n, why);
    for (uint32_t i = 0; i < b->prompt_n; i++)
        step[i] = (struct engine_token){sequence, i * 31 % b->model.model.vocab_n, i + 1 == b->prompt_n};
    double start = seconds();
    if (status == STATUS_OK)
        status = engine_step(&b->engine, step, b->prompt_n, why);
    double middle = seconds();
    for (uint32_t i = 0; i < b->decode_n && status == STATUS_OK; i++) {
        step[0] = (struct engine_token){sequence, i * 7 % b->model.model.vocab_n, true};
        status = engine_step(&b->engine, step, 1, why);
    }
    *prompt = (double)b->prompt_n / (middle - start);
    *decode = (double)b->decode_n / (seconds() - middle);
    engine_sequence_close(&b->engine, sequence);
    free(step);
    return status;
}

static enum status measure(struct bench *b, struct reason *why)
{
    double prompts[RUNS], decodes[RUNS];
    enum status status = STATUS_OK;
    measure_read(b);
    measure_tiles(b);
    for (size_t i = 0; i < RUNS && status == STATUS_OK; i++)
        status = run_once(b, &prompts[i], &decodes[i], why);
    if (status != STATUS_OK)
        return status;
    b->prompt_rate = median(prompts);
    b->decode_rate = median(decodes);
    return STATUS_OK;
}

/* False after an error was printed. */
static bool choose(struct bench *b, const struct command_line *line, unsigned *threads_n)
{
    const char *isa = command_value(line, "isa");
    const char *cache = command_value(line, "kv-cache");
    struct cpu cpu = cpu_read();
    unsigned long long threads = cpu.cores_n;
    unsigned long long prompt = 512;
    unsigned long long decode = 32;
    if (!command_number(line, "threads", MODEL_STREAM_THREADS_MAX, &threads) ||
        !command_number(line, "prompt", 1 << 20, &prompt) || !command_number(line, "decode", 1 << 20, &decode))
        return false;
    b->kernels = kernels_choose(isa == NULL ? "best" : isa, cpu.has);
    b->has_amx = cpu.has.amx;
    b->prompt_n = (uint32_t)prompt;
    b->decode_n = (uint32_t)decode;
    *threads_n = (unsigned)threads;
    if (cache != NULL && cache_type_find(&b->cache, cache) != STATUS_OK) {
        console_error("--kv-cache is bf16, q8 or f32");
        return false;
    }
    if (threads != 0 && prompt != 0 && decode != 0 && b->kernels != NULL)
        return true;
    console_error("--threads, --prompt and --decode are at least 1, and --isa is one that this processor has");
    return false;
}

static enum status start(struct bench *b, const struct command_line *line, unsigned threads_n, struct reason *why)
{
    enum status status = replay_model_open(&b->model, line, threads_n, why);
    if (status != STATUS_OK)
        return status;
    uint32_t context = b->model.model.context_n;
    b->decode_n = b->decode_n < context ? b->decode_n : context / 2 + 1;
    if (b->prompt_n > context - b->decode_n && context > b->decode_n)
        b->prompt_n = context - b->decode_n;
    const struct engine_options o = {.sequences_max = 1,
                                     .context_max = b->prompt_n + b->decode_n,
                                     .batch_max = b->prompt_n,
                                     .logits_max = 1,
                                     .pages_max = (b->prompt_n + b->decode_n + CACHE_PAGE - 1) / CACHE_PAGE,
                                     .cache = b->cache};
    status = engine_memory_len(&b->memory_len, &b->model.model, &o, threads_n, why);
    if (status == STATUS_OK)
        status = worker_pool_open(&b->pool, threads_n, why);
    if (status != STATUS_OK)
        return status;
    b->memory_len = (b->memory_len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    b->memory = aligned_alloc(ALIGNMENT, b->memory_len);
    if (b->memory == NULL)
        return STATUS_NO_MEMORY;
    b->workers = (struct workers){.n = threads_n, .context = b->pool, .run = worker_pool_run};
    return engine_init(&b->engine, &b->model.model, b->model.weights, &o, b->kernels, &b->workers, b->memory,
                       b->memory_len, why);
}

/* The share of the time that reading the weights alone would take. */
static double share(const struct bench *b)
{
    const struct model *m = &b->model.model;
    double used = (double)b->model.weights_len;
    if (m->output.at != m->embedding.at) /* one row of the embedding is read a token */
        used -= (double)(layout_groups_n(&m->embedding) * m->embedding.group_len);
    return b->read_rate > 0 ? b->decode_rate * used / b->read_rate : 0;
}

/* What the layers' products in the prompt are of the most that AMX can multiply, as int8. */
static double share_of_amx(const struct bench *b)
{
    return b->prompt_rate * (double)model_products_n(&b->model.model) / b->tile_rate;
}

static void print(const struct bench *b, bool json)
{
    char share_text[16] = "null";
    if (b->has_amx)
        snprintf(share_text, sizeof share_text, "%.3f", share_of_amx(b));
    if (json) {
        printf("{\"decode_tokens_per_s\":%.2f,\"instructions\":\"%s\",\"kv_cache\":\"%s\",\"prompt_tokens\":%u,"
               "\"prompt_tokens_per_s\":%.2f,\"read_gb_per_s\":%.2f,\"share_of_amx\":%s,\"share_of_read\":%.3f,"
               "\"threads\":%u}\n",
               b->decode_rate, b->kernels->name, cache_type_name(b->cache), b->prompt_n, b->prompt_rate,
               b->read_rate * 1e-9, share_text, share(b), b->workers.n);
        return;
    }
    printf("instructions  %s, %u threads, %s KV cache\n", b->kernels->name, b->workers.n, cache_type_name(b->cache));
    printf("memory        %.1f GB/s read\n", b->read_rate * 1e-9);
    printf("prompt        %.1f tokens/s (%u tokens), ", b->prompt_rate, b->prompt_n);
    if (b->has_amx)
        printf("%.0f %% of what AMX multiplies, %.2f T/s of int8\n", share_of_amx(b) * 100, b->tile_rate * 1e-12);
    else
        printf("no AMX on this processor\n");
    printf("decode        %.1f tokens/s, %.0f %% of what reading the weights allows\n", b->decode_rate, share(b) * 100);
}

static int bench_run(const struct command_line *line)
{
    static struct bench b;
    struct reason why = {""};
    unsigned threads_n;
    if (!choose(&b, line, &threads_n))
        return EXIT_CODE_USAGE;
    enum status status = start(&b, line, threads_n, &why);
    if (status == STATUS_OK)
        status = measure(&b, &why);
    if (status == STATUS_OK)
        print(&b, command_flag(line, "json"));
    if (b.memory != NULL)
        engine_wipe(&b.engine);
    free(b.memory);
    worker_pool_close(b.pool);
    replay_model_close(&b.model);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}
