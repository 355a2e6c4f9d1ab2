/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's evidence: the claims of a TEE signed by a local Ed25519 root, for machines that have none.  It proves
 * nothing about the machine, and says so inside the signed bytes.  Format: spec/evidence.md, section 2. */
#ifndef CORE_EVIDENCE_SIM_H
#define CORE_EVIDENCE_SIM_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/signature.h"
#include "core/evidence/claims.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIM_MEASUREMENT_LEN = 48,
    SIM_SIGNED_LEN = 228,
    SIM_EVIDENCE_LEN = SIM_SIGNED_LEN + ED25519_SIGNATURE_LEN, /* 292, always */
    SIM_VALIDITY_S = 24 * 60 * 60,
    SIM_CLOCK_SKEW_S = 5 * 60,
};

/* What the simulator states. */
struct sim_statement {
    bool debug;
    uint32_t tcb;
    uint64_t issued_at; /* seconds since 1970 */
    uint8_t measurement[SIM_MEASUREMENT_LEN];
    uint8_t configuration[CONFIGURATION_LEN];
    uint8_t report_data[REPORT_DATA_LEN];
};

/* The inside's half: writes the whole signed evidence.  The same statement and root always give the same bytes.
 * STATUS_BROKEN when the cryptography fails; out is zeroed then. */
must_check enum status sim_write(uint8_t out[static SIM_EVIDENCE_LEN], const struct sim_statement *statement,
                                 const struct ed25519_private *root);

/* Bytes to fields; pure.  Takes no other length, magic, version, label, flag.  signer points into evidence.  Does *not*
 * check the signature, the signer or the time.  STATUS_TRUNCATED, STATUS_MALFORMED, STATUS_UNSUPPORTED. */
must_check enum status sim_parse(struct sim_statement *statement, const uint8_t **signer, const uint8_t *evidence,
                                 size_t evidence_len, struct reason *why);

/* A simulator root's public key as a file: 64 hexadecimal digits and at most one newline.  STATUS_MALFORMED. */
must_check enum status sim_root_parse(uint8_t root[static ED25519_PUBLIC_LEN], const void *text, size_t text_len,
                                      struct reason *why);

#endif
