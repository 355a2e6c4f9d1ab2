/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags. */
#ifndef CORE_CRYPTO_AEAD_H
#define CORE_CRYPTO_AEAD_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum aead_kind { AEAD_AES_128_GCM, AEAD_AES_256_GCM };

enum {
    AEAD_KEY_LEN_MAX = 32,
    AEAD_NONCE_LEN = 12,
    AEAD_TAG_LEN = 16,
};

size_t aead_key_len(enum aead_kind kind);

/* out (in_len + AEAD_TAG_LEN bytes) = ciphertext and tag; out may equal in.  key has aead_key_len(kind) bytes.  The
 * caller never uses a nonce twice under a key.  STATUS_LIMIT over 2^31 - 32 bytes. */
must_check enum status aead_seal(enum aead_kind kind, uint8_t *out, const uint8_t *key,
                                 const uint8_t nonce[static AEAD_NONCE_LEN], const void *aad, size_t aad_len,
                                 const void *in, size_t in_len);

/* out (in_len - AEAD_TAG_LEN bytes) = plaintext; out may equal in.  STATUS_TRUNCATED when in holds no tag,
 * STATUS_FORGED when the tag does not match; out is zeroed then. */
must_check enum status aead_open(enum aead_kind kind, uint8_t *out, const uint8_t *key,
                                 const uint8_t nonce[static AEAD_NONCE_LEN], const void *aad, size_t aad_len,
                                 const void *in, size_t in_len);

#endif
