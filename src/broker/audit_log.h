/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log as a file: append-only, hash-chained, on stable storage before anyone is answered (spec/release.md,
 * section 6).  Several processes may append; each catches up with the others under a lock. */
#ifndef BROKER_AUDIT_LOG_H
#define BROKER_AUDIT_LOG_H

#include "broker/audit_record.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>
#include <stdint.h>

/* The last record that someone was answered for, as the database remembers it. */
struct audit_head {
    uint64_t seq;
    uint8_t hash[SHA256_LEN];
};

struct audit_log {
    int fd;
    struct audit_head head;  /* last record read or written; seq 0: none */
    uint64_t end;            /* bytes up to there */
    uint64_t torn;           /* bytes of an incomplete last line after it */
    struct audit_head known; /* what the log must contain */
};

/* Called for each record in order; the line has its newline. */
typedef void audit_visit(void *context, const struct audit_record *record, const char *line, size_t line_len);

/* Makes an empty log; STATUS_EXISTS. */
must_check enum status audit_log_create(const char *path, struct reason *why);

/* Opens and verifies it from its first byte; visit may be NULL.  known: the database's head.  STATUS_FORGED or
 * STATUS_MALFORMED when a record is wrong or missing (why names the line); the records before it were visited.  An
 * incomplete last line is no error: torn says how long it is. */
must_check enum status audit_log_open(struct audit_log *log, const char *path, bool writable,
                                      const struct audit_head *known, audit_visit *visit, void *context,
                                      struct reason *why);

/* Fills seq, previous and hash of the record, appends it and returns when it is on stable storage.  Cuts an incomplete
 * last line off first, and notes that in a record of its own.  On failure the log is as it was (or its incomplete end
 * is cut off by the next append) and nothing may be answered. */
must_check enum status audit_log_append(struct audit_log *log, struct audit_record *record, struct reason *why);

void audit_log_close(struct audit_log *log);

#endif
