/* SPDX-License-Identifier: Apache-2.0 */
#include "import/safetensors.h"

#include "core/base/checked.h"
#include "core/base/reader.h"
#include "core/codec/json.h"
#include "engine/sort.h"

#include <string.h>

static const struct safetensors_type types[] = {
    {"F64", 64},    {"F32", 32},    {"F16", 16}, {"BF16", 16}, {"I64", 64}, {"I32", 32},    {"I16", 16},
    {"I8", 8},      {"U64", 64},    {"U32", 32}, {"U16", 16},  {"U8", 8},   {"F8_E4M3", 8}, {"F8_E5M2", 8},
    {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F4", 4},   {"C64", 64},  {"BOOL", 8}, {"F6_E3M2", 6},
};

struct parse {
    struct safetensors_tensor *tensors;
    size_t n;
    uint64_t data_len;
    uint64_t header_len;
    struct reason *why;
};

static enum status fail(struct reason *why, enum status status, const char *text)
{
    reason_set(why, "safetensors: ", text, NULL);
    return status;
}

static enum status fail_named(const struct parse *p, enum status status, const char *text, const char *name, size_t len)
{
    reason_set(p->why, "safetensors: ", text, " ", NULL);
    reason_add_quoted(p->why, name, len);
    return status;
}

size_t safetensors_arena_len(size_t header_len)
{
    /* a tensor of the tables takes 12 + 112 bytes, its text 50 at least; the tree as core/codec/json.h says */
    return header_len > SIZE_MAX / 128 ? SIZE_MAX : header_len * 64 + 4096;
}

enum status safetensors_header_len(uint64_t *header_len, const void *start, size_t start_len, uint64_t file_len,
                                   struct reason *why)
{
    struct reader r;
    reader_init(&r, start, start_len);
    uint64_t json_len = reader_u64le(&r);
    *header_len = 0;
    if (r.status != STATUS_OK)
        return fail(why, STATUS_TRUNCATED, "the file ends before its header");
    if (json_len > SAFETENSORS_HEADER_MAX)
        return fail(why, STATUS_LIMIT, "the header is longer than 100 MB, or this is no safetensors file");
    if (json_len > file_len || file_len - json_len < SAFETENSORS_LEN_LEN)
        return fail(why, STATUS_TRUNCATED, "the file ends inside its header");
    *header_len = json_len + SAFETENSORS_LEN_LEN;
    return STATUS_OK;
}

static const struct safetensors_type *find_type(const struct json *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (json_is_text(name, types[i].name))
            return &types[i];
    return NULL;
}

/* The shape, and the bits of all numbers. */
static enum status read_shape(struct safetensors_tensor *t, const struct parse *p, const struct json *shape,
                              uint64_t *bits)
{
    *bits = t->type->bits;
    if (shape == NULL || shape->type != JSON_ARRAY)
        return fail_named(p, STATUS_MALFORMED, "no shape of tensor", t->name, t->name_len);
    if (shape->members_n > SAFETENSORS_DIMENSIONS_MAX)
        return fail_named(p, STATUS_UNSUPPORTED, "more than 4 dimensions of tensor", t->name, t->name_len);
    for (size_t i = 0; i < SAFETENSORS_DIMENSIONS_MAX; i++)
        t->dimensions[i] = 1;
    for (const struct json *d = shape->first; d != NULL; d = d->next) {
        uint64_t n;
        if (json_u64(&n, d) != STATUS_OK || !checked_mul_u64(bits, *bits, n))
            return fail_named(p, STATUS_MALFORMED, "an absurd shape of tensor", t->name, t->name_len);
        t->dimensions[t->dimensions_n++] = n;
    }
    return STATUS_OK;
}

static enum status read_tensor(struct safetensors_tensor *t, const struct parse *p, const struct json *entry)
{
    static const char *const members[] = {"dtype", "shape", "data_offsets", NULL};
    const struct json *type = json_get(entry, "dtype");
    const struct json *offsets = json_get(entry, "data_offsets");
    uint64_t bits, first, last;
    t->name = entry->key;
    t->name_len = entry->key_len;
    if (t->name_len == 0 || t->name_len > SAFETENSORS_NAME_MAX)
        return fail(p->why, STATUS_MALFORMED, "a name is empty or longer than 256 bytes");
    if (entry->type != JSON_OBJECT || json_only(entry, members, NULL) != STATUS_OK || type == NULL ||
        type->type != JSON_STRING)
        return fail_named(p, STATUS_MALFORMED, "not exactly dtype, shape and data_offsets of tensor", t->name,
                          t->name_len);
    t->type = find_type(type);
    if (t->type == NULL) {
        fail_named(p, STATUS_UNSUPPORTED, "unknown dtype", type->text, type->text_len);
        reason_add(p->why, " of tensor ");
        reason_add_quoted(p->why, t->name, t->name_len);
        return STATUS_UNSUPPORTED;
    }
    enum status status = read_shape(t, p, json_get(entry, "shape"), &bits);
    if (status != STATUS_OK)
        return status;
    if (offsets == NULL || offsets->type != JSON_ARRAY || offsets->members_n != 2 ||
        json_u64(&first, offsets->first) != STATUS_OK || json_u64(&last, offsets->first->next) != STATUS_OK ||
        first > last)
        return fail_named(p, STATUS_MALFORMED, "no two ordered data_offsets of tensor", t->name, t->name_len);
    if (last > p->data_len)
        return fail_named(p, STATUS_TRUNCATED, "the file ends before the end of tensor", t->name, t->name_len);
    if (bits % 8 != 0 || bits / 8 != last - first)
        return fail_named(p, STATUS_MALFORMED, "data_offsets that do not fit the shape of tensor", t->name,
                          t->name_len);
    t->offset = p->header_len + first;
    t->len = last - first;
    return STATUS_OK;
}

static bool is_before(const void *context, uint32_t a, uint32_t b)
{
    const struct safetensors_tensor *tensors = context;
    if (tensors[a].offset != tensors[b].offset)
        return tensors[a].offset < tensors[b].offset;
    if (tensors[a].len != tensors[b].len) /* empty ones first */
        return tensors[a].len < tensors[b].len;
    return a < b;
}

/* Puts the tensors in the order of their bytes, which leave no gap and do not overlap. */
static enum status order(struct safetensors *s, struct arena *a, const struct parse *p)
{
    uint64_t end = p->header_len;
    uint32_t *sorted = arena_take(a, p->n + 1, sizeof *sorted, _Alignof(uint32_t));
    s->tensors = arena_take(a, p->n + 1, sizeof *s->tensors, _Alignof(struct safetensors_tensor));
    if (sorted == NULL || s->tensors == NULL)
        return fail(p->why, STATUS_NO_MEMORY, "no memory for the table of tensors");
    sort_indices(sorted, p->n, is_before, p->tensors);
    for (size_t i = 0; i < p->n; i++) {
        const struct safetensors_tensor *t = &p->tensors[sorted[i]];
        if (t->offset != end)
            return fail_named(p, STATUS_MALFORMED,
                              t->offset < end ? "overlapping bytes at tensor" : "a gap before tensor", t->name,
                              t->name_len);
        end += t->len;
        s->tensors[i] = *t;
    }
    s->tensors_n = p->n;
    if (end - p->header_len != p->data_len)
        return fail(p->why, STATUS_MALFORMED, "bytes after the last tensor");
    return STATUS_OK;
}

static enum status read_all(struct safetensors *s, struct arena *a, struct parse *p, const struct json *root)
{
    if (root->type != JSON_OBJECT)
        return fail(p->why, STATUS_MALFORMED, "the header is no JSON object");
    if (root->members_n > SAFETENSORS_TENSORS_MAX)
        return fail(p->why, STATUS_LIMIT, "more than 65536 tensors");
    p->tensors = arena_take(a, root->members_n + 1, sizeof *p->tensors, _Alignof(struct safetensors_tensor));
    if (p->tensors == NULL)
        return fail(p->why, STATUS_NO_MEMORY, "no memory for the table of tensors");
    for (const struct json *entry = root->first; entry != NULL; entry = entry->next) {
        if (entry->key_len == strlen("__metadata__") && memcmp(entry->key, "__metadata__", entry->key_len) == 0) {
            if (entry->type != JSON_OBJECT)
                return fail(p->why, STATUS_MALFORMED, "__metadata__ is no object");
            continue;
        }
        enum status status = read_tensor(&p->tensors[p->n++], p, entry);
        if (status != STATUS_OK)
            return status;
    }
    return order(s, a, p);
}

enum status safetensors_parse(struct safetensors *s, struct arena *a, const void *header, size_t header_len,
                              uint64_t file_len, struct reason *why)
{
    uint64_t expected;
    struct reason inner = {""};
    const struct json *root;
    const uint8_t *bytes = header;
    *s = (struct safetensors){0};
    enum status status = safetensors_header_len(&expected, header, header_len, file_len, why);
    if (status != STATUS_OK)
        return status;
    if (expected != header_len)
        return fail(why, STATUS_TRUNCATED, "the header ends early");
    if (header_len == SAFETENSORS_LEN_LEN || bytes[SAFETENSORS_LEN_LEN] != '{')
        return fail(why, STATUS_MALFORMED, "the header does not start with {");
    status = json_parse(&root, a, bytes + SAFETENSORS_LEN_LEN, header_len - SAFETENSORS_LEN_LEN, &inner);
    if (status != STATUS_OK) {
        fail(why, status, "the header: ");
        reason_add(why, inner.text);
        return status;
    }
    struct parse p = {.data_len = file_len - header_len, .header_len = header_len, .why = why};
    status = read_all(s, a, &p, root);
    if (status != STATUS_OK)
        *s = (struct safetensors){0};
    return status;
}
