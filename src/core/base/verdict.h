/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads: every check in the order it was made, with pass, fail or not run, and the reason.  The command
 * line, the broker and the browser print the same list. */
#ifndef CORE_BASE_VERDICT_H
#define CORE_BASE_VERDICT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>

enum { VERDICT_CHECKS_MAX = 64 };

enum outcome {
    OUTCOME_NOT_RUN = 0,
    OUTCOME_PASS,
    OUTCOME_FAIL,
};

struct check {
    const char *name; /* a literal, such as "report data" */
    enum outcome outcome;
    enum status status; /* why it failed, or STATUS_OK */
    struct reason reason;
};

struct verdict {
    struct check checks[VERDICT_CHECKS_MAX];
    size_t checks_n;
};

void verdict_init(struct verdict *v);

/* Adds a check as not run and returns its reason for the caller to fill.  Beyond VERDICT_CHECKS_MAX the last check
 * becomes a failure, so that no check is lost unseen. */
struct reason *verdict_not_run(struct verdict *v, const char *name);
struct reason *verdict_pass(struct verdict *v, const char *name);
struct reason *verdict_fail(struct verdict *v, const char *name, enum status status);

/* STATUS_OK when there is at least one check and every one passed; otherwise the status of the first check that failed,
 * or STATUS_REFUSED when one was not run. */
must_check enum status verdict_status(const struct verdict *v);

/* The first check that decides against, or NULL. */
const struct check *verdict_first_failure(const struct verdict *v);

const char *outcome_name(enum outcome outcome);

#endif
