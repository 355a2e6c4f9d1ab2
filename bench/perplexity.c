/* SPDX-License-Identifier: Apache-2.0 */
/* How well a model foretells a text, as TSV: its perplexity, by llama-perplexity's method, so that the figures can be
 * put side by side.  The text is one sequence of tokens, cut into chunks of CONTEXT; what is left over is not used.
 * Each chunk is read by itself, with the model's first token in place of the chunk's own where the model asks for one.
 * Position p of a chunk foretells the token at p + 1; those from CONTEXT / 2 to CONTEXT - 2 count, so that what is
 * scored has half a chunk before it.  The perplexity is e to the mean of -ln(probability).
 * usage: perplexity MODEL.gguf TEXT [CONTEXT [bf16|q8|f32 [KERNELS [THREADS]]]]   512, bf16, "best", one a core */
#include "engine/rig.h"
#include "engine/tokenizer/tokenizer.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/workers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 };

struct text {
    uint32_t *tokens;
    size_t tokens_n;
    uint32_t first; /* in place of each chunk's first, or TOKENIZER_NO_TOKEN */
};

struct score {
    double sum, squares; /* of -ln(probability) */
    size_t n;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "perplexity: %s\n", what);
    exit(1);
}

static void must(enum status status, const struct reason *why)
{
    if (status != STATUS_OK)
        give_up(why->text[0] == '\0' ? status_name(status) : why->text);
}

/* A line feed at the end of the file is no part of the text. */
static void read_text(struct text *text, const struct rig *r, const char *path)
{
    struct tokenizer t;
    struct arena arena;
    struct reason why = {{0}};
    size_t len, arena_len = tokenizer_arena_len(r->meta_len);
    void *memory = malloc(arena_len);
    uint8_t *bytes = rig_read(path, &len);
    arena_init(&arena, memory, memory == NULL ? 0 : arena_len);
    must(tokenizer_open(&t, &arena, r->file, r->meta_len, &why), &why);
    len -= len != 0 && bytes[len - 1] == '\n';
    size_t scratch_len = tokenizer_scratch_len(&t, len);
    size_t capacity = tokenizer_tokens_max(&t, len);
    if (scratch_len == SIZE_MAX)
        give_up("the text is too long");
    void *scratch = malloc(scratch_len);
    text->tokens = calloc(capacity, sizeof text->tokens[0]);
    if (scratch == NULL || text->tokens == NULL)
        give_up("no memory for the text");
    const struct tokenizer_segment all = {.text = bytes, .len = len};
    const struct tokenizer_encode_options options = {.add_bos = t.add_bos};
    must(tokenizer_encode(&t, text->tokens, capacity, &text->tokens_n, &all, 1, &options, scratch, scratch_len), &why);
    text->first = t.add_bos ? t.bos : TOKENIZER_NO_TOKEN;
    free(scratch);
    free(bytes);
    free(memory);
}

/* logits: [vocab_n] */
static double surprise(const float *logits, size_t vocab_n, uint32_t token)
{
    float largest = logits[0];
    double sum = 0.0;
    for (size_t i = 1; i < vocab_n; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    for (size_t i = 0; i < vocab_n; i++)
        sum += exp((double)logits[i] - (double)largest);
    return log(sum) - ((double)logits[token] - (double)largest);
}

/* chunk: [context] */
static void score_chunk(struct score *score, struct rig_engine *e, const struct text *text, const uint32_t *chunk,
                        uint32_t context)
{
    struct engine_token step[BATCH];
    struct reason why = {{0}};
    uint32_t sequence;
    must(engine_sequence_open(&e->engine, &sequence, context, &why), &why);
    for (uint32_t at = 0; at < context; at += BATCH) {
        uint32_t n = context - at < BATCH ? context - at : BATCH;
        size_t wanted = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t p = at + i;
            uint32_t token = p == 0 && text->first != TOKENIZER_NO_TOKEN ? text->first : chunk[p];
            step[i] = (struct engine_token){sequence, token, p >= context / 2 && p + 1 < context};
        }
        must(engine_step(&e->engine, step, n, &why), &why);
        for (uint32_t i = 0; i < n; i++) {
            if (!step[i].wants_logits)
                continue;
            double s = surprise(engine_logits(&e->engine, wanted++), e->engine.model->vocab_n, chunk[at + i + 1]);
            score->sum += s;
            score->squares += s * s;
            score->n++;
        }
    }
    engine_sequence_close(&e->engine, sequence);
}

