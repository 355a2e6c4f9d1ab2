/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/reader.h"

#include <string.h>

void reader_init(struct reader *r, const void *bytes, size_t bytes_len)
{
    r->at = bytes;
    r->end = bytes_len == 0 ? r->at : r->at + bytes_len;
    r->status = STATUS_OK;
}

void reader_fail(struct reader *r, enum status status)
{
    if (r->status == STATUS_OK)
        r->status = status;
    r->at = r->end;
}

size_t reader_left(const struct reader *r)
{
    return r->status == STATUS_OK ? (size_t)(r->end - r->at) : 0;
}

const uint8_t *reader_bytes(struct reader *r, size_t len)
{
    if (r->status != STATUS_OK)
        return NULL;
    if (len > reader_left(r)) {
        reader_fail(r, STATUS_TRUNCATED);
        return NULL;
    }
    const uint8_t *bytes = r->at;
    if (len != 0)
        r->at += len;
    return bytes;
}

void reader_copy(struct reader *r, void *out, size_t len)
{
    const uint8_t *bytes = reader_bytes(r, len);
    if (len == 0)
        return;
    if (bytes == NULL)
        memset(out, 0, len);
    else
        memcpy(out, bytes, len);
}

struct reader reader_part(struct reader *r, size_t len)
{
    struct reader part;
    const uint8_t *bytes = reader_bytes(r, len);
    reader_init(&part, bytes, bytes == NULL ? 0 : len);
    if (r->status != STATUS_OK)
        part.status = r->status;
    return part;
}

static uint64_t read_be(struct reader *r, size_t len)
{
    const uint8_t *bytes = reader_bytes(r, len);
    uint64_t value = 0;
    for (size_t i = 0; bytes != NULL && i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t read_le(struct reader *r, size_t len)
{
    const uint8_t *bytes = reader_bytes(r, len);
    uint64_t value = 0;
    for (size_t i = len; bytes != NULL && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)read_be(r, 1);
}

uint16_t reader_u16be(struct reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint16_t reader_u16le(struct reader *r)
{
    return (uint16_t)read_le(r, 2);
}

uint32_t reader_u32be(struct reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint32_t reader_u32le(struct reader *r)
{
    return (uint32_t)read_le(r, 4);
}

uint64_t reader_u64be(struct reader *r)
{
    return read_be(r, 8);
}

uint64_t reader_u64le(struct reader *r)
{
    return read_le(r, 8);
}

enum status reader_end(const struct reader *r)
{
    if (r->status != STATUS_OK)
        return r->status;
    return r->at == r->end ? STATUS_OK : STATUS_MALFORMED;
}
