/* SPDX-License-Identifier: Apache-2.0 */
/* Differs json_parse from jansson.  Known differences: jansson refuses integers over 64 bits and reals over the range
 * of a double, for json_parse keeps numbers as text; json_parse nests 64 deep, jansson 2048. */
#include "core/codec/json.h"

#include <stdlib.h>
#include <string.h>

#define json_type   jansson_type
#define JSON_NULL   JANSSON_NULL
#define JSON_FALSE  JANSSON_FALSE
#define JSON_TRUE   JANSSON_TRUE
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void compare(const struct json *ours, json_t *theirs);

static void compare_members(const struct json *ours, json_t *theirs)
{
    size_t i = 0;
    for (const struct json *member = ours->first; member != NULL; member = member->next, i++) {
        json_t *other = ours->type == JSON_ARRAY ? json_array_get(theirs, i)
                                                 : json_object_getn(theirs, member->key, member->key_len);
        demand(other != NULL);
        compare(member, other);
    }
    demand(i == ours->members_n);
}

static void compare_number(const struct json *ours, json_t *theirs)
{
    double real;
    int64_t integer;
    if (theirs->type == JSON_INTEGER) {
        demand(json_i64(&integer, ours) == STATUS_OK && integer == json_integer_value(theirs));
        return;
    }
    double expected = json_real_value(theirs);
    demand(json_i64(&integer, ours) == STATUS_MALFORMED);
    demand(json_double(&real, ours) == STATUS_OK && memcmp(&real, &expected, sizeof real) == 0);
}

static void compare(const struct json *ours, json_t *theirs)
{
    switch (ours->type) {
    case JSON_NULL: demand(theirs->type == JANSSON_NULL); return;
    case JSON_FALSE: demand(theirs->type == JANSSON_FALSE); return;
    case JSON_TRUE: demand(theirs->type == JANSSON_TRUE); return;
    case JSON_NUMBER: compare_number(ours, theirs); return;
    case JSON_STRING:
        demand(theirs->type == JANSSON_STRING && json_string_length(theirs) == ours->text_len &&
               memcmp(json_string_value(theirs), ours->text, ours->text_len) == 0);
        return;
    case JSON_ARRAY:
        demand(theirs->type == JANSSON_ARRAY && json_array_size(theirs) == ours->members_n);
        compare_members(ours, theirs);
        return;
    case JSON_OBJECT:
        demand(theirs->type == JANSSON_OBJECT && json_object_size(theirs) == ours->members_n);
        compare_members(ours, theirs);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct json *ours;
    struct arena arena;
    struct reason why = {{0}};
    json_error_t error;
    size_t capacity = 64 + len * 56; /* enough for every well-formed text, says the header */
    void *memory = malloc(capacity);
    if (memory == NULL)
        return 0;
    arena_init(&arena, memory, capacity);
    enum status status = json_parse(&ours, &arena, bytes, len, &why);
    json_t *theirs =
        json_loadb(len == 0 ? "" : (const char *)bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    demand(status == STATUS_OK || status == STATUS_MALFORMED || status == STATUS_LIMIT || status == STATUS_NO_MEMORY);
    demand((ours != NULL) == (status == STATUS_OK) && (status == STATUS_OK || why.text[0] != '\0'));
    if (status == STATUS_OK && theirs != NULL)
        compare(ours, theirs);
    if (status == STATUS_OK && theirs == NULL)
        demand(json_error_code(&error) == json_error_numeric_overflow);
    bool has_nul = len != 0 && memchr(bytes, 0, len) != NULL;
    demand(!has_nul || status != STATUS_OK);
    demand((status != STATUS_MALFORMED && status != STATUS_NO_MEMORY) || theirs == NULL || has_nul);
    json_decref(theirs);
    free(memory);
    return 0;
}
