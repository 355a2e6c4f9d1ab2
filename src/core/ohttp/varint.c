/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ohttp/varint.h"

uint64_t varint_read(struct reader *r)
{
    uint8_t first = reader_u8(r);
    uint64_t value = first & 0x3f;
    if (r->status != STATUS_OK)
        return 0;
    const uint8_t *rest = reader_bytes(r, varint_len_of(first) - 1);
    for (size_t i = 0; rest != NULL && i + 1 < varint_len_of(first); i++)
        value = value << 8 | rest[i];
    return r->status == STATUS_OK ? value : 0;
}

void varint_write(struct writer *w, uint64_t value)
{
    if (value > VARINT_MAX)
        writer_fail(w, STATUS_LIMIT);
    else if (value < 0x40)
        writer_u8(w, (uint8_t)value);
    else if (value < 0x4000)
        writer_u16be(w, (uint16_t)(value | 0x4000));
    else if (value < 0x40000000)
        writer_u32be(w, (uint32_t)value | 0x80000000U);
    else
        writer_u64be(w, value | UINT64_C(0xc000000000000000));
}
