/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that a check of evidence still owes.  The core lists them; the caller verifies each with whatever
 * cryptography it has (libcrypto, WebCrypto) and enters the result; the core turns results into a verdict.  One without
 * a result counts as a failure. */
#ifndef CORE_EVIDENCE_OWED_H
#define CORE_EVIDENCE_OWED_H

#include "core/base/status.h"
#include "core/base/verdict.h"
#include <stddef.h>
#include <stdint.h>

enum { OWED_MAX = 16 };

enum owed_kind { OWED_ED25519 };

enum owed_result {
    OWED_UNKNOWN = 0,
    OWED_VALID,
    OWED_INVALID,
};

/* Points into the evidence, which must outlive it. */
struct owed_signature {
    const char *name; /* of the check, a literal */
    enum owed_kind kind;
    const uint8_t *public_key; /* 32 bytes for Ed25519 */
    size_t public_key_len;
    const uint8_t *signature;
    size_t signature_len;
    const uint8_t *message;
    size_t message_len;
    enum owed_result result; /* entered by the caller */
};

struct owed {
    struct owed_signature list[OWED_MAX];
    size_t n;
};

/* Adds one with result OWED_UNKNOWN; STATUS_LIMIT when the list is full. */
must_check enum status owed_add(struct owed *o, const struct owed_signature *signature);

/* Verifies every signature of the list with core/crypto/signature.h and enters the results. */
void owed_discharge(struct owed *o);

/* Adds one check for each signature to the verdict: pass for OWED_VALID, fail for everything else. */
void owed_conclude(struct verdict *v, const struct owed *o);

#endif
