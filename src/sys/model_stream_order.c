/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/model_stream_order.h"

#include "core/base/constant_time.h"

#include <string.h>
#include <sys/mman.h>

enum status model_stream_order_init(struct model_stream_order *order, uint64_t chunks_n, model_stream_work *work,
                                    void *ctx)
{
    memset(order, 0, sizeof *order);
    order->work = work;
    order->ctx = ctx;
    order->chunks_n = chunks_n;
    seal_tree_init(&order->tree);
    if (pthread_mutex_init(&order->lock, NULL) != 0)
        return STATUS_NO_MEMORY;
    if (pthread_cond_init(&order->moved, NULL) != 0) {
        pthread_mutex_destroy(&order->lock);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* Takes the next chunk; false when there is none, or something failed.  Waits when the slowest is a window behind. */
static bool take(struct model_stream_order *order, uint64_t *index)
{
    pthread_mutex_lock(&order->lock);
    while (order->status == STATUS_OK && order->next < order->chunks_n &&
           order->next - order->frontier >= MODEL_STREAM_WINDOW)
        pthread_cond_wait(&order->moved, &order->lock);
    bool taken = order->status == STATUS_OK && order->next < order->chunks_n;
    if (taken)
        *index = order->next++;
    pthread_mutex_unlock(&order->lock);
    return taken;
}

/* Puts the chunk's hash in its place and moves the frontier over all that follow without a gap. */
static void give(struct model_stream_order *order, uint64_t index, const uint8_t hash[SHA256_LEN])
{
    pthread_mutex_lock(&order->lock);
    size_t slot = (size_t)(index % MODEL_STREAM_WINDOW);
    memcpy(order->hashes[slot], hash, SHA256_LEN);
    order->ready[slot] = true;
    for (slot = (size_t)(order->frontier % MODEL_STREAM_WINDOW); order->ready[slot];
         slot = (size_t)(order->frontier % MODEL_STREAM_WINDOW)) {
        seal_tree_add(&order->tree, order->hashes[slot]);
        order->ready[slot] = false;
        order->frontier++;
    }
    pthread_cond_broadcast(&order->moved);
    pthread_mutex_unlock(&order->lock);
}

/* The first failure is the one that counts. */
static void fail(struct model_stream_order *order, enum status status, const struct reason *why)
{
    pthread_mutex_lock(&order->lock);
    if (order->status == STATUS_OK) {
        order->status = status;
        order->why = *why;
    }
    pthread_cond_broadcast(&order->moved);
    pthread_mutex_unlock(&order->lock);
}

void model_stream_order_run(struct model_stream_order *order, uint8_t *chunk)
{
    uint8_t hash[SHA256_LEN];
    uint64_t index;
    while (take(order, &index)) {
        struct reason why = {""};
        enum status status = order->work(order->ctx, index, chunk, hash, &why);
        if (status != STATUS_OK) {
            fail(order, status, &why);
            break;
        }
        give(order, index, hash);
    }
    wipe(chunk, SEAL_CHUNK_SEALED_MAX);
}

enum status model_stream_order_end(struct model_stream_order *order, uint8_t root[static SEAL_ROOT_LEN],
                                   struct reason *why)
{
    enum status status = order->status;
    if (status != STATUS_OK && why != NULL)
        *why = order->why;
    if (status == STATUS_OK && order->frontier != order->chunks_n) {
        reason_set(why, "the model was not read to its end", NULL);
        status = STATUS_BROKEN;
    }
    memset(root, 0, SEAL_ROOT_LEN);
    if (status == STATUS_OK)
        seal_tree_root(&order->tree, root);
    pthread_cond_destroy(&order->moved);
    pthread_mutex_destroy(&order->lock);
    return status;
}

uint64_t model_stream_order_done(struct model_stream_order *order)
{
    pthread_mutex_lock(&order->lock);
    uint64_t done = order->frontier;
    pthread_mutex_unlock(&order->lock);
    return done;
}

uint8_t *model_stream_chunks_open(unsigned n)
{
    size_t len = (size_t)n * MODEL_STREAM_CHUNK_ROOM;
    uint8_t *chunks = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunks == MAP_FAILED)
        return NULL;
    if (madvise(chunks, len, MADV_DONTDUMP) != 0) {
        munmap(chunks, len);
        return NULL;
    }
    return chunks;
}

void model_stream_chunks_close(uint8_t *chunks, unsigned n)
{
    if (chunks != NULL)
        munmap(chunks, (size_t)n * MODEL_STREAM_CHUNK_ROOM);
}

struct thread {
    struct model_stream_order *order;
    uint8_t *chunk;
    pthread_t id;
};

static void *thread_main(void *argument)
{
    struct thread *thread = argument;
    model_stream_order_run(thread->order, thread->chunk);
    return NULL;
}

enum status model_stream_order_run_all(struct model_stream_order *order, unsigned threads_n,
                                       uint8_t root[static SEAL_ROOT_LEN], struct reason *why)
{
    struct thread threads[MODEL_STREAM_THREADS_MAX];
    struct reason no_memory = {"no memory to read the model"};
    unsigned n = threads_n < order->chunks_n ? threads_n : (unsigned)order->chunks_n;
    unsigned started_n = 0;
    uint8_t *chunks = model_stream_chunks_open(n);
    if (chunks == NULL) {
        fail(order, STATUS_NO_MEMORY, &no_memory);
        return model_stream_order_end(order, root, why);
    }
    for (unsigned i = 0; i + 1 < n; i++) {
        threads[i].order = order;
        threads[i].chunk = chunks + (size_t)(i + 1) * MODEL_STREAM_CHUNK_ROOM;
        if (pthread_create(&threads[i].id, NULL, thread_main, &threads[i]) != 0)
            break; /* fewer threads are slower, not weaker */
        started_n++;
    }
    model_stream_order_run(order, chunks);
    for (unsigned i = 0; i < started_n; i++)
        pthread_join(threads[i].id, NULL);
    model_stream_chunks_close(chunks, n);
    return model_stream_order_end(order, root, why);
}
