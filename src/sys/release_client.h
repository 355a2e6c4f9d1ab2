/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a broker for a model's data key (spec/release.md): nonce, evidence that binds it and a fresh key, sealed
 * answer. */
#ifndef SYS_RELEASE_CLIENT_H
#define SYS_RELEASE_CLIENT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/evidence/claims.h"
#include "core/evidence/release.h"
#include "sys/https_client.h"
#include <stddef.h>
#include <stdint.h>

struct release_terms {
    const struct https_url *broker;
    const uint8_t *broker_spki_sha256; /* SHA256_LEN bytes */
    const uint8_t *model_root;         /* MODEL_ROOT_LEN bytes */
    const uint8_t *key_id;             /* RELEASE_KEY_ID_LEN bytes */
    const uint8_t *nonce; /* EVIDENCE_NONCE_LEN bytes; NULL: the broker is asked for one, as it should be */
    enum evidence_kind kind;

    /* Writes evidence over report_data to out (RELEASE_EVIDENCE_MAX bytes). */
    enum status (*evidence)(void *context, uint8_t *out, size_t *out_len,
                            const uint8_t report_data[static REPORT_DATA_LEN]);
    void *context;
};

/* key is wiped on error; nonce_used gets the nonce in any case.  STATUS_REFUSED with what the broker said in why;
 * STATUS_FORGED when the answer was not sealed for this request; STATUS_NETWORK. */
must_check enum status release_obtain(struct release_key *key, uint8_t nonce_used[static EVIDENCE_NONCE_LEN],
                                      const struct release_terms *terms, struct reason *why);

#endif
