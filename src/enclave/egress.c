/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/egress.h"

enum { HOUR_MS = 3600 * 1000, HOUR_S = 3600, END_BITS = 2 };

void egress_init(struct egress *e, uint64_t bits_per_hour, uint32_t vocab_n, uint64_t now_ms)
{
    e->bits_per_hour = bits_per_hour;
    e->hour_started_ms = now_ms;
    e->spent = 0;
    e->token_bits = 0;
    while (e->token_bits < 32 && ((uint64_t)1 << e->token_bits) < vocab_n)
        e->token_bits++;
}

bool egress_spend_token(struct egress *e, uint64_t now_ms)
{
    uint64_t cost = (uint64_t)e->token_bits + END_BITS;
    if (now_ms - e->hour_started_ms >= HOUR_MS) {
        e->hour_started_ms = now_ms;
        e->spent = 0;
    }
    if (cost > e->bits_per_hour || e->spent > e->bits_per_hour - cost)
        return false;
    e->spent += cost;
    return true;
}

uint64_t egress_exfiltration_s(const struct egress *e, uint64_t weights_len)
{
    if (weights_len > UINT64_MAX / 8 / HOUR_S)
        return UINT64_MAX;
    return weights_len * 8 * HOUR_S / e->bits_per_hour;
}
