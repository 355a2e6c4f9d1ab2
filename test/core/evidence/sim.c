/* SPDX-License-Identifier: Apache-2.0 */
/* Simulator evidence: EV-1 to EV-7 and the two phases, EV-13 to EV-17. */
#include "core/evidence/sim.h"

#include "core/evidence/sample.h"
#include "tap.h"

static enum status verify(struct claims *c, struct verdict *v, const struct sample *s, const uint8_t *evidence,
                          size_t len, uint64_t time)
{
    verdict_init(v);
    return evidence_verify(c, v, EVIDENCE_SIMULATOR, evidence, len, s->report_data, &s->anchors, time);
}

static void genuine(const struct sample *s)
{
    static const char *const order[] = {"format",    "label",       "trust anchor", "time",
                                        "signature", "report data", "debug off"};
    struct claims c;
    struct verdict v;
    check(verify(&c, &v, s, s->evidence, sizeof s->evidence, sample_time) == STATUS_OK, "genuine evidence verifies");
    bool in_order = v.checks_n == 7; /* EV-15 */
    for (size_t i = 0; in_order && i < 7; i++)
        in_order = strcmp(v.checks[i].name, order[i]) == 0 && v.checks[i].outcome == OUTCOME_PASS &&
                   v.checks[i].reason.text[0] != '\0';
    check(in_order, "EV-15: every check is listed, in order, with a reason");
    check(strstr(v.checks[1].reason.text, "NOT A TEE") != NULL, "EV-6: the verdict says NOT A TEE");
    check(c.kind == EVIDENCE_SIMULATOR && c.labels == LABEL_SIMULATOR && c.tcb.parts_n == 1 && c.tcb.parts[0] == 7 &&
              c.measurement.len == 48 && memcmp(c.measurement.bytes, s->statement.measurement, 48) == 0 &&
              memcmp(c.configuration.bytes, s->statement.configuration, 32) == 0 && !c.debug.on,
          "the claims are those stated");
    check(c.measurement.origin == CLAIM_SIMULATED && c.configuration.origin == CLAIM_SIMULATED &&
              c.report_data.origin == CLAIM_SIMULATED && c.debug.origin == CLAIM_SIMULATED &&
              c.tcb.origin == CLAIM_SIMULATED,
          "EV-1: each says that the simulator signed it");
    uint8_t again[SIM_EVIDENCE_LEN];
    check(sim_write(again, &s->statement, &s->root) == STATUS_OK && memcmp(again, s->evidence, sizeof again) == 0,
          "EV-7: the same statement gives the same bytes");
}

/* Which check each byte of the evidence must fail at when a bit of it is flipped: EV-3, EV-4. */
static bool flip_is_refused(const struct verdict *v, size_t byte)
{
    if (byte < 8)
        return sample_fails_at(v, "format", OUTCOME_FAIL, STATUS_MALFORMED);
    if (byte < 12)
        return sample_fails_at(v, "format", OUTCOME_FAIL, STATUS_UNSUPPORTED);
    if (byte < 36)
        return sample_fails_at(v, "format", OUTCOME_FAIL, STATUS_MALFORMED);
    if (byte < 39)
        return sample_fails_at(v, "format", OUTCOME_FAIL, STATUS_MALFORMED);
    if (byte >= 44 && byte < 52) /* a time far off is stale before it is forged */
        return sample_fails_at(v, "time", OUTCOME_FAIL, STATUS_STALE) ||
               sample_fails_at(v, "signature", OUTCOME_FAIL, STATUS_FORGED);
    if (byte >= 196 && byte < 228)
        return sample_fails_at(v, "trust anchor", OUTCOME_FAIL, STATUS_FORGED);
    return sample_fails_at(v, "signature", OUTCOME_FAIL, STATUS_FORGED);
}