static void print(const char *model, const struct rig_engine *e, const struct score *score, uint32_t context,
                  size_t chunks_n, double seconds)
{
    double n = (double)score->n;
    double mean = score->sum / n;
    double variance = score->squares / n - mean * mean;
    double error = score->n > 1 && variance > 0 ? sqrt(variance / (n - 1)) * exp(mean) : 0;
    printf("model\tcache\tkernels\tthreads\tcontext\tchunks\ttokens\tperplexity\terror\tseconds\n");
    printf("%s\t%s\t%s\t%u\t%u\t%zu\t%zu\t%.4f\t%.4f\t%.1f\n", model, cache_type_name(e->engine.options.cache),
           e->engine.kernels->name, e->engine.workers.n, context, chunks_n, score->n, exp(mean), error, seconds);
}

/* One chunk at a time; the engine has room for no more. */
static void measure(const char *name, const struct rig *r, const struct text *text, uint32_t context,
                    enum cache_type cache, const struct kernels *kernels, unsigned threads)
{
    struct worker_pool *pool;
    struct rig_engine e;
    struct reason why = {{0}};
    struct score score = {0};
    size_t chunks_n = text->tokens_n / context;
    must(worker_pool_open(&pool, threads, &why), &why);
    const struct workers workers = {.n = threads, .context = pool, .run = worker_pool_run};
    rig_engine_open(&e, r, kernels, workers,
                    (struct engine_options){.sequences_max = 1,
                                            .context_max = context,
                                            .batch_max = BATCH,
                                            .logits_max = BATCH,
                                            .pages_max = (context + CACHE_PAGE - 1) / CACHE_PAGE,
                                            .cache = cache});
    uint64_t start = clock_monotonic_ms();
    for (size_t i = 0; i < chunks_n; i++)
        score_chunk(&score, &e, text, text->tokens + i * context, context);
    print(name, &e, &score, context, chunks_n, (double)(clock_monotonic_ms() - start) * 1e-3);
    rig_engine_close(&e);
    worker_pool_close(pool);
}

int main(int argc, char **argv)
{
    struct rig r;
    struct text text;
    enum cache_type cache;
    size_t len;
    struct cpu cpu = cpu_read();
    unsigned long context = argc > 3 ? strtoul(argv[3], NULL, 10) : 512;
    const struct kernels *kernels = kernels_choose(argc > 5 ? argv[5] : "best", cpu.has);
    unsigned long threads = argc > 6 ? strtoul(argv[6], NULL, 10) : cpu.cores_n;
    if (argc < 3 || argc > 7 || kernels == NULL || threads == 0 || threads > WORKERS_MAX ||
        cache_type_find(&cache, argc > 4 ? argv[4] : "bf16") != STATUS_OK)
        give_up("usage: perplexity MODEL.gguf TEXT [CONTEXT [bf16|q8|f32 [KERNELS [THREADS]]]]");
    uint8_t *file = rig_read(argv[1], &len);
    rig_open(&r, file, len);
    if (context < 4 || context > r.model.context_n)
        give_up("CONTEXT must be at least 4, and at most the model's own context length");
    read_text(&text, &r, argv[2]);
    if (text.tokens_n < 2 * context)
        give_up("the text has fewer tokens than two chunks; give a longer one, or a smaller CONTEXT");
    measure(argv[1], &r, &text, (uint32_t)context, cache, kernels, (unsigned)threads);
    free(text.tokens);
    rig_close(&r);
    return 0;
}
