/* SPDX-License-Identifier: Apache-2.0 */
/* HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM or AES-256-GCM, with exporter. */
#ifndef CORE_CRYPTO_HPKE_H
#define CORE_CRYPTO_HPKE_H

#include "core/base/status.h"
#include "core/crypto/aead.h"
#include "core/crypto/x25519.h"
#include <stddef.h>
#include <stdint.h>

enum {
    HPKE_KEM_X25519_HKDF_SHA256 = 0x0020,
    HPKE_KDF_HKDF_SHA256 = 0x0001,
    HPKE_AEAD_AES_128_GCM = 0x0001,
    HPKE_AEAD_AES_256_GCM = 0x0002,
    HPKE_ENC_LEN = 32,   /* an encapsulated key is an X25519 public key */
    HPKE_INFO_MAX = 512, /* longest info and exporter context taken, in bytes */
};

/* One direction of messages under one encapsulated key.  Holds secrets: hpke_wipe it. */
struct hpke {
    enum aead_kind aead;
    uint64_t sequence; /* of the next message */
    uint8_t key[AEAD_KEY_LEN_MAX];
    uint8_t base_nonce[AEAD_NONCE_LEN];
    uint8_t exporter_secret[32];
};

/* Sender: writes the encapsulated key.  ephemeral is a fresh random key that is used for this call alone. */
must_check enum status hpke_init_sender(struct hpke *h, uint8_t enc[static HPKE_ENC_LEN], enum aead_kind aead,
                                        const uint8_t recipient[static X25519_LEN],
                                        const struct x25519_private *ephemeral, const void *info, size_t info_len);

/* Receiver: the owner of the private key. */
must_check enum status hpke_init_receiver(struct hpke *h, enum aead_kind aead, const struct x25519_private *private_key,
                                          const uint8_t enc[static HPKE_ENC_LEN], const void *info, size_t info_len);

/* Seal or open the next message; lengths as in aead_seal and aead_open.  A message that does not open leaves the
 * sequence as it was. */
must_check enum status hpke_seal(struct hpke *h, uint8_t *out, const void *aad, size_t aad_len, const void *in,
                                 size_t in_len);
must_check enum status hpke_open(struct hpke *h, uint8_t *out, const void *aad, size_t aad_len, const void *in,
                                 size_t in_len);

/* RFC 9180 section 5.3. */
must_check enum status hpke_export(const struct hpke *h, uint8_t *out, size_t out_len, const void *context,
                                   size_t context_len);

void hpke_wipe(struct hpke *h);

#endif
