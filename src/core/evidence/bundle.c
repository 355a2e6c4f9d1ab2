/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a document made by whoever answers for an enclave.  Format: spec/evidence.md, section 6. */
#include "core/evidence/bundle.h"

#include "core/base/constant_time.h"

#include <string.h>

enum status bundle_write(struct writer *out, const struct bundle *b)
{
    struct json_writer j;
    if (b->evidence_len == 0 || b->evidence_len > BUNDLE_EVIDENCE_MAX)
        return STATUS_LIMIT;
    json_writer_init(&j, out);
    json_open_object(&j);
    json_key(&j, "endorsements");
    json_open_array(&j);
    json_close(&j);
    json_put_base64(&j, "evidence", b->evidence, b->evidence_len);
    json_key(&j, "keyset");
    keyset_write_json(&j, &b->keyset);
    json_put_text(&j, "kind", evidence_kind_name(b->kind));
    json_put_hex(&j, "nonce", b->nonce, sizeof b->nonce);
    if (b->kind == EVIDENCE_SIMULATOR)
        json_put_text(&j, "notice", NOT_A_TEE_WORDS);
    json_put_text(&j, "version", BUNDLE_VERSION);
    json_close(&j);
    return json_writer_end(&j);
}

static enum status wrong(struct reason *why, enum status status, const char *what)
{
    reason_set(why, "attestation bundle: ", what, NULL);
    return status;
}

static enum status parse_kind(struct bundle *b, const struct json *root, struct reason *why)
{
    const struct json *kind = json_get(root, "kind");
    const struct json *notice = json_get(root, "notice");
    if (!json_is_text(json_get(root, "version"), BUNDLE_VERSION))
        return wrong(why, STATUS_UNSUPPORTED, "\"version\" must be \"" BUNDLE_VERSION "\"");
    if (kind == NULL || kind->type != JSON_STRING)
        return wrong(why, STATUS_MALFORMED, "\"kind\" must be a string");
    if (evidence_kind_parse(&b->kind, kind->text, kind->text_len) != STATUS_OK)
        return wrong(why, STATUS_UNSUPPORTED, "\"kind\" is none that this build knows");
    if (b->kind == EVIDENCE_SIMULATOR && !json_is_text(notice, NOT_A_TEE_WORDS))
        return wrong(why, STATUS_MALFORMED, "\"notice\" must say \"" NOT_A_TEE_WORDS "\"");
    if (b->kind != EVIDENCE_SIMULATOR && notice != NULL)
        return wrong(why, STATUS_MALFORMED, "\"notice\" is for the simulator alone");
    return STATUS_OK;
}

static enum status parse_evidence(struct bundle *b, struct arena *arena, const struct json *value, struct reason *why)
{
    if (value == NULL || value->type != JSON_STRING || value->text_len == 0)
        return wrong(why, STATUS_MALFORMED, "\"evidence\" must be base64");
    size_t capacity = value->text_len / 4 * 3;
    if (capacity > BUNDLE_EVIDENCE_MAX + 2)
        return wrong(why, STATUS_LIMIT, "\"evidence\" is over 64 KiB");
    uint8_t *bytes = arena_take(arena, capacity + 1, 1, 1);
    if (bytes == NULL)
        return wrong(why, STATUS_NO_MEMORY, "no room to decode \"evidence\"");
    if (json_base64(bytes, capacity, &b->evidence_len, value) != STATUS_OK || b->evidence_len == 0)
        return wrong(why, STATUS_MALFORMED, "\"evidence\" must be base64");
    if (b->evidence_len > BUNDLE_EVIDENCE_MAX)
        return wrong(why, STATUS_LIMIT, "\"evidence\" is over 64 KiB");
    b->evidence = bytes;
    return STATUS_OK;
}

