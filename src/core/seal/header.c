/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal/header.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

#include <string.h>

enum { MAGIC_LEN = 16, RESERVED_LEN = 32 };

static const char magic[MAGIC_LEN + 1] = "CLOISTER SEALED\n";
static const char hash_label[] = "cloister sealed-model header v1";

void seal_header_write(uint8_t out[static SEAL_HEADER_LEN], const struct seal_header *h)
{
    struct writer w;
    memset(out, 0, SEAL_HEADER_LEN);
    writer_init(&w, out, SEAL_HEADER_LEN);
    writer_bytes(&w, magic, MAGIC_LEN);
    writer_u32be(&w, SEAL_VERSION);
    writer_u32be(&w, SEAL_CHUNK_LEN);
    writer_u32be(&w, SEAL_LEAF_LEN);
    writer_u32be(&w, SEAL_HEAD_LEN);
    writer_u64be(&w, h->plain_len);
    writer_u64be(&w, h->meta_len);
    writer_bytes(&w, h->root, sizeof h->root);
    writer_bytes(&w, h->file_id, sizeof h->file_id);
}

static enum status check_fixed_fields(struct reader *r, struct reason *why)
{
    const uint8_t *start = reader_bytes(r, MAGIC_LEN);
    if (start == NULL || memcmp(start, magic, MAGIC_LEN) != 0) {
        reason_set(why, "this is no sealed model", NULL);
        return STATUS_MALFORMED;
    }
    uint32_t version = reader_u32be(r);
    if (version != SEAL_VERSION) {
        reason_set(why, "sealed-model version ", NULL);
        reason_add_u64(why, version);
        reason_add(why, " is not known to this build");
        return STATUS_UNSUPPORTED;
    }
    if (reader_u32be(r) != SEAL_CHUNK_LEN || reader_u32be(r) != SEAL_LEAF_LEN || reader_u32be(r) != SEAL_HEAD_LEN) {
        reason_set(why, "the header names a chunk, leaf or head length that this build does not know", NULL);
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

static enum status parse_fields(struct seal_header *h, struct reader *r, struct reason *why)
{
    static const uint8_t zeros[RESERVED_LEN];
    enum status status = check_fixed_fields(r, why);
    if (status != STATUS_OK)
        return status;
    h->plain_len = reader_u64be(r);
    h->meta_len = reader_u64be(r);
    reader_copy(r, h->root, sizeof h->root);
    reader_copy(r, h->file_id, sizeof h->file_id);
    const uint8_t *reserved = reader_bytes(r, RESERVED_LEN);
    status = reader_end(r);
    if (status == STATUS_OK && memcmp(reserved, zeros, RESERVED_LEN) != 0)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK && (h->plain_len == 0 || h->plain_len > SEAL_PLAIN_LEN_MAX || h->meta_len > h->plain_len))
        status = STATUS_MALFORMED;
    if (status != STATUS_OK)
        reason_set(why, "the header's fields contradict each other", NULL);
    return status;
}

enum status seal_header_parse(struct seal_header *h, const uint8_t *bytes, size_t bytes_len, struct reason *why)
{
    struct reader r;
    memset(h, 0, sizeof *h);
    if (bytes_len != SEAL_HEADER_LEN) {
        reason_set(why, "the header is not ", NULL);
        reason_add_u64(why, SEAL_HEADER_LEN);
        reason_add(why, " bytes long");
        return STATUS_MALFORMED;
    }
    reader_init(&r, bytes, bytes_len);
    enum status status = parse_fields(h, &r, why);
    if (status != STATUS_OK)
        memset(h, 0, sizeof *h);
    return status;
}

void seal_header_hash(uint8_t hash[static SHA256_LEN], const struct seal_header *h)
{
    uint8_t bytes[SEAL_HEADER_LEN];
    struct hash running;
    seal_header_write(bytes, h);
    hash_init(&running, HASH_SHA256);
    hash_add(&running, hash_label, sizeof hash_label); /* with its NUL */
    hash_add(&running, bytes, sizeof bytes);
    hash_end(&running, hash);
}

void seal_header_page_write(uint8_t page[static SEAL_HEADER_PAGE_LEN], const struct seal_header *h,
                            const uint8_t tag[static AEAD_TAG_LEN])
{
    memset(page, 0, SEAL_HEADER_PAGE_LEN);
    seal_header_write(page, h);
    memcpy(page + SEAL_HEADER_LEN, tag, AEAD_TAG_LEN);
}

enum status seal_header_page_parse(struct seal_header *h, uint8_t tag[static AEAD_TAG_LEN], const uint8_t *page,
                                   size_t page_len, struct reason *why)
{
    memset(h, 0, sizeof *h);
    memset(tag, 0, AEAD_TAG_LEN);
    if (page_len != SEAL_HEADER_PAGE_LEN) {
        reason_set(why, "the file ends within its header", NULL);
        return STATUS_TRUNCATED;
    }
    for (size_t i = SEAL_HEADER_LEN + AEAD_TAG_LEN; i < page_len; i++)
        if (page[i] != 0) {
            reason_set(why, "there are bytes after the header that should be zero", NULL);
            return STATUS_MALFORMED;
        }
    enum status status = seal_header_parse(h, page, SEAL_HEADER_LEN, why);
    if (status == STATUS_OK)
        memcpy(tag, page + SEAL_HEADER_LEN, AEAD_TAG_LEN);
    return status;
}

uint64_t seal_chunks_n(const struct seal_header *h)
{
    return (h->plain_len + SEAL_CHUNK_LEN - 1) / SEAL_CHUNK_LEN;
}

size_t seal_chunk_plain_len(const struct seal_header *h, uint64_t index)
{
    uint64_t left = h->plain_len - index * SEAL_CHUNK_LEN;
    return left < SEAL_CHUNK_LEN ? (size_t)left : SEAL_CHUNK_LEN;
}

uint64_t seal_chunk_offset(uint64_t index)
{
    return SEAL_HEAD_LEN + index * (SEAL_CHUNK_LEN + AEAD_TAG_LEN);
}

uint64_t seal_file_len(const struct seal_header *h)
{
    return SEAL_HEAD_LEN + h->plain_len + seal_chunks_n(h) * AEAD_TAG_LEN;
}
