/* SPDX-License-Identifier: Apache-2.0 */
#include "client/replay_model.h"

#include "client/keys_file.h"
#include "client/seal_source.h"
#include "core/base/constant_time.h"
#include "sys/file.h"
#include "sys/model_stream.h"
#include "sys/workers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { META_MAX = 1 << 28 }; /* bytes before the weights */

/* The bytes of every token; a model without a tokenizer that is known still replays what has no grammar. */
static enum status take_vocabulary(struct replay_model *m, const uint8_t *meta, size_t meta_len)
{
    struct arena arena;
    struct tokenizer tokenizer;
    struct reason why;
    size_t arena_len = tokenizer_arena_len(meta_len);
    void *memory = malloc(arena_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, arena_len);
    enum status status = STATUS_OK;
    if (tokenizer_open(&tokenizer, &arena, meta, meta_len, &why) == STATUS_OK) {
        size_t len = token_bytes_len(&tokenizer);
        m->vocabulary_memory = len == 0 ? NULL : malloc(len);
        if (m->vocabulary_memory == NULL)
            status = STATUS_NO_MEMORY;
        else
            token_bytes_init(&m->vocabulary, &tokenizer, m->vocabulary_memory);
    }
    free(memory);
    return status;
}

/* Tables of the model, and zeroed room for its weights. */
static enum status take_room(struct replay_model *m, const uint8_t *meta, size_t meta_len, uint64_t file_len,
                             struct reason *why)
{
    struct arena arena;
    size_t tables_len = model_arena_len(meta_len);
    m->tables = malloc(tables_len);
    if (m->tables == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, m->tables, tables_len);
    enum status status = model_parse(&m->model, &arena, meta, meta_len, file_len, why);
    if (status == STATUS_OK)
        status = take_vocabulary(m, meta, meta_len);
    if (status != STATUS_OK)
        return status;
    uint64_t weights_len = model_weights_len(&m->model);
    void *weights = mmap(NULL, weights_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (weights == MAP_FAILED)
        return status_from_errno(why, "no memory for", "the weights");
    m->weights = weights;
    m->weights_len = (size_t)weights_len;
    return STATUS_OK;
}

static enum status no_metadata(uint64_t meta_len, struct reason *why)
{
    if (meta_len != 0 && meta_len <= META_MAX)
        return STATUS_OK;
    reason_set(why, "this model is no GGUF file, so it cannot be run", NULL);
    return STATUS_UNSUPPORTED;
}

static enum status place(void *ctx, uint64_t offset, const uint8_t *bytes, size_t len)
{
    struct replay_model *m = ctx;
    model_place(&m->model, m->weights, offset, bytes, len);
    return STATUS_OK;
}

static enum status open_sealed(struct replay_model *m, int fd, const struct command_line *line, unsigned threads_n,
                               struct reason *why)
{
    struct seal_dek dek = {{0}};
    uint8_t *meta = NULL;
    struct model_stream *s = malloc(sizeof *s);
    enum status status = s == NULL ? STATUS_NO_MEMORY : model_stream_open(s, fd, why);
    if (status == STATUS_OK)
        status = keys_open(&dek, s, line, why);
    if (status == STATUS_OK)
        status = no_metadata(s->header.meta_len, why);
    if (status != STATUS_OK)
        goto out;
    meta = malloc((size_t)s->header.meta_len);
    if (meta == NULL) {
        status = STATUS_NO_MEMORY;
        goto out;
    }
    status = model_stream_read_meta(s, &dek, meta, (size_t)s->header.meta_len, why);
    if (status == STATUS_OK)
        status = take_room(m, meta, (size_t)s->header.meta_len, s->header.plain_len, why);
    if (status == STATUS_OK)
        status = model_stream_read(s, &dek, model_stream_lanes(), threads_n, place, m, why);
    if (status == STATUS_OK)
        memcpy(m->root, s->header.root, sizeof m->root); /* as just computed */
out:
    wipe(&dek, sizeof dek);
    free(meta);
    free(s);
    return status;
}

struct plain {
    struct seal_source *source;
    struct replay_model *m;
    struct seal_header header; /* only the length is used */
};

static enum status read_plain(void *ctx, uint64_t index, uint8_t *chunk, uint8_t hash[static SHA256_LEN],
                              struct reason *why)
{
    struct plain *plain = ctx;
    size_t len = seal_chunk_plain_len(&plain->header, index);
    enum status status = seal_source_read(plain->source, index * SEAL_CHUNK_LEN, chunk, len, why);
    if (status != STATUS_OK)
        return status;
    seal_tree_chunk(model_stream_lanes(), hash, chunk, len);
    return place(plain->m, index * SEAL_CHUNK_LEN, chunk, len);
}

static enum status read_meta(uint8_t **meta, uint64_t *meta_len, struct seal_source *source, struct reason *why)
{
    enum status status = seal_source_meta_len(meta_len, source, why);
    if (status == STATUS_OK)
        status = no_metadata(*meta_len, why);
    if (status != STATUS_OK)
        return status;
    *meta = malloc((size_t)*meta_len);
    return *meta == NULL ? STATUS_NO_MEMORY : seal_source_read(source, 0, *meta, (size_t)*meta_len, why);
}

static enum status open_plain(struct replay_model *m, const char *path, unsigned threads_n, struct reason *why)
{
    struct seal_source source;
    uint8_t *meta = NULL;
    uint64_t meta_len;
    enum status status = seal_source_open(&source, path, NULL, why);
    if (status != STATUS_OK)
        return status;
    struct plain plain = {.source = &source, .m = m, .header = {.plain_len = source.plain_len}};
    struct model_stream_order *order = malloc(sizeof *order);
    status = order == NULL ? STATUS_NO_MEMORY : read_meta(&meta, &meta_len, &source, why);
    if (status == STATUS_OK)
        status = take_room(m, meta, (size_t)meta_len, source.plain_len, why);
    if (status == STATUS_OK)
        status = model_stream_order_init(order, seal_chunks_n(&plain.header), read_plain, &plain);
    if (status == STATUS_OK)
        status = model_stream_order_run_all(order, threads_n, m->root, why);
    free(order);
    free(meta);
    seal_source_close(&source);
    return status;
}

/* A sealed model tells itself by its first bytes. */
static bool is_sealed(int fd)
{
    static const char magic[] = "CLOISTER SEALED\n";
    char start[sizeof magic - 1];
    return fd_pread_all(fd, start, sizeof start, 0, NULL) == STATUS_OK && memcmp(start, magic, sizeof start) == 0;
}

/* Unpacks and checks the weights, on all threads. */
static enum status finish(struct replay_model *m, unsigned threads_n, struct reason *why)
{
    struct worker_pool *pool;
    enum status status = worker_pool_open(&pool, threads_n, why);
    if (status != STATUS_OK)
        return status;
    const struct workers workers = {.n = threads_n, .context = pool, .run = worker_pool_run};
    status = model_finish(&m->model, m->weights, &workers, why);
    worker_pool_close(pool);
    return status;
}

enum status replay_model_open(struct replay_model *m, const struct command_line *line, unsigned threads_n,
                              struct reason *why)
{
    const char *path = command_value(line, "model");
    memset(m, 0, sizeof *m);
    if (path == NULL) {
        reason_set(why, "--model FILE is missing", NULL);
        return STATUS_USAGE;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = is_sealed(fd) ? open_sealed(m, fd, line, threads_n, why) : open_plain(m, path, threads_n, why);
    close(fd);
    if (status == STATUS_OK)
        status = finish(m, threads_n, why);
    if (status != STATUS_OK)
        replay_model_close(m);
    return status;
}

void replay_model_close(struct replay_model *m)
{
    if (m->weights != NULL) {
        wipe(m->weights, m->weights_len);
        munmap(m->weights, m->weights_len);
    }
    free(m->vocabulary_memory);
    free(m->tables);
    memset(m, 0, sizeof *m);
}
