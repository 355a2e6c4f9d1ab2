/* SPDX-License-Identifier: Apache-2.0 */
/* scrypt_derive of core/crypto/kdf.h on libcrypto. */
#include "core/base/constant_time.h"
#include "core/crypto/kdf.h"

#include <openssl/evp.h>

enum { SCRYPT_MEMORY_MAX = 1 << 30 };

enum status scrypt_derive(uint8_t *out, size_t out_len, const void *passphrase, size_t passphrase_len, const void *salt,
                          size_t salt_len, unsigned log2_n, uint32_t r, uint32_t p)
{
    wipe(out, out_len);
    if (log2_n < 1 || log2_n > 30 || r < 1 || r > 64 || p < 1 || p > 64)
        return STATUS_USAGE;
    uint64_t n = (uint64_t)1 << log2_n;
    uint64_t memory = 128 * (uint64_t)r * n;
    if (memory > SCRYPT_MEMORY_MAX)
        return STATUS_LIMIT;
    if (EVP_PBE_scrypt(passphrase, passphrase_len, salt, salt_len, n, r, p, memory + (1 << 20), out, out_len) == 1)
        return STATUS_OK;
    wipe(out, out_len);
    return STATUS_NO_MEMORY;
}
