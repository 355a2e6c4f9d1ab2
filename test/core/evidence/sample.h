/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated enclave with fixed keys, for the tests of evidence and policy. */
#ifndef TEST_CORE_EVIDENCE_SAMPLE_H
#define TEST_CORE_EVIDENCE_SAMPLE_H

#include "core/evidence/bundle.h"
#include "core/evidence/sim.h"

#include <string.h>

static const uint64_t sample_time = 1767225600; /* 2026-01-01 */

struct sample {
    struct ed25519_private root;
    struct trust_anchors anchors;
    struct sim_statement statement;
    struct keyset keyset;
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    uint8_t report_data[REPORT_DATA_LEN];
    uint8_t evidence[SIM_EVIDENCE_LEN];
    struct bundle bundle;
};

static inline bool sample_sign(struct sample *s)
{
    return sim_write(s->evidence, &s->statement, &s->root) == STATUS_OK;
}

/* Evidence that binds s->nonce and s->keyset as they are now. */
static inline bool sample_bind(struct sample *s)
{
    uint8_t digest[SHA256_LEN];
    bool ok = keyset_digest(digest, &s->keyset) == STATUS_OK;
    report_data_for_client(s->report_data, s->nonce, digest);
    memcpy(s->statement.report_data, s->report_data, sizeof s->report_data);
    s->bundle.kind = EVIDENCE_SIMULATOR;
    memcpy(s->bundle.nonce, s->nonce, sizeof s->nonce);
    s->bundle.evidence = s->evidence;
    s->bundle.evidence_len = sizeof s->evidence;
    s->bundle.keyset = s->keyset;
    return ok && sample_sign(s);
}

static inline bool sample_init(struct sample *s)
{
    memset(s, 0, sizeof *s);
    memset(s->root.seed, 0x11, sizeof s->root.seed);
    bool ok = ed25519_public(s->anchors.simulator_root, &s->root) == STATUS_OK;
    s->anchors.simulator_known = true;
    s->statement.tcb = 7;
    s->statement.issued_at = sample_time;
    memset(s->statement.measurement, 0x22, sizeof s->statement.measurement);
    memset(s->statement.configuration, 0x33, sizeof s->statement.configuration);
    memset(s->keyset.tls_spki_sha256, 0x44, SHA256_LEN);
    memset(s->keyset.hpke_config, 0x55, 45);
    s->keyset.hpke_config_len = 45;
    memset(s->keyset.receipt_key, 0x66, 32);
    memset(s->keyset.model_root, 0x77, 32);
    memset(s->keyset.engine_hash, 0x88, 32);
    memset(s->keyset.configuration, 0x33, 32);
    s->keyset.labels = LABEL_SIMULATOR;
    memset(s->nonce, 0xaa, sizeof s->nonce);
    return ok && sample_bind(s);
}

/* The check of that name, or NULL. */
static inline const struct check *sample_find(const struct verdict *v, const char *name)
{
    for (size_t i = 0; i < v->checks_n; i++)
        if (strcmp(v->checks[i].name, name) == 0)
            return &v->checks[i];
    return NULL;
}

/* True when the first thing that decides against is this check, with this outcome and status. */
static inline bool sample_fails_at(const struct verdict *v, const char *name, enum outcome outcome, enum status status)
{
    const struct check *c = verdict_first_failure(v);
    return c != NULL && strcmp(c->name, name) == 0 && c->outcome == outcome && c->status == status &&
           c->reason.text[0] != '\0';
}

#endif
