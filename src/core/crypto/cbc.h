/* SPDX-License-Identifier: Apache-2.0 */
/* AES-128-CBC (NIST SP 800-38A), decryption alone: only to read what older tools encrypted.  Authenticate first. */
#ifndef CORE_CRYPTO_CBC_H
#define CORE_CRYPTO_CBC_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum {
    CBC_BLOCK_LEN = 16,
    CBC_KEY_LEN = 16,
};

/* out (in_len bytes; may equal in) = whole blocks decrypted; padding is left for the caller.  iv is the block before
 * the first.  STATUS_USAGE when in_len is no multiple of CBC_BLOCK_LEN or over 2^31 - 32, STATUS_NO_MEMORY; out is
 * zeroed then. */
must_check enum status cbc_aes128_decrypt(uint8_t *out, const uint8_t key[static CBC_KEY_LEN],
                                          const uint8_t iv[static CBC_BLOCK_LEN], const void *in, size_t in_len);

#endif
