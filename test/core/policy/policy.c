/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: PO-1 to PO-8. */
#include "core/policy/policy.h"

#include "core/evidence/sample.h"
#include "tap.h"

#include <stdalign.h>

#define HEX22 "2222222222222222222222222222222222222222222222222222222222222222"
#define HEX33 "3333333333333333333333333333333333333333333333333333333333333333"
#define HEX77 "7777777777777777777777777777777777777777777777777777777777777777"

static const char good[] = "{\"version\":1,\"kinds\":[\"simulator\"],"
                           "\"measurements\":[\"" HEX22 "22222222222222222222222222222222\"],"
                           "\"minimum_tcb\":[7],\"debug\":false,\"configurations\":[\"" HEX33 "\"],"
                           "\"model_roots\":[\"" HEX77 "\"],\"labels\":[\"simulator\"]}";

static alignas(16) uint8_t memory[POLICY_ARENA_LEN];

static enum status parse(struct policy *p, const char *text, size_t len, struct reason *why)
{
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    why->text[0] = '\0';
    uint8_t *copy = guarded_copy(text, len);
    enum status status = policy_parse(p, &arena, copy, len, why);
    guarded_free(copy, len);
    return status;
}

static enum status parse_changed(struct policy *p, const char *from, const char *to, struct reason *why)
{
    char changed[4096];
    const char *at = strstr(good, from);
    int len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return parse(p, changed, (size_t)len, why);
}

