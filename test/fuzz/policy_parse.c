/* SPDX-License-Identifier: Apache-2.0 */
/* A policy of any bytes, held against claims of a simulator: it never accepts what it does not name, nor debugging, nor
 * claims that nobody signed. */
#include "core/policy/policy.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static alignas(16) uint8_t memory[POLICY_ARENA_LEN];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool contains(const uint8_t *bytes, size_t len, const char *word)
{
    size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++)
        if (memcmp(bytes + i, word, word_len) == 0)
            return true;
    return false;
}

static enum status held(const struct policy *p, const struct claims *c, const uint8_t *root)
{
    struct verdict v;
    verdict_init(&v);
    enum status status = policy_check(&v, p, c, root);
    must(v.checks_n == POLICY_FIELDS_N && (status == STATUS_OK) == (verdict_status(&v) == STATUS_OK));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct policy p;
    struct arena arena;
    struct reason why;
    struct claims c;
    uint8_t root[MODEL_ROOT_LEN];
    memset(root, 0x77, sizeof root);
    claims_init(&c);
    c.kind = EVIDENCE_SIMULATOR;
    c.labels = LABEL_SIMULATOR;
    c.measurement.origin = c.configuration.origin = c.debug.origin = c.tcb.origin = CLAIM_SIMULATED;
    c.measurement.len = 48;
    memset(c.measurement.bytes, 0x22, 48);
    memset(c.configuration.bytes, 0x33, sizeof c.configuration.bytes);
    c.tcb.parts_n = 1;
    c.tcb.parts[0] = 7;
    arena_init(&arena, memory, sizeof memory);
    if (policy_parse(&p, &arena, bytes, len, &why) != STATUS_OK) {
        must(held(&p, &c, root) == STATUS_REFUSED);
        return 0;
    }
    if (held(&p, &c, root) == STATUS_OK) {
        must(policy_check_complete(&p, &why) == STATUS_OK && policy_names_model(&p, root));
        /* an escaped spelling (\u0073imulator) names it too */
        must(contains(bytes, len, "simulator") || contains(bytes, len, "\\u"));
    }
    c.debug.on = true;
    must(held(&p, &c, root) == STATUS_REFUSED);
    c.debug.on = false;
    c.measurement.origin = CLAIM_ASSERTED;
    must(held(&p, &c, root) == STATUS_REFUSED);
    return 0;
}
