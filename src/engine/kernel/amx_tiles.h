/* SPDX-License-Identifier: Apache-2.0 */
/* The tile instructions of AMX; a tile is 1 KiB at most, 16 rows of 64 bytes.  In assembly, because the intrinsics of
 * gcc 12 do not say which memory they read and write, so that the stores that make it ready can be left out.  The
 * numbers of tiles are constants. */
#ifndef ENGINE_KERNEL_AMX_TILES_H
#define ENGINE_KERNEL_AMX_TILES_H

#include <stddef.h>
#include <stdint.h>

/* What LDTILECFG reads (Intel SDM, volume 1, 18.3). */
struct tile_config {
    uint8_t palette; /* 1: eight tiles */
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_len[16]; /* bytes, of the first eight; the others are 0 */
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tile_config) == 64, "as the processor reads it");

/* Gives the tiles their shapes and makes them zero. */
static inline void tiles_configure(const struct tile_config *config)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*config));
}

/* Tiles are neither in use nor saved with the thread after this. */
static inline void tiles_release(void)
{
    __asm__ volatile("tilerelease");
}

__attribute__((always_inline)) static inline void tile_zero(int tile)
{
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(tile));
}

/* stride: bytes from row to row. */
__attribute__((always_inline)) static inline void tile_load(int tile, const void *rows, size_t stride)
{
    __asm__ volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(tile), "r"(rows), "r"(stride) : "memory");
}

__attribute__((always_inline)) static inline void tile_store(void *rows, size_t stride, int tile)
{
    __asm__ volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(tile), "r"(rows), "r"(stride) : "memory");
}

/* sums: int32 [m, n] += a: int8 [m, 4k] . b: int8 [k, n, 4] */
__attribute__((always_inline)) static inline void tile_dot_int8(int sums, int a, int b)
{
    __asm__ volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(a), "i"(b));
}

/* sums: float [m, n] += a: BF16 [m, 2k] . b: BF16 [k, n, 2], in the order of NUM-23 and as NUM-24 says */
__attribute__((always_inline)) static inline void tile_dot_bf16(int sums, int a, int b)
{
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(a), "i"(b));
}

#endif
