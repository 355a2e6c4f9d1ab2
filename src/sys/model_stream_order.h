/* SPDX-License-Identifier: Apache-2.0 */
/* Work on the chunks of a model by several threads at once, and their hashes in the tree in order.  Constant memory:
 * one chunk a thread, and a bounded window between the fastest and the slowest.  Used to seal and to open. */
#ifndef SYS_MODEL_STREAM_ORDER_H
#define SYS_MODEL_STREAM_ORDER_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/chunk.h"
#include "core/seal/tree.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_STREAM_THREADS_MAX = 256,
    MODEL_STREAM_WINDOW = 512, /* chunks that one thread may be ahead of another */
};

/* Works on chunk index in chunk (SEAL_CHUNK_SEALED_MAX bytes of the thread's own) and gives the hash of its plaintext.
 * Called by several threads for different indexes.  A status other than OK ends the whole. */
typedef enum status model_stream_work(void *ctx, uint64_t index, uint8_t *chunk, uint8_t hash[static SHA256_LEN],
                                      struct reason *why);

/* The fields are its own. */
struct model_stream_order {
    model_stream_work *work;
    void *ctx;
    uint64_t chunks_n;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t next;     /* first chunk that nobody has taken */
    uint64_t frontier; /* first chunk that is not yet in the tree */
    enum status status;
    struct reason why;
    struct seal_tree tree;
    bool ready[MODEL_STREAM_WINDOW];
    uint8_t hashes[MODEL_STREAM_WINDOW][SHA256_LEN];
};

/* After a failed init (STATUS_NO_MEMORY) there is nothing to run or end. */
must_check enum status model_stream_order_init(struct model_stream_order *order, uint64_t chunks_n,
                                               model_stream_work *work, void *ctx);

/* One thread's share: comes back when nothing is left to take or something failed.  Wipes chunk. */
void model_stream_order_run(struct model_stream_order *order, uint8_t *chunk);

/* Runs it on threads_n threads (1 to MODEL_STREAM_THREADS_MAX; the caller is one) and ends it. */
must_check enum status model_stream_order_run_all(struct model_stream_order *order, unsigned threads_n,
                                                  uint8_t root[static SEAL_ROOT_LEN], struct reason *why);

/* After all threads have come back: the root over all chunks, or the first failure and its reason. */
must_check enum status model_stream_order_end(struct model_stream_order *order, uint8_t root[static SEAL_ROOT_LEN],
                                              struct reason *why);

/* Chunks in the tree so far, from any thread. */
uint64_t model_stream_order_done(struct model_stream_order *order);

/* Memory for n chunks: whole pages, kept out of core dumps; NULL when there is none.  Chunk i starts at
 * i * MODEL_STREAM_CHUNK_ROOM. */
enum { MODEL_STREAM_CHUNK_ROOM = SEAL_CHUNK_LEN + 4096 };
uint8_t *model_stream_chunks_open(unsigned n);
void model_stream_chunks_close(uint8_t *chunks, unsigned n);

#endif
