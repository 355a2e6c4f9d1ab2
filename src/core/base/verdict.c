/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/verdict.h"

#include <string.h>

void verdict_init(struct verdict *v)
{
    memset(v, 0, sizeof *v);
}

static struct reason *add(struct verdict *v, const char *name, enum outcome outcome, enum status status)
{
    if (v->checks_n == VERDICT_CHECKS_MAX) {
        struct check *last = &v->checks[VERDICT_CHECKS_MAX - 1];
        last->outcome = OUTCOME_FAIL;
        last->status = STATUS_LIMIT;
        reason_set(&last->reason, "more checks than a verdict holds", NULL);
        last->name = "verdict size";
        return NULL;
    }
    struct check *check = &v->checks[v->checks_n++];
    check->name = name;
    check->outcome = outcome;
    check->status = status;
    check->reason.text[0] = '\0';
    return &check->reason;
}

struct reason *verdict_not_run(struct verdict *v, const char *name)
{
    return add(v, name, OUTCOME_NOT_RUN, STATUS_OK);
}

struct reason *verdict_pass(struct verdict *v, const char *name)
{
    return add(v, name, OUTCOME_PASS, STATUS_OK);
}

struct reason *verdict_fail(struct verdict *v, const char *name, enum status status)
{
    return add(v, name, OUTCOME_FAIL, status == STATUS_OK ? STATUS_BROKEN : status);
}

const struct check *verdict_first_failure(const struct verdict *v)
{
    const struct check *not_run = NULL;
    for (size_t i = 0; i < v->checks_n; i++) {
        if (v->checks[i].outcome == OUTCOME_FAIL)
            return &v->checks[i];
        if (v->checks[i].outcome == OUTCOME_NOT_RUN && not_run == NULL)
            not_run = &v->checks[i];
    }
    return not_run;
}

enum status verdict_status(const struct verdict *v)
{
    const struct check *failure = verdict_first_failure(v);
    if (v->checks_n == 0)
        return STATUS_REFUSED;
    if (failure == NULL)
        return STATUS_OK;
    return failure->outcome == OUTCOME_FAIL ? failure->status : STATUS_REFUSED;
}

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NOT_RUN: return "not run";
    case OUTCOME_PASS: return "pass";
    case OUTCOME_FAIL: return "FAIL";
    }
    return "unknown";
}
