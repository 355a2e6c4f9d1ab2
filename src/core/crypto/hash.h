/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-2 (FIPS 180-4) and HMAC (FIPS 198-1). */
#ifndef CORE_CRYPTO_HASH_H
#define CORE_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

enum hash_kind { HASH_SHA256, HASH_SHA384, HASH_SHA512 };

enum {
    SHA256_LEN = 32,
    SHA384_LEN = 48,
    SHA512_LEN = 64,
    HASH_LEN_MAX = 64,
};

/* Output length in bytes. */
size_t hash_len(enum hash_kind kind);

/* A running hash, on the caller's stack; nothing to release. */
struct hash {
    enum hash_kind kind;
    _Alignas(16) uint8_t state[224];
};

void hash_init(struct hash *h, enum hash_kind kind);
void hash_add(struct hash *h, const void *bytes, size_t len);

/* Writes hash_len(kind) bytes to out and wipes the state. */
void hash_end(struct hash *h, uint8_t *out);

/* One call: out = hash(bytes). */
void hash_bytes(enum hash_kind kind, uint8_t *out, const void *bytes, size_t len);
void sha256(uint8_t out[static SHA256_LEN], const void *bytes, size_t len);

/* out (hash_len(kind) bytes) = HMAC(key, bytes). */
void hmac(enum hash_kind kind, uint8_t *out, const void *key, size_t key_len, const void *bytes, size_t len);

#endif
