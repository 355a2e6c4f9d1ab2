/* SPDX-License-Identifier: Apache-2.0 */
/* One record of the broker's audit log: a line of JSON in one exact form, chained to the one before by SHA-256
 * (spec/release.md, section 6).  Pure. */
#ifndef BROKER_AUDIT_RECORD_H
#define BROKER_AUDIT_RECORD_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/crypto/hash.h"
#include "core/evidence/claims.h"
#include "core/evidence/release.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AUDIT_LINE_MAX = 2048, /* with its newline */
    AUDIT_DETAIL_MAX = REASON_SIZE,
};

enum audit_event {
    AUDIT_INIT,
    AUDIT_TRUST,
    AUDIT_ADD,
    AUDIT_POLICY,
    AUDIT_SERVE,
    AUDIT_RELEASE,
    AUDIT_REPAIR,
};

enum { AUDIT_EVENTS_N = 7 };

/* Never a secret: RL-14. */
struct audit_record {
    uint64_t seq;  /* from 1 */
    uint64_t time; /* seconds since 1970 */
    enum audit_event event;
    bool refused;
    bool has_model;
    uint8_t model_root[MODEL_ROOT_LEN];
    uint8_t key_id[RELEASE_KEY_ID_LEN];
    enum evidence_kind kind; /* EVIDENCE_NONE when there was no evidence */
    size_t measurement_len;  /* 0: none was established */
    uint8_t measurement[MEASUREMENT_LEN_MAX];
    char detail[AUDIT_DETAIL_MAX]; /* printable ASCII */
    uint8_t previous[SHA256_LEN];
    uint8_t hash[SHA256_LEN]; /* set by audit_record_write and _parse */
};

const char *audit_event_name(enum audit_event event);

/* Writes the line with its newline and sets r->hash. */
must_check enum status audit_record_write(struct writer *out, struct audit_record *r);

/* A line with its newline.  STATUS_MALFORMED when it is not in the exact form, STATUS_FORGED when its hash does not
 * match; r is zeroed then.  The chain is the caller's to check. */
must_check enum status audit_record_parse(struct audit_record *r, const void *line, size_t line_len,
                                          struct reason *why);

#endif
