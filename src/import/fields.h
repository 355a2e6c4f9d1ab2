/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a JSON object from outside, read one after the other: the first failure sticks and names the member.  A
 * member that is null counts as absent. */
#ifndef IMPORT_FIELDS_H
#define IMPORT_FIELDS_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>
#include <stdint.h>

enum { FIELDS_MANDATORY = -1 };

struct fields {
    const struct json *object;
    const char *file; /* for errors */
    enum status status;
    struct reason *why;
};

/* The member, or NULL when absent or null. */
const struct json *fields_get(const struct fields *f, const char *name);

/* A whole number 0 .. 2^24, a number, a truth value; the fallback when absent and not FIELDS_MANDATORY. */
uint32_t fields_whole(struct fields *f, const char *name, int64_t fallback);
double fields_number(struct fields *f, const char *name, double fallback);
bool fields_bool(struct fields *f, const char *name, bool fallback);

/* Makes it fail: "FILE: text NAME". */
void fields_fail(struct fields *f, enum status status, const char *text, const char *name);

#endif
