/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy written by a person.  Format: spec/policy.md, section 1. */
#include "core/policy/policy.h"

#include "core/codec/json.h"

#include <string.h>

static const char *const member_names[] = {"version",        "kinds",       "measurements", "minimum_tcb", "debug",
                                           "configurations", "model_roots", "labels",       NULL};

const char *policy_field_name(enum policy_field field)
{
    return (unsigned)field < POLICY_FIELDS_N ? member_names[(unsigned)field + 1] : "";
}

static enum status wrong(struct reason *why, enum status status, const char *name, const char *what)
{
    reason_set(why, "policy: \"", name, "\" ", what, NULL);
    return status;
}

static enum status parse_kinds(struct policy *p, const struct json *list, struct reason *why)
{
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        enum evidence_kind kind;
        if (item->type != JSON_STRING || evidence_kind_parse(&kind, item->text, item->text_len) != STATUS_OK) {
            (void)wrong(why, STATUS_UNSUPPORTED, "kinds", "names a kind that this build does not know: ");
            if (item->type == JSON_STRING)
                reason_add_quoted(why, item->text, item->text_len);
            return STATUS_UNSUPPORTED;
        }
        p->kinds |= 1u << kind;
    }
    return STATUS_OK;
}

static enum status parse_labels(struct policy *p, const struct json *list, struct reason *why)
{
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        uint32_t label;
        if (item->type != JSON_STRING || label_parse(&label, item->text, item->text_len) != STATUS_OK) {
            (void)wrong(why, STATUS_UNSUPPORTED, "labels", "names a label that this build does not know: ");
            if (item->type == JSON_STRING)
                reason_add_quoted(why, item->text, item->text_len);
            return STATUS_UNSUPPORTED;
        }
        p->labels |= label;
    }
    return STATUS_OK;
}

static enum status parse_measurements(struct policy *p, struct arena *arena, const struct json *list,
                                      struct reason *why)
{
    struct policy_measurement *out = NULL;
    if (list->members_n != 0) {
        out = arena_take(arena, list->members_n, sizeof *out, _Alignof(struct policy_measurement));
        if (out == NULL)
            return wrong(why, STATUS_NO_MEMORY, "measurements", "does not fit in memory");
    }
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        struct policy_measurement *m = &out[p->measurements_n];
        m->len = item->type == JSON_STRING ? item->text_len / 2 : 0;
        if ((m->len != 32 && m->len != 48 && m->len != 64) || json_hex(m->bytes, m->len, item) != STATUS_OK)
            return wrong(why, STATUS_MALFORMED, "measurements", "must hold 64, 96 or 128 hexadecimal digits each");
        p->measurements_n++;
    }
    p->measurements = out;
    return STATUS_OK;
}

static enum status parse_hashes(const struct policy_hash **hashes, size_t *hashes_n, struct arena *arena,
                                const struct json *list, const char *name, struct reason *why)
{
    struct policy_hash *out = NULL;
    if (list->members_n != 0) {
        out = arena_take(arena, list->members_n, sizeof *out, _Alignof(struct policy_hash));
        if (out == NULL)
            return wrong(why, STATUS_NO_MEMORY, name, "does not fit in memory");
    }
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        if (json_hex(out[*hashes_n].bytes, sizeof out->bytes, item) != STATUS_OK)
            return wrong(why, STATUS_MALFORMED, name, "must hold 64 hexadecimal digits each");
        (*hashes_n)++;
    }
    *hashes = out;
    return STATUS_OK;
}

static enum status parse_tcb(struct policy *p, const struct json *list, struct reason *why)
{
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        uint64_t part;
        if (p->minimum_tcb_n == TCB_PARTS_MAX || json_u64(&part, item) != STATUS_OK || part > UINT32_MAX)
            return wrong(why, STATUS_MALFORMED, "minimum_tcb", "must be a list of 1 to 16 numbers below 2^32");
        p->minimum_tcb[p->minimum_tcb_n++] = (uint32_t)part;
    }
    if (p->minimum_tcb_n == 0)
        return wrong(why, STATUS_MALFORMED, "minimum_tcb", "must be a list of 1 to 16 numbers below 2^32");
    return STATUS_OK;
}

static enum status parse_field(struct policy *p, struct arena *arena, enum policy_field field, const struct json *value,
                               struct reason *why)
{
    const char *name = policy_field_name(field);
    if (field == POLICY_DEBUG) {
        if (json_bool(&p->debug, value) != STATUS_OK)
            return wrong(why, STATUS_MALFORMED, name, "must be true or false");
        return STATUS_OK;
    }
    if (value->type != JSON_ARRAY)
        return wrong(why, STATUS_MALFORMED, name, "must be a list");
    switch (field) {
    case POLICY_KINDS: return parse_kinds(p, value, why);
    case POLICY_MEASUREMENTS: return parse_measurements(p, arena, value, why);
    case POLICY_MINIMUM_TCB: return parse_tcb(p, value, why);
    case POLICY_CONFIGURATIONS: return parse_hashes(&p->configurations, &p->configurations_n, arena, value, name, why);
    case POLICY_MODEL_ROOTS: return parse_hashes(&p->model_roots, &p->model_roots_n, arena, value, name, why);
    case POLICY_LABELS: return parse_labels(p, value, why);
    case POLICY_DEBUG: break;
    }
    return STATUS_BROKEN;
}

static enum status parse_members(struct policy *p, struct arena *arena, const struct json *root, struct reason *why)
{
    uint64_t version;
    if (root->type != JSON_OBJECT) {
        reason_set(why, "policy: not a JSON object", NULL);
        return STATUS_MALFORMED;
    }
    enum status status = json_only(root, member_names, why);
    if (status != STATUS_OK)
        return status;
    if (json_u64(&version, json_get(root, "version")) != STATUS_OK)
        return wrong(why, STATUS_MALFORMED, "version", "must be the number 1");
    if (version != 1)
        return wrong(why, STATUS_UNSUPPORTED, "version", "is not 1, the one that this build reads");
    for (unsigned field = 0; field < POLICY_FIELDS_N; field++) {
        const struct json *value = json_get(root, policy_field_name((enum policy_field)field));
        if (value == NULL)
            continue;
        status = parse_field(p, arena, (enum policy_field)field, value, why);
        if (status != STATUS_OK)
            return status;
        p->present[field] = true;
    }
    return STATUS_OK;
}

enum status policy_parse(struct policy *p, struct arena *arena, const void *text, size_t text_len, struct reason *why)
{
    const struct json *root = NULL;
    memset(p, 0, sizeof *p);
    if (text_len > POLICY_TEXT_MAX) {
        reason_set(why, "policy: over 64 KiB", NULL);
        return STATUS_LIMIT;
    }
    enum status status = json_parse(&root, arena, text, text_len, why);
    if (status == STATUS_OK)
        status = parse_members(p, arena, root, why);
    if (status != STATUS_OK)
        memset(p, 0, sizeof *p);
    return status;
}
