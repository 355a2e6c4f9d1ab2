/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/request_member.h"

enum status request_wrong(struct reason *why, const char *member, const char *wanted)
{
    reason_set(why, "\"", member, "\" must be ", wanted, NULL);
    return STATUS_MALFORMED;
}

bool request_absent(const struct json *value)
{
    return value == NULL || value->type == JSON_NULL;
}

enum status request_bool(bool *out, const struct json *object, const char *member, struct reason *why)
{
    const struct json *value = json_get(object, member);
    if (request_absent(value) || json_bool(out, value) == STATUS_OK)
        return STATUS_OK;
    return request_wrong(why, member, "true or false");
}

enum status request_count(uint32_t *out, const struct json *object, const char *member, uint32_t min, uint32_t max,
                          struct reason *why)
{
    uint64_t number;
    const struct json *value = json_get(object, member);
    if (request_absent(value))
        return STATUS_OK;
    if (json_u64(&number, value) == STATUS_OK && number >= min && number <= max) {
        *out = (uint32_t)number;
        return STATUS_OK;
    }
    enum status status = request_wrong(why, member, "a whole number from ");
    reason_add_u64(why, min);
    reason_add(why, " to ");
    reason_add_u64(why, max);
    return status;
}

/* To two decimal places. */
static void add_bound(struct reason *why, double bound)
{
    uint64_t hundredths = (uint64_t)((bound < 0 ? -bound : bound) * 100 + 0.5);
    if (bound < 0)
        reason_add(why, "-");
    reason_add_u64(why, hundredths / 100);
    if (hundredths % 100 == 0)
        return;
    reason_add(why, hundredths % 100 < 10 ? ".0" : ".");
    reason_add_u64(why, hundredths % 100);
}

enum status request_float(float *out, const struct json *object, const char *member, double min, double max,
                          struct reason *why)
{
    double number;
    const struct json *value = json_get(object, member);
    if (request_absent(value))
        return STATUS_OK;
    if (json_double(&number, value) == STATUS_OK && number >= min && number <= max) {
        *out = (float)number;
        return STATUS_OK;
    }
    enum status status = request_wrong(why, member, "a number from ");
    add_bound(why, min);
    reason_add(why, " to ");
    add_bound(why, max);
    return status;
}
