/* SPDX-License-Identifier: Apache-2.0 */
#include "import/virtual_file.h"

#include "engine/numerics.h"

#include <string.h>

enum { NUMBERS = 1024 }; /* read at once */

struct reading {
    virtual_read_source *source;
    void *ctx;
    struct reason *why;
};

static float number(const uint8_t *bytes, enum weight_type type)
{
    uint32_t bits;
    if (type == WEIGHT_F16)
        return f32_from_f16(bytes);
    if (type == WEIGHT_BF16)
        return f32_from_bits((uint32_t)(bytes[0] | bytes[1] << 8) << 16);
    memcpy(&bits, bytes, sizeof bits);
    return f32_from_bits(bits);
}

/* The row of the source that becomes row of the file: neighbours 2i and 2i + 1 are i and i + half of the head. */
static uint64_t paired(const struct virtual_segment *s, uint64_t row)
{
    uint64_t in_head = row % s->head_rows;
    return row - in_head + in_head / 2 + in_head % 2 * (s->head_rows / 2);
}

/* Bytes [from, from + len) of a segment of numbers, which need not start or end between two of them. */
static enum status read_numbers(const struct virtual_segment *s, uint64_t from, uint8_t *out, size_t len,
                                const struct reading *r)
{
    uint8_t raw[NUMBERS * 4], wide[NUMBERS * 4];
    size_t size = s->type == WEIGHT_F32 ? 4 : 2;
    while (len > 0) {
        uint64_t first = from / 4;
        uint64_t left = s->len / 4 - first;
        uint64_t source = s->head_rows != 0 ? paired(s, first) : first;
        size_t n = s->head_rows != 0 ? 1 : left < NUMBERS ? (size_t)left : NUMBERS;
        size_t skip = (size_t)(from % 4);
        size_t part = n * 4 - skip < len ? n * 4 - skip : len;
        enum status status = r->source(r->ctx, s->source, s->offset + source * size, raw, n * size, r->why);
        if (status != STATUS_OK)
            return status;
        for (size_t i = 0; i < n; i++) {
            float value = number(raw + i * size, s->type);
            uint32_t bits = f32_bits(s->plus_one ? value + 1.0f : value);
            memcpy(wide + i * 4, &bits, sizeof bits);
        }
        memcpy(out, wide + skip, part);
        from += part;
        out += part;
        len -= part;
    }
    return STATUS_OK;
}

static enum status read_pairs(const struct virtual_segment *s, uint64_t from, uint8_t *out, size_t len,
                              const struct reading *r)
{
    while (len > 0) {
        uint64_t skip = from % s->row_len;
        size_t part = s->row_len - skip < len ? (size_t)(s->row_len - skip) : len;
        uint64_t offset = s->offset + paired(s, from / s->row_len) * s->row_len + skip;
        enum status status = r->source(r->ctx, s->source, offset, out, part, r->why);
        if (status != STATUS_OK)
            return status;
        from += part;
        out += part;
        len -= part;
    }
    return STATUS_OK;
}

static enum status read_segment(const struct virtual_segment *s, uint64_t from, uint8_t *out, size_t len,
                                const struct reading *r)
{
    switch (s->kind) {
    case SEGMENT_MEMORY: memcpy(out, s->memory + from, len); return STATUS_OK;
    case SEGMENT_COPY: return r->source(r->ctx, s->source, s->offset + from, out, len, r->why);
    case SEGMENT_NUMBERS: return read_numbers(s, from, out, len, r);
    case SEGMENT_PAIRS: return read_pairs(s, from, out, len, r);
    }
    return STATUS_BROKEN;
}

/* The first segment that ends after offset. */
static size_t find(const struct virtual_file *f, uint64_t offset)
{
    size_t low = 0;
    size_t high = f->segments_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->segments[middle].at + f->segments[middle].len <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum status virtual_file_read(const struct virtual_file *f, uint64_t offset, uint8_t *out, size_t len,
                              virtual_read_source *read_source, void *ctx, struct reason *why)
{
    const struct reading r = {read_source, ctx, why};
    if (offset > f->len || len > f->len - offset)
        return STATUS_USAGE;
    uint64_t end = offset + len;
    if (len != 0)
        memset(out, 0, len);
    for (size_t i = find(f, offset); i < f->segments_n && f->segments[i].at < end; i++) {
        const struct virtual_segment *s = &f->segments[i];
        uint64_t first = s->at > offset ? s->at : offset;
        uint64_t last = s->at + s->len < end ? s->at + s->len : end;
        enum status status = read_segment(s, first - s->at, out + (first - offset), (size_t)(last - first), &r);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