static void altered(const struct sample *s)
{
    struct claims c, none;
    struct verdict v;
    claims_init(&none);
    uint8_t *copy = guarded_copy(s->evidence, sizeof s->evidence);
    size_t wrong = 0, leaked = 0;
    for (size_t bit = 0; bit < sizeof s->evidence * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool refused = verify(&c, &v, s, copy, sizeof s->evidence, sample_time) != STATUS_OK;
        bool flag = bit / 8 == 39 && bit % 8 != 0; /* the flags' last byte: only the debug bit is known */
        bool right =
            flag ? sample_fails_at(&v, "format", OUTCOME_FAIL, STATUS_MALFORMED) : flip_is_refused(&v, bit / 8);
        if (!refused || !right)
            wrong++;
        leaked += memcmp(&c, &none, sizeof c) != 0;
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    check(wrong == 0, "EV-3, EV-4: each of 2336 bits flipped is refused for its reason");
    check(leaked == 0, "EV-2: no claim comes out of refused evidence");
    guarded_free(copy, sizeof s->evidence);

    wrong = 0;
    for (size_t len = 0; len < sizeof s->evidence; len++) {
        copy = guarded_copy(s->evidence, len);
        (void)verify(&c, &v, s, copy, len, sample_time);
        wrong += !sample_fails_at(&v, "format", OUTCOME_FAIL, STATUS_TRUNCATED);
        guarded_free(copy, len);
    }
    check(wrong == 0, "EV-3: cut at each of 292 lengths it is refused as truncated");
    uint8_t longer[SIM_EVIDENCE_LEN + 1] = {0};
    memcpy(longer, s->evidence, sizeof s->evidence);
    (void)verify(&c, &v, s, longer, sizeof longer, sample_time);
    check(sample_fails_at(&v, "format", OUTCOME_FAIL, STATUS_MALFORMED), "EV-3: one byte more is refused");
}

static void label_stripped(const struct sample *s)
{
    struct claims c;
    struct verdict v;
    uint8_t forged[SIM_EVIDENCE_LEN];
    memcpy(forged, s->evidence, sizeof forged);
    memset(forged + 12, 0, 24);
    bool signed_anew = ed25519_sign(forged + SIM_SIGNED_LEN, &s->root, forged, SIM_SIGNED_LEN) == STATUS_OK;
    check(signed_anew && verify(&c, &v, s, forged, sizeof forged, sample_time) == STATUS_MALFORMED &&
              strstr(verdict_first_failure(&v)->reason.text, "NOT A TEE") != NULL,
          "EV-3: even the root's owner cannot strip the label");
}

static void anchors_and_time(const struct sample *s)
{
    static const struct {
        uint64_t time;
        enum status status;
    } rows[] = {
        {sample_time, STATUS_OK},       {sample_time + 86400, STATUS_OK},  {sample_time + 86401, STATUS_STALE},
        {sample_time - 300, STATUS_OK}, {sample_time - 301, STATUS_STALE}, {0, STATUS_STALE},
        {UINT64_MAX, STATUS_STALE},
    };
    struct claims c;
    struct verdict v;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(verify(&c, &v, s, s->evidence, sizeof s->evidence, rows[i].time) == rows[i].status,
              "EV-5: verified at time %llu: %s", (unsigned long long)rows[i].time, status_name(rows[i].status));
    struct sample other = *s;
    other.anchors.simulator_known = false;
    check(verify(&c, &v, &other, s->evidence, sizeof s->evidence, sample_time) == STATUS_REFUSED &&
              sample_fails_at(&v, "trust anchor", OUTCOME_NOT_RUN, STATUS_OK),
          "EV-4: without a simulator root the check is not run and nothing is valid");
    memset(other.root.seed, 0x12, sizeof other.root.seed);
    check(sample_bind(&other), "another root signs");
    check(verify(&c, &v, s, other.evidence, sizeof other.evidence, sample_time) == STATUS_FORGED &&
              sample_fails_at(&v, "trust anchor", OUTCOME_FAIL, STATUS_FORGED),
          "EV-4: another root is refused");
}

static void binding(const struct sample *s)
{
    struct claims c;
    struct verdict v;
    size_t wrong = 0;
    for (size_t bit = 0; bit < REPORT_DATA_LEN * 8; bit++) {
        struct sample other = *s;
        other.report_data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)verify(&c, &v, &other, s->evidence, sizeof s->evidence, sample_time);
        wrong += !sample_fails_at(&v, "report data", OUTCOME_FAIL, STATUS_FORGED);
    }
    check(wrong == 0, "EV-13: every one of 512 bits of the report data counts");
    struct sample open = *s;
    open.statement.debug = true;
    check(sample_sign(&open) && verify(&c, &v, s, open.evidence, sizeof open.evidence, sample_time) == STATUS_REFUSED &&
              sample_fails_at(&v, "debug off", OUTCOME_FAIL, STATUS_REFUSED) && c.kind == EVIDENCE_NONE,
          "EV-16: an enclave that can be debugged is refused");
}

