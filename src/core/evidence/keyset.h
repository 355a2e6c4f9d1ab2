/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys and hashes that evidence vouches for, in one canonical form with a digest, and the report data that
 * binds them (spec/evidence.md, sections 3 and 4). */
#ifndef CORE_EVIDENCE_KEYSET_H
#define CORE_EVIDENCE_KEYSET_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/codec/json.h"
#include "core/codec/json_writer.h"
#include "core/crypto/hash.h"
#include "core/crypto/x25519.h"
#include "core/evidence/claims.h"
#include <stddef.h>
#include <stdint.h>

enum {
    KEYSET_HPKE_CONFIG_MAX = 128,
    KEYSET_CANONICAL_MAX = 19 + 5 * 34 + 2 + KEYSET_HPKE_CONFIG_MAX + 4,
    PURPOSE_LEN_MAX = 64,
};

struct keyset {
    uint8_t tls_spki_sha256[SHA256_LEN];         /* of the SubjectPublicKeyInfo of the TLS certificate */
    uint8_t hpke_config[KEYSET_HPKE_CONFIG_MAX]; /* one key configuration (RFC 9458 section 3.1), no length before it */
    size_t hpke_config_len;                      /* 1 to KEYSET_HPKE_CONFIG_MAX */
    uint8_t receipt_key[32];                     /* Ed25519 */
    uint8_t model_root[MODEL_ROOT_LEN];
    uint8_t engine_hash[SHA256_LEN]; /* of the enclave's binary */
    uint8_t configuration[CONFIGURATION_LEN];
    uint32_t labels; /* of enum label */
};

/* The canonical bytes, which the digest covers.  STATUS_USAGE for a length or label out of range. */
must_check enum status keyset_write(struct writer *out, const struct keyset *k);

/* SHA-256 of the canonical bytes; zeroed on error. */
must_check enum status keyset_digest(uint8_t digest[static SHA256_LEN], const struct keyset *k);

/* The JSON object of the attestation bundle.  Parsing refuses missing and unknown members; k is zeroed on error. */
void keyset_write_json(struct json_writer *out, const struct keyset *k);
must_check enum status keyset_parse(struct keyset *k, const struct json *object, struct reason *why);

/* Report data for clients: SHA-512("cloister attestation v1" 00 | nonce | keyset digest). */
void report_data_for_client(uint8_t out[static REPORT_DATA_LEN], const uint8_t nonce[static EVIDENCE_NONCE_LEN],
                            const uint8_t keyset_digest[static SHA256_LEN]);

/* Report data for a key release: SHA-512("cloister release v1" 00 | nonce | public key | model root | purpose length
 * (u16) | purpose).  purpose: at most PURPOSE_LEN_MAX bytes, or STATUS_USAGE. */
must_check enum status report_data_for_release(uint8_t out[static REPORT_DATA_LEN],
                                               const uint8_t nonce[static EVIDENCE_NONCE_LEN],
                                               const uint8_t public_key[static X25519_LEN],
                                               const uint8_t model_root[static MODEL_ROOT_LEN], const char *purpose);

#endif
