/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a sealed model from storage that nobody trusts: header and wraps are parsed from one copy, chunks are opened
 * and hashed before anyone sees them (spec/sealed-model.md). */
#include "sys/model_stream.h"

#include "core/base/constant_time.h"
#include "sys/file.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SHA extensions: CPUID leaf 7, EBX bit 29. */
static bool has_sha_ni(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & (1u << 29)) != 0;
}

const struct sha256_lanes *model_stream_lanes(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return &sha256_lanes_avx512;
    if (has_sha_ni() || !__builtin_cpu_supports("avx2"))
        return &sha256_lanes_scalar;
    return &sha256_lanes_avx2;
}

static enum status check_length(const struct model_stream *s, struct reason *why)
{
    struct stat info;
    if (fstat(s->fd, &info) != 0)
        return status_from_errno(why, "cannot examine", "the sealed model");
    uint64_t wanted = seal_file_len(&s->header), found = (uint64_t)info.st_size;
    if (!S_ISREG(info.st_mode) || found == wanted)
        return STATUS_OK; /* of a device the chunks tell */
    reason_set(why, "the file has ", NULL);
    reason_add_u64(why, found);
    reason_add(why, " bytes, its header says ");
    reason_add_u64(why, wanted);
    return found < wanted ? STATUS_TRUNCATED : STATUS_MALFORMED;
}

enum status model_stream_open(struct model_stream *s, int fd, struct reason *why)
{
    memset(s, 0, sizeof *s);
    s->fd = fd;
    uint8_t *head = malloc(SEAL_HEAD_LEN);
    if (head == NULL) {
        reason_set(why, "no memory", NULL);
        return STATUS_NO_MEMORY;
    }
    enum status status = fd_pread_all(fd, head, SEAL_HEAD_LEN, 0, why);
    if (status == STATUS_TRUNCATED)
        reason_set(why, "the file is too short to be a sealed model", NULL);
    if (status == STATUS_OK)
        status = seal_header_page_parse(&s->header, s->header_tag, head, SEAL_HEADER_PAGE_LEN, why);
    if (status == STATUS_OK)
        status = check_length(s, why);
    if (status == STATUS_OK)
        status = seal_slots_parse(&s->wraps, &s->wraps_sequence, &s->wraps_slot, head + SEAL_HEADER_PAGE_LEN,
                                  SEAL_SLOTS_N * SEAL_SLOT_LEN, why);
    if (status == STATUS_OK)
        seal_header_hash(s->header_hash, &s->header);
    free(head);
    return status;
}

enum status model_stream_check_key(const struct model_stream *s, const struct seal_dek *dek, struct reason *why)
{
    enum status status = seal_header_verify(dek, &s->header, s->header_tag);
    if (status != STATUS_OK)
        reason_set(why, "the data key does not belong to this header: one of them was exchanged or changed", NULL);
    return status;
}

/* Reads and opens one chunk into chunk (SEAL_CHUNK_SEALED_MAX bytes). */
static enum status open_chunk(const struct model_stream *s, const struct seal_dek *dek, uint64_t index, uint8_t *chunk,
                              struct reason *why)
{
    size_t sealed_len = seal_chunk_plain_len(&s->header, index) + AEAD_TAG_LEN;
    enum status status = fd_pread_all(s->fd, chunk, sealed_len, seal_chunk_offset(index), why);
    if (status != STATUS_OK)
        return status;
    status = seal_chunk_open(chunk, dek, &s->header, s->header_hash, index, chunk, sealed_len);
    if (status == STATUS_OK)
        return STATUS_OK;
    reason_set(why, "chunk ", NULL);
    reason_add_u64(why, index);
    reason_add(why, " of ");
    reason_add_u64(why, seal_chunks_n(&s->header));
    reason_add(why, " was changed, moved, or comes from another file");
    return status;
}

static enum status open_and_place(void *ctx, uint64_t index, uint8_t *chunk, uint8_t hash[static SHA256_LEN],
                                  struct reason *why)
{
    const struct model_stream_job *job = ctx;
    size_t plain_len = seal_chunk_plain_len(&job->stream->header, index);
    enum status status = open_chunk(job->stream, job->dek, index, chunk, why);
    if (status != STATUS_OK)
        return status;
    seal_tree_chunk(job->lanes, hash, chunk, plain_len);
    return job->place(job->place_ctx, index * SEAL_CHUNK_LEN, chunk, plain_len);
}

