/* SPDX-License-Identifier: Apache-2.0 */
#include "import/builder.h"

#include "core/base/checked.h"
#include "engine/numerics.h"

#include <string.h>

enum {
    HEAD_LEN = 4 + 4 + 8 + 8, /* magic, version, counts */
    TENSOR_LEN_MAX = 8 + GGUF_NAME_MAX + 4 + 8 * GGUF_DIMENSIONS_MAX + 4 + 8,
    ALIGNMENT = 32,
};

static void fail(struct builder *b, enum status status)
{
    if (b->status == STATUS_OK)
        b->status = status;
}

size_t builder_arena_len(size_t keys_len, size_t tensors_max, size_t segments_max)
{
    /* keys and tensors, both again in one piece, and what gguf_parse takes (engine/model.h, model_arena_len) */
    size_t meta_len, segments_len, twelve;
    if (!checked_mul_size(&meta_len, tensors_max, TENSOR_LEN_MAX) || !checked_add_size(&meta_len, meta_len, keys_len) ||
        !checked_mul_size(&twelve, meta_len, 12) ||
        !checked_mul_size(&segments_len, segments_max + 1, sizeof(struct virtual_segment)) ||
        !checked_add_size(&twelve, twelve, segments_len) || !checked_add_size(&twelve, twelve, (size_t)1 << 20))
        return SIZE_MAX;
    return twelve;
}

void builder_init(struct builder *b, struct arena *arena, size_t keys_len, size_t tensors_max, size_t segments_max)
{
    *b = (struct builder){.arena = arena, .segments_n = 1, .segments_max = segments_max + 1, .alignment = ALIGNMENT};
    size_t tensors_len = tensors_max > SIZE_MAX / TENSOR_LEN_MAX ? SIZE_MAX : tensors_max * TENSOR_LEN_MAX + 1;
    uint8_t *keys = arena_take(arena, keys_len, 1, 1);
    uint8_t *tensors = arena_take(arena, tensors_len, 1, 1);
    b->segments = arena_take(arena, b->segments_max, sizeof *b->segments, _Alignof(struct virtual_segment));
    if (keys == NULL || tensors == NULL || b->segments == NULL)
        fail(b, STATUS_NO_MEMORY);
    writer_init(&b->keys, keys, keys == NULL ? 0 : keys_len);
    writer_init(&b->tensors, tensors, tensors == NULL ? 0 : tensors_len);
}

void builder_element_text(struct builder *b, const void *text, size_t len)
{
    writer_u64le(&b->keys, len);
    if (len != 0)
        writer_bytes(&b->keys, text, len);
}

static void key(struct builder *b, const char *name, enum gguf_type type)
{
    builder_element_text(b, name, strlen(name));
    writer_u32le(&b->keys, (uint32_t)type);
    b->keys_n++;
}

void builder_u32(struct builder *b, const char *name, uint32_t value)
{
    key(b, name, GGUF_U32);
    writer_u32le(&b->keys, value);
}

void builder_f32(struct builder *b, const char *name, float value)
{
    key(b, name, GGUF_F32);
    writer_u32le(&b->keys, f32_bits(value));
}

void builder_bool(struct builder *b, const char *name, bool value)
{
    key(b, name, GGUF_BOOL);
    writer_u8(&b->keys, value ? 1 : 0);
}

void builder_text(struct builder *b, const char *name, const void *text, size_t len)
{
    key(b, name, GGUF_STRING);
    builder_element_text(b, text, len);
}

void builder_value(struct builder *b, const struct gguf_value *value)
{
    builder_element_text(b, value->key.bytes, value->key.len);
    writer_u32le(&b->keys, (uint32_t)value->type);
    if (value->type == GGUF_ARRAY) {
        writer_u32le(&b->keys, (uint32_t)value->element);
        writer_u64le(&b->keys, value->elements_n);
    }
    if (value->bytes.len != 0)
        writer_bytes(&b->keys, value->bytes.bytes, value->bytes.len);
    b->keys_n++;
}

