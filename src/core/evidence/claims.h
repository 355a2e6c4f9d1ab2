/* SPDX-License-Identifier: Apache-2.0 */
/* What evidence says about an enclave, with the same names for every kind of TEE (spec/evidence.md, section 1).  Each
 * claim tells how it was established; one that was never established has origin CLAIM_ABSENT and satisfies nothing. */
#ifndef CORE_EVIDENCE_CLAIMS_H
#define CORE_EVIDENCE_CLAIMS_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVIDENCE_NONCE_LEN = 32,
    MEASUREMENT_LEN_MAX = 64,
    CONFIGURATION_LEN = 32, /* SHA-256 of the enclave's configuration file */
    REPORT_DATA_LEN = 64,
    MODEL_ROOT_LEN = 32,
    TCB_PARTS_MAX = 16,
};

enum evidence_kind {
    EVIDENCE_NONE = 0, /* no kind: refused everywhere */
    EVIDENCE_SIMULATOR,
    EVIDENCE_TDX,
    EVIDENCE_SEV_SNP,
    EVIDENCE_NITRO,
    EVIDENCE_AZURE,
    EVIDENCE_TPM,
};

enum { EVIDENCE_KINDS_N = 7 };

enum claim_origin {
    CLAIM_ABSENT = 0,
    CLAIM_ASSERTED,  /* said by software or the host; nobody signed it */
    CLAIM_SIMULATED, /* signed by the simulator's root, which is no hardware */
    CLAIM_HARDWARE,  /* signed by a key that chains to the maker of the TEE */
};

/* Facts about an enclave that lower what its evidence is worth.  A set of them is a bit mask; a policy accepts each by
 * name or refuses. */
enum label {
    LABEL_SIMULATOR = 1u << 0,   /* no TEE at all */
    LABEL_DEBUG = 1u << 1,       /* its memory can be read from outside */
    LABEL_MILAN = 1u << 2,       /* AMD Milan: its attestation root has been extracted */
    LABEL_UNMEASURED = 1u << 3,  /* the configuration is not in a measured field */
    LABEL_UNLOCKED = 1u << 4,    /* memory with keys or prompts may be swapped out */
    LABEL_SHARED_USER = 1u << 5, /* the enclave's processes run as one user */
    LABEL_RAW_KEY = 1u << 6,     /* the model's key was given by the operator, not released against evidence */
};

enum { LABELS_N = 7, LABELS_ALL = 0x7f };

struct claims {
    enum evidence_kind kind;
    uint32_t labels; /* of enum label */
    struct {
        enum claim_origin origin;
        size_t len;
        uint8_t bytes[MEASUREMENT_LEN_MAX];
    } measurement; /* of the code that was started */
    struct {
        enum claim_origin origin;
        uint8_t bytes[CONFIGURATION_LEN];
    } configuration; /* HOSTDATA, MRCONFIGID or their like */
    struct {
        enum claim_origin origin;
        uint8_t bytes[REPORT_DATA_LEN];
    } report_data; /* chosen by the enclave */
    struct {
        enum claim_origin origin;
        bool on;
    } debug;
    struct {
        enum claim_origin origin;
        size_t parts_n;
        uint32_t parts[TCB_PARTS_MAX]; /* each compares by itself: more is newer */
    } tcb;
    struct {
        enum claim_origin origin;
        uint64_t seconds; /* since 1970 */
    } issued_at;
};

/* All absent. */
void claims_init(struct claims *c);

/* "simulator", "tdx", "sev-snp", "nitro", "azure", "tpm", or "none". */
const char *evidence_kind_name(enum evidence_kind kind);

/* STATUS_NOT_FOUND, and EVIDENCE_NONE, for a name that is not in the list above ("none" is not). */
must_check enum status evidence_kind_parse(enum evidence_kind *kind, const char *text, size_t text_len);

/* "simulator", "debug", "milan", "unmeasured", "unlocked-memory", "shared-user", "raw-key"; "" for anything but one
 * label. */
const char *label_name(uint32_t label);
must_check enum status label_parse(uint32_t *label, const char *text, size_t text_len);

/* "absent", "asserted", "signed by the simulator", "signed by hardware". */
const char *claim_origin_name(enum claim_origin origin);

/* The words that stand wherever simulated evidence is shown. */
#define NOT_A_TEE_WORDS "SIMULATOR - NOT A TEE"

#endif
