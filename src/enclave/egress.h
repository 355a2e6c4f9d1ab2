/* SPDX-License-Identifier: Apache-2.0 */
/* How many bits may leave with the tokens, and how many have: what a compromised machine could learn of the weights
 * through the front door (DESIGN: egress is counted in bits). */
#ifndef ENCLAVE_EGRESS_H
#define ENCLAVE_EGRESS_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { EGRESS_MINUTES = 61 }; /* any hour touches no more of them */

struct egress {
    uint64_t bits_per_hour;            /* the budget of any 60 minutes */
    uint64_t minute;                   /* the present one, since the clock's start */
    uint64_t spent;                    /* bits in the last EGRESS_MINUTES minutes, the present one included */
    uint64_t spent_in[EGRESS_MINUTES]; /* by minute modulo EGRESS_MINUTES */
    uint32_t token_bits;               /* ceil(log2 vocabulary) */
};

void egress_init(struct egress *e, uint64_t bits_per_hour, uint32_t vocab_n, uint64_t now_ms);

/* Takes the bits of one token and of the message that ends a sequence (3 bits: which end) from the budget; with
 * logprobs_n (0: none, otherwise 1 and the alternatives) also those of the log-probabilities, 32 bits each, and of the
 * alternatives' tokens.  False when too few are left.  now_ms never goes back. */
must_check bool egress_spend_token(struct egress *e, uint32_t logprobs_n, uint64_t now_ms);

/* Seconds that weights_len bytes would take through the budget; UINT64_MAX at most. */
uint64_t egress_exfiltration_s(const struct egress *e, uint64_t weights_len);

#endif
