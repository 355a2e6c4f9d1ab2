/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/arena.h"
#include "core/base/checked.h"
#include "core/base/constant_time.h"
#include "tap.h"

static void arenas(void)
{
    _Alignas(64) uint8_t memory[256];
    struct arena a;
    memset(memory, 0xaa, sizeof memory);
    arena_init(&a, memory, sizeof memory);
    uint8_t *one = arena_take(&a, 3, 1, 1);
    uint64_t *eight = arena_take(&a, 2, 8, 8);
    check(one == memory && one[2] == 0 && memory[3] == 0xaa, "bytes are zeroed, and only those");
    check((uintptr_t)eight % 8 == 0 && arena_used(&a) == 24, "alignment");
    check(arena_take(&a, SIZE_MAX / 2, 3, 1) == NULL, "a product that overflows");
    check(arena_take(&a, 1, 233, 1) == NULL && arena_take(&a, 1, 0, 1) == NULL, "too much, and nothing");
    uint8_t *rest = arena_take(&a, 1, 232, 1);
    check(rest != NULL && arena_left(&a) == 0, "all of it");
    if (rest != NULL)
        memset(rest, 0x55, 232);
    arena_rewind(&a, 24);
    check(arena_left(&a) == 232 && memory[24] == 0 && memory[255] == 0, "rewinding wipes");
    arena_rewind(&a, 999);
    check(arena_used(&a) == 24, "rewinding forward does nothing");
    arena_init(&a, NULL, 0);
    check(arena_take(&a, 1, 1, 1) == NULL, "no memory");
}

static void arithmetic(void)
{
    uint64_t out;
    size_t size;
    check(checked_add_u64(&out, UINT64_MAX - 1, 1) && out == UINT64_MAX, "add up to the limit");
    check(!checked_add_u64(&out, UINT64_MAX, 1) && out == 0, "add over it");
    check(checked_mul_u64(&out, 1ULL << 32, (1ULL << 32) - 1), "multiply below the limit");
    check(!checked_mul_u64(&out, 1ULL << 32, 1ULL << 32) && out == 0, "multiply over it");
    check(!checked_add_size(&size, SIZE_MAX, 1) && !checked_mul_size(&size, SIZE_MAX, 2), "sizes");
    check(checked_round_up_u64(&out, 33, 32) && out == 64, "round up");
    check(checked_round_up_u64(&out, 0, 32) && out == 0, "round up nothing");
    check(!checked_round_up_u64(&out, UINT64_MAX, 32) && out == 0, "round up over the limit");
}

static void secrets(void)
{
    uint8_t a[33], b[33];
    bool every = true;
    memset(a, 3, sizeof a);
    memset(b, 3, sizeof b);
    check(constant_time_equal(a, b, sizeof a) && constant_time_equal(a, b, 0), "equal, and empty");
    for (size_t bit = 0; bit < sizeof a * 8; bit++) {
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        every = every && !constant_time_equal(a, b, sizeof a);
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(every, "any one bit makes them differ");
    wipe(a, 32);
    check(a[0] == 0 && a[31] == 0 && a[32] == 3, "wipe");
}

int main(void)
{
    arenas();
    arithmetic();
    secrets();
    return tap_done();
}
