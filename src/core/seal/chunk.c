/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal/chunk.h"

#include "core/base/constant_time.h"

#include <string.h>

/* What a nonce is for: its first byte (SM-11). */
enum nonce_kind { NONCE_CHUNK = 0, NONCE_LAST_CHUNK = 1, NONCE_HEADER = 2 };

static void write_nonce(uint8_t nonce[AEAD_NONCE_LEN], enum nonce_kind kind, uint64_t index)
{
    memset(nonce, 0, AEAD_NONCE_LEN);
    nonce[0] = (uint8_t)kind;
    for (size_t i = 0; i < 8; i++)
        nonce[AEAD_NONCE_LEN - 1 - i] = (uint8_t)(index >> (8 * i));
}

static void write_chunk_nonce(uint8_t nonce[AEAD_NONCE_LEN], const struct seal_header *h, uint64_t index)
{
    write_nonce(nonce, index + 1 == seal_chunks_n(h) ? NONCE_LAST_CHUNK : NONCE_CHUNK, index);
}

enum status seal_header_tag(uint8_t tag[static AEAD_TAG_LEN], const struct seal_dek *dek, const struct seal_header *h)
{
    uint8_t nonce[AEAD_NONCE_LEN], header_hash[SHA256_LEN];
    write_nonce(nonce, NONCE_HEADER, 0);
    seal_header_hash(header_hash, h);
    return aead_seal(AEAD_AES_256_GCM, tag, dek->bytes, nonce, header_hash, sizeof header_hash, "", 0);
}

enum status seal_header_verify(const struct seal_dek *dek, const struct seal_header *h,
                               const uint8_t tag[static AEAD_TAG_LEN])
{
    uint8_t expected[AEAD_TAG_LEN];
    enum status status = seal_header_tag(expected, dek, h);
    if (status == STATUS_OK && !constant_time_equal(expected, tag, sizeof expected))
        status = STATUS_FORGED;
    wipe(expected, sizeof expected);
    return status;
}

enum status seal_chunk_seal(uint8_t *out, const struct seal_dek *dek, const struct seal_header *h,
                            const uint8_t header_hash[static SHA256_LEN], uint64_t index, const uint8_t *plain,
                            size_t plain_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    if (index >= seal_chunks_n(h) || plain_len != seal_chunk_plain_len(h, index))
        return STATUS_USAGE;
    write_chunk_nonce(nonce, h, index);
    return aead_seal(AEAD_AES_256_GCM, out, dek->bytes, nonce, header_hash, SHA256_LEN, plain, plain_len);
}

enum status seal_chunk_open(uint8_t *out, const struct seal_dek *dek, const struct seal_header *h,
                            const uint8_t header_hash[static SHA256_LEN], uint64_t index, const uint8_t *sealed,
                            size_t sealed_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    if (index >= seal_chunks_n(h))
        return STATUS_USAGE;
    if (sealed_len != seal_chunk_plain_len(h, index) + AEAD_TAG_LEN)
        return STATUS_TRUNCATED;
    write_chunk_nonce(nonce, h, index);
    return aead_open(AEAD_AES_256_GCM, out, dek->bytes, nonce, header_hash, SHA256_LEN, sealed, sealed_len);
}
