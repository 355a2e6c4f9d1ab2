/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/jansson.h"

#include <jansson.h>

bool jansson_reads(const void *text, size_t len)
{
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_DECODE_ANY, &error);
    bool good = value != NULL;
    json_decref(value);
    return good;
}
