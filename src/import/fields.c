/* SPDX-License-Identifier: Apache-2.0 */
#include "import/fields.h"

#include <stddef.h>

enum { WHOLE_MAX = 1 << 24 };

void fields_fail(struct fields *f, enum status status, const char *text, const char *name)
{
    if (f->status != STATUS_OK)
        return;
    f->status = status;
    reason_set(f->why, f->file, ": ", text, " ", name, NULL);
}

const struct json *fields_get(const struct fields *f, const char *name)
{
    const struct json *value = json_get(f->object, name);
    return value == NULL || value->type == JSON_NULL ? NULL : value;
}

uint32_t fields_whole(struct fields *f, const char *name, int64_t fallback)
{
    uint64_t value;
    const struct json *member = fields_get(f, name);
    if (member == NULL && fallback != FIELDS_MANDATORY)
        return (uint32_t)fallback;
    if (member == NULL || json_u64(&value, member) != STATUS_OK) {
        fields_fail(f, STATUS_MALFORMED, member == NULL ? "no" : "no whole number:", name);
        return 0;
    }
    if (value > WHOLE_MAX) {
        fields_fail(f, STATUS_LIMIT, "out of range:", name);
        return 0;
    }
    return (uint32_t)value;
}

double fields_number(struct fields *f, const char *name, double fallback)
{
    double value;
    const struct json *member = fields_get(f, name);
    if (member == NULL && fallback >= 0)
        return fallback;
    if (member == NULL || json_double(&value, member) != STATUS_OK) {
        fields_fail(f, STATUS_MALFORMED, member == NULL ? "no" : "no number:", name);
        return 0;
    }
    if (!(value >= 0 && value <= 1e12)) {
        fields_fail(f, STATUS_LIMIT, "out of range:", name);
        return 0;
    }
    return value;
}

bool fields_bool(struct fields *f, const char *name, bool fallback)
{
    bool value;
    const struct json *member = fields_get(f, name);
    if (member == NULL)
        return fallback;
    if (json_bool(&value, member) != STATUS_OK)
        fields_fail(f, STATUS_MALFORMED, "neither true nor false:", name);
    return value;
}
