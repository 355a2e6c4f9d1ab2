/* SPDX-License-Identifier: Apache-2.0 */
/* Simulator evidence of any bytes: it parses, or verification fails at the format; nothing but what the root signed
 * gives claims. */
#include "core/evidence/evidence.h"
#include "core/evidence/sim.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t report_data[REPORT_DATA_LEN];
    const struct ed25519_private root = {{0x11}};
    struct trust_anchors anchors = {.simulator_known = true};
    struct sim_statement statement;
    struct claims claims;
    struct verdict v;
    struct reason why;
    const uint8_t *signer;
    enum status parsed = sim_parse(&statement, &signer, bytes, len, &why);
    must((parsed == STATUS_OK) == (signer != NULL) && (parsed != STATUS_OK || len == SIM_EVIDENCE_LEN));
    must(ed25519_public(anchors.simulator_root, &root) == STATUS_OK);
    verdict_init(&v);
    enum status status =
        evidence_verify(&claims, &v, EVIDENCE_SIMULATOR, bytes, len,
                        parsed == STATUS_OK ? statement.report_data : report_data, &anchors, statement.issued_at);
    must(parsed == STATUS_OK || v.checks[0].outcome == OUTCOME_FAIL);
    must((status == STATUS_OK) == (claims.kind == EVIDENCE_SIMULATOR));
    if (status == STATUS_OK) { /* then it is what the root writes */
        uint8_t again[SIM_EVIDENCE_LEN];
        must(sim_write(again, &statement, &root) == STATUS_OK && memcmp(again, bytes, len) == 0);
    }
    (void)!sim_root_parse(anchors.simulator_root, bytes, len, &why);
    return 0;
}
