/* SPDX-License-Identifier: Apache-2.0 */
/* core/crypto/cbc.h on libcrypto. */
#include "core/crypto/cbc.h"

#include "core/base/constant_time.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>

enum status cbc_aes128_decrypt(uint8_t *out, const uint8_t key[static CBC_KEY_LEN],
                               const uint8_t iv[static CBC_BLOCK_LEN], const void *in, size_t in_len)
{
    int len, rest_len;
    if (in_len % CBC_BLOCK_LEN != 0 || in_len > INT_MAX - 31) {
        wipe(out, in_len);
        return STATUS_USAGE;
    }
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    bool done = cipher != NULL && EVP_DecryptInit_ex(cipher, EVP_aes_128_cbc(), NULL, key, iv) == 1 &&
                EVP_CIPHER_CTX_set_padding(cipher, 0) == 1 &&
                EVP_DecryptUpdate(cipher, out, &len, in, (int)in_len) == 1 &&
                EVP_DecryptFinal_ex(cipher, out + len, &rest_len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (done)
        return STATUS_OK;
    wipe(out, in_len);
    return STATUS_NO_MEMORY;
}
