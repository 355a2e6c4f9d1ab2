/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/egress.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000, HOUR_S = 3600, END_BITS = 3, LOGPROB_BITS = 32 };

void egress_init(struct egress *e, uint64_t bits_per_hour, uint32_t vocab_n, uint64_t now_ms)
{
    memset(e, 0, sizeof *e);
    e->bits_per_hour = bits_per_hour;
    e->minute = now_ms / MINUTE_MS;
    while (e->token_bits < 32 && ((uint64_t)1 << e->token_bits) < vocab_n)
        e->token_bits++;
}

/* Forgets the minutes that are no longer within the hour. */
static void advance(struct egress *e, uint64_t minute)
{
    uint64_t steps = minute - e->minute;
    for (uint64_t i = 1; i <= steps && i <= EGRESS_MINUTES; i++) {
        uint64_t *slot = &e->spent_in[(e->minute + i) % EGRESS_MINUTES];
        e->spent -= *slot;
        *slot = 0;
    }
    e->minute = minute;
}

bool egress_spend_token(struct egress *e, uint32_t logprobs_n, uint64_t now_ms)
{
    uint64_t cost = (uint64_t)e->token_bits + END_BITS;
    if (logprobs_n > 0)
        cost += LOGPROB_BITS + (uint64_t)(logprobs_n - 1) * (LOGPROB_BITS + e->token_bits);
    advance(e, now_ms / MINUTE_MS);
    if (cost > e->bits_per_hour || e->spent > e->bits_per_hour - cost)
        return false;
    e->spent += cost;
    e->spent_in[e->minute % EGRESS_MINUTES] += cost;
    return true;
}

uint64_t egress_exfiltration_s(const struct egress *e, uint64_t weights_len)
{
    if (weights_len > UINT64_MAX / 8 / HOUR_S)
        return UINT64_MAX;
    return weights_len * 8 * HOUR_S / e->bits_per_hour;
}
