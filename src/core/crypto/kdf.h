/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation: HKDF (RFC 5869), and scrypt (RFC 7914) for passphrases. */
#ifndef CORE_CRYPTO_KDF_H
#define CORE_CRYPTO_KDF_H

#include "core/base/status.h"
#include "core/crypto/hash.h"

/* prk (hash_len(kind) bytes) = HKDF-Extract(salt, ikm). */
void hkdf_extract(enum hash_kind kind, uint8_t *prk, const void *salt, size_t salt_len, const void *ikm,
                  size_t ikm_len);

/* out = HKDF-Expand(prk, info, out_len); prk has hash_len(kind) bytes.  STATUS_LIMIT, and out zeroed, when out_len is
 * over 255 * hash_len(kind) or info_len over 1024. */
must_check enum status hkdf_expand(enum hash_kind kind, uint8_t *out, size_t out_len, const uint8_t *prk,
                                   const void *info, size_t info_len);

/* out = scrypt(passphrase, salt, N = 2^log2_n, r, p).  Takes 128 * r * N bytes of memory while it runs.  STATUS_LIMIT
 * over 1 GiB of it, STATUS_USAGE for parameters out of range; out is zeroed then. */
must_check enum status scrypt_derive(uint8_t *out, size_t out_len, const void *passphrase, size_t passphrase_len,
                                     const void *salt, size_t salt_len, unsigned log2_n, uint32_t r, uint32_t p);

#endif
