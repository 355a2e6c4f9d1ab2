/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of safetensors files: what is accepted, and every way to be wrong (spec/import.md IMP-1 to IMP-3). */
#include "import/safetensors.h"
#include "tap.h"

static uint8_t memory[1 << 20];

struct row {
    const char *json;
    uint64_t data_len;
    enum status status;
    const char *says;
};

static const struct row rows[] = {
    {"{}", 0, STATUS_OK, ""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}   ", 4, STATUS_OK, ""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, STATUS_OK, ""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[0,0]}}", 0, STATUS_OK, ""},
    {"{\"__metadata__\":{\"x\":\"y\"},\"b\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[2,6]},"
     "\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
     6, STATUS_OK, ""},
    {"", 0, STATUS_MALFORMED, "start"},
    {" {}", 0, STATUS_MALFORMED, "start"},
    {"[]", 0, STATUS_MALFORMED, "start"},
    {"{", 0, STATUS_MALFORMED, "header"},
    {"{}x", 0, STATUS_MALFORMED, "header"},
    {"{}", 1, STATUS_MALFORMED, "after the last"},
    {"{\"a\":1}", 0, STATUS_MALFORMED, "exactly"},
    {"{\"__metadata__\":1}", 0, STATUS_MALFORMED, "__metadata__"},
    {"{\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED, "name"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED, "exactly"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, STATUS_MALFORMED, "exactly"},
    {"{\"a\":{\"dtype\":\"Q7\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, STATUS_UNSUPPORTED, "Q7"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED, "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED, "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED, "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, STATUS_UNSUPPORTED, "dimensions"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,4]}}", 4, STATUS_MALFORMED,
     "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, STATUS_MALFORMED,
     "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, STATUS_MALFORMED, "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, STATUS_MALFORMED, "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, STATUS_MALFORMED, "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, STATUS_MALFORMED, "fit the shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3, STATUS_TRUNCATED, "ends before"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[9223372036854775804,9223372036854775808]}}", 4,
     STATUS_TRUNCATED, "ends before"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, STATUS_MALFORMED, "gap"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
     6, STATUS_MALFORMED, "overlapping"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     8, STATUS_MALFORMED, "twice"},
};

static enum status parse(struct safetensors *s, const char *json, size_t json_len, uint64_t claimed, uint64_t data_len,
                         struct reason *why)
{
    uint8_t header[1024];
    struct arena arena;
    for (size_t i = 0; i < 8; i++)
        header[i] = (uint8_t)(claimed >> 8 * i);
    memcpy(header + 8, json, json_len);
    uint8_t *copy = guarded_copy(header, 8 + json_len);
    arena_init(&arena, memory, safetensors_arena_len(8 + json_len));
    enum status status = safetensors_parse(s, &arena, copy, 8 + json_len, 8 + json_len + data_len, why);
    guarded_free(copy, 8 + json_len);
    return status;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct safetensors s;
        struct reason why = {""};
        size_t len = strlen(rows[i].json);
        enum status status = parse(&s, rows[i].json, len, len, rows[i].data_len, &why);
        check(status == rows[i].status && (status == STATUS_OK || strstr(why.text, rows[i].says) != NULL),
              "IMP-1 IMP-2 IMP-3: row %zu: %s %s", i, status_name(status), why.text);
    }
}

static void test_values(void)
{
    struct safetensors s;
    struct reason why = {""};
    size_t len = strlen(rows[4].json);
    bool parsed = parse(&s, rows[4].json, len, len, 6, &why) == STATUS_OK;
    check(parsed && s.tensors_n == 2 && s.tensors[0].offset == 8 + len && s.tensors[0].len == 2 &&
              s.tensors[1].offset == 10 + len && s.tensors[1].len == 4 && s.tensors[1].dimensions_n == 2 &&
              s.tensors[1].dimensions[0] == 1 && s.tensors[1].dimensions[1] == 2,
          "IMP-2: tensors in the order of their bytes");
    bool refused = true;
    for (size_t n = 0; n < len; n++)
        refused = refused && parse(&s, rows[4].json, n, n, 6, &why) != STATUS_OK && s.tensors == NULL;
    check(refused, "IMP-1: a header cut at any length is refused");
    refused = true;
    for (unsigned bit = 0; bit < 64; bit++)
        refused = refused && parse(&s, rows[4].json, len, len ^ UINT64_C(1) << bit, 6, &why) != STATUS_OK;
    check(refused, "IMP-1: a length with any other bit is refused");
    uint64_t header_len;
    check(safetensors_header_len(&header_len, "\1\0\0\0\0\0\0", 7, 7, &why) == STATUS_TRUNCATED && header_len == 0,
          "IMP-1: a file of 7 bytes");
}

int main(void)
{
    test_rows();
    test_values();
    return tap_done();
}
