/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/audit_record.h"

#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/codec/json_writer.h"

#include <stdalign.h>
#include <string.h>

enum { TAIL_LEN = 2 * SHA256_LEN + 3 }; /* the hash's digits, then `"}` and the newline */

const char *audit_event_name(enum audit_event event)
{
    switch (event) {
    case AUDIT_INIT: return "init";
    case AUDIT_TRUST: return "trust";
    case AUDIT_ADD: return "add";
    case AUDIT_POLICY: return "policy";
    case AUDIT_SERVE: return "serve";
    case AUDIT_RELEASE: return "release";
    case AUDIT_REPAIR: return "repair";
    }
    return "";
}

static void write_members(struct json_writer *j, const struct audit_record *r)
{
    json_put_u64(j, "seq", r->seq);
    json_put_u64(j, "time", r->time);
    json_put_text(j, "event", audit_event_name(r->event));
    json_put_text(j, "outcome", r->refused ? "refused" : "ok");
    json_put_hex(j, "model_root", r->model_root, r->has_model ? sizeof r->model_root : 0);
    json_put_hex(j, "key_id", r->key_id, r->has_model ? sizeof r->key_id : 0);
    json_put_text(j, "kind", r->kind == EVIDENCE_NONE ? "" : evidence_kind_name(r->kind));
    json_put_hex(j, "measurement", r->measurement, r->measurement_len);
    json_put_text(j, "detail", r->detail);
    json_put_hex(j, "previous", r->previous, sizeof r->previous);
    json_put_hex(j, "hash", r->hash, sizeof r->hash);
}

enum status audit_record_write(struct writer *out, struct audit_record *r)
{
    char line[AUDIT_LINE_MAX];
    struct writer w;
    struct json_writer j;
    memset(r->hash, 0, sizeof r->hash);
    writer_init(&w, line, sizeof line);
    json_writer_init(&j, &w);
    json_open_object(&j);
    write_members(&j, r);
    json_close(&j);
    enum status status = json_writer_end(&j);
    writer_u8(&w, '\n');
    if (status == STATUS_OK)
        status = writer_end(&w);
    if (status != STATUS_OK)
        return status;
    size_t len = writer_len(&w);
    sha256(r->hash, line, len - TAIL_LEN);
    char digits[2 * SHA256_LEN + 1];
    hex_write(digits, r->hash, sizeof r->hash);
    memcpy(line + len - TAIL_LEN, digits, 2 * SHA256_LEN);
    writer_bytes(out, line, len);
    return writer_end(out);
}

static enum status wrong(struct reason *why, const char *what)
{
    reason_set(why, "audit record: ", what, NULL);
    return STATUS_MALFORMED;
}

static bool parse_event(enum audit_event *event, const struct json *value)
{
    for (int i = 0; i < AUDIT_EVENTS_N; i++) {
        if (json_is_text(value, audit_event_name((enum audit_event)i))) {
            *event = (enum audit_event)i;
            return true;
        }
    }
    return false;
}

static bool parse_evidence(struct audit_record *r, const struct json *kind, const struct json *measurement)
{
    if (kind == NULL || kind->type != JSON_STRING || measurement == NULL || measurement->type != JSON_STRING)
        return false;
    if (kind->text_len != 0 && evidence_kind_parse(&r->kind, kind->text, kind->text_len) != STATUS_OK)
        return false;
    if (measurement->text_len > 2 * sizeof r->measurement)
        return false;
    r->measurement_len = measurement->text_len / 2;
    return r->measurement_len == 0 || json_hex(r->measurement, r->measurement_len, measurement) == STATUS_OK;
}

static bool parse_members(struct audit_record *r, const struct json *root)
{
    const struct json *model = json_get(root, "model_root");
    r->refused = json_is_text(json_get(root, "outcome"), "refused");
    r->has_model = model != NULL && model->type == JSON_STRING && model->text_len != 0;
    if (r->has_model && (json_hex(r->model_root, sizeof r->model_root, model) != STATUS_OK ||
                         json_hex(r->key_id, sizeof r->key_id, json_get(root, "key_id")) != STATUS_OK))
        return false;
    return json_u64(&r->seq, json_get(root, "seq")) == STATUS_OK &&
           json_u64(&r->time, json_get(root, "time")) == STATUS_OK && parse_event(&r->event, json_get(root, "event")) &&
           parse_evidence(r, json_get(root, "kind"), json_get(root, "measurement")) &&
           json_copy_text(r->detail, sizeof r->detail, json_get(root, "detail")) == STATUS_OK &&
           json_hex(r->previous, sizeof r->previous, json_get(root, "previous")) == STATUS_OK &&
           json_hex(r->hash, sizeof r->hash, json_get(root, "hash")) == STATUS_OK;
}

/* The exact form: what this record would be written as, byte for byte but for the hash's digits. */
static enum status check_form(struct audit_record *r, const char *line, size_t line_len, struct reason *why)
{
    char again[AUDIT_LINE_MAX];
    uint8_t stated[SHA256_LEN];
    struct writer w;
    memcpy(stated, r->hash, sizeof stated);
    writer_init(&w, again, sizeof again);
    enum status status = audit_record_write(&w, r);
    if (status != STATUS_OK || writer_len(&w) != line_len || memcmp(again, line, line_len - TAIL_LEN) != 0)
        return wrong(why, "not in the form that a broker writes");
    if (memcmp(stated, r->hash, sizeof stated) != 0) {
        reason_set(why, "audit record: its hash does not match: it was changed after it was written", NULL);
        return STATUS_FORGED;
    }
    return memcmp(again, line, line_len) == 0 ? STATUS_OK : wrong(why, "not in the form that a broker writes");
}

enum status audit_record_parse(struct audit_record *r, const void *line, size_t line_len, struct reason *why)
{
    static const char *const names[] = {"seq",  "time",        "event",  "outcome",  "model_root", "key_id",
                                        "kind", "measurement", "detail", "previous", "hash",       NULL};
    alignas(16) uint8_t memory[64 + AUDIT_LINE_MAX * 57]; /* 117 KB */
    const char *text = line;
    const struct json *root = NULL;
    struct arena arena;
    memset(r, 0, sizeof *r);
    if (line_len <= TAIL_LEN || line_len > AUDIT_LINE_MAX || text[line_len - 1] != '\n')
        return wrong(why, "not a line of the length of a record");
    arena_init(&arena, memory, sizeof memory);
    enum status status = json_parse(&root, &arena, text, line_len - 1, why);
    if (status != STATUS_OK)
        status = wrong(why, "not JSON");
    else if (root->type != JSON_OBJECT || json_only(root, names, NULL) != STATUS_OK || !parse_members(r, root))
        status = wrong(why, "not in the form that a broker writes");
    else
        status = check_form(r, text, line_len, why);
    if (status != STATUS_OK)
        memset(r, 0, sizeof *r);
    return status;
}
