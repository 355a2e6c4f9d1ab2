/* SPDX-License-Identifier: Apache-2.0 */
/* The messages by which a broker releases a model's data key to a proven enclave (spec/release.md).  Pure: the enclave
 * and the broker add HTTPS, randomness and the policy. */
#ifndef CORE_EVIDENCE_RELEASE_H
#define CORE_EVIDENCE_RELEASE_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/crypto/aead.h"
#include "core/crypto/hpke.h"
#include "core/crypto/x25519.h"
#include "core/evidence/claims.h"
#include <stddef.h>
#include <stdint.h>

enum {
    RELEASE_KEY_LEN = 32,
    RELEASE_KEY_ID_LEN = 16,
    RELEASE_EVIDENCE_MAX = 64 * 1024,
    RELEASE_TEXT_MAX = 100 * 1024,
    RELEASE_ARENA_LEN = 64 + RELEASE_TEXT_MAX * 57, /* bytes: always enough to parse any message of this file */
};

/* What the key is for; bound into the evidence and into the sealing of the answer. */
#define RELEASE_PURPOSE "model data key"

/* A model's data key in the clear: wipe it. */
struct release_key {
    uint8_t bytes[RELEASE_KEY_LEN];
};

/* POST /v1/release. */
struct release_request {
    uint8_t model_root[MODEL_ROOT_LEN];
    uint8_t key_id[RELEASE_KEY_ID_LEN]; /* which of the model's sealed files: the file_id of its header */
    uint8_t nonce[EVIDENCE_NONCE_LEN];  /* from POST /v1/nonce */
    uint8_t public_key[X25519_LEN];     /* fresh, made for this request alone */
    enum evidence_kind kind;
    const uint8_t *evidence; /* its report data: report_data_for_release(..., RELEASE_PURPOSE) */
    size_t evidence_len;
};

/* The answer. */
struct release_response {
    uint8_t enc[HPKE_ENC_LEN];
    uint8_t ciphertext[RELEASE_KEY_LEN + AEAD_TAG_LEN];
};

/* The body of the answer to POST /v1/nonce: {"nonce":"<hex>"}. */
must_check enum status release_nonce_write(struct writer *out, const uint8_t nonce[static EVIDENCE_NONCE_LEN]);
must_check enum status release_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], struct arena *arena,
                                           const void *text, size_t text_len, struct reason *why);

/* JSON, strict both ways: missing and unknown members are refused.  The parsed evidence lies in the arena.  Neither
 * checks the evidence. */
must_check enum status release_request_write(struct writer *out, const struct release_request *request);
must_check enum status release_request_parse(struct release_request *request, struct arena *arena, const void *text,
                                             size_t text_len, struct reason *why);

must_check enum status release_response_write(struct writer *out, const struct release_response *response);
must_check enum status release_response_parse(struct release_response *response, struct arena *arena, const void *text,
                                              size_t text_len, struct reason *why);

/* The broker's half, after evidence and policy allowed it: HPKE to the request's public key; info and AAD bind purpose,
 * model root, key id, nonce and public key.  ephemeral: fresh and random, for this call alone. */
must_check enum status release_response_seal(struct release_response *response, const struct release_request *request,
                                             const struct release_key *key, const struct x25519_private *ephemeral);

/* The enclave's half: the request that it sent and the private half of the request's public key.  STATUS_FORGED when
 * the answer was not made for exactly this request; key is wiped then. */
must_check enum status release_response_open(struct release_key *key, const struct release_response *response,
                                             const struct release_request *request,
                                             const struct x25519_private *private_key);

#endif
