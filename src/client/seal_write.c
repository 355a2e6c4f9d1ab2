/* SPDX-License-Identifier: Apache-2.0 */
#include "client/seal_write.h"

#include "core/base/constant_time.h"
#include "core/seal/chunk.h"
#include "core/seal/wraps.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/model_stream.h"
#include "sys/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* One pass; the fields below progress are for pass two. */
struct pass {
    struct seal_source *source;
    const struct sha256_lanes *lanes;
    struct seal_header header; /* in pass one only the length is set */
    pthread_mutex_t lock;
    struct progress progress;
    uint64_t done;
    int fd;
    struct seal_dek dek;
    uint8_t header_hash[SHA256_LEN];
};

static void advance(struct pass *pass, size_t len)
{
    pthread_mutex_lock(&pass->lock);
    pass->done += len;
    progress_at(&pass->progress, pass->done);
    pthread_mutex_unlock(&pass->lock);
}

static enum status read_and_hash(void *ctx, uint64_t index, uint8_t *chunk, uint8_t hash[static SHA256_LEN],
                                 struct reason *why)
{
    struct pass *pass = ctx;
    size_t len = seal_chunk_plain_len(&pass->header, index);
    enum status status = seal_source_read(pass->source, index * SEAL_CHUNK_LEN, chunk, len, why);
    if (status != STATUS_OK)
        return status;
    seal_tree_chunk(pass->lanes, hash, chunk, len);
    advance(pass, len);
    return STATUS_OK;
}

static enum status read_and_seal(void *ctx, uint64_t index, uint8_t *chunk, uint8_t hash[static SHA256_LEN],
                                 struct reason *why)
{
    struct pass *pass = ctx;
    size_t len = seal_chunk_plain_len(&pass->header, index);
    enum status status = read_and_hash(ctx, index, chunk, hash, why);
    if (status == STATUS_OK)
        status = seal_chunk_seal(chunk, &pass->dek, &pass->header, pass->header_hash, index, chunk, len);
    if (status == STATUS_OK)
        status = fd_pwrite_all(pass->fd, chunk, len + AEAD_TAG_LEN, seal_chunk_offset(index), why);
    return status;
}

/* Runs work over all chunks of the source and gives their root. */
static enum status run_pass(struct pass *pass, const char *label, model_stream_work *work, unsigned threads_n,
                            uint8_t root[SEAL_ROOT_LEN], struct reason *why)
{
    struct model_stream_order *order = malloc(sizeof *order);
    enum status status = STATUS_NO_MEMORY;
    if (order == NULL || pthread_mutex_init(&pass->lock, NULL) != 0)
        goto out;
    pass->lanes = model_stream_lanes();
    pass->done = 0;
    status = model_stream_order_init(order, seal_chunks_n(&pass->header), work, pass);
    if (status == STATUS_OK) {
        progress_start(&pass->progress, label, pass->header.plain_len);
        status = model_stream_order_run_all(order, seal_source_is_parallel(pass->source) ? threads_n : 1, root, why);
        progress_end(&pass->progress);
    }
    pthread_mutex_destroy(&pass->lock);
out:
    free(order);
    return status;
}

enum status seal_write_find_root(struct seal_header *h, const struct seal_request *request, struct reason *why)
{
    struct pass pass = {.source = request->source, .fd = -1};
    memset(h, 0, sizeof *h);
    h->plain_len = request->source->plain_len;
    pass.header = *h;
    enum status status = run_pass(&pass, "reading", read_and_hash, request->threads_n, h->root, why);
    if (status == STATUS_OK)
        status = seal_source_end_first_pass(request->source, why);
    if (status == STATUS_OK)
        status = seal_source_meta_len(&h->meta_len, request->source, why);
    random_bytes(h->file_id, sizeof h->file_id);
    return status;
}

static enum status wrap_for_all(struct seal_wraps *wraps, const struct seal_request *request, const struct pass *pass)
{
    struct seal_wrap wrap;
    struct x25519_private ephemeral;
    uint8_t nonce[AEAD_NONCE_LEN];
    enum status status = STATUS_OK;
    memset(wraps, 0, sizeof *wraps);
    for (size_t i = 0; i < request->recipients_n && status == STATUS_OK; i++) {
        random_bytes(&ephemeral, sizeof ephemeral);
        status = seal_wrap_for_broker(&wrap, &request->recipients[i], &ephemeral, pass->header_hash, &pass->dek);
        if (status == STATUS_OK)
            status = seal_wraps_add(wraps, &wrap);
    }
    if (status == STATUS_OK && request->raw_key != NULL) {
        random_bytes(nonce, sizeof nonce);
        status = seal_wrap_for_raw_key(&wrap, request->raw_key, nonce, pass->header_hash, &pass->dek);
        if (status == STATUS_OK)
            status = seal_wraps_add(wraps, &wrap);
    }
    wipe(&ephemeral, sizeof ephemeral);
    return status;
}

/* Everything before the first chunk. */
static enum status write_head(const struct seal_request *request, const struct pass *pass, struct reason *why)
{
    uint8_t tag[AEAD_TAG_LEN];
    struct seal_wraps *wraps = malloc(sizeof *wraps);
    uint8_t *head = calloc(1, SEAL_HEAD_LEN);
    enum status status = wraps == NULL || head == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (status == STATUS_OK)
        status = wrap_for_all(wraps, request, pass);
    if (status == STATUS_OK)
        status = seal_slot_write(head + seal_slot_offset(0), 1, wraps);
    if (status == STATUS_OK)
        status = seal_header_tag(tag, &pass->dek, &pass->header);
    if (status == STATUS_OK) {
        seal_header_page_write(head, &pass->header, tag);
        status = fd_pwrite_all(pass->fd, head, SEAL_HEAD_LEN, 0, why);
    }
    free(head);
    free(wraps);
    return status;
}

/* All of the room at once, so that a full disk is told before the work and not after it. */
static enum status take_room(int fd, uint64_t len, struct reason *why)
{
    if (fallocate(fd, 0, 0, (off_t)len) == 0 || errno == EOPNOTSUPP)
        return STATUS_OK;
    return status_from_errno(why, "there is no room for", "the sealed model");
}

enum status seal_write_file(int fd, const struct seal_header *h, const struct seal_request *request, struct reason *why)
{
    struct pass pass = {.source = request->source, .fd = fd, .header = *h};
    uint8_t root[SEAL_ROOT_LEN];
    random_bytes(&pass.dek, sizeof pass.dek);
    seal_header_hash(pass.header_hash, h);
    enum status status = take_room(fd, seal_file_len(h), why);
    if (status == STATUS_OK)
        status = run_pass(&pass, "sealing", read_and_seal, request->threads_n, root, why);
    if (status == STATUS_OK)
        status = seal_source_check_unchanged(request->source, why);
    if (status == STATUS_OK && memcmp(root, h->root, sizeof root) != 0) {
        reason_set(why, "the model changed while it was read; try again when nobody writes to it", NULL);
        status = STATUS_BUSY;
    }
    if (status == STATUS_OK)
        status = write_head(request, &pass, why);
    wipe(&pass.dek, sizeof pass.dek);
    return status;
}
