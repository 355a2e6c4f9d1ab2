/* SPDX-License-Identifier: Apache-2.0 */
/* The document that GET /v1/attestation?nonce= answers: evidence, what endorses it, and the keyset that it vouches for,
 * enough to verify without a network (spec/evidence.md, section 6). */
#ifndef CORE_EVIDENCE_BUNDLE_H
#define CORE_EVIDENCE_BUNDLE_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/base/writer.h"
#include "core/evidence/claims.h"
#include "core/evidence/evidence.h"
#include "core/evidence/keyset.h"
#include <stddef.h>
#include <stdint.h>

enum {
    BUNDLE_TEXT_MAX = 128 * 1024,
    BUNDLE_ARENA_LEN = 64 + BUNDLE_TEXT_MAX * 57, /* bytes: always enough to parse one */
    BUNDLE_EVIDENCE_MAX = 64 * 1024,
};

#define BUNDLE_VERSION "cloister attestation v1"

struct bundle {
    enum evidence_kind kind;
    uint8_t nonce[EVIDENCE_NONCE_LEN]; /* as the server repeats it; compare it with the one you sent */
    const uint8_t *evidence;           /* in the arena after bundle_parse; the caller's for bundle_write */
    size_t evidence_len;
    struct keyset keyset;
};

/* STATUS_LIMIT when out is too small or the evidence over BUNDLE_EVIDENCE_MAX. */
must_check enum status bundle_write(struct writer *out, const struct bundle *b);

/* Refuses missing and unknown members.  b is zeroed on error.  Does *not* check the evidence.  STATUS_MALFORMED,
 * STATUS_UNSUPPORTED (version or kind), STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status bundle_parse(struct bundle *b, struct arena *arena, const void *text, size_t text_len,
                                    struct reason *why);

/* Every check of the evidence, then that it binds this nonce and this keyset.  nonce: the one that the caller chose;
 * with NULL the check "nonce" is not run and the verdict therefore not ok.  claims are zeroed unless the evidence holds
 * (a nonce check that was not run does not zero them); their labels are those of the evidence and of the keyset. */
must_check enum status bundle_verify(struct claims *claims, struct verdict *v, const struct bundle *b,
                                     const uint8_t *nonce, const struct trust_anchors *anchors, uint64_t time);

#endif
