/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/vault_open.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"
#include "enclave/vault_cache.h"
#include "enclave/vault_serve.h"
#include "engine/speculate.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,
    HUGE_PAGE = 2 << 20,
    META_MAX = 256 << 20,
};

/* What takes the memory that there is not, and what would take less. */
static void say_wanted(struct reason *why, uint64_t weights_len, uint64_t cache_len, uint64_t rest_len)
{
    reason_add(why, "; bytes wanted: weights ");
    reason_add_u64(why, weights_len);
    reason_add(why, ", KV cache ");
    reason_add_u64(why, cache_len);
    reason_add(why, ", the rest ");
    reason_add_u64(why, rest_len);
    reason_add(why, "; lower \"kv_cache_bytes\", \"context\" or \"sequences\"");
}

/* Memory that is neither swapped nor dumped. */
static enum status take_locked(uint8_t **memory, size_t len, struct reason *why)
{
    *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*memory == MAP_FAILED) {
        *memory = NULL;
        reason_set(why, "too little memory", NULL);
        return STATUS_NO_MEMORY;
    }
    if (len >= HUGE_PAGE)
        madvise(*memory, len, MADV_HUGEPAGE); /* for speed; not having them is no error */
    if (madvise(*memory, len, MADV_DONTDUMP) != 0 || mlock(*memory, len) != 0) {
        munmap(*memory, len);
        *memory = NULL;
        reason_set(why, "cannot lock memory; raise `ulimit -l` or start as root", NULL);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* The bytes of every token, for grammars; the tokenizer itself is not kept. */
static enum status read_vocabulary(struct vault_model *v, const uint8_t *meta, size_t meta_len, struct reason *why)
{
    struct arena arena;
    struct tokenizer tokenizer;
    size_t arena_len = tokenizer_arena_len(meta_len);
    void *memory = malloc(arena_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, arena_len);
    enum status status = tokenizer_open(&tokenizer, &arena, meta, meta_len, why);
    size_t len = status == STATUS_OK ? token_bytes_len(&tokenizer) : 0;
    if (status == STATUS_OK) {
        v->vocabulary_memory = len == 0 ? NULL : malloc(len);
        status = v->vocabulary_memory == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (status == STATUS_OK)
        token_bytes_init(&v->vocabulary, &tokenizer, v->vocabulary_memory);
    free(memory);
    return status;
}

/* The model's table of tensors from the leading bytes of the file.  The arena it lives in is never released. */
static enum status parse_model(struct vault_model *v, const struct model_stream *stream, const struct seal_dek *dek,
                               struct reason *why)
{
    struct arena arena;
    size_t meta_len = (size_t)stream->header.meta_len;
    enum status status = STATUS_NO_MEMORY;
    if (meta_len == 0 || meta_len > META_MAX) {
        reason_set(why, "the sealed file is no GGUF model", NULL);
        return STATUS_UNSUPPORTED;
    }
    size_t arena_len = model_arena_len(meta_len);
    uint8_t *meta = malloc(meta_len);
    void *memory = malloc(arena_len);
    if (meta == NULL || memory == NULL)
        goto out;
    arena_init(&arena, memory, arena_len);
    status = model_stream_read_meta(stream, dek, meta, meta_len, why);
    if (status == STATUS_OK)
        status = model_parse(&v->model, &arena, meta, meta_len, stream->header.plain_len, why);
    if (status == STATUS_OK)
        status = read_vocabulary(v, meta, meta_len, why);
out:
    if (status != STATUS_OK)
        free(memory);
    if (meta != NULL)
        wipe(meta, meta_len);
    free(meta);
    return status;
}

/* Weights first, padded to a line of cache, then the engine's memory. */
static enum status take_memory(struct vault_model *v, const struct engine_options *options,
                               const struct vault_setup *setup, struct reason *why)
{
    uint64_t weights_len, cache_len = options->pages_max * engine_page_len(&v->model, options->cache);
    size_t engine_len;
    enum status status = engine_memory_len(&engine_len, &v->model, options, setup->threads, why);
    if (status != STATUS_OK)
        return status;
    if (!checked_round_up_u64(&weights_len, model_weights_len(&v->model), ALIGNMENT) ||
        !checked_add_size(&v->memory_len, (size_t)weights_len, engine_len)) {
        reason_set(why, "the model is too large for this machine's address space", NULL);
        return STATUS_LIMIT;
    }
    v->weights_len = (size_t)weights_len;
    uint64_t rest_len = engine_len - cache_len + vault_serve_len(options, v->model.vocab_n);
    if (setup->memory_available != 0 && weights_len + cache_len + rest_len > setup->memory_available) {
        reason_set(why, "too little memory: free are ", NULL);
        reason_add_u64(why, setup->memory_available);
        status = STATUS_NO_MEMORY;
    } else {
        status = take_locked(&v->memory, v->memory_len, why);
    }
    if (status != STATUS_OK)
        say_wanted(why, weights_len, cache_len, rest_len);
    return status;
}

static enum status place(void *context, uint64_t offset, const uint8_t *bytes, size_t len)
{
    struct vault_model *v = context;
    model_place(&v->model, v->memory, offset, bytes, len);
    return STATUS_OK;
}

enum status vault_open(struct vault_model *v, int model_fd, const struct vault_setup *setup,
                       const struct kernels *kernels, struct reason *why)
{
    static struct model_stream stream; /* public data only */
    struct engine_options options = {.sequences_max = setup->sequences,
                                     .batch_max = setup->batch,
                                     .logits_max = setup->sequences * (1 + SPECULATE_MAX)};
    memset(v, 0, sizeof *v);
    enum status status = model_stream_open(&stream, model_fd, why);
    if (status == STATUS_OK)
        status = parse_model(v, &stream, &setup->dek, why);
    if (status == STATUS_OK)
        status = vault_cache_choose(&options, &v->model, setup, why);
    if (status == STATUS_OK)
        status = worker_pool_open(&v->pool, setup->threads, why);
    if (status == STATUS_OK)
        status = take_memory(v, &options, setup, why);
    if (status == STATUS_OK)
        status = model_stream_read(&stream, &setup->dek, model_stream_lanes(), setup->threads, place, v, why);
    struct workers workers = {.n = setup->threads, .context = v->pool, .run = worker_pool_run};
    if (status == STATUS_OK)
        status = model_finish(&v->model, v->memory, &workers, why);
    if (status == STATUS_OK)
        status = engine_init(&v->engine, &v->model, v->memory, &options, kernels, &workers, v->memory + v->weights_len,
                             v->memory_len - v->weights_len, why);
    if (status != STATUS_OK)
        vault_close(v);
    return status;
}

void vault_close(struct vault_model *v)
{
    worker_pool_close(v->pool);
    v->pool = NULL;
    free(v->vocabulary_memory);
    v->vocabulary_memory = NULL;
    if (v->memory != NULL) {
        wipe(v->memory, v->memory_len);
        munmap(v->memory, v->memory_len);
    }
    v->memory = NULL;
}
