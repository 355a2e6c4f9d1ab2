/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of a sealed model under its data key (spec/sealed-model.md SM-10 to SM-14).  The nonce is the chunk's index
 * and whether it is the last; the associated data is the header's hash: a chunk opens in one place of one file. */
#ifndef CORE_SEAL_CHUNK_H
#define CORE_SEAL_CHUNK_H

#include "core/base/status.h"
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/seal/header.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SEAL_DEK_LEN = 32,
    SEAL_CHUNK_SEALED_MAX = SEAL_CHUNK_LEN + AEAD_TAG_LEN,
};

/* The data key of one sealed file: fresh and random, never used for a second file. */
struct seal_dek {
    uint8_t bytes[SEAL_DEK_LEN];
};

/* The tag that authenticates the header before any chunk is read.  Verifying: STATUS_FORGED when header, tag and key
 * do not belong together. */
must_check enum status seal_header_tag(uint8_t tag[static AEAD_TAG_LEN], const struct seal_dek *dek,
                                       const struct seal_header *h);
must_check enum status seal_header_verify(const struct seal_dek *dek, const struct seal_header *h,
                                          const uint8_t tag[static AEAD_TAG_LEN]);

/* out gets plain_len + AEAD_TAG_LEN bytes and may equal plain.  STATUS_USAGE when plain_len is not
 * seal_chunk_plain_len(h, index). */
must_check enum status seal_chunk_seal(uint8_t *out, const struct seal_dek *dek, const struct seal_header *h,
                                       const uint8_t header_hash[static SHA256_LEN], uint64_t index,
                                       const uint8_t *plain, size_t plain_len);

/* out gets sealed_len - AEAD_TAG_LEN bytes and may equal sealed.  STATUS_FORGED, and out zeroed, for any chunk that is
 * not this one; STATUS_TRUNCATED when sealed_len is not its length.  The root is not checked here: core/seal/tree.h. */
must_check enum status seal_chunk_open(uint8_t *out, const struct seal_dek *dek, const struct seal_header *h,
                                       const uint8_t header_hash[static SHA256_LEN], uint64_t index,
                                       const uint8_t *sealed, size_t sealed_len);

#endif
