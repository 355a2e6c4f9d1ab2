/* SPDX-License-Identifier: Apache-2.0 */
/* Reading fields out of a parsed tree. */
#include "core/codec/json.h"

#include "core/base/constant_time.h"
#include "core/codec/base64.h"
#include "core/codec/decimal.h"
#include "core/codec/hex.h"

#include <string.h>

const struct json *json_get(const struct json *object, const char *name)
{
    if (object == NULL || object->type != JSON_OBJECT)
        return NULL;
    size_t len = strlen(name);
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (member->key_len == len && memcmp(member->key, name, len) == 0)
            return member;
    }
    return NULL;
}

bool json_is_text(const struct json *value, const char *text)
{
    return value != NULL && value->type == JSON_STRING && value->text_len == strlen(text) &&
           memcmp(value->text, text, value->text_len) == 0;
}

/* Decimal digits only; sign and range are the caller's. */
static enum status read_digits(uint64_t *out, const char *digits, size_t digits_n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits_n; i++) {
        uint64_t digit = (uint64_t)(uint8_t)digits[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return STATUS_MALFORMED;
        value = value * 10 + digit;
    }
    *out = value;
    return STATUS_OK;
}

enum status json_u64(uint64_t *out, const struct json *value)
{
    *out = 0;
    if (value == NULL)
        return STATUS_NOT_FOUND;
    if (value->type != JSON_NUMBER)
        return STATUS_MALFORMED;
    return read_digits(out, value->text, value->text_len);
}

enum status json_i64(int64_t *out, const struct json *value)
{
    uint64_t magnitude;
    *out = 0;
    if (value == NULL)
        return STATUS_NOT_FOUND;
    if (value->type != JSON_NUMBER)
        return STATUS_MALFORMED;
    bool negative = value->text[0] == '-';
    enum status status = read_digits(&magnitude, value->text + negative, value->text_len - negative);
    if (status != STATUS_OK)
        return status;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return STATUS_MALFORMED;
    if (!negative)
        *out = (int64_t)magnitude;
    else if (magnitude != 0)
        *out = -(int64_t)(magnitude - 1) - 1;
    return STATUS_OK;
}

enum status json_double(double *out, const struct json *value)
{
    *out = 0;
    if (value == NULL)
        return STATUS_NOT_FOUND;
    if (value->type != JSON_NUMBER)
        return STATUS_MALFORMED;
    return decimal_double(out, value->text, value->text_len);
}

enum status json_bool(bool *out, const struct json *value)
{
    *out = false;
    if (value == NULL)
        return STATUS_NOT_FOUND;
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return STATUS_MALFORMED;
    *out = value->type == JSON_TRUE;
    return STATUS_OK;
}

enum status json_copy_text(char *out, size_t out_capacity, const struct json *value)
{
    if (out_capacity != 0)
        out[0] = '\0';
    if (value == NULL)
        return STATUS_NOT_FOUND;
    if (value->type != JSON_STRING)
        return STATUS_MALFORMED;
    if (value->text_len >= out_capacity)
        return STATUS_LIMIT;
    memcpy(out, value->text, value->text_len);
    out[value->text_len] = '\0';
    return STATUS_OK;
}

enum status json_hex(uint8_t *out, size_t out_len, const struct json *value)
{
    if (value != NULL && value->type == JSON_STRING)
        return hex_parse(out, out_len, value->text, value->text_len);
    wipe(out, out_len);
    return value == NULL ? STATUS_NOT_FOUND : STATUS_MALFORMED;
}

enum status json_base64(uint8_t *out, size_t out_capacity, size_t *out_len, const struct json *value)
{
    if (value != NULL && value->type == JSON_STRING)
        return base64_parse(BASE64_STANDARD, out, out_capacity, out_len, value->text, value->text_len);
    wipe(out, out_capacity);
    *out_len = 0;
    return value == NULL ? STATUS_NOT_FOUND : STATUS_MALFORMED;
}

enum status json_only(const struct json *object, const char *const *names, struct reason *why)
{
    if (object == NULL || object->type != JSON_OBJECT) {
        reason_set(why, "an object is expected", NULL);
        return STATUS_MALFORMED;
    }
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        const char *const *name = names;
        while (*name != NULL && (strlen(*name) != member->key_len || memcmp(*name, member->key, member->key_len) != 0))
            name++;
        if (*name == NULL) {
            reason_set(why, "unknown member ", NULL);
            reason_add_quoted(why, member->key, member->key_len);
            return STATUS_MALFORMED;
        }
    }
    return STATUS_OK;
}
