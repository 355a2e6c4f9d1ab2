/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: Ed25519 (RFC 8032) made and verified; ECDSA (FIPS 186-5) and RSA-PSS (RFC 8017) verified.
 * Verifying answers STATUS_OK, STATUS_FORGED, or STATUS_MALFORMED for a key or signature that cannot be one. */
#ifndef CORE_CRYPTO_SIGNATURE_H
#define CORE_CRYPTO_SIGNATURE_H

#include "core/base/status.h"
#include "core/crypto/hash.h"
#include <stddef.h>
#include <stdint.h>

enum {
    ED25519_PUBLIC_LEN = 32,
    ED25519_SIGNATURE_LEN = 64,
};

struct ed25519_private {
    uint8_t seed[32];
};

must_check enum status ed25519_public(uint8_t public_key[static ED25519_PUBLIC_LEN],
                                      const struct ed25519_private *private_key);
must_check enum status ed25519_sign(uint8_t signature[static ED25519_SIGNATURE_LEN],
                                    const struct ed25519_private *private_key, const void *message, size_t message_len);
must_check enum status ed25519_verify(const uint8_t public_key[static ED25519_PUBLIC_LEN],
                                      const uint8_t signature[static ED25519_SIGNATURE_LEN], const void *message,
                                      size_t message_len);

enum curve { CURVE_P256, CURVE_P384 };

/* point: uncompressed, 0x04 then x and y (65 or 97 bytes).  signature: r then s, each of the curve's field size (64 or
 * 96 bytes).  The message is hashed with kind. */
must_check enum status ecdsa_verify(enum curve curve, enum hash_kind kind, const uint8_t *point, size_t point_len,
                                    const uint8_t *signature, size_t signature_len, const void *message,
                                    size_t message_len);

/* modulus and exponent: big endian, 2048 to 8192 bits and odd.  MGF1 with the same hash; the salt has the hash's
 * length. */
must_check enum status rsa_pss_verify(enum hash_kind kind, const uint8_t *modulus, size_t modulus_len,
                                      const uint8_t *exponent, size_t exponent_len, const uint8_t *signature,
                                      size_t signature_len, const void *message, size_t message_len);

#endif
