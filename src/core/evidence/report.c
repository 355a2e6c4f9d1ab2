/* SPDX-License-Identifier: Apache-2.0 */
#include "core/evidence/report.h"

static const char *outcome_text(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NOT_RUN: return "not run";
    case OUTCOME_PASS: return "pass";
    case OUTCOME_FAIL: return "fail";
    }
    return "fail";
}

void report_write_verdict(struct json_writer *out, const struct verdict *v)
{
    json_open_array(out);
    for (size_t i = 0; i < v->checks_n; i++) {
        const struct check *c = &v->checks[i];
        json_open_object(out);
        json_put_text(out, "name", c->name);
        json_put_text(out, "outcome", outcome_text(c->outcome));
        json_put_text(out, "reason", c->reason.text);
        json_put_text(out, "status", status_name(c->status));
        json_close(out);
    }
    json_close(out);
}

/* Opens a claim; returns whether its value follows. */
static bool open_claim(struct json_writer *out, const char *name, enum claim_origin origin)
{
    json_key(out, name);
    json_open_object(out);
    json_put_text(out, "origin", claim_origin_name(origin));
    json_key(out, "value");
    if (origin == CLAIM_ABSENT)
        json_null(out);
    return origin != CLAIM_ABSENT;
}

static void write_tcb(struct json_writer *out, const struct claims *c)
{
    json_open_array(out);
    for (size_t i = 0; i < c->tcb.parts_n && i < TCB_PARTS_MAX; i++)
        json_number_u64(out, c->tcb.parts[i]);
    json_close(out);
}

void report_write_claims(struct json_writer *out, const struct claims *c)
{
    json_open_object(out);
    if (open_claim(out, "configuration", c->configuration.origin))
        json_hex_value(out, c->configuration.bytes, sizeof c->configuration.bytes);
    json_close(out);
    if (open_claim(out, "debug", c->debug.origin))
        json_bool_value(out, c->debug.on);
    json_close(out);
    if (open_claim(out, "issued_at", c->issued_at.origin))
        json_number_u64(out, c->issued_at.seconds);
    json_close(out);
    json_put_text(out, "kind", evidence_kind_name(c->kind));
    json_key(out, "labels");
    json_open_array(out);
    for (unsigned bit = 0; bit < LABELS_N; bit++)
        if ((c->labels & 1u << bit) != 0)
            json_text(out, label_name(1u << bit));
    json_close(out);
    if (open_claim(out, "measurement", c->measurement.origin))
        json_hex_value(out, c->measurement.bytes, c->measurement.len);
    json_close(out);
    if (open_claim(out, "tcb", c->tcb.origin))
        write_tcb(out, c);
    json_close(out);
    json_close(out);
}
