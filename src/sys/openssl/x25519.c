/* SPDX-License-Identifier: Apache-2.0 */
/* core/crypto/x25519.h on libcrypto. */
#include "core/crypto/x25519.h"

#include "core/base/constant_time.h"

#include <openssl/evp.h>
#include <string.h>

enum status x25519_public(uint8_t public_key[static X25519_LEN], const struct x25519_private *private_key)
{
    size_t len = X25519_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key->bytes, X25519_LEN);
    int made = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;
    EVP_PKEY_free(key);
    if (made)
        return STATUS_OK;
    memset(public_key, 0, X25519_LEN);
    return STATUS_NO_MEMORY;
}

enum status x25519_shared(uint8_t shared[static X25519_LEN], const struct x25519_private *private_key,
                          const uint8_t peer[static X25519_LEN])
{
    enum status status = STATUS_NO_MEMORY;
    size_t len = X25519_LEN;
    EVP_PKEY_CTX *agreement = NULL;
    EVP_PKEY *ours = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key->bytes, X25519_LEN);
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, X25519_LEN);
    wipe(shared, X25519_LEN);
    if (ours == NULL || theirs == NULL)
        goto out;
    agreement = EVP_PKEY_CTX_new(ours, NULL);
    if (agreement == NULL || EVP_PKEY_derive_init(agreement) != 1 || EVP_PKEY_derive_set_peer(agreement, theirs) != 1)
        goto out;
    status = EVP_PKEY_derive(agreement, shared, &len) == 1 ? STATUS_OK : STATUS_FORGED; /* fails for all zero */
out:
    if (status != STATUS_OK)
        wipe(shared, X25519_LEN);
    EVP_PKEY_CTX_free(agreement);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    return status;
}
