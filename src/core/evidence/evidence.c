/* SPDX-License-Identifier: Apache-2.0 */
/* Spec: spec/evidence.md, section 5. */
#include "core/evidence/evidence.h"

#include "core/base/constant_time.h"
#include "core/evidence/sim.h"

#include <string.h>

static void claim_from_sim(struct claims *c, const struct sim_statement *s)
{
    c->kind = EVIDENCE_SIMULATOR;
    c->labels = LABEL_SIMULATOR | (s->debug ? LABEL_DEBUG : 0);
    c->measurement.origin = CLAIM_SIMULATED;
    c->measurement.len = SIM_MEASUREMENT_LEN;
    memcpy(c->measurement.bytes, s->measurement, SIM_MEASUREMENT_LEN);
    c->configuration.origin = CLAIM_SIMULATED;
    memcpy(c->configuration.bytes, s->configuration, CONFIGURATION_LEN);
    c->report_data.origin = CLAIM_SIMULATED;
    memcpy(c->report_data.bytes, s->report_data, REPORT_DATA_LEN);
    c->debug.origin = CLAIM_SIMULATED;
    c->debug.on = s->debug;
    c->tcb.origin = CLAIM_SIMULATED;
    c->tcb.parts_n = 1;
    c->tcb.parts[0] = s->tcb;
    c->issued_at.origin = CLAIM_SIMULATED;
    c->issued_at.seconds = s->issued_at;
}

static void check_sim_anchor(struct verdict *v, const uint8_t *signer, const struct trust_anchors *anchors)
{
    const char *name = "trust anchor";
    if (!anchors->simulator_known) {
        reason_set(verdict_not_run(v, name), "no simulator root is trusted: name one to accept a simulator", NULL);
    } else if (!constant_time_equal(signer, anchors->simulator_root, sizeof anchors->simulator_root)) {
        struct reason *why = verdict_fail(v, name, STATUS_FORGED);
        reason_set(why, "signed by another simulator root: expected ", NULL);
        reason_add_hex(why, anchors->simulator_root, 8);
        reason_add(why, "..., seen ");
        reason_add_hex(why, signer, 8);
        reason_add(why, "...");
    } else {
        struct reason *why = verdict_pass(v, name);
        reason_set(why, "the simulator root that you trust, ", NULL);
        reason_add_hex(why, signer, 8);
        reason_add(why, "...");
    }
}

static void check_sim_time(struct verdict *v, uint64_t issued_at, uint64_t time)
{
    const char *name = "time";
    if (issued_at > time && issued_at - time > SIM_CLOCK_SKEW_S) {
        struct reason *why = verdict_fail(v, name, STATUS_STALE);
        reason_set(why, "issued ", NULL);
        reason_add_u64(why, issued_at - time);
        reason_add(why, " s after the time of verification: check both clocks");
    } else if (issued_at <= time && time - issued_at > SIM_VALIDITY_S) {
        struct reason *why = verdict_fail(v, name, STATUS_STALE);
        reason_set(why, "issued ", NULL);
        reason_add_u64(why, time - issued_at);
        reason_add(why, " s ago, valid for 86400 s: fetch it anew");
    } else {
        reason_set(verdict_pass(v, name), "issued within a day of the time of verification", NULL);
    }
}

static void begin_sim(struct evidence *e, struct verdict *v, const uint8_t *bytes, size_t bytes_len,
                      const struct trust_anchors *anchors, uint64_t time)
{
    struct sim_statement statement;
    const uint8_t *signer;
    struct reason why = {{0}};
    enum status status = sim_parse(&statement, &signer, bytes, bytes_len, &why);
    if (status != STATUS_OK) {
        reason_set(verdict_fail(v, "format", status), why.text, NULL);
        return;
    }
    reason_set(verdict_pass(v, "format"), "simulator evidence, version 1", NULL);
    reason_set(verdict_pass(v, "label"), NOT_A_TEE_WORDS ": this proves nothing about the machine", NULL);
    check_sim_anchor(v, signer, anchors);
    check_sim_time(v, statement.issued_at, time);
    claim_from_sim(&e->claims, &statement);
    const struct owed_signature signature = {
        .name = "signature",
        .kind = OWED_ED25519,
        .public_key = signer,
        .public_key_len = ED25519_PUBLIC_LEN,
        .signature = bytes + SIM_SIGNED_LEN,
        .signature_len = ED25519_SIGNATURE_LEN,
        .message = bytes,
        .message_len = SIM_SIGNED_LEN,
    };
    if (owed_add(&e->owed, &signature) != STATUS_OK)
        reason_set(verdict_fail(v, "signature", STATUS_LIMIT), "more signatures than can be checked", NULL);
}

