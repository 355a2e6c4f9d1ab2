/* SPDX-License-Identifier: Apache-2.0 */
/* The attestation bundle: EV-9, EV-10, EV-18, EV-20, EV-21. */
#include "core/evidence/bundle.h"

#include "core/evidence/sample.h"
#include "tap.h"

#include <stdalign.h>

static alignas(16) uint8_t memory[BUNDLE_ARENA_LEN];
static char text[4096];
static size_t text_len;

static enum status parse(struct bundle *b, const char *bytes, size_t len, struct reason *why)
{
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    why->text[0] = '\0';
    uint8_t *copy = guarded_copy(bytes, len);
    enum status status = bundle_parse(b, &arena, copy, len, why);
    guarded_free(copy, len);
    return status;
}

/* The text with the first `from` replaced by `to`. */
static enum status parse_changed(struct bundle *b, const char *from, const char *to, struct reason *why)
{
    static char changed[8192];
    const char *at = strstr(text, from);
    if (at == NULL)
        return STATUS_OK; /* the row is wrong: the caller expects a refusal */
    int len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return parse(b, changed, (size_t)len, why);
}

static void round_trip(const struct sample *s)
{
    struct bundle b;
    struct reason why;
    struct writer w;
    writer_init(&w, text, sizeof text - 1);
    check(bundle_write(&w, &s->bundle) == STATUS_OK, "writes");
    text_len = writer_len(&w);
    text[text_len] = '\0';
    check(strstr(text, "NOT A TEE") != NULL, "EV-6: the document says NOT A TEE");
    check(parse(&b, text, text_len, &why) == STATUS_OK && b.kind == EVIDENCE_SIMULATOR &&
              memcmp(b.nonce, s->nonce, sizeof b.nonce) == 0 && b.evidence_len == SIM_EVIDENCE_LEN &&
              memcmp(b.evidence, s->evidence, SIM_EVIDENCE_LEN) == 0 &&
              memcmp(&b.keyset, &s->keyset, sizeof b.keyset) == 0,
          "and parses back to the same");
    struct bundle large = s->bundle;
    large.evidence_len = BUNDLE_EVIDENCE_MAX + 1;
    writer_init(&w, text, sizeof text);
    check(bundle_write(&w, &large) == STATUS_LIMIT, "too much evidence is not written");
}

static void refused(void)
{
    static const struct {
        const char *name, *from, *to;
        enum status status;
    } rows[] = {
        {"an unknown member", "{\"endorsements\"", "{\"extra\":1,\"endorsements\"", STATUS_MALFORMED},
        {"a member twice", "{\"endorsements\":[]", "{\"endorsements\":[],\"endorsements\":[]", STATUS_MALFORMED},
        {"endorsements missing", "\"endorsements\":[],", "", STATUS_MALFORMED},
        {"endorsements of an unknown form", "\"endorsements\":[]", "\"endorsements\":[1]", STATUS_UNSUPPORTED},
        {"endorsements an object", "\"endorsements\":[]", "\"endorsements\":{}", STATUS_MALFORMED},
        {"evidence not base64", "\"evidence\":\"Q", "\"evidence\":\"*", STATUS_MALFORMED},
        {"evidence a number", "\"evidence\":\"", "\"evidence\":1,\"nothing\":\"", STATUS_MALFORMED},
        {"another version", "attestation v1", "attestation v2", STATUS_UNSUPPORTED},
        {"no version", ",\"version\":\"cloister attestation v1\"", "", STATUS_UNSUPPORTED},
        {"an unknown kind", "\"kind\":\"simulator\"", "\"kind\":\"simulator2\"", STATUS_UNSUPPORTED},
        {"kind null", "\"kind\":\"simulator\"", "\"kind\":null", STATUS_MALFORMED},
        {"a simulator's notice stripped", ",\"notice\":\"SIMULATOR - NOT A TEE\"", "", STATUS_MALFORMED},
        {"a simulator's notice changed", "NOT A TEE", "NOW A TEE", STATUS_MALFORMED},
        {"a notice on another kind", "\"kind\":\"simulator\"", "\"kind\":\"tdx\"", STATUS_MALFORMED},
        {"a short nonce", "\"nonce\":\"aa", "\"nonce\":\"", STATUS_MALFORMED},
        {"a nonce that is not hexadecimal", "\"nonce\":\"aa", "\"nonce\":\"ag", STATUS_MALFORMED},
        {"no keyset", "\"keyset\":{", "\"keysat\":{", STATUS_MALFORMED},
        {"a keyset that is a list", "\"keyset\":{", "\"keyset\":[],\"k\":{", STATUS_MALFORMED},
        {"an unknown key", "\"keyset\":{", "\"keyset\":{\"more\":\"\",", STATUS_MALFORMED},
        {"a short receipt key", "\"receipt_key\":\"66", "\"receipt_key\":\"", STATUS_MALFORMED},
        {"no model root", "\"model_root\"", "\"model_boot\"", STATUS_MALFORMED},
        {"an unknown label", "\"labels\":[\"simulator\"]", "\"labels\":[\"real\"]", STATUS_UNSUPPORTED},
        {"a label twice", "\"labels\":[\"simulator\"]", "\"labels\":[\"simulator\",\"simulator\"]", STATUS_MALFORMED},
        {"labels out of order", "\"labels\":[\"simulator\"]", "\"labels\":[\"debug\",\"simulator\"]", STATUS_MALFORMED},
        {"labels a string", "\"labels\":[\"simulator\"]", "\"labels\":\"simulator\"", STATUS_MALFORMED},
        {"text after the end", "attestation v1\"}", "attestation v1\"}}", STATUS_MALFORMED},
    };
    struct bundle b, none;
    struct reason why;
    memset(&none, 0, sizeof none);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status status = parse_changed(&b, rows[i].from, rows[i].to, &why);
        if (!check(status == rows[i].status && why.text[0] != '\0' && memcmp(&b, &none, sizeof b) == 0,
                   "EV-9, EV-18: %s is refused", rows[i].name))
            note("%s: %s", status_name(status), why.text);
    }
    size_t wrong = 0;
    for (size_t len = 0; len < text_len; len++)
        wrong += parse(&b, text, len, &why) == STATUS_OK;
    check(wrong == 0, "EV-18: cut at every length it is refused");
    static char large[BUNDLE_TEXT_MAX + 1];
    memset(large, ' ', sizeof large);
    check(parse(&b, large, sizeof large, &why) == STATUS_LIMIT, "EV-18: over 128 KiB it is refused");
    check(parse(&b, "[]", 2, &why) == STATUS_MALFORMED, "EV-18: a list is refused");
    struct arena small;
    arena_init(&small, memory, 1024);
    check(bundle_parse(&b, &small, text, text_len, &why) == STATUS_NO_MEMORY, "a small arena is told");
}

