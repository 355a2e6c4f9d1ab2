/* SPDX-License-Identifier: Apache-2.0 */
/* Logits of a model for a fixed sequence of tokens (token i is (i * 97 + 1) modulo the vocabulary), as floats on
 * standard output, to compare with another engine's.
 * usage: print_logits MODEL.gguf TOKENS [scalar|avx2|avx512|best] [bf16|q8|f32] */
#include "engine/rig.h"
#include "sys/cpu.h"
#include "sys/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cache_type cache_of(const char *name)
{
    return strcmp(name, "f32") == 0 ? CACHE_F32 : strcmp(name, "q8") == 0 ? CACHE_Q8 : CACHE_BF16;
}

int main(int argc, char **argv)
{
    struct rig rig;
    struct rig_engine engine;
    struct worker_pool *pool;
    struct reason why;
    size_t len;
    struct cpu cpu = cpu_read();
    const struct kernels *kernels = kernels_choose(argc > 3 ? argv[3] : "best", cpu.has);
    uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (n == 0 || kernels == NULL || worker_pool_open(&pool, cpu.cores_n, &why) != STATUS_OK) {
        fprintf(stderr, "usage: print_logits MODEL.gguf TOKENS [scalar|avx2|avx512|best] [bf16|q8|f32]\n");
        return 1;
    }
    uint8_t *file = rig_read(argv[1], &len);
    rig_open(&rig, file, len);
    struct workers workers = {.n = worker_pool_n(pool), .context = pool, .run = worker_pool_run};
    rig_engine_open(&engine, &rig, kernels, workers,
                    (struct engine_options){.sequences_max = 1,
                                            .context_max = n,
                                            .batch_max = 512,
                                            .logits_max = 512,
                                            .pages_max = (n + CACHE_PAGE - 1) / CACHE_PAGE,
                                            .cache = cache_of(argc > 4 ? argv[4] : "bf16")});
    uint32_t *tokens = calloc(n, sizeof *tokens);
    float *logits = calloc((size_t)n * rig.model.vocab_n, sizeof *logits);
    if (tokens == NULL || logits == NULL)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = (i * 97 + 1) % rig.model.vocab_n;
    rig_logits(logits, &engine, tokens, n, 512);
    fwrite(logits, sizeof *logits, (size_t)n * rig.model.vocab_n, stdout);
    free(logits);
    free(tokens);
    rig_engine_close(&engine);
    rig_close(&rig);
    worker_pool_close(pool);
    return 0;
}
