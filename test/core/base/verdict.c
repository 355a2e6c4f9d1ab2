/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/verdict.h"

#include "tap.h"

static struct verdict v; /* some 17 KB */

static void decides(void)
{
    verdict_init(&v);
    check(verdict_status(&v) == STATUS_REFUSED, "no check at all is no success");
    verdict_pass(&v, "one");
    check(verdict_status(&v) == STATUS_OK && verdict_first_failure(&v) == NULL, "all pass");
    reason_set(verdict_not_run(&v, "two"), "no time was given", NULL);
    check(verdict_status(&v) == STATUS_REFUSED, "a check that was not run refuses");
    reason_set(verdict_fail(&v, "three", STATUS_FORGED), "the tag differs", NULL);
    check(verdict_status(&v) == STATUS_FORGED, "a failure decides, also behind one not run");
    check(strcmp(verdict_first_failure(&v)->name, "three") == 0, "and is the one told");
    verdict_init(&v);
    verdict_fail(&v, "failed without a status", STATUS_OK);
    check(verdict_status(&v) == STATUS_BROKEN, "a failure never counts as OK");
}

static void overflows(void)
{
    verdict_init(&v);
    for (size_t i = 0; i < VERDICT_CHECKS_MAX; i++)
        verdict_pass(&v, "pass");
    check(verdict_status(&v) == STATUS_OK, "as many as fit");
    check(verdict_pass(&v, "one more") == NULL && verdict_status(&v) == STATUS_LIMIT, "one more is a failure");
}

static void reasons(void)
{
    struct reason why;
    reason_set(&why, "tensor ", "a", NULL);
    reason_add_quoted(&why, "\x1b[1m\"\\ok", 8);
    check(strcmp(why.text, "tensor a\"\\x1b[1m\\x22\\x5cok\"") == 0, "bytes from outside are escaped");
    reason_set(&why, "it said: ", NULL);
    reason_add_shown(&why, "no \"x\"\n", 7);
    check(strcmp(why.text, "it said: no \"x\"\\x0a") == 0, "a sentence from outside keeps its quotes");
    reason_set(&why, "at ", NULL);
    reason_add_u64(&why, UINT64_MAX);
    reason_add(&why, " ");
    reason_add_hex(&why, "\x0f\xf0", 2);
    check(strcmp(why.text, "at 18446744073709551615 0ff0") == 0, "numbers and hex");
    for (int i = 0; i < 100; i++)
        reason_add(&why, "more text ");
    check(strlen(why.text) == REASON_SIZE - 1 && strcmp(why.text + REASON_SIZE - 4, "...") == 0, "too long is cut");
    reason_set(NULL, "x", NULL);
    reason_add(NULL, "x");
    reason_add_u64(NULL, 1);
    check(true, "NULL is accepted");
    for (int s = STATUS_OK; s <= STATUS_BROKEN; s++)
        check(strcmp(status_name((enum status)s), "unknown status") != 0, "status %d has a name", s);
}

int main(void)
{
    decides();
    overflows();
    reasons();
    return tap_done();
}