void evidence_begin(struct evidence *e, struct verdict *v, enum evidence_kind kind, const uint8_t *bytes,
                    size_t bytes_len, const struct trust_anchors *anchors, uint64_t time)
{
    memset(e, 0, sizeof *e);
    switch (kind) {
    case EVIDENCE_SIMULATOR: begin_sim(e, v, bytes, bytes_len, anchors, time); return;
    case EVIDENCE_NONE:
    case EVIDENCE_TDX:
    case EVIDENCE_SEV_SNP:
    case EVIDENCE_NITRO:
    case EVIDENCE_AZURE:
    case EVIDENCE_TPM: break;
    }
    reason_set(verdict_fail(v, "format", STATUS_UNSUPPORTED), "this build cannot verify evidence of kind ",
               evidence_kind_name(kind), NULL);
}

static void check_report_data(struct verdict *v, const struct claims *c, const uint8_t *expected)
{
    const char *name = "report data";
    if (c->report_data.origin != CLAIM_SIMULATED && c->report_data.origin != CLAIM_HARDWARE) {
        reason_set(verdict_not_run(v, name), "no signed report data", NULL);
    } else if (!constant_time_equal(c->report_data.bytes, expected, REPORT_DATA_LEN)) {
        struct reason *why = verdict_fail(v, name, STATUS_FORGED);
        reason_set(why, "does not bind this nonce and these keys (a replay, or another server's evidence): expected ",
                   NULL);
        reason_add_hex(why, expected, 8);
        reason_add(why, "..., seen ");
        reason_add_hex(why, c->report_data.bytes, 8);
        reason_add(why, "...");
    } else {
        reason_set(verdict_pass(v, name), "binds this nonce and these keys, all 64 bytes", NULL);
    }
}

static void check_debug(struct verdict *v, const struct claims *c)
{
    const char *name = "debug off";
    if (c->debug.origin != CLAIM_SIMULATED && c->debug.origin != CLAIM_HARDWARE)
        reason_set(verdict_not_run(v, name), "no signed statement about debugging", NULL);
    else if (c->debug.on)
        reason_set(verdict_fail(v, name, STATUS_REFUSED), "the enclave can be debugged: its memory is open", NULL);
    else
        reason_set(verdict_pass(v, name), "the enclave cannot be debugged", NULL);
}

enum status evidence_conclude(struct claims *claims, struct verdict *v, const struct evidence *e,
                              const uint8_t report_data[static REPORT_DATA_LEN])
{
    claims_init(claims);
    if (e->owed.n == 0)
        reason_set(verdict_not_run(v, "signature"), "nothing to verify", NULL);
    owed_conclude(v, &e->owed);
    check_report_data(v, &e->claims, report_data);
    check_debug(v, &e->claims);
    enum status status = verdict_status(v);
    if (status == STATUS_OK)
        *claims = e->claims;
    return status;
}

enum status evidence_verify(struct claims *claims, struct verdict *v, enum evidence_kind kind, const uint8_t *bytes,
                            size_t bytes_len, const uint8_t report_data[static REPORT_DATA_LEN],
                            const struct trust_anchors *anchors, uint64_t time)
{
    struct evidence e;
    evidence_begin(&e, v, kind, bytes, bytes_len, anchors, time);
    owed_discharge(&e.owed);
    return evidence_conclude(claims, v, &e, report_data);
}