static void phases(const struct sample *s)
{
    struct claims c;
    struct verdict v;
    struct evidence e;
    verdict_init(&v);
    evidence_begin(&e, &v, EVIDENCE_SIMULATOR, s->evidence, sizeof s->evidence, &s->anchors, sample_time);
    check(e.owed.n == 1 && e.owed.list[0].result == OWED_UNKNOWN && e.owed.list[0].message_len == SIM_SIGNED_LEN,
          "one signature is owed");
    check(evidence_conclude(&c, &v, &e, s->report_data) == STATUS_REFUSED &&
              sample_fails_at(&v, "signature", OUTCOME_FAIL, STATUS_REFUSED),
          "EV-14: a signature without a result is a failure");
    verdict_init(&v);
    evidence_begin(&e, &v, EVIDENCE_SIMULATOR, s->evidence, sizeof s->evidence, &s->anchors, sample_time);
    e.owed.n = 0;
    check(evidence_conclude(&c, &v, &e, s->report_data) != STATUS_OK, "EV-14: a signature taken off the list too");
    verdict_init(&v);
    evidence_begin(&e, &v, EVIDENCE_SIMULATOR, s->evidence, sizeof s->evidence, &s->anchors, sample_time);
    e.owed.list[0].public_key_len = 31;
    owed_discharge(&e.owed);
    check(e.owed.list[0].result == OWED_INVALID, "a key of another length is never valid");
    for (int kind = 0; kind < EVIDENCE_KINDS_N + 1; kind++) {
        if (kind == EVIDENCE_SIMULATOR)
            continue;
        verdict_init(&v);
        check(evidence_verify(&c, &v, (enum evidence_kind)kind, s->evidence, sizeof s->evidence, s->report_data,
                              &s->anchors, sample_time) == STATUS_UNSUPPORTED,
              "EV-17: kind %s is refused", evidence_kind_name((enum evidence_kind)kind));
    }
    struct owed full = {.n = OWED_MAX};
    check(owed_add(&full, &e.owed.list[0]) == STATUS_LIMIT, "a full list takes no more");
}

static void names(void)
{
    enum evidence_kind kind;
    uint32_t label;
    for (int i = 1; i < EVIDENCE_KINDS_N; i++) {
        const char *name = evidence_kind_name((enum evidence_kind)i);
        check(evidence_kind_parse(&kind, name, strlen(name)) == STATUS_OK && (int)kind == i, "kind %s", name);
    }
    check(evidence_kind_parse(&kind, "none", 4) == STATUS_NOT_FOUND, "\"none\" is no kind");
    check(evidence_kind_parse(&kind, "", 0) == STATUS_NOT_FOUND, "nor is nothing");
    check(evidence_kind_parse(&kind, "simulato", 8) == STATUS_NOT_FOUND && kind == EVIDENCE_NONE, "nor a prefix");
    check(label_parse(&label, "milan", 5) == STATUS_OK && label == LABEL_MILAN, "label milan");
    check(label_parse(&label, "", 0) == STATUS_NOT_FOUND, "nothing is no label");
}

int main(void)
{
    static struct sample s;
    check(sample_init(&s), "the sample is made");
    genuine(&s);
    altered(&s);
    label_stripped(&s);
    anchors_and_time(&s);
    binding(&s);
    phases(&s);
    names();
    return tap_done();
}
