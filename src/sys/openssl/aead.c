/* SPDX-License-Identifier: Apache-2.0 */
/* core/crypto/aead.h on libcrypto. */
#include "core/crypto/aead.h"

#include "core/base/constant_time.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t aead_key_len(enum aead_kind kind)
{
    switch (kind) {
    case AEAD_AES_128_GCM: return 16;
    case AEAD_AES_256_GCM: return 32;
    }
    abort();
}

static const EVP_CIPHER *cipher_of(enum aead_kind kind)
{
    switch (kind) {
    case AEAD_AES_128_GCM: return EVP_aes_128_gcm();
    case AEAD_AES_256_GCM: return EVP_aes_256_gcm();
    }
    abort();
}

/* Key, nonce, associated data and text through the cipher; the tag is the caller's part. */
static bool run(EVP_CIPHER_CTX *cipher, enum aead_kind kind, bool seal, uint8_t *out, const uint8_t *key,
                const uint8_t *nonce, const void *aad, size_t aad_len, const void *in, size_t in_len)
{
    int len;
    if (EVP_CipherInit_ex(cipher, cipher_of(kind), NULL, key, nonce, seal) != 1)
        return false;
    if (aad_len != 0 && EVP_CipherUpdate(cipher, NULL, &len, aad, (int)aad_len) != 1)
        return false;
    return in_len == 0 || EVP_CipherUpdate(cipher, out, &len, in, (int)in_len) == 1;
}

static bool lengths_fit(size_t aad_len, size_t in_len)
{
    return aad_len <= INT_MAX - 31 && in_len <= INT_MAX - 31;
}

enum status aead_seal(enum aead_kind kind, uint8_t *out, const uint8_t *key, const uint8_t nonce[static AEAD_NONCE_LEN],
                      const void *aad, size_t aad_len, const void *in, size_t in_len)
{
    int len;
    if (!lengths_fit(aad_len, in_len))
        return STATUS_LIMIT;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    bool sealed = cipher != NULL && run(cipher, kind, true, out, key, nonce, aad, aad_len, in, in_len) &&
                  EVP_CipherFinal_ex(cipher, out + in_len, &len) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + in_len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (sealed)
        return STATUS_OK;
    wipe(out, in_len + AEAD_TAG_LEN);
    return STATUS_NO_MEMORY;
}

enum status aead_open(enum aead_kind kind, uint8_t *out, const uint8_t *key, const uint8_t nonce[static AEAD_NONCE_LEN],
                      const void *aad, size_t aad_len, const void *in, size_t in_len)
{
    int len;
    uint8_t tag[AEAD_TAG_LEN];
    uint8_t rest[AEAD_TAG_LEN]; /* GCM has no last block; the call wants a place for one */
    if (in_len < AEAD_TAG_LEN)
        return STATUS_TRUNCATED;
    size_t text_len = in_len - AEAD_TAG_LEN;
    if (!lengths_fit(aad_len, in_len)) {
        return STATUS_LIMIT;
    }
    memcpy(tag, (const uint8_t *)in + text_len, sizeof tag);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    bool started = cipher != NULL && run(cipher, kind, false, out, key, nonce, aad, aad_len, in, text_len) &&
                   EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1;
    bool genuine = started && EVP_CipherFinal_ex(cipher, rest, &len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (genuine)
        return STATUS_OK;
    wipe(out, text_len);
    return started ? STATUS_FORGED : STATUS_NO_MEMORY;
}
