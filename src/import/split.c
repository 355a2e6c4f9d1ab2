/* SPDX-License-Identifier: Apache-2.0 */
#include "import/split.h"

#include "core/base/checked.h"
#include "engine/layout.h"
#include "engine/model.h"
#include "import/builder.h"

#include <string.h>

enum { TAIL_LEN = sizeof "-00000-of-00000.gguf" - 1, NUMBER_AT = 1, COUNT_AT = 10, DIGITS = 5 };

static bool digits(uint32_t *value, const char *text)
{
    *value = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

bool split_name_read(const char *name, uint32_t *number, uint32_t *count)
{
    size_t len = strlen(name);
    *number = *count = 0;
    if (len < TAIL_LEN)
        return false;
    const char *end = name + len - TAIL_LEN;
    return end[0] == '-' && digits(number, end + NUMBER_AT) && memcmp(end + 6, "-of-", 4) == 0 &&
           digits(count, end + COUNT_AT) && strcmp(end + COUNT_AT + DIGITS, ".gguf") == 0;
}

void split_name_set(char *name, size_t len, uint32_t number)
{
    char *end = name + len - TAIL_LEN + NUMBER_AT + DIGITS;
    for (size_t i = 0; i < DIGITS; i++, number /= 10)
        *--end = (char)('0' + number % 10);
}

static enum status fail(struct reason *why, enum status status, size_t part, const char *text)
{
    reason_set(why, "split model: part ", NULL);
    reason_add_u64(why, part + 1);
    reason_add(why, ": ");
    reason_add(why, text);
    return status;
}

static enum status check_number(const struct gguf *g, size_t part, const char *key, uint64_t expected, const char *text,
                                struct reason *why)
{
    uint64_t value;
    enum status status = gguf_u64(&value, g, key, why);
    if (status != STATUS_OK) {
        reason_set(why, "split model: part ", NULL);
        reason_add_u64(why, part + 1);
        reason_add(why, status == STATUS_NOT_FOUND ? " has no key " : " has a bad value of ");
        reason_add(why, key);
        return STATUS_MALFORMED;
    }
    return value == expected ? STATUS_OK : fail(why, STATUS_MALFORMED, part, text);
}

/* The tensors of one part, each where its bytes stand. */
static enum status add_tensors(struct builder *b, const struct gguf *g, const struct split_part *part, size_t index,
                               struct reason *why)
{
    uint64_t end = 0;
    for (size_t i = 0; i < g->tensors_n; i++) {
        const struct gguf_tensor *t = &g->tensors[i];
        enum weight_type type = format_find(t->type);
        uint64_t len, rows, last;
        if (type == WEIGHT_TYPES_N) {
            reason_set(why, "split model: unsupported type ", format_number_name(t->type), " of tensor ", NULL);
            reason_add_quoted(why, t->name.bytes, t->name.len);
            return STATUS_UNSUPPORTED;
        }
        if (t->dimensions[0] > UINT32_MAX || !checked_mul_u64(&rows, t->dimensions[1], t->dimensions[2]) ||
            !checked_mul_u64(&rows, rows, t->dimensions[3]) ||
            !checked_mul_u64(&len, rows, layout_row_len(type, t->dimensions[0])))
            return fail(why, STATUS_MALFORMED, index, "absurd dimensions of a tensor");
        if (t->offset < end)
            return fail(why, STATUS_MALFORMED, index, "overlapping or unordered tensors");
        if (!checked_add_u64(&last, t->offset, len) || part->file_len < g->data_offset ||
            last > part->file_len - g->data_offset)
            return fail(why, STATUS_TRUNCATED, index, "the file ends before its tensors");
        end = last;
        builder_tensor(b, t->name.bytes, t->name.len, t->dimensions, t->dimensions_n, t->type, len);
        builder_segment(
            b, (struct virtual_segment){
                   .kind = SEGMENT_COPY, .source = (uint32_t)index, .offset = g->data_offset + t->offset, .len = len});
    }
    return STATUS_OK;
}

static void add_keys(struct builder *b, const struct gguf *g)
{
    for (size_t i = 0; i < g->values_n; i++) {
        const struct gguf_text key = g->values[i].key;
        if (key.len < 6 || memcmp(key.bytes, "split.", 6) != 0)
            builder_value(b, &g->values[i]);
    }
    b->alignment = g->alignment;
}

static enum status add_part(struct builder *b, struct arena *a, const struct split_part *parts, size_t parts_n,
                            size_t index, uint64_t *tensors_n, struct reason *why)
{
    struct gguf g;
    struct reason inner = {""};
    enum status status = gguf_parse(&g, a, parts[index].meta, parts[index].meta_len, &inner);
    if (status != STATUS_OK)
        return fail(why, status, index, inner.text);
    status = check_number(&g, index, "split.no", index, "split.no is not what the file's name says", why);
    if (status == STATUS_OK)
        status = check_number(&g, index, "split.count", parts_n, "split.count is not what the file's name says", why);
    if (status == STATUS_OK && index == 0)
        status = gguf_u64(tensors_n, &g, "split.tensors.count", why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (index == 0)
        add_keys(b, &g);
    return add_tensors(b, &g, &parts[index], index, why);
}

static size_t meta_len(const struct split_part *parts, size_t parts_n)
{
    size_t sum = 0;
    for (size_t i = 0; i < parts_n; i++)
        if (!checked_add_size(&sum, sum, parts[i].meta_len))
            return SIZE_MAX / 64;
    return sum;
}

/* A tensor takes 33 bytes of a part's metadata at least. */
static size_t tensors_max(size_t len)
{
    return len / 33 + 1;
}

size_t split_arena_len(const struct split_part *parts, size_t parts_n)
{
    size_t sum;
    size_t len = meta_len(parts, parts_n);
    size_t keys_len = parts_n == 0 ? 0 : parts[0].meta_len;
    size_t n = tensors_max(len);
    for (size_t i = 0; i < parts_n; i++)
        if (!checked_add_size(&len, len, model_arena_len(parts[i].meta_len)))
            return SIZE_MAX;
    return checked_add_size(&sum, builder_arena_len(keys_len, n, n), len) ? sum : SIZE_MAX;
}

enum status split_join(struct virtual_file *f, struct arena *a, const struct split_part *parts, size_t parts_n,
                       struct reason *why)
{
    struct builder b;
    uint64_t tensors_n = 0;
    enum status status = STATUS_OK;
    *f = (struct virtual_file){0};
    if (parts_n == 0 || parts_n > SPLIT_PARTS_MAX) {
        reason_set(why, "split model: not 1 to 1024 parts", NULL);
        return STATUS_LIMIT;
    }
    size_t n = tensors_max(meta_len(parts, parts_n));
    builder_init(&b, a, parts[0].meta_len, n, n);
    for (size_t i = 0; i < parts_n && status == STATUS_OK; i++)
        status = add_part(&b, a, parts, parts_n, i, &tensors_n, why);
    if (status == STATUS_OK && tensors_n != b.tensors_n) {
        reason_set(why, "split model: the parts do not hold as many tensors as split.tensors.count says", NULL);
        status = STATUS_MALFORMED;
    }
    return status == STATUS_OK ? builder_finish(f, &b, why) : status;
}