enum status model_stream_init(struct model_stream_job *job, const struct model_stream *s, const struct seal_dek *dek,
                              const struct sha256_lanes *lanes, model_stream_place *place, void *place_ctx,
                              struct reason *why)
{
    job->stream = s;
    job->dek = dek;
    job->lanes = lanes;
    job->place = place;
    job->place_ctx = place_ctx;
    enum status status = model_stream_check_key(s, dek, why);
    if (status != STATUS_OK)
        return status;
    return model_stream_order_init(&job->order, seal_chunks_n(&s->header), open_and_place, job);
}

void model_stream_run(struct model_stream_job *job, uint8_t *chunk)
{
    model_stream_order_run(&job->order, chunk);
}

static enum status check_root(const struct model_stream *s, const uint8_t root[SEAL_ROOT_LEN], struct reason *why)
{
    if (constant_time_equal(root, s->header.root, SEAL_ROOT_LEN))
        return STATUS_OK;
    reason_set(why, "the plaintext does not have the root that the header states", NULL);
    return STATUS_FORGED;
}

enum status model_stream_end(struct model_stream_job *job, struct reason *why)
{
    uint8_t root[SEAL_ROOT_LEN];
    enum status status = model_stream_order_end(&job->order, root, why);
    return status == STATUS_OK ? check_root(job->stream, root, why) : status;
}

uint64_t model_stream_progress(struct model_stream_job *job)
{
    return model_stream_order_done(&job->order);
}

enum status model_stream_read(const struct model_stream *s, const struct seal_dek *dek,
                              const struct sha256_lanes *lanes, unsigned threads_n, model_stream_place *place,
                              void *place_ctx, struct reason *why)
{
    uint8_t root[SEAL_ROOT_LEN];
    if (threads_n == 0 || threads_n > MODEL_STREAM_THREADS_MAX) {
        reason_set(why, "the number of threads must be 1 to 256", NULL);
        return STATUS_USAGE;
    }
    struct model_stream_job *job = malloc(sizeof *job);
    if (job == NULL) {
        reason_set(why, "no memory to read the model", NULL);
        return STATUS_NO_MEMORY;
    }
    enum status status = model_stream_init(job, s, dek, lanes, place, place_ctx, why);
    if (status == STATUS_OK)
        status = model_stream_order_run_all(&job->order, threads_n, root, why);
    if (status == STATUS_OK)
        status = check_root(s, root, why);
    free(job);
    return status;
}

enum status model_stream_read_meta(const struct model_stream *s, const struct seal_dek *dek, uint8_t *out,
                                   size_t out_capacity, struct reason *why)
{
    uint64_t meta_len = s->header.meta_len;
    enum status status = model_stream_check_key(s, dek, why);
    if (status != STATUS_OK)
        return status;
    if (meta_len > out_capacity) {
        reason_set(why, "the model's metadata has ", NULL);
        reason_add_u64(why, meta_len);
        reason_add(why, " bytes, more than there is room for");
        return STATUS_LIMIT;
    }
    uint8_t *chunk = model_stream_chunks_open(1);
    if (chunk == NULL) {
        reason_set(why, "no memory to read the model", NULL);
        return STATUS_NO_MEMORY;
    }
    for (uint64_t at = 0; at < meta_len && status == STATUS_OK; at += SEAL_CHUNK_LEN) {
        status = open_chunk(s, dek, at / SEAL_CHUNK_LEN, chunk, why);
        size_t part = meta_len - at < SEAL_CHUNK_LEN ? (size_t)(meta_len - at) : SEAL_CHUNK_LEN;
        if (status == STATUS_OK)
            memcpy(out + at, chunk, part);
    }
    wipe(chunk, SEAL_CHUNK_SEALED_MAX);
    model_stream_chunks_close(chunk, 1);
    if (status != STATUS_OK)
        wipe(out, (size_t)meta_len);
    return status;
}
