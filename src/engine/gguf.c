/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/gguf.h"

#include "core/base/checked.h"
#include "core/base/reader.h"
#include "engine/sort.h"

#include <string.h>

enum {
    VALUE_LEN_MIN = 8 + 1 + 4 + 1,          /* key, type, value */
    TENSOR_LEN_MIN = 8 + 1 + 4 + 8 + 4 + 8, /* name, dimensions, type, offset */
    ALIGNMENT_DEFAULT = 32,
};

static enum status fail(struct reason *why, enum status status, const char *text)
{
    reason_set(why, "GGUF: ", text, NULL);
    return status;
}

static enum status fail_named(struct reason *why, enum status status, const char *text, struct gguf_text name)
{
    reason_set(why, "GGUF: ", text, " ", NULL);
    reason_add_quoted(why, name.bytes, name.len);
    return status;
}

static enum status truncated(struct reason *why)
{
    return fail(why, STATUS_TRUNCATED, "the metadata ends early");
}

/* Bytes of a value of fixed size; 0 for the others. */
static size_t scalar_len(uint32_t type)
{
    static const uint8_t lens[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof lens ? lens[type] : 0;
}

static struct gguf_text read_text(struct reader *r)
{
    struct gguf_text text = {NULL, 0};
    uint64_t len = reader_u64le(r);
    if (len > SIZE_MAX) {
        reader_fail(r, STATUS_TRUNCATED);
        return text;
    }
    text.bytes = reader_bytes(r, (size_t)len);
    text.len = text.bytes == NULL ? 0 : (size_t)len;
    return text;
}

/* A key or tensor name: not empty, not long, without NUL. */
static enum status read_name(struct gguf_text *name, struct reader *r, struct reason *why)
{
    struct reader peek = *r;
    uint64_t len = reader_u64le(&peek);
    *name = (struct gguf_text){NULL, 0};
    if (peek.status != STATUS_OK)
        return truncated(why);
    if (len == 0 || len > GGUF_NAME_MAX)
        return fail(why, STATUS_MALFORMED, "a name is empty or longer than 128 bytes");
    *name = read_text(r);
    if (r->status != STATUS_OK)
        return truncated(why);
    if (memchr(name->bytes, 0, name->len) != NULL)
        return fail_named(why, STATUS_MALFORMED, "a zero byte in the name", *name);
    return STATUS_OK;
}

static enum status read_elements(struct gguf_value *v, struct reader *r, struct reason *why)
{
    const uint8_t *start = r->at;
    if (v->element == GGUF_STRING) {
        for (uint64_t i = 0; i < v->elements_n && r->status == STATUS_OK; i++)
            read_text(r);
    } else {
        uint64_t len;
        size_t size = scalar_len(v->element);
        if (size == 0)
            return fail_named(why, STATUS_UNSUPPORTED, "unknown value type or nested array in", v->key);
        if (!checked_mul_u64(&len, v->elements_n, size) || len > SIZE_MAX)
            return fail_named(why, STATUS_MALFORMED, "absurd number of elements in", v->key);
        reader_bytes(r, (size_t)len);
    }
    if (r->status != STATUS_OK)
        return truncated(why);
    v->bytes = (struct gguf_text){start, (size_t)(r->at - start)};
    return STATUS_OK;
}

static enum status read_value(struct gguf_value *v, struct reader *r, struct reason *why)
{
    enum status status = read_name(&v->key, r, why);
    if (status != STATUS_OK)
        return status;
    uint32_t type = reader_u32le(r);
    uint32_t element = type;
    v->elements_n = 1;
    if (type == GGUF_ARRAY) {
        element = reader_u32le(r);
        v->elements_n = reader_u64le(r);
    }
    if (r->status != STATUS_OK)
        return truncated(why);
    if (type > GGUF_F64 || element > GGUF_F64)
        return fail_named(why, STATUS_UNSUPPORTED, "unknown value type in", v->key);
    v->type = (enum gguf_type)type;
    v->element = (enum gguf_type)element;
    return read_elements(v, r, why);
}

static enum status read_tensor(struct gguf_tensor *t, struct reader *r, struct reason *why)
{
    enum status status = read_name(&t->name, r, why);
    if (status != STATUS_OK)
        return status;
    t->dimensions_n = reader_u32le(r);
    if (r->status != STATUS_OK)
        return truncated(why);
    if (t->dimensions_n == 0 || t->dimensions_n > GGUF_DIMENSIONS_MAX)
        return fail_named(why, STATUS_MALFORMED, "not 1 to 4 dimensions in tensor", t->name);
    for (uint32_t i = 0; i < GGUF_DIMENSIONS_MAX; i++)
        t->dimensions[i] = i < t->dimensions_n ? reader_u64le(r) : 1;
    t->type = reader_u32le(r);
    t->offset = reader_u64le(r);
    if (r->status != STATUS_OK)
        return truncated(why);
    for (uint32_t i = 0; i < t->dimensions_n; i++)
        if (t->dimensions[i] == 0)
            return fail_named(why, STATUS_MALFORMED, "an empty dimension in tensor", t->name);
    return STATUS_OK;
}

static enum status read_header(struct gguf *g, struct reader *r, struct reason *why)
{
    const uint8_t *magic = reader_bytes(r, 4);
    if (magic == NULL)
        return truncated(why);
    if (memcmp(magic, "GGUF", 4) != 0)
        return fail(why, STATUS_MALFORMED, "not a GGUF file");
    g->version = reader_u32le(r);
    uint64_t tensors_n = reader_u64le(r);
    uint64_t values_n = reader_u64le(r);
    if (r->status != STATUS_OK)
        return truncated(why);
    if (g->version != 2 && g->version != 3) {
        bool swapped = g->version == 0x02000000 || g->version == 0x03000000;
        return fail(why, STATUS_UNSUPPORTED, swapped ? "big-endian file" : "a version other than 2 and 3");
    }
    if (tensors_n > GGUF_ENTRIES_MAX || values_n > GGUF_ENTRIES_MAX)
        return fail(why, STATUS_LIMIT, "more than 65536 tensors or keys");
    g->tensors_n = (size_t)tensors_n;
    g->values_n = (size_t)values_n;
    return STATUS_OK;
}

static enum status read_alignment(struct gguf *g, const struct gguf_value *v, struct reason *why)
{
    struct reader r;
    if (!gguf_text_is(v->key, "general.alignment"))
        return STATUS_OK;
    reader_init(&r, v->bytes.bytes, v->bytes.len);
    g->alignment = v->type == GGUF_U32 ? reader_u32le(&r) : 0;
    if (g->alignment == 0 || g->alignment > GGUF_ALIGNMENT_MAX || (g->alignment & (g->alignment - 1)) != 0)
        return fail(why, STATUS_MALFORMED, "general.alignment is not a power of two up to 65536");
    return STATUS_OK;
}

/* Walks everything after the header and stores the entries where g has tables. */
static enum status read_entries(struct gguf *g, struct reader *r, struct reason *why)
{
    enum status status = STATUS_OK;
    g->alignment = ALIGNMENT_DEFAULT;
    for (size_t i = 0; i < g->values_n && status == STATUS_OK; i++) {
        struct gguf_value value = {0};
        status = read_value(&value, r, why);
        if (status == STATUS_OK)
            status = read_alignment(g, &value, why);
        if (g->values != NULL)
            g->values[i] = value;
    }
    for (size_t i = 0; i < g->tensors_n && status == STATUS_OK; i++) {
        struct gguf_tensor tensor = {0};
        status = read_tensor(&tensor, r, why);
        if (status == STATUS_OK && tensor.offset % g->alignment != 0)
            status = fail_named(why, STATUS_MALFORMED, "misaligned offset of tensor", tensor.name);
        if (g->tensors != NULL)
            g->tensors[i] = tensor;
    }
    return status;
}

static enum status finish(struct gguf *g, const struct reader *r, const void *start, struct reason *why)
{
    uint64_t len = (uint64_t)(r->at - (const uint8_t *)start);
    if (!checked_round_up_u64(&g->data_offset, len, g->alignment))
        return fail(why, STATUS_LIMIT, "the metadata is too long");
    return STATUS_OK;
}

enum status gguf_meta_len(uint64_t *meta_len, const void *bytes, size_t bytes_len, struct reason *why)
{
    struct gguf g = {0};
    struct reader r;
    *meta_len = 0;
    reader_init(&r, bytes, bytes_len);
    enum status status = read_header(&g, &r, why);
    if (status == STATUS_OK)
        status = read_entries(&g, &r, why);
    if (status == STATUS_OK)
        status = finish(&g, &r, bytes, why);
    if (status == STATUS_OK)
        *meta_len = g.data_offset;
    return status;
}

static int text_order(struct gguf_text a, struct gguf_text b)
{
    int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool value_before(const void *context, uint32_t a, uint32_t b)
{
    const struct gguf *g = context;
    return text_order(g->values[a].key, g->values[b].key) < 0;
}

static bool tensor_before(const void *context, uint32_t a, uint32_t b)
{
    const struct gguf *g = context;
    return text_order(g->tensors[a].name, g->tensors[b].name) < 0;
}

static enum status take_tables(struct gguf *g, struct arena *a, const struct reader *r, struct reason *why)
{
    if (g->values_n > reader_left(r) / VALUE_LEN_MIN || g->tensors_n > reader_left(r) / TENSOR_LEN_MIN)
        return truncated(why);
    g->values = arena_take(a, g->values_n, sizeof *g->values, _Alignof(struct gguf_value));
    g->tensors = arena_take(a, g->tensors_n, sizeof *g->tensors, _Alignof(struct gguf_tensor));
    g->values_sorted = arena_take(a, g->values_n, sizeof *g->values_sorted, _Alignof(uint32_t));
    g->tensors_sorted = arena_take(a, g->tensors_n, sizeof *g->tensors_sorted, _Alignof(uint32_t));
    if (g->values == NULL || g->tensors == NULL || g->values_sorted == NULL || g->tensors_sorted == NULL)
        return fail(why, STATUS_NO_MEMORY, "no memory for the tables of the metadata");
    return STATUS_OK;
}

static enum status sort_names(struct gguf *g, struct reason *why)
{
    sort_indices(g->values_sorted, g->values_n, value_before, g);
    sort_indices(g->tensors_sorted, g->tensors_n, tensor_before, g);
    for (size_t i = 1; i < g->values_n; i++)
        if (!value_before(g, g->values_sorted[i - 1], g->values_sorted[i]))
            return fail_named(why, STATUS_MALFORMED, "duplicate key", g->values[g->values_sorted[i]].key);
    for (size_t i = 1; i < g->tensors_n; i++)
        if (!tensor_before(g, g->tensors_sorted[i - 1], g->tensors_sorted[i]))
            return fail_named(why, STATUS_MALFORMED, "duplicate tensor", g->tensors[g->tensors_sorted[i]].name);
    return STATUS_OK;
}

enum status gguf_parse(struct gguf *g, struct arena *a, const void *meta, size_t meta_len, struct reason *why)
{
    struct reader r;
    *g = (struct gguf){0};
    reader_init(&r, meta, meta_len);
    enum status status = read_header(g, &r, why);
    if (status == STATUS_OK)
        status = take_tables(g, a, &r, why);
    if (status == STATUS_OK)
        status = read_entries(g, &r, why);
    if (status == STATUS_OK)
        status = finish(g, &r, meta, why);
    if (status == STATUS_OK)
        status = sort_names(g, why);
    if (status != STATUS_OK)
        *g = (struct gguf){0};
    return status;
}