static enum status parse_members(struct bundle *b, struct arena *arena, const struct json *root, struct reason *why)
{
    static const char *const names[] = {"endorsements", "evidence", "keyset",  "kind",
                                        "nonce",        "notice",   "version", NULL};
    if (root->type != JSON_OBJECT)
        return wrong(why, STATUS_MALFORMED, "not a JSON object");
    enum status status = json_only(root, names, why);
    if (status == STATUS_OK)
        status = parse_kind(b, root, why);
    if (status != STATUS_OK)
        return status;
    const struct json *endorsements = json_get(root, "endorsements");
    if (endorsements == NULL || endorsements->type != JSON_ARRAY)
        return wrong(why, STATUS_MALFORMED, "\"endorsements\" must be a list");
    if (endorsements->members_n != 0)
        return wrong(why, STATUS_UNSUPPORTED, "\"endorsements\" must be empty for this kind");
    if (json_hex(b->nonce, sizeof b->nonce, json_get(root, "nonce")) != STATUS_OK)
        return wrong(why, STATUS_MALFORMED, "\"nonce\" must be 64 hexadecimal digits");
    status = keyset_parse(&b->keyset, json_get(root, "keyset"), why);
    return status == STATUS_OK ? parse_evidence(b, arena, json_get(root, "evidence"), why) : status;
}

enum status bundle_parse(struct bundle *b, struct arena *arena, const void *text, size_t text_len, struct reason *why)
{
    const struct json *root = NULL;
    memset(b, 0, sizeof *b);
    if (text_len > BUNDLE_TEXT_MAX)
        return wrong(why, STATUS_LIMIT, "over 128 KiB");
    enum status status = json_parse(&root, arena, text, text_len, why);
    if (status == STATUS_OK)
        status = parse_members(b, arena, root, why);
    if (status != STATUS_OK)
        memset(b, 0, sizeof *b);
    return status;
}

/* The keyset repeats what the evidence measured; the two must agree. */
static void check_keyset(struct verdict *v, const struct claims *c, const struct keyset *k)
{
    if (c->configuration.origin != CLAIM_SIMULATED && c->configuration.origin != CLAIM_HARDWARE)
        reason_set(verdict_not_run(v, "configuration"), "no established claim to compare with", NULL);
    else if (!constant_time_equal(c->configuration.bytes, k->configuration, CONFIGURATION_LEN))
        reason_set(verdict_fail(v, "configuration", STATUS_FORGED), "the keyset names another one than was measured",
                   NULL);
    else
        reason_set(verdict_pass(v, "configuration"), "the keyset names the one that was measured", NULL);
    if (c->kind == EVIDENCE_NONE)
        reason_set(verdict_not_run(v, "labels"), "no established claim to compare with", NULL);
    else if ((c->labels & ~k->labels) != 0)
        reason_set(verdict_fail(v, "labels", STATUS_FORGED), "the keyset leaves out a label of the evidence", NULL);
    else
        reason_set(verdict_pass(v, "labels"), "the keyset carries every label of the evidence", NULL);
}

static void check_nonce(struct verdict *v, const struct bundle *b, const uint8_t *nonce)
{
    if (nonce == NULL)
        reason_set(verdict_not_run(v, "nonce"), "no nonce given: this may be an old answer replayed", NULL);
    else if (!constant_time_equal(nonce, b->nonce, EVIDENCE_NONCE_LEN))
        reason_set(verdict_fail(v, "nonce", STATUS_FORGED), "not the nonce that was sent: a replay", NULL);
    else
        reason_set(verdict_pass(v, "nonce"), "the one that was sent", NULL);
}

enum status bundle_verify(struct claims *claims, struct verdict *v, const struct bundle *b, const uint8_t *nonce,
                          const struct trust_anchors *anchors, uint64_t time)
{
    uint8_t digest[SHA256_LEN];
    uint8_t expected[REPORT_DATA_LEN];
    claims_init(claims);
    enum status status = keyset_digest(digest, &b->keyset);
    if (status != STATUS_OK) {
        reason_set(verdict_fail(v, "keyset", status), "a length or label is out of range", NULL);
        return verdict_status(v);
    }
    report_data_for_client(expected, b->nonce, digest);
    status = evidence_verify(claims, v, b->kind, b->evidence, b->evidence_len, expected, anchors, time);
    check_keyset(v, claims, &b->keyset);
    if (status == STATUS_OK)
        status = verdict_status(v);
    check_nonce(v, b, nonce);
    if (status != STATUS_OK || (nonce != NULL && verdict_status(v) != STATUS_OK))
        claims_init(claims);
    else
        claims->labels |= b->keyset.labels; /* what the measured code admits of itself */
    return verdict_status(v);
}
