/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor into a caller's buffer.  The first write that does not fit sticks: later ones write nothing, and writer_end
 * reports it.  writer_needed counts on, so a failed pass tells how large the buffer must be. */
#ifndef CORE_BASE_WRITER_H
#define CORE_BASE_WRITER_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

struct writer {
    uint8_t *start;
    size_t capacity;
    size_t needed; /* bytes asked for so far; more than capacity after a failure */
    enum status status;
};

/* Writes to buffer; buffer may be NULL with capacity 0 to measure. */
void writer_init(struct writer *w, void *buffer, size_t capacity);

void writer_u8(struct writer *w, uint8_t value);
void writer_u16be(struct writer *w, uint16_t value);
void writer_u16le(struct writer *w, uint16_t value);
void writer_u32be(struct writer *w, uint32_t value);
void writer_u32le(struct writer *w, uint32_t value);
void writer_u64be(struct writer *w, uint64_t value);
void writer_u64le(struct writer *w, uint64_t value);
void writer_bytes(struct writer *w, const void *bytes, size_t len);
void writer_text(struct writer *w, const char *text); /* without the final NUL */
void writer_decimal(struct writer *w, uint64_t value);

/* Room for len bytes that the caller fills, or NULL when they do not fit. */
uint8_t *writer_space(struct writer *w, size_t len);

/* Makes the writer fail with status, unless it has failed before. */
void writer_fail(struct writer *w, enum status status);

/* Bytes written; 0 after a failure. */
size_t writer_len(const struct writer *w);

/* STATUS_OK, or what went wrong first (STATUS_LIMIT: the buffer is too small). */
must_check enum status writer_end(const struct writer *w);

#endif
