/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/arena.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"

#include <string.h>

void arena_init(struct arena *a, void *memory, size_t capacity)
{
    a->start = memory;
    a->capacity = capacity;
    a->used = 0;
}

void *arena_take(struct arena *a, size_t count, size_t size, size_t align)
{
    size_t len;
    if (size == 0 || a->start == NULL || !checked_mul_size(&len, count, size))
        return NULL;
    size_t misaligned = (size_t)((uintptr_t)(a->start + a->used) & (align - 1));
    size_t padding = misaligned == 0 ? 0 : align - misaligned;
    if (padding > a->capacity - a->used || len > a->capacity - a->used - padding)
        return NULL;
    uint8_t *memory = a->start + a->used + padding;
    a->used += padding + len;
    memset(memory, 0, len);
    return memory;
}

size_t arena_left(const struct arena *a)
{
    return a->capacity - a->used;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

void arena_rewind(struct arena *a, size_t used)
{
    if (used >= a->used)
        return;
    wipe(a->start + used, a->used - used);
    a->used = used;
}
