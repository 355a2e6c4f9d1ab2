/* SPDX-License-Identifier: Apache-2.0 */
#include "core/evidence/claims.h"

#include <string.h>

void claims_init(struct claims *c)
{
    memset(c, 0, sizeof *c);
}

const char *evidence_kind_name(enum evidence_kind kind)
{
    switch (kind) {
    case EVIDENCE_NONE: return "none";
    case EVIDENCE_SIMULATOR: return "simulator";
    case EVIDENCE_TDX: return "tdx";
    case EVIDENCE_SEV_SNP: return "sev-snp";
    case EVIDENCE_NITRO: return "nitro";
    case EVIDENCE_AZURE: return "azure";
    case EVIDENCE_TPM: return "tpm";
    }
    return "none";
}

static bool same(const char *name, const char *text, size_t text_len)
{
    return strlen(name) == text_len && memcmp(name, text, text_len) == 0;
}

enum status evidence_kind_parse(enum evidence_kind *kind, const char *text, size_t text_len)
{
    *kind = EVIDENCE_NONE;
    for (int candidate = EVIDENCE_NONE + 1; candidate < EVIDENCE_KINDS_N; candidate++) {
        if (same(evidence_kind_name((enum evidence_kind)candidate), text, text_len)) {
            *kind = (enum evidence_kind)candidate;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

const char *label_name(uint32_t label)
{
    static const char *const names[LABELS_N] = {"simulator",       "debug",       "milan",  "unmeasured",
                                                "unlocked-memory", "shared-user", "raw-key"};
    for (unsigned bit = 0; bit < LABELS_N; bit++) {
        if (label == 1u << bit)
            return names[bit];
    }
    return "";
}

enum status label_parse(uint32_t *label, const char *text, size_t text_len)
{
    *label = 0;
    for (unsigned bit = 0; bit < LABELS_N; bit++) {
        if (same(label_name(1u << bit), text, text_len)) {
            *label = 1u << bit;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

const char *claim_origin_name(enum claim_origin origin)
{
    switch (origin) {
    case CLAIM_ABSENT: return "absent";
    case CLAIM_ASSERTED: return "asserted";
    case CLAIM_SIMULATED: return "signed by the simulator";
    case CLAIM_HARDWARE: return "signed by hardware";
    }
    return "absent";
}
