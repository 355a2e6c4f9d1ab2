/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's decisions: what it answers to a request for a nonce or for a key (spec/release.md, section 1).  Knows no
 * network. */
#ifndef BROKER_DECIDE_H
#define BROKER_DECIDE_H

#include "broker/broker.h"
#include "broker/nonces.h"
#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/evidence/release.h"
#include "core/policy/policy.h"
#include <stddef.h>
#include <stdint.h>

enum {
    ANSWER_BODY_MAX = 512,
    DECIDE_ARENA_LEN = RELEASE_ARENA_LEN + POLICY_ARENA_LEN,
};

struct answer {
    unsigned http_status;  /* 200, or why not */
    const char *code;      /* for a refusal: "evidence", "policy", ... */
    struct reason message; /* for a refusal */
    size_t body_len;       /* for 200 */
    char body[ANSWER_BODY_MAX];
};

/* b must be unlocked; arena has DECIDE_ARENA_LEN bytes free, and has them free again afterwards. */
void decide_nonce(struct answer *answer, struct nonces *nonces, uint64_t now_ms);
void decide_release(struct answer *answer, struct broker *b, struct nonces *nonces, struct arena *arena,
                    const void *text, size_t text_len, uint64_t now_ms, uint64_t now_s);

#endif
