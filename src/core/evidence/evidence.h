/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of evidence of any kind, in two phases (spec/evidence.md, section 5).  evidence_begin parses, makes
 * every check that needs no public-key operation and lists the signatures owed; the caller discharges them;
 * evidence_conclude alone hands out the claims.  Broker, command line and browser use these same functions. */
#ifndef CORE_EVIDENCE_EVIDENCE_H
#define CORE_EVIDENCE_EVIDENCE_H

#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/evidence/claims.h"
#include "core/evidence/owed.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keys that a verifier starts from. */
struct trust_anchors {
    bool simulator_known;       /* without it no simulated evidence is valid */
    uint8_t simulator_root[32]; /* Ed25519 */
};

/* A verification between its phases; points into the evidence. */
struct evidence {
    struct claims claims; /* not established before evidence_conclude */
    struct owed owed;
};

/* Phase one: adds its checks to the verdict.  time: of verification, seconds since 1970. */
void evidence_begin(struct evidence *e, struct verdict *v, enum evidence_kind kind, const uint8_t *bytes,
                    size_t bytes_len, const struct trust_anchors *anchors, uint64_t time);

/* Phase two: adds the signatures' results, "report data" (all 64 bytes equal to those expected) and "debug off".
 * claims are zeroed unless every check in the verdict passed.  Returns verdict_status(v). */
must_check enum status evidence_conclude(struct claims *claims, struct verdict *v, const struct evidence *e,
                                         const uint8_t report_data[static REPORT_DATA_LEN]);

/* Both phases with the signatures verified by core/crypto/signature.h. */
must_check enum status evidence_verify(struct claims *claims, struct verdict *v, enum evidence_kind kind,
                                       const uint8_t *bytes, size_t bytes_len,
                                       const uint8_t report_data[static REPORT_DATA_LEN],
                                       const struct trust_anchors *anchors, uint64_t time);

#endif
