/* SPDX-License-Identifier: Apache-2.0 */
/* Variable-length integers of QUIC (RFC 9000 section 16): 1, 2, 4 or 8 bytes, up to 2^62 - 1. */
#ifndef CORE_OHTTP_VARINT_H
#define CORE_OHTTP_VARINT_H

#include "core/base/reader.h"
#include "core/base/writer.h"
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX ((UINT64_C(1) << 62) - 1)

enum { VARINT_LEN_MAX = 8 };

/* Bytes of the integer whose first byte is given. */
static inline size_t varint_len_of(uint8_t first)
{
    return (size_t)1 << (first >> 6);
}

/* Any of the lengths, also a longer one than needed; 0 after a failure. */
uint64_t varint_read(struct reader *r);

/* The shortest form; the writer fails with STATUS_LIMIT over VARINT_MAX. */
void varint_write(struct writer *w, uint64_t value);

#endif
