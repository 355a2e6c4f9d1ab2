/* SPDX-License-Identifier: Apache-2.0 */
/* Oblivious HTTP (RFC 9458): one request sealed to a gateway's key and one response sealed back, each whole.  Chunked
 * messages are in ohttp_chunked.h.  Randomness is an argument: ephemeral keys and nonces are fresh for each call. */
#ifndef CORE_OHTTP_OHTTP_H
#define CORE_OHTTP_OHTTP_H

#include "core/base/status.h"
#include "core/crypto/hpke.h"
#include "core/ohttp/ohttp_key_config.h"
#include <stddef.h>
#include <stdint.h>

#define OHTTP_MEDIA_REQUEST          "message/ohttp-req"
#define OHTTP_MEDIA_RESPONSE         "message/ohttp-res"
#define OHTTP_MEDIA_CHUNKED_REQUEST  "message/ohttp-chunked-req"
#define OHTTP_MEDIA_CHUNKED_RESPONSE "message/ohttp-chunked-res"
#define OHTTP_MEDIA_KEYS             "application/ohttp-keys"

enum {
    OHTTP_HEADER_LEN = 7 + HPKE_ENC_LEN, /* key and algorithm identifiers, encapsulated key */
    OHTTP_REQUEST_EXTRA = OHTTP_HEADER_LEN + AEAD_TAG_LEN,
    OHTTP_NONCE_MAX = 32, /* of a response: as long as the AEAD's key, 16 or 32 */
};

enum ohttp_kind { OHTTP_WHOLE, OHTTP_CHUNKED };

/* What both sides keep from the request to the response.  Holds secrets: ohttp_wipe it. */
struct ohttp_exchange {
    enum ohttp_kind kind;
    enum aead_kind aead;
    struct hpke hpke;
    uint8_t enc[HPKE_ENC_LEN];
};

void ohttp_wipe(struct ohttp_exchange *x);

/* Bytes of a response's nonce: 16 or 32. */
size_t ohttp_nonce_len(enum aead_kind aead);

/* Client: opens an exchange and writes the header that goes first on the wire.  STATUS_UNSUPPORTED when config does not
 * offer aead, STATUS_FORGED for a public key of low order; x is wiped then. */
must_check enum status ohttp_client_begin(struct ohttp_exchange *x, uint8_t header[static OHTTP_HEADER_LEN],
                                          enum ohttp_kind kind, const struct ohttp_key_config *config,
                                          enum aead_kind aead, const struct x25519_private *ephemeral);

/* Gateway: takes a header.  STATUS_NOT_FOUND for another key identifier than config's, STATUS_UNSUPPORTED for other
 * algorithms, STATUS_FORGED for an encapsulated key of low order; x is wiped then. */
must_check enum status ohttp_gateway_begin(struct ohttp_exchange *x, enum ohttp_kind kind,
                                           const struct ohttp_key_config *config,
                                           const struct x25519_private *private_key,
                                           const uint8_t header[static OHTTP_HEADER_LEN]);

/* Client: out (in_len + OHTTP_REQUEST_EXTRA bytes) = the encapsulated request.  Status as ohttp_client_begin. */
must_check enum status ohttp_request_encapsulate(struct ohttp_exchange *x, uint8_t *out,
                                                 const struct ohttp_key_config *config, enum aead_kind aead,
                                                 const struct x25519_private *ephemeral, const void *in, size_t in_len);

/* Gateway: out (in_len - OHTTP_REQUEST_EXTRA bytes) = the request.  STATUS_TRUNCATED when in is shorter, STATUS_FORGED,
 * and as ohttp_gateway_begin; out is zeroed and x wiped then. */
must_check enum status ohttp_request_decapsulate(struct ohttp_exchange *x, uint8_t *out,
                                                 const struct ohttp_key_config *config,
                                                 const struct x25519_private *private_key, const uint8_t *in,
                                                 size_t in_len);

/* Gateway: out (ohttp_nonce_len + in_len + AEAD_TAG_LEN bytes) = the encapsulated response.  nonce: ohttp_nonce_len
 * fresh random bytes.  Once per exchange. */
must_check enum status ohttp_response_encapsulate(const struct ohttp_exchange *x, uint8_t *out, const uint8_t *nonce,
                                                  const void *in, size_t in_len);

/* Client: out (in_len - ohttp_nonce_len - AEAD_TAG_LEN bytes) = the response.  STATUS_TRUNCATED, STATUS_FORGED. */
must_check enum status ohttp_response_decapsulate(const struct ohttp_exchange *x, uint8_t *out, const uint8_t *in,
                                                  size_t in_len);

/* The AEAD key (aead_key_len bytes) and base nonce of an exchange's response (RFC 9458 section 4.4). */
must_check enum status ohttp_response_keys(const struct ohttp_exchange *x, uint8_t key[static AEAD_KEY_LEN_MAX],
                                           uint8_t aead_nonce[static AEAD_NONCE_LEN], const uint8_t *nonce);

#endif
