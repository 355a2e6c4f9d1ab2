/* SPDX-License-Identifier: Apache-2.0 */
/* The policy that decides which enclave gets a key or a prompt: one JSON object for brokers and clients
 * (spec/policy.md).  Everything that it does not allow by name is refused, an absent field included. */
#ifndef CORE_POLICY_POLICY_H
#define CORE_POLICY_POLICY_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/evidence/claims.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POLICY_TEXT_MAX = 64 * 1024,
    POLICY_ARENA_LEN = 64 + POLICY_TEXT_MAX * 57, /* bytes: always enough to parse one */
    POLICY_FIELDS_N = 7,
};

enum policy_field {
    POLICY_KINDS,
    POLICY_MEASUREMENTS,
    POLICY_MINIMUM_TCB,
    POLICY_DEBUG,
    POLICY_CONFIGURATIONS,
    POLICY_MODEL_ROOTS,
    POLICY_LABELS,
};

struct policy_measurement {
    size_t len; /* 32, 48 or 64 */
    uint8_t bytes[MEASUREMENT_LEN_MAX];
};

struct policy_hash {
    uint8_t bytes[32];
};

/* Lists lie in the arena. */
struct policy {
    bool present[POLICY_FIELDS_N];
    uint32_t kinds; /* bit 1 << enum evidence_kind */
    const struct policy_measurement *measurements;
    size_t measurements_n;
    uint32_t minimum_tcb[TCB_PARTS_MAX];
    size_t minimum_tcb_n;
    bool debug;
    const struct policy_hash *configurations;
    size_t configurations_n;
    const struct policy_hash *model_roots;
    size_t model_roots_n;
    uint32_t labels; /* accepted; of enum label */
};

const char *policy_field_name(enum policy_field field);

/* Bytes to fields.  Unknown members, kinds and labels are refused; an absent field is recorded and refuses in
 * policy_check.  p is zeroed on error, and refuses everything.  STATUS_MALFORMED, STATUS_UNSUPPORTED (version, kind,
 * label), STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status policy_parse(struct policy *p, struct arena *arena, const void *text, size_t text_len,
                                    struct reason *why);

/* STATUS_NOT_FOUND, with the first missing field in why, for a policy that could never allow anything. */
must_check enum status policy_check_complete(const struct policy *p, struct reason *why);

/* True when the policy is about this model. */
must_check bool policy_names_model(const struct policy *p, const uint8_t model_root[static MODEL_ROOT_LEN]);

/* Adds one check a field to the verdict; claims must come from evidence_conclude.  Returns STATUS_OK when each of them
 * passed, otherwise STATUS_REFUSED. */
must_check enum status policy_check(struct verdict *v, const struct policy *p, const struct claims *claims,
                                    const uint8_t model_root[static MODEL_ROOT_LEN]);

/* Adds the same checks as not run, when there is no policy or nothing to hold against it. */
void policy_skip(struct verdict *v, const char *why);

#endif
