/* SPDX-License-Identifier: Apache-2.0 */
/* Holds established claims against a policy: spec/policy.md, section 2. */
#include "core/policy/policy.h"

#include "core/base/constant_time.h"

#include <string.h>

static const char *const check_names[POLICY_FIELDS_N] = {"policy: kind",  "policy: measurement",   "policy: TCB",
                                                         "policy: debug", "policy: configuration", "policy: model",
                                                         "policy: labels"};

static bool established(enum claim_origin origin)
{
    return origin == CLAIM_SIMULATED || origin == CLAIM_HARDWARE;
}

/* Starts a failure's reason: field "NAME": expected WHAT, seen */
static struct reason *refuse(struct verdict *v, enum policy_field field, const char *expected)
{
    struct reason *why = verdict_fail(v, check_names[field], STATUS_REFUSED);
    reason_set(why, "\"", policy_field_name(field), "\": expected ", expected, ", seen ", NULL);
    return why;
}

static void pass(struct verdict *v, enum policy_field field, const char *what)
{
    reason_set(verdict_pass(v, check_names[field]), what, NULL);
}

static void add_labels(struct reason *why, uint32_t labels)
{
    const char *between = "";
    if (labels == 0)
        reason_add(why, "none");
    for (unsigned bit = 0; bit < LABELS_N; bit++) {
        if ((labels & 1u << bit) == 0)
            continue;
        reason_add(why, between);
        reason_add(why, label_name(1u << bit));
        between = ", ";
    }
}

static void add_kinds(struct reason *why, uint32_t kinds)
{
    const char *between = "";
    if (kinds == 0)
        reason_add(why, "none");
    for (unsigned kind = 1; kind < EVIDENCE_KINDS_N; kind++) {
        if ((kinds & 1u << kind) == 0)
            continue;
        reason_add(why, between);
        reason_add(why, evidence_kind_name((enum evidence_kind)kind));
        between = ", ";
    }
}

static void check_kind(struct verdict *v, const struct policy *p, const struct claims *c)
{
    if (c->kind != EVIDENCE_NONE && (p->kinds & 1u << c->kind) != 0) {
        pass(v, POLICY_KINDS, evidence_kind_name(c->kind));
        return;
    }
    struct reason *why = verdict_fail(v, check_names[POLICY_KINDS], STATUS_REFUSED);
    reason_set(why, "\"kinds\": expected one of: ", NULL);
    add_kinds(why, p->kinds);
    reason_add(why, "; seen ");
    reason_add(why, evidence_kind_name(c->kind));
}

static void check_measurement(struct verdict *v, const struct policy *p, const struct claims *c)
{
    bool listed = false;
    for (size_t i = 0; i < p->measurements_n; i++)
        listed = listed || (established(c->measurement.origin) && c->measurement.len == p->measurements[i].len &&
                            constant_time_equal(c->measurement.bytes, p->measurements[i].bytes, c->measurement.len));
    if (listed) {
        pass(v, POLICY_MEASUREMENTS, "listed");
        return;
    }
    struct reason *why = refuse(v, POLICY_MEASUREMENTS, p->measurements_n == 0 ? "none" : "one of those listed");
    if (established(c->measurement.origin))
        reason_add_hex(why, c->measurement.bytes, c->measurement.len);
    else
        reason_add(why, claim_origin_name(c->measurement.origin));
}

static void check_tcb(struct verdict *v, const struct policy *p, const struct claims *c)
{
    bool enough = established(c->tcb.origin) && c->tcb.parts_n == p->minimum_tcb_n && c->tcb.parts_n != 0;
    for (size_t i = 0; enough && i < c->tcb.parts_n; i++)
        enough = c->tcb.parts[i] >= p->minimum_tcb[i];
    if (enough) {
        pass(v, POLICY_MINIMUM_TCB, "at least the minimum in every part");
        return;
    }
    struct reason *why = verdict_fail(v, check_names[POLICY_MINIMUM_TCB], STATUS_REFUSED);
    reason_set(why, "\"minimum_tcb\": expected at least", NULL);
    for (size_t i = 0; i < p->minimum_tcb_n; i++) {
        reason_add(why, " ");
        reason_add_u64(why, p->minimum_tcb[i]);
    }
    reason_add(why, ", seen");
    for (size_t i = 0; established(c->tcb.origin) && i < c->tcb.parts_n; i++) {
        reason_add(why, " ");
        reason_add_u64(why, c->tcb.parts[i]);
    }
    if (!established(c->tcb.origin))
        reason_add(why, " none");
}

