/* SPDX-License-Identifier: Apache-2.0 */
/* X25519 key agreement (RFC 7748). */
#ifndef CORE_CRYPTO_X25519_H
#define CORE_CRYPTO_X25519_H

#include "core/base/status.h"
#include <stdint.h>

enum { X25519_LEN = 32 };

struct x25519_private {
    uint8_t bytes[X25519_LEN]; /* any 32 random bytes */
};

must_check enum status x25519_public(uint8_t public_key[static X25519_LEN], const struct x25519_private *private_key);

/* STATUS_FORGED, and shared zeroed, when the peer's point makes the secret all zero (RFC 7748 section 6.1). */
must_check enum status x25519_shared(uint8_t shared[static X25519_LEN], const struct x25519_private *private_key,
                                     const uint8_t peer[static X25519_LEN]);

#endif
