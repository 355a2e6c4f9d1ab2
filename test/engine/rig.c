/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rig.h"

#include "engine/gguf.h"
#include "sys/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum status status, const struct reason *why, const char *what)
{
    if (status == STATUS_OK)
        return;
    printf("Bail out! %s: %s: %s\n", what, status_name(status), why->text);
    exit(1);
}

static void *take(size_t len)
{
    void *memory = aligned_alloc(64, (len + 63) / 64 * 64 + 64);
    if (memory == NULL) {
        printf("Bail out! no memory\n");
        exit(1);
    }
    return memory;
}

uint8_t *rig_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    *len = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = take(*len);
    if (fread(bytes, 1, *len, file) != *len) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

void rig_open(struct rig *r, uint8_t *file, size_t file_len)
{
    struct reason why = {{0}};
    struct arena arena;
    uint64_t meta_len;
    *r = (struct rig){.file = file, .file_len = file_len};
    must(gguf_meta_len(&meta_len, file, file_len, &why), &why, "gguf_meta_len");
    r->meta_len = (size_t)meta_len;
    r->tables = take(model_arena_len(r->meta_len));
    arena_init(&arena, r->tables, model_arena_len(r->meta_len));
    must(model_parse(&r->model, &arena, file, r->meta_len, file_len, &why), &why, "model_parse");
    size_t weights_len = (size_t)model_weights_len(&r->model);
    r->weights = take(weights_len);
    memset(r->weights, 0, weights_len);
    model_place(&r->model, r->weights, 0, file, file_len);
    struct workers workers = workers_none();
    must(model_finish(&r->model, r->weights, &workers, &why), &why, "model_finish");
}

void rig_close(struct rig *r)
{
    free(r->file);
    free(r->tables);
    free(r->weights);
}

void rig_engine_open(struct rig_engine *e, const struct rig *r, const struct kernels *kernels, struct workers workers,
                     struct engine_options options)
{
    struct reason why = {{0}};
    size_t len;
    must(engine_memory_len(&len, &r->model, &options, workers.n, &why), &why, "engine_memory_len");
    e->memory = take(len);
    memset(e->memory, 0xa5, len);
    must(engine_init(&e->engine, &r->model, r->weights, &options, kernels, &workers, e->memory, len, &why), &why,
         "engine_init");
}

void rig_engine_close(struct rig_engine *e)
{
    engine_wipe(&e->engine);
    free(e->memory);
}

void rig_logits(float *logits, struct rig_engine *e, const uint32_t *tokens, size_t tokens_n, size_t piece)
{
    struct reason why = {{0}};
    uint32_t sequence;
    size_t vocab_n = e->engine.model->vocab_n;
    struct engine_token *step = take(piece * sizeof *step);
    must(engine_sequence_open(&e->engine, &sequence, e->engine.options.context_max, &why), &why,
         "engine_sequence_open");
    for (size_t done = 0; done < tokens_n;) {
        size_t n = tokens_n - done < piece ? tokens_n - done : piece;
        for (size_t i = 0; i < n; i++)
            step[i] = (struct engine_token){.sequence = sequence, .token = tokens[done + i], .wants_logits = true};
        must(engine_step(&e->engine, step, n, &why), &why, "engine_step");
        for (size_t i = 0; i < n; i++)
            memcpy(logits + (done + i) * vocab_n, engine_logits(&e->engine, i), vocab_n * sizeof *logits);
        done += n;
    }
    engine_sequence_close(&e->engine, sequence);
    free(step);
}

size_t rig_kernels(const struct kernels *kernels[static RIG_KERNELS_MAX])
{
    static const char *const names[] = {"scalar", "avx2", "avx512", "amx"};
    struct cpu cpu = cpu_read();
    size_t n = 0;
    for (size_t i = 0; i < KERNELS_N; i++) {
        kernels[n] = kernels_choose(names[i], cpu.has);
        n += kernels[n] != NULL;
    }
    return n;
}