static void check_debug(struct verdict *v, const struct policy *p, const struct claims *c)
{
    if (p->debug)
        reason_add(refuse(v, POLICY_DEBUG, "false"), "true in the policy: an open enclave is never accepted");
    else if (!established(c->debug.origin))
        reason_add(refuse(v, POLICY_DEBUG, "off"), claim_origin_name(c->debug.origin));
    else if (c->debug.on)
        reason_add(refuse(v, POLICY_DEBUG, "off"), "on");
    else
        pass(v, POLICY_DEBUG, "off");
}

static bool is_listed(const struct policy_hash *list, size_t list_n, const uint8_t hash[static 32])
{
    bool listed = false;
    for (size_t i = 0; i < list_n; i++)
        listed = listed || constant_time_equal(list[i].bytes, hash, sizeof list[i].bytes);
    return listed;
}

static void check_configuration(struct verdict *v, const struct policy *p, const struct claims *c)
{
    if (established(c->configuration.origin) &&
        is_listed(p->configurations, p->configurations_n, c->configuration.bytes)) {
        pass(v, POLICY_CONFIGURATIONS, "listed");
        return;
    }
    struct reason *why = refuse(v, POLICY_CONFIGURATIONS, p->configurations_n == 0 ? "none" : "one of those listed");
    if (established(c->configuration.origin))
        reason_add_hex(why, c->configuration.bytes, sizeof c->configuration.bytes);
    else
        reason_add(why, claim_origin_name(c->configuration.origin));
}

bool policy_names_model(const struct policy *p, const uint8_t model_root[static MODEL_ROOT_LEN])
{
    return p->present[POLICY_MODEL_ROOTS] && is_listed(p->model_roots, p->model_roots_n, model_root);
}

static void check_model(struct verdict *v, const struct policy *p, const uint8_t *model_root)
{
    if (policy_names_model(p, model_root))
        pass(v, POLICY_MODEL_ROOTS, "listed");
    else
        reason_add_hex(refuse(v, POLICY_MODEL_ROOTS, p->model_roots_n == 0 ? "none" : "one of those listed"),
                       model_root, MODEL_ROOT_LEN);
}

static void check_labels(struct verdict *v, const struct policy *p, const struct claims *c)
{
    if ((c->labels & ~p->labels) == 0 && c->kind != EVIDENCE_NONE) {
        pass(v, POLICY_LABELS, "every label is accepted");
        return;
    }
    struct reason *why = verdict_fail(v, check_names[POLICY_LABELS], STATUS_REFUSED);
    reason_set(why, "\"labels\": expected no other than: ", NULL);
    add_labels(why, p->labels);
    reason_add(why, "; seen ");
    add_labels(why, c->labels);
}

static void check_field(struct verdict *v, const struct policy *p, enum policy_field field, const struct claims *c,
                        const uint8_t *model_root)
{
    if (!p->present[field]) {
        reason_set(verdict_fail(v, check_names[field], STATUS_REFUSED), "\"", policy_field_name(field),
                   "\": expected in the policy, seen absent; an absent field allows nothing", NULL);
        return;
    }
    switch (field) {
    case POLICY_KINDS: check_kind(v, p, c); return;
    case POLICY_MEASUREMENTS: check_measurement(v, p, c); return;
    case POLICY_MINIMUM_TCB: check_tcb(v, p, c); return;
    case POLICY_DEBUG: check_debug(v, p, c); return;
    case POLICY_CONFIGURATIONS: check_configuration(v, p, c); return;
    case POLICY_MODEL_ROOTS: check_model(v, p, model_root); return;
    case POLICY_LABELS: check_labels(v, p, c); return;
    }
}

enum status policy_check(struct verdict *v, const struct policy *p, const struct claims *claims,
                         const uint8_t model_root[static MODEL_ROOT_LEN])
{
    size_t first = v->checks_n;
    for (unsigned field = 0; field < POLICY_FIELDS_N; field++)
        check_field(v, p, (enum policy_field)field, claims, model_root);
    if (v->checks_n - first != POLICY_FIELDS_N) /* a full verdict: some check is not in it */
        return STATUS_REFUSED;
    for (size_t i = first; i < v->checks_n; i++)
        if (v->checks[i].outcome != OUTCOME_PASS)
            return STATUS_REFUSED;
    return STATUS_OK;
}

void policy_skip(struct verdict *v, const char *why)
{
    for (unsigned field = 0; field < POLICY_FIELDS_N; field++)
        reason_set(verdict_not_run(v, check_names[field]), why, NULL);
}

enum status policy_check_complete(const struct policy *p, struct reason *why)
{
    for (unsigned field = 0; field < POLICY_FIELDS_N; field++) {
        if (!p->present[field]) {
            reason_set(why, "policy: \"", policy_field_name((enum policy_field)field),
                       "\" is absent, so it would refuse everything", NULL);
            return STATUS_NOT_FOUND;
        }
    }
    return STATUS_OK;
}
