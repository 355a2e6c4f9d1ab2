/* SPDX-License-Identifier: Apache-2.0 */
/* Where evidence comes from.  One row a provider; the configuration names it and nothing is chosen silently. */
#ifndef ENCLAVE_ATTESTOR_H
#define ENCLAVE_ATTESTOR_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include "core/evidence/claims.h"
#include "core/evidence/sim.h"
#include "enclave/config.h"
#include <stddef.h>
#include <stdint.h>

enum { ATTESTOR_EVIDENCE_MAX = SIM_EVIDENCE_LEN };

struct attestor {
    enum evidence_kind kind;
    uint8_t engine_hash[SHA256_LEN];          /* SHA-256 of this binary */
    uint8_t measurement[SIM_MEASUREMENT_LEN]; /* simulator: SHA-384 of this binary, read by itself */
    uint8_t configuration[CONFIGURATION_LEN];
    struct ed25519_private simulator_root; /* secret */
};

/* Reads what the provider needs, the simulator's key file included.  a is wiped on error. */
must_check enum status attestor_open(struct attestor *a, const struct config *config, struct reason *why);

/* Evidence over report_data, as of now. */
must_check enum status attestor_evidence(const struct attestor *a, uint8_t out[static ATTESTOR_EVIDENCE_MAX],
                                         size_t *out_len, const uint8_t report_data[static REPORT_DATA_LEN]);

void attestor_close(struct attestor *a);

#endif
