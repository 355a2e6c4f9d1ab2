/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that were given out and not yet used: in memory alone, so a restart forgets them all and a replay across it
 * fails (spec/release.md RL-1, RL-2). */
#ifndef BROKER_NONCES_H
#define BROKER_NONCES_H

#include "core/base/status.h"
#include "core/evidence/claims.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NONCES_MAX = 4096,
    NONCE_LIFE_MS = 60 * 1000,
    NONCE_REFUSALS_MAX = 60, /* recorded in a minute */
};

struct nonces {
    struct {
        uint8_t bytes[EVIDENCE_NONCE_LEN];
        uint64_t issued_ms;
    } list[NONCES_MAX];
    size_t n;
    uint64_t minute_ms; /* start of the minute in which refusals are counted */
    unsigned refusals_n;
};

void nonces_init(struct nonces *list);

/* Keeps a fresh random nonce (made by the caller).  STATUS_BUSY when NONCES_MAX are out.  now_ms never goes back. */
must_check enum status nonces_add(struct nonces *list, const uint8_t nonce[static EVIDENCE_NONCE_LEN], uint64_t now_ms);

/* Uses one up, whatever the answer: STATUS_OK; STATUS_STALE when it is too old; STATUS_REFUSED when it was never given
 * out, was used before, or is long forgotten. */
must_check enum status nonces_use(struct nonces *list, const uint8_t nonce[static EVIDENCE_NONCE_LEN], uint64_t now_ms);

/* True when the refusal of an unknown nonce may still be recorded this minute (RL-4); counts it. */
must_check bool nonces_count_refusal(struct nonces *list, uint64_t now_ms);

#endif