static void verdicts(const struct sample *s)
{
    struct claims c;
    struct verdict v;
    verdict_init(&v);
    check(bundle_verify(&c, &v, &s->bundle, s->nonce, &s->anchors, sample_time) == STATUS_OK &&
              c.kind == EVIDENCE_SIMULATOR && v.checks_n == 10,
          "a genuine bundle verifies, with ten checks");
    verdict_init(&v);
    check(bundle_verify(&c, &v, &s->bundle, NULL, &s->anchors, sample_time) == STATUS_REFUSED &&
              sample_fails_at(&v, "nonce", OUTCOME_NOT_RUN, STATUS_OK) && c.kind == EVIDENCE_SIMULATOR,
          "EV-21: without a nonce that check is not run, and the bundle not verified");
    uint8_t nonce[EVIDENCE_NONCE_LEN] = {1};
    verdict_init(&v);
    check(bundle_verify(&c, &v, &s->bundle, nonce, &s->anchors, sample_time) == STATUS_FORGED &&
              sample_fails_at(&v, "nonce", OUTCOME_FAIL, STATUS_FORGED) && c.kind == EVIDENCE_NONE,
          "EV-20: the answer to another nonce is refused, EV-2: and claims nothing");
    struct bundle b = s->bundle;
    memcpy(b.nonce, nonce, sizeof nonce);
    verdict_init(&v);
    check(bundle_verify(&c, &v, &b, nonce, &s->anchors, sample_time) == STATUS_FORGED &&
              sample_fails_at(&v, "report data", OUTCOME_FAIL, STATUS_FORGED),
          "EV-11: a replay under a new nonce is refused");
    b = s->bundle;
    b.keyset.tls_spki_sha256[0] ^= 1;
    verdict_init(&v);
    check(bundle_verify(&c, &v, &b, s->nonce, &s->anchors, sample_time) == STATUS_FORGED &&
              sample_fails_at(&v, "report data", OUTCOME_FAIL, STATUS_FORGED),
          "EV-11: evidence for other keys is refused");
}

/* An enclave that binds what contradicts its own evidence. */
static void contradictions(const struct sample *s)
{
    struct claims c;
    struct verdict v;
    struct sample other = *s;
    other.keyset.configuration[31] ^= 1;
    verdict_init(&v);
    check(sample_bind(&other) &&
              bundle_verify(&c, &v, &other.bundle, s->nonce, &s->anchors, sample_time) == STATUS_FORGED,
          "EV-10: a keyset with another configuration than measured is refused");
    other = *s;
    other.keyset.labels = 0;
    verdict_init(&v);
    check(sample_bind(&other) &&
              bundle_verify(&c, &v, &other.bundle, s->nonce, &s->anchors, sample_time) == STATUS_FORGED &&
              sample_fails_at(&v, "labels", OUTCOME_FAIL, STATUS_FORGED) && c.kind == EVIDENCE_NONE,
          "EV-10: a keyset that leaves the simulator's label out is refused");
    other.keyset.hpke_config_len = 0;
    other.bundle.keyset = other.keyset;
    verdict_init(&v);
    check(bundle_verify(&c, &v, &other.bundle, s->nonce, &s->anchors, sample_time) == STATUS_USAGE,
          "EV-9: a keyset out of range is refused");
}

int main(void)
{
    static struct sample s;
    check(sample_init(&s), "the sample is made");
    round_trip(&s);
    struct writer w;
    writer_init(&w, text, sizeof text - 1);
    check(bundle_write(&w, &s.bundle) == STATUS_OK, "writes again");
    text[writer_len(&w)] = '\0';
    refused();
    verdicts(&s);
    contradictions(&s);
    return tap_done();
}
