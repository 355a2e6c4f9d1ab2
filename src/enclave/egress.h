/* SPDX-License-Identifier: Apache-2.0 */
/* How many bits may leave with the tokens, and how many have: what a compromised machine could learn of the weights
 * through the front door (DESIGN: egress is counted in bits). */
#ifndef ENCLAVE_EGRESS_H
#define ENCLAVE_EGRESS_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct egress {
    uint64_t bits_per_hour; /* the budget */
    uint64_t hour_started_ms;
    uint64_t spent;      /* bits in this hour */
    uint32_t token_bits; /* ceil(log2 vocabulary) */
};

void egress_init(struct egress *e, uint64_t bits_per_hour, uint32_t vocab_n, uint64_t now_ms);

/* Takes the bits of one token and of the message that ends a sequence (2 bits: which end) from the budget; false when
 * too few are left in this hour. */
must_check bool egress_spend_token(struct egress *e, uint64_t now_ms);

/* Seconds that weights_len bytes would take through the budget; UINT64_MAX at most. */
uint64_t egress_exfiltration_s(const struct egress *e, uint64_t weights_len);

#endif