static void malformed(void)
{
    static const struct {
        const char *name, *from, *to;
        enum status status;
    } rows[] = {
        {"an unknown field", "{\"version\"", "{\"mesurements\":[],\"version\"", STATUS_MALFORMED},
        {"a field twice", "{\"version\"", "{\"debug\":false,\"version\"", STATUS_MALFORMED},
        {"no version", "\"version\":1,", "", STATUS_MALFORMED},
        {"another version", "\"version\":1", "\"version\":2", STATUS_UNSUPPORTED},
        {"a version in quotes", "\"version\":1", "\"version\":\"1\"", STATUS_MALFORMED},
        {"an unknown kind", "\"kinds\":[\"simulator\"]", "\"kinds\":[\"sgx\"]", STATUS_UNSUPPORTED},
        {"a kind that is a number", "\"kinds\":[\"simulator\"]", "\"kinds\":[1]", STATUS_UNSUPPORTED},
        {"kinds a string", "\"kinds\":[\"simulator\"]", "\"kinds\":\"simulator\"", STATUS_MALFORMED},
        {"an unknown label", "\"labels\":[\"simulator\"]", "\"labels\":[\"good\"]", STATUS_UNSUPPORTED},
        {"a measurement of 47 bytes", "\"measurements\":[\"22", "\"measurements\":[\"", STATUS_MALFORMED},
        {"a measurement that is not hexadecimal", "\"measurements\":[\"22", "\"measurements\":[\"2g", STATUS_MALFORMED},
        {"a measurement that is null", "\"measurements\":[", "\"measurements\":[null,", STATUS_MALFORMED},
        {"an empty minimum TCB", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[]", STATUS_MALFORMED},
        {"17 parts of TCB", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
         STATUS_MALFORMED},
        {"a TCB of 2^32", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[4294967296]", STATUS_MALFORMED},
        {"a negative TCB", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[-1]", STATUS_MALFORMED},
        {"a fractional TCB", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[7.0]", STATUS_MALFORMED},
        {"debug in quotes", "\"debug\":false", "\"debug\":\"false\"", STATUS_MALFORMED},
        {"debug null", "\"debug\":false", "\"debug\":null", STATUS_MALFORMED},
        {"a short configuration", "\"configurations\":[\"33", "\"configurations\":[\"", STATUS_MALFORMED},
        {"a model root that is a list", "\"model_roots\":[", "\"model_roots\":[[],", STATUS_MALFORMED},
        {"text after the end", "\"labels\":[\"simulator\"]}", "\"labels\":[\"simulator\"]},", STATUS_MALFORMED},
    };
    struct policy p, none;
    struct reason why;
    memset(&none, 0, sizeof none);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status status = parse_changed(&p, rows[i].from, rows[i].to, &why);
        if (!check(status == rows[i].status && why.text[0] != '\0' && memcmp(&p, &none, sizeof p) == 0,
                   "PO-1: %s is refused", rows[i].name))
            note("%s: %s", status_name(status), why.text);
    }
    size_t wrong = 0;
    for (size_t len = 0; len < sizeof good - 1; len++)
        wrong += parse(&p, good, len, &why) == STATUS_OK;
    check(wrong == 0, "PO-1: cut at every length it is refused");
    static char large[POLICY_TEXT_MAX + 1];
    memset(large, ' ', sizeof large);
    check(parse(&p, large, sizeof large, &why) == STATUS_LIMIT, "PO-1: over 64 KiB it is refused");
    check(parse(&p, "[]", 2, &why) == STATUS_MALFORMED, "PO-1: a list is refused");
}

static void claims_of(struct claims *c, const struct sample *s)
{
    struct verdict v;
    verdict_init(&v);
    check(bundle_verify(c, &v, &s->bundle, s->nonce, &s->anchors, sample_time) == STATUS_OK, "claims are established");
}

static enum status held(struct verdict *v, const struct policy *p, const struct claims *c, const uint8_t *root)
{
    verdict_init(v);
    return policy_check(v, p, c, root);
}

/* Each field changed so that it refuses: the check that must say so, and words that its reason must hold. */
static void refusals(const struct claims *c, const uint8_t *root)
{
    static const struct {
        const char *name, *from, *to, *check, *expected, *seen;
    } rows[] = {
        {"PO-6: a policy that does not name the simulator's kind", "\"kinds\":[\"simulator\"]", "\"kinds\":[\"tdx\"]",
         "policy: kind", "expected one of: tdx", "seen simulator"},
        {"PO-6: or not its label", "\"labels\":[\"simulator\"]", "\"labels\":[]", "policy: labels", "than: none",
         "seen simulator"},
        {"PO-2: no kinds", "\"kinds\":[\"simulator\"]", "\"kinds\":[]", "policy: kind", "none", "seen simulator"},
        {"another measurement", "\"measurements\":[\"22", "\"measurements\":[\"23", "policy: measurement", "expected",
         "seen 2222"},
        {"PO-2: no measurements", "[\"" HEX22 "22222222222222222222222222222222\"]", "[]", "policy: measurement",
         "expected none", "seen 2222"},
        {"a measurement that is a prefix", "22222222222222222222222222222222\"]", "\"]", "policy: measurement",
         "expected", "seen 2222"},
        {"a newer TCB", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[8]", "policy: TCB", "at least 8", "seen 7"},
        {"PO-8: more TCB parts", "\"minimum_tcb\":[7]", "\"minimum_tcb\":[7,0]", "policy: TCB", "at least 7 0",
         "seen 7"},
        {"PO-5: debug true", "\"debug\":false", "\"debug\":true", "policy: debug", "expected false", "seen true"},
        {"another configuration", "\"configurations\":[\"33", "\"configurations\":[\"34", "policy: configuration",
         "expected", "seen 3333"},
        {"PO-2: no configurations", "\"configurations\":[\"" HEX33 "\"]", "\"configurations\":[]",
         "policy: configuration", "expected none", "seen 3333"},
        {"another model", "\"model_roots\":[\"77", "\"model_roots\":[\"78", "policy: model", "expected", "seen 7777"},
    };
    struct policy p;
    struct reason why;
    struct verdict v;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool parsed = parse_changed(&p, rows[i].from, rows[i].to, &why) == STATUS_OK;
        enum status status = parsed ? held(&v, &p, c, root) : STATUS_OK;
        const struct check *failure = sample_find(&v, rows[i].check);
        if (!check(parsed && status == STATUS_REFUSED && failure != NULL &&
                       sample_fails_at(&v, rows[i].check, OUTCOME_FAIL, STATUS_REFUSED) &&
                       strstr(failure->reason.text, rows[i].expected) != NULL &&
                       strstr(failure->reason.text, rows[i].seen) != NULL && v.checks_n == POLICY_FIELDS_N,
                   "PO-3: %s is refused, with what was expected and seen", rows[i].name))
            note("%s", parsed && failure != NULL ? failure->reason.text : why.text);
    }
}

static void absent(const struct claims *c, const uint8_t *root)
{
    static const char *const fields[] = {
        "\"kinds\":[\"simulator\"],",
        "\"measurements\":[\"" HEX22 "22222222222222222222222222222222\"],",
        "\"minimum_tcb\":[7],",
        "\"debug\":false,",
        "\"configurations\":[\"" HEX33 "\"],",
        "\"model_roots\":[\"" HEX77 "\"],",
        ",\"labels\":[\"simulator\"]",
    };
    struct policy p;
    struct reason why;
    struct verdict v;
    for (unsigned i = 0; i < POLICY_FIELDS_N; i++) {
        const char *name = policy_field_name((enum policy_field)i);
        bool parsed = parse_changed(&p, fields[i], "", &why) == STATUS_OK;
        check(parsed && held(&v, &p, c, root) == STATUS_REFUSED && v.checks[i].outcome == OUTCOME_FAIL &&
                  strstr(v.checks[i].reason.text, name) != NULL && strstr(v.checks[i].reason.text, "absent") != NULL,
              "PO-2: without %s it refuses, and says so", name);
        check(policy_check_complete(&p, &why) == STATUS_NOT_FOUND && strstr(why.text, name) != NULL,
              "and is not complete");
    }
    memset(&p, 0, sizeof p);
    check(held(&v, &p, c, root) == STATUS_REFUSED, "PO-2: an empty policy refuses everything");
}

/* PO-4: a claim that nobody signed. */
static void unsigned_claims(const struct policy *p, const struct claims *good_claims, const uint8_t *root)
{
    struct verdict v;
    for (int origin = CLAIM_ABSENT; origin <= CLAIM_ASSERTED; origin++) {
        struct claims c = *good_claims;
        c.measurement.origin = (enum claim_origin)origin;
        check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-4: a measurement that is %s refuses",
              claim_origin_name(c.measurement.origin));
        c = *good_claims;
        c.configuration.origin = (enum claim_origin)origin;
        check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-4: so does the configuration");
        c = *good_claims;
        c.tcb.origin = (enum claim_origin)origin;
        check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-4: the TCB version");
        c = *good_claims;
        c.debug.origin = (enum claim_origin)origin;
        check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-4: debug");
    }
    struct claims c = *good_claims;
    c.debug.on = true;
    check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-5: debug on refuses");
    c = *good_claims;
    c.labels |= LABEL_MILAN;
    check(held(&v, p, &c, root) == STATUS_REFUSED, "a label that is not listed refuses");
    claims_init(&c);
    check(held(&v, p, &c, root) == STATUS_REFUSED, "PO-7: claims of refused evidence (all absent) refuse");
    for (size_t i = 0; i < v.checks_n; i++)
        if (v.checks[i].outcome == OUTCOME_PASS)
            note("passed on no claims: %s", v.checks[i].name);
    verdict_init(&v);
    v.checks_n = VERDICT_CHECKS_MAX - 3;
    check(policy_check(&v, p, good_claims, root) == STATUS_REFUSED, "a verdict without room refuses");
    verdict_init(&v);
    policy_skip(&v, "no policy");
    check(v.checks_n == POLICY_FIELDS_N && verdict_status(&v) == STATUS_REFUSED, "skipped checks do not pass");
}

int main(void)
{
    static struct sample s;
    struct policy p;
    struct reason why;
    struct claims c;
    struct verdict v;
    check(sample_init(&s), "the sample is made");
    claims_of(&c, &s);
    malformed();
    refusals(&c, s.keyset.model_root);
    absent(&c, s.keyset.model_root);
    check(parse(&p, good, sizeof good - 1, &why) == STATUS_OK, "the good policy parses");
    check(policy_check_complete(&p, &why) == STATUS_OK, "and is complete");
    check(held(&v, &p, &c, s.keyset.model_root) == STATUS_OK && v.checks_n == POLICY_FIELDS_N, "and accepts");
    check(policy_names_model(&p, s.keyset.model_root) && !policy_names_model(&p, s.nonce), "and names its model alone");
    unsigned_claims(&p, &c, s.keyset.model_root);
    return tap_done();
}