void builder_array(struct builder *b, const char *name, enum gguf_type element, uint64_t n)
{
    key(b, name, GGUF_ARRAY);
    writer_u32le(&b->keys, (uint32_t)element);
    writer_u64le(&b->keys, n);
}

void builder_tensor(struct builder *b, const void *name, size_t name_len, const uint64_t *dimensions,
                    uint32_t dimensions_n, uint32_t type, uint64_t len)
{
    uint64_t end;
    if (b->filled != b->data_len && !checked_round_up_u64(&b->filled, b->filled, b->alignment))
        fail(b, STATUS_LIMIT);
    if (b->filled != b->data_len) /* the tensor before was not filled, or overfilled */
        fail(b, STATUS_BROKEN);
    writer_u64le(&b->tensors, name_len);
    writer_bytes(&b->tensors, name, name_len);
    writer_u32le(&b->tensors, dimensions_n);
    for (uint32_t i = 0; i < dimensions_n; i++)
        writer_u64le(&b->tensors, dimensions[i]);
    writer_u32le(&b->tensors, type);
    writer_u64le(&b->tensors, b->data_len);
    b->filled = b->data_len;
    b->tensors_n++;
    if (!checked_add_u64(&end, b->data_len, len) || !checked_round_up_u64(&end, end, b->alignment) || end > INT64_MAX)
        fail(b, STATUS_LIMIT);
    b->data_len = end;
}

void builder_segment(struct builder *b, struct virtual_segment segment)
{
    if (b->segments_n == b->segments_max || segment.len > b->data_len - b->filled) {
        fail(b, b->segments_n == b->segments_max ? STATUS_LIMIT : STATUS_BROKEN);
        return;
    }
    segment.at = b->filled;
    b->filled += segment.len;
    if (segment.len != 0 && b->status == STATUS_OK)
        b->segments[b->segments_n++] = segment;
}

/* Head, keys, tensors and padding in one piece. */
static uint8_t *join(struct builder *b, size_t *meta_len)
{
    struct writer w;
    uint64_t padded;
    size_t len = HEAD_LEN + writer_len(&b->keys) + writer_len(&b->tensors);
    if (!checked_round_up_u64(&padded, len, b->alignment))
        return NULL;
    uint8_t *meta = arena_take(b->arena, (size_t)padded, 1, 1);
    if (meta == NULL)
        return NULL;
    writer_init(&w, meta, (size_t)padded);
    writer_text(&w, "GGUF");
    writer_u32le(&w, 3);
    writer_u64le(&w, b->tensors_n);
    writer_u64le(&w, b->keys_n);
    writer_bytes(&w, b->keys.start, writer_len(&b->keys));
    writer_bytes(&w, b->tensors.start, writer_len(&b->tensors));
    *meta_len = (size_t)padded;
    return meta;
}

static enum status end(const struct builder *b)
{
    if (b->status != STATUS_OK)
        return b->status;
    enum status status = writer_end(&b->keys);
    return status == STATUS_OK ? writer_end(&b->tensors) : status;
}

enum status builder_finish(struct virtual_file *f, struct builder *b, struct reason *why)
{
    size_t meta_len;
    struct gguf g;
    *f = (struct virtual_file){0};
    enum status status = end(b);
    if (status != STATUS_OK) {
        reason_set(why, "import: the metadata does not fit: ", status_name(status), NULL);
        return status;
    }
    uint8_t *meta = join(b, &meta_len);
    if (meta == NULL)
        return STATUS_NO_MEMORY;
    status = gguf_parse(&g, b->arena, meta, meta_len, why);
    if (status != STATUS_OK)
        return status;
    b->segments[0] = (struct virtual_segment){.kind = SEGMENT_MEMORY, .memory = meta, .len = meta_len};
    for (size_t i = 1; i < b->segments_n; i++)
        b->segments[i].at += meta_len;
    *f = (struct virtual_file){b->segments, b->segments_n, meta_len + b->data_len, meta_len};
    return STATUS_OK;
}
