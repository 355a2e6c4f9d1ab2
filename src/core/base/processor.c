/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/processor.h"

#include <stdint.h>

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t number, uint32_t part)
{
    struct leaf l = {.a = number, .c = part};
    __asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l;
}

/* XCR0: the registers that the kernel saves. */
static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has_all(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

/* Palette 1 as everything here takes it: eight tiles, 16 rows, 64 bytes. */
static bool has_tiles(uint32_t leaves_n)
{
    struct leaf l = leaves_n >= 0x1d ? cpuid(0x1d, 1) : (struct leaf){0};
    return l.a >> 16 == 1024 && l.b == (8U << 16 | 64) && (l.c & 0xffff) == 16;
}

struct processor processor_read(void)
{
    enum {
        ONE_C = 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29,       /* FMA, OSXSAVE, AVX, F16C */
        SEVEN_B_AVX2 = 1 << 5,                               /* AVX2 */
        SEVEN_C_VNNI = 1 << 11,                              /* AVX512_VNNI */
        SEVEN_D_AMX = 1 << 22 | 1 << 24 | 1 << 25,           /* AMX-BF16, AMX-TILE, AMX-INT8 */
        SAVED_AVX = 1 << 1 | 1 << 2,                         /* XMM, YMM */
        SAVED_AVX512 = SAVED_AVX | 1 << 5 | 1 << 6 | 1 << 7, /* masks, ZMM */
        SAVED_AMX = SAVED_AVX512 | 1 << 17 | 1 << 18,        /* XTILECFG, XTILEDATA */
    };
    const uint32_t seven_b_avx512 = 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31; /* F, DQ, BW, VL */
    struct processor has = {0};
    uint32_t leaves_n = cpuid(0, 0).a;
    if (leaves_n < 7 || !has_all(cpuid(1, 0).c, ONE_C))
        return has;
    struct leaf seven = cpuid(7, 0);
    uint32_t saved = saved_registers();
    has.avx2 = has_all(seven.b, SEVEN_B_AVX2) && has_all(saved, SAVED_AVX);
    has.avx512_vnni =
        has.avx2 && has_all(seven.b, seven_b_avx512) && has_all(seven.c, SEVEN_C_VNNI) && has_all(saved, SAVED_AVX512);
    has.amx = has.avx512_vnni && has_all(seven.d, SEVEN_D_AMX) && has_all(saved, SAVED_AMX) && has_tiles(leaves_n);
    return has;
}
