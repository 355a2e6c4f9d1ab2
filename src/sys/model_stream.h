/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a sealed model: read, decrypt, hash and hand to the caller, by any number of threads, in constant memory
 * (one chunk a thread).  System calls, for a process behind a filter: fstat in model_stream_open; pread64, futex, and
 * brk, mmap, munmap and madvise for memory; nothing is opened.  model_stream_read starts threads of its own when more
 * than one is asked for (clone3, mprotect, rseq, set_robust_list, rt_sigprocmask, exit); model_stream_run runs on
 * threads that the caller has started before. */
#ifndef SYS_MODEL_STREAM_H
#define SYS_MODEL_STREAM_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/sha256_lanes.h"
#include "core/seal/chunk.h"
#include "core/seal/header.h"
#include "core/seal/tree.h"
#include "core/seal/wraps.h"
#include "sys/model_stream_order.h"
#include <stdint.h>

/* An open sealed file.  Public data. */
struct model_stream {
    int fd; /* the caller's, open for reading; kept open by the caller */
    struct seal_header header;
    uint8_t header_hash[SHA256_LEN];
    uint8_t header_tag[AEAD_TAG_LEN];
    struct seal_wraps wraps;
    uint64_t wraps_sequence;
    unsigned wraps_slot;
};

/* The fastest SHA-256 for this processor. */
const struct sha256_lanes *model_stream_lanes(void);

/* Reads header and wraps and compares the file's length with the header's.  STATUS_MALFORMED, _TRUNCATED, _UNSUPPORTED,
 * _IO; why says what.  The header is not authenticated before a key is there: model_stream_check_key. */
must_check enum status model_stream_open(struct model_stream *s, int fd, struct reason *why);

/* STATUS_FORGED when the key does not belong to this header. */
must_check enum status model_stream_check_key(const struct model_stream *s, const struct seal_dek *dek,
                                              struct reason *why);

/* Takes len plaintext bytes that stand at offset in the model.  Called by several threads, in any order, with ranges
 * that do not overlap and together cover the model.  The bytes are those that were sealed under this key, but only
 * when the whole read ends with STATUS_OK do they form the model of that root: until then use them for nothing.
 * A status other than OK ends the read. */
typedef enum status model_stream_place(void *ctx, uint64_t offset, const uint8_t *bytes, size_t len);

/* One read of all chunks.  The fields are its own. */
struct model_stream_job {
    const struct model_stream *stream;
    const struct seal_dek *dek;
    const struct sha256_lanes *lanes;
    model_stream_place *place;
    void *place_ctx;
    struct model_stream_order order;
};

/* init checks the key; run is called by each thread with SEAL_CHUNK_SEALED_MAX bytes of its own (locked memory, if the
 * caller wants that; wiped before it returns) and comes back when nothing is left to take; end, after all have come
 * back, checks the root and says how the read went.  After a failed init there is nothing to run or end. */
must_check enum status model_stream_init(struct model_stream_job *job, const struct model_stream *s,
                                         const struct seal_dek *dek, const struct sha256_lanes *lanes,
                                         model_stream_place *place, void *place_ctx, struct reason *why);
void model_stream_run(struct model_stream_job *job, uint8_t *chunk);
must_check enum status model_stream_end(struct model_stream_job *job, struct reason *why);

/* Chunks in the tree so far; for a progress bar, from any thread. */
uint64_t model_stream_progress(struct model_stream_job *job);

/* All of it: threads_n threads (1: the caller's alone, none is started), buffers of its own. */
must_check enum status model_stream_read(const struct model_stream *s, const struct seal_dek *dek,
                                         const struct sha256_lanes *lanes, unsigned threads_n,
                                         model_stream_place *place, void *place_ctx, struct reason *why);

/* Decrypts the leading meta_len bytes of the model into out: what a caller must know to lay out memory before the
 * weights come.  Authentic under the key; the root is checked by the read that follows.  STATUS_LIMIT when they do not
 * fit in out_capacity.  Takes a chunk of memory. */
must_check enum status model_stream_read_meta(const struct model_stream *s, const struct seal_dek *dek, uint8_t *out,
                                              size_t out_capacity, struct reason *why);

#endif
