/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ohttp/bhttp_text.h"

#include <string.h>

bool bhttp_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool bhttp_value_char(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

bool bhttp_is_name(const struct http_text *name)
{
    for (size_t i = 0; i < name->len; i++) {
        if (!bhttp_name_char((uint8_t)name->text[i]))
            return false;
    }
    return name->len != 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

bool bhttp_is_value(const struct http_text *value)
{
    for (size_t i = 0; i < value->len; i++) {
        if (!bhttp_value_char((uint8_t)value->text[i]))
            return false;
    }
    return value->len == 0 || (!is_space(value->text[0]) && !is_space(value->text[value->len - 1]));
}

/* Visible ASCII only. */
static bool is_visible(const struct http_text *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if ((uint8_t)text->text[i] <= 0x20 || (uint8_t)text->text[i] >= 0x7f)
            return false;
    }
    return true;
}

bool bhttp_is_control(const struct http_text *method, const struct http_text *scheme, const struct http_text *authority,
                      const struct http_text *path)
{
    for (size_t i = 0; i < method->len; i++) {
        uint8_t c = (uint8_t)method->text[i];
        if (!bhttp_name_char(c) && (c < 'A' || c > 'Z'))
            return false;
    }
    for (size_t i = 0; i < scheme->len; i++) {
        if (scheme->text[i] < 'a' || scheme->text[i] > 'z')
            return false;
    }
    bool path_fits = path->len != 0 && is_visible(path) && (path->text[0] == '/' || http_text_is(path, "*"));
    return method->len != 0 && scheme->len != 0 && is_visible(authority) && path_fits;
}
