/* SPDX-License-Identifier: Apache-2.0 */
/* An attestation bundle of any bytes: what parses is written and parsed back to the same, and verifies without fault.
 * Its parts get the same bytes. */
#include "core/evidence/bundle.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static alignas(16) uint8_t memory[2][BUNDLE_ARENA_LEN];
static uint8_t text[2 * BUNDLE_TEXT_MAX];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct bundle *a, const struct bundle *b)
{
    return a->kind == b->kind && memcmp(a->nonce, b->nonce, sizeof a->nonce) == 0 &&
           a->evidence_len == b->evidence_len && memcmp(a->evidence, b->evidence, a->evidence_len) == 0 &&
           memcmp(&a->keyset, &b->keyset, sizeof a->keyset) == 0;
}

/* keyset_parse, evidence_kind_parse, label_parse on their own */
static void parts(const uint8_t *bytes, size_t len)
{
    const struct json *root = NULL;
    struct arena arena;
    struct keyset k;
    enum evidence_kind kind;
    uint32_t label;
    struct reason why;
    arena_init(&arena, memory[0], sizeof memory[0]);
    if (len <= BUNDLE_TEXT_MAX && json_parse(&root, &arena, bytes, len, &why) == STATUS_OK &&
        keyset_parse(&k, root, &why) == STATUS_OK)
        must(k.hpke_config_len != 0 && (k.labels & ~(uint32_t)LABELS_ALL) == 0);
    if (evidence_kind_parse(&kind, (const char *)bytes, len) == STATUS_OK)
        must(strlen(evidence_kind_name(kind)) == len && memcmp(evidence_kind_name(kind), bytes, len) == 0);
    if (label_parse(&label, (const char *)bytes, len) == STATUS_OK)
        must(strlen(label_name(label)) == len && memcmp(label_name(label), bytes, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct bundle b, again;
    struct arena arena;
    struct reason why;
    struct writer w;
    struct claims claims;
    struct verdict v;
    const struct trust_anchors anchors = {.simulator_known = true};
    parts(bytes, len);
    arena_init(&arena, memory[0], sizeof memory[0]);
    if (bundle_parse(&b, &arena, bytes, len, &why) != STATUS_OK) {
        must(b.evidence == NULL && b.kind == EVIDENCE_NONE);
        return 0;
    }
    writer_init(&w, text, sizeof text);
    must(bundle_write(&w, &b) == STATUS_OK);
    arena_init(&arena, memory[1], sizeof memory[1]);
    must(bundle_parse(&again, &arena, text, writer_len(&w), &why) == STATUS_OK && same(&b, &again));
    verdict_init(&v);
    must(bundle_verify(&claims, &v, &b, b.nonce, &anchors, 0) != STATUS_OK); /* no root has this key */
    must(claims.kind == EVIDENCE_NONE);
    return 0;
}
