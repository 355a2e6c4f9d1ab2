/* SPDX-License-Identifier: Apache-2.0 */
/* core/crypto/hash.h on libcrypto.  The low-level SHA calls keep their state in the caller's struct, without heap;
 * OpenSSL 3 marks them deprecated but keeps them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/crypto/hash.h"

#include "core/base/constant_time.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof((struct hash *)0)->state, "a SHA-256 state fits");
_Static_assert(sizeof(SHA512_CTX) <= sizeof((struct hash *)0)->state, "a SHA-512 state fits");

size_t hash_len(enum hash_kind kind)
{
    switch (kind) {
    case HASH_SHA256: return SHA256_LEN;
    case HASH_SHA384: return SHA384_LEN;
    case HASH_SHA512: return SHA512_LEN;
    }
    abort();
}

void hash_init(struct hash *h, enum hash_kind kind)
{
    void *state = h->state;
    h->kind = kind;
    switch (kind) {
    case HASH_SHA256: SHA256_Init(state); return;
    case HASH_SHA384: SHA384_Init(state); return;
    case HASH_SHA512: SHA512_Init(state); return;
    }
}

void hash_add(struct hash *h, const void *bytes, size_t len)
{
    void *state = h->state;
    switch (h->kind) {
    case HASH_SHA256: SHA256_Update(state, bytes, len); return;
    case HASH_SHA384: SHA384_Update(state, bytes, len); return;
    case HASH_SHA512: SHA512_Update(state, bytes, len); return;
    }
}

void hash_end(struct hash *h, uint8_t *out)
{
    void *state = h->state;
    switch (h->kind) {
    case HASH_SHA256: SHA256_Final(out, state); break;
    case HASH_SHA384: SHA384_Final(out, state); break;
    case HASH_SHA512: SHA512_Final(out, state); break;
    }
    wipe(h->state, sizeof h->state);
}

void hash_bytes(enum hash_kind kind, uint8_t *out, const void *bytes, size_t len)
{
    struct hash h;
    hash_init(&h, kind);
    hash_add(&h, bytes, len);
    hash_end(&h, out);
}

void sha256(uint8_t out[static SHA256_LEN], const void *bytes, size_t len)
{
    hash_bytes(HASH_SHA256, out, bytes, len);
}

static const EVP_MD *digest_of(enum hash_kind kind)
{
    switch (kind) {
    case HASH_SHA256: return EVP_sha256();
    case HASH_SHA384: return EVP_sha384();
    case HASH_SHA512: return EVP_sha512();
    }
    abort();
}

void hmac(enum hash_kind kind, uint8_t *out, const void *key, size_t key_len, const void *bytes, size_t len)
{
    unsigned int out_len = 0;
    static const uint8_t none[1];
    if (HMAC(digest_of(kind), key_len == 0 ? none : key, (int)key_len, len == 0 ? none : bytes, len, out, &out_len) ==
        NULL)
        abort(); /* only without memory: no caller could go on */
}
