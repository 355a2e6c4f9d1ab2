/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in parsed GGUF metadata. */
#include "core/base/reader.h"
#include "engine/gguf.h"

#include <string.h>

bool gguf_text_is(struct gguf_text text, const char *literal)
{
    return text.len == strlen(literal) && memcmp(text.bytes, literal, text.len) == 0;
}

static int literal_order(const char *literal, struct gguf_text text)
{
    size_t len = strlen(literal);
    int order = memcmp(literal, text.bytes, len < text.len ? len : text.len);
    return order != 0 ? order : (len > text.len) - (len < text.len);
}

const struct gguf_value *gguf_value_find(const struct gguf *g, const char *key)
{
    size_t low = 0;
    size_t high = g->values_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gguf_value *v = &g->values[g->values_sorted[middle]];
        int order = literal_order(key, v->key);
        if (order == 0)
            return v;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct gguf_tensor *gguf_tensor_find(const struct gguf *g, const char *name)
{
    size_t low = 0;
    size_t high = g->tensors_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gguf_tensor *t = &g->tensors[g->tensors_sorted[middle]];
        int order = literal_order(name, t->name);
        if (order == 0)
            return t;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static enum status find(const struct gguf_value **v, const struct gguf *g, const char *key, struct reason *why)
{
    *v = gguf_value_find(g, key);
    if (*v == NULL) {
        reason_set(why, "GGUF: no key ", key, NULL);
        return STATUS_NOT_FOUND;
    }
    return STATUS_OK;
}

static enum status mistyped(const char *key, struct reason *why)
{
    reason_set(why, "GGUF: wrong type or value of ", key, NULL);
    return STATUS_MALFORMED;
}

enum status gguf_u64(uint64_t *out, const struct gguf *g, const char *key, struct reason *why)
{
    const struct gguf_value *v;
    struct reader r;
    bool negative = false;
    *out = 0;
    enum status status = find(&v, g, key, why);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, v->bytes.bytes, v->bytes.len);
    switch (v->type) {
    case GGUF_U8:
    case GGUF_I8:
        *out = reader_u8(&r);
        negative = v->type == GGUF_I8 && *out > INT8_MAX;
        break;
    case GGUF_U16:
    case GGUF_I16:
        *out = reader_u16le(&r);
        negative = v->type == GGUF_I16 && *out > INT16_MAX;
        break;
    case GGUF_U32:
    case GGUF_I32:
        *out = reader_u32le(&r);
        negative = v->type == GGUF_I32 && *out > INT32_MAX;
        break;
    case GGUF_U64:
    case GGUF_I64:
        *out = reader_u64le(&r);
        negative = v->type == GGUF_I64 && *out > INT64_MAX;
        break;
    case GGUF_F32:
    case GGUF_BOOL:
    case GGUF_STRING:
    case GGUF_ARRAY:
    case GGUF_F64: return mistyped(key, why);
    }
    if (negative) {
        *out = 0;
        return mistyped(key, why);
    }
    return STATUS_OK;
}

enum status gguf_f32(float *out, const struct gguf *g, const char *key, struct reason *why)
{
    const struct gguf_value *v;
    struct reader r;
    *out = 0;
    enum status status = find(&v, g, key, why);
    if (status != STATUS_OK)
        return status;
    if (v->type != GGUF_F32)
        return mistyped(key, why);
    reader_init(&r, v->bytes.bytes, v->bytes.len);
    uint32_t bits = reader_u32le(&r);
    if ((bits & 0x7f800000) == 0x7f800000)
        return mistyped(key, why);
    memcpy(out, &bits, sizeof *out);
    return STATUS_OK;
}

enum status gguf_text(struct gguf_text *out, const struct gguf *g, const char *key, struct reason *why)
{
    const struct gguf_value *v;
    *out = (struct gguf_text){NULL, 0};
    enum status status = find(&v, g, key, why);
    if (status != STATUS_OK)
        return status;
    if (v->type != GGUF_STRING)
        return mistyped(key, why);
    *out = (struct gguf_text){v->bytes.bytes + 8, v->bytes.len - 8};
    return STATUS_OK;
}

enum status gguf_bool(bool *out, const struct gguf *g, const char *key, struct reason *why)
{
    const struct gguf_value *v;
    *out = false;
    enum status status = find(&v, g, key, why);
    if (status != STATUS_OK)
        return status;
    if (v->type != GGUF_BOOL || v->bytes.bytes[0] > 1)
        return mistyped(key, why);
    *out = v->bytes.bytes[0] == 1;
    return STATUS_OK;
}

enum status gguf_array(const struct gguf_value **out, const struct gguf *g, const char *key, enum gguf_type element,
                       struct reason *why)
{
    enum status status = find(out, g, key, why);
    if (status != STATUS_OK)
        return status;
    if ((*out)->type != GGUF_ARRAY || (*out)->element != element) {
        *out = NULL;
        return mistyped(key, why);
    }
    return STATUS_OK;
}
