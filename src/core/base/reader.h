/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over bytes from outside.  The first failure sticks: later reads return zero and move nothing, so a parser
 * reads every field in a row and asks once, at reader_end. */
#ifndef CORE_BASE_READER_H
#define CORE_BASE_READER_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    enum status status;
};

/* Starts at bytes; the caller keeps them alive and unchanged. */
void reader_init(struct reader *r, const void *bytes, size_t bytes_len);

/* Integers, big endian (be) or little endian (le); 0 past the end, with STATUS_TRUNCATED kept. */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint16_t reader_u16le(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint32_t reader_u32le(struct reader *r);
uint64_t reader_u64be(struct reader *r);
uint64_t reader_u64le(struct reader *r);

/* The next len bytes in place, or NULL past the end.  With len 0 the pointer is valid but must not be read. */
const uint8_t *reader_bytes(struct reader *r, size_t len);

/* Copies the next len bytes to out; zeroes out past the end. */
void reader_copy(struct reader *r, void *out, size_t len);

/* Splits off the next len bytes as a reader of their own; an empty, failed one past the end. */
struct reader reader_part(struct reader *r, size_t len);

/* Bytes not yet read; 0 after a failure. */
size_t reader_left(const struct reader *r);

/* Makes the reader fail with status, unless it has failed before. */
void reader_fail(struct reader *r, enum status status);

/* STATUS_OK when nothing failed and every byte was read; STATUS_MALFORMED when bytes are left over. */
must_check enum status reader_end(const struct reader *r);

#endif
