/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/writer.h"

#include <string.h>

void writer_init(struct writer *w, void *buffer, size_t capacity)
{
    w->start = buffer;
    w->capacity = capacity;
    w->needed = 0;
    w->status = STATUS_OK;
}

void writer_fail(struct writer *w, enum status status)
{
    if (w->status == STATUS_OK)
        w->status = status;
}

uint8_t *writer_space(struct writer *w, size_t len)
{
    size_t at = w->needed;
    if (len > SIZE_MAX - at) {
        writer_fail(w, STATUS_LIMIT);
        return NULL;
    }
    w->needed = at + len;
    if (w->needed > w->capacity)
        writer_fail(w, STATUS_LIMIT);
    if (w->status != STATUS_OK || w->start == NULL)
        return NULL;
    return w->start + at;
}

void writer_bytes(struct writer *w, const void *bytes, size_t len)
{
    uint8_t *space = writer_space(w, len);
    if (space != NULL && len != 0)
        memcpy(space, bytes, len);
}

void writer_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

static void write_be(struct writer *w, uint64_t value, size_t len)
{
    uint8_t *space = writer_space(w, len);
    for (size_t i = 0; space != NULL && i < len; i++)
        space[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

static void write_le(struct writer *w, uint64_t value, size_t len)
{
    uint8_t *space = writer_space(w, len);
    for (size_t i = 0; space != NULL && i < len; i++)
        space[i] = (uint8_t)(value >> (8 * i));
}

void writer_u8(struct writer *w, uint8_t value)
{
    write_be(w, value, 1);
}

void writer_u16be(struct writer *w, uint16_t value)
{
    write_be(w, value, 2);
}

void writer_u16le(struct writer *w, uint16_t value)
{
    write_le(w, value, 2);
}

void writer_u32be(struct writer *w, uint32_t value)
{
    write_be(w, value, 4);
}

void writer_u32le(struct writer *w, uint32_t value)
{
    write_le(w, value, 4);
}

void writer_u64be(struct writer *w, uint64_t value)
{
    write_be(w, value, 8);
}

void writer_u64le(struct writer *w, uint64_t value)
{
    write_le(w, value, 8);
}

void writer_decimal(struct writer *w, uint64_t value)
{
    char digits[20]; /* 2^64 - 1 has 20 */
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    writer_bytes(w, digits + first, sizeof digits - first);
}

size_t writer_len(const struct writer *w)
{
    return w->status == STATUS_OK ? w->needed : 0;
}

enum status writer_end(const struct writer *w)
{
    return w->status;
}
