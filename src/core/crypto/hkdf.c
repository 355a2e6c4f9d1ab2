/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF (RFC 5869) on the HMAC of the face. */
#include "core/base/constant_time.h"
#include "core/crypto/kdf.h"

#include <string.h>

enum { INFO_MAX = 1024 };

void hkdf_extract(enum hash_kind kind, uint8_t *prk, const void *salt, size_t salt_len, const void *ikm, size_t ikm_len)
{
    static const uint8_t zeros[HASH_LEN_MAX];
    if (salt_len == 0)
        hmac(kind, prk, zeros, hash_len(kind), ikm, ikm_len);
    else
        hmac(kind, prk, salt, salt_len, ikm, ikm_len);
}

enum status hkdf_expand(enum hash_kind kind, uint8_t *out, size_t out_len, const uint8_t *prk, const void *info,
                        size_t info_len)
{
    uint8_t block[HASH_LEN_MAX + INFO_MAX + 1]; /* T(n-1), info, n */
    uint8_t digest[HASH_LEN_MAX];
    size_t digest_len = hash_len(kind);
    size_t previous_len = 0;
    if (out_len > 255 * digest_len || info_len > INFO_MAX) {
        wipe(out, out_len);
        return STATUS_LIMIT;
    }
    for (size_t done = 0, n = 1; done < out_len; n++) {
        size_t part = out_len - done < digest_len ? out_len - done : digest_len;
        if (info_len != 0)
            memcpy(block + previous_len, info, info_len);
        block[previous_len + info_len] = (uint8_t)n;
        hmac(kind, digest, prk, digest_len, block, previous_len + info_len + 1);
        memcpy(out + done, digest, part);
        memcpy(block, digest, digest_len);
        previous_len = digest_len;
        done += part;
    }
    wipe(block, sizeof block);
    wipe(digest, sizeof digest);
    return STATUS_OK;
}
