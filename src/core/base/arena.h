/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that the caller owns, handed out front to back and taken back all at once. */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *start;
    size_t capacity;
    size_t used;
};

/* Uses capacity bytes at memory; the caller keeps them alive. */
void arena_init(struct arena *a, void *memory, size_t capacity);

/* count objects of size bytes each, zeroed, aligned to align (a power of two); NULL when they do not fit, the product
 * overflows or size is 0. */
void *arena_take(struct arena *a, size_t count, size_t size, size_t align);

/* Bytes that are not handed out. */
size_t arena_left(const struct arena *a);

/* Takes back everything handed out since arena_used returned used, and wipes it. */
void arena_rewind(struct arena *a, size_t used);
size_t arena_used(const struct arena *a);

#endif
