/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of src/engine/kernel/amx_tiles.h: tiles in plain C, from the operations of the Intel SDM (volume 2,
 * LDTILECFG, TILELOADD, TILESTORED, TDPBSSD, TDPBF16PS), not from spec/numerics.md; what a processor refuses with an
 * exception ends the test.  FP32 FMA with DAZ=FTZ=1 is the processor's own. */
#ifndef ENGINE_KERNEL_AMX_TILES_H
#define ENGINE_KERNEL_AMX_TILES_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tile_config {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_len[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tile_config) == 64, "as the processor reads it");

struct emulated_tile {
    unsigned rows, colsb; /* 0: not configured */
    uint8_t row[16][64];
};

static _Thread_local struct emulated_tile emulated_tiles[8];

static inline void emulated_demand(int fact, const char *exception)
{
    if (fact)
        return;
    printf("Bail out! emulated AMX: %s\n", exception);
    abort();
}

static inline void tiles_configure(const struct tile_config *config)
{
    static const uint8_t zeros[16];
    emulated_demand(config->palette == 1 && config->start_row == 0, "#GP: palette");
    emulated_demand(memcmp(config->reserved, zeros, 14) == 0 && memcmp(config->row_len + 8, zeros, 16) == 0 &&
                        memcmp(config->rows + 8, zeros, 8) == 0,
                    "#GP: reserved bytes");
    for (int i = 0; i < 8; i++) {
        emulated_demand(config->row_len[i] <= 64 && config->rows[i] <= 16, "#GP: a tile is too large");
        emulated_demand((config->row_len[i] == 0) == (config->rows[i] == 0), "#GP: half a tile");
        emulated_tiles[i] = (struct emulated_tile){.rows = config->rows[i], .colsb = config->row_len[i]};
    }
}

static inline void tiles_release(void)
{
    memset(emulated_tiles, 0, sizeof emulated_tiles);
}

static inline struct emulated_tile *emulated_valid(int tile)
{
    emulated_demand(tile >= 0 && tile < 8 && emulated_tiles[tile].rows != 0 && emulated_tiles[tile].colsb % 4 == 0,
                    "#UD: no such tile");
    return &emulated_tiles[tile];
}

static inline void tile_zero(int tile)
{
    memset(emulated_valid(tile)->row, 0, sizeof emulated_tiles[0].row);
}

static inline void tile_load(int tile, const void *rows, size_t stride)
{
    struct emulated_tile *t = emulated_valid(tile);
    memset(t->row, 0, sizeof t->row);
    for (unsigned i = 0; i < t->rows; i++)
        memcpy(t->row[i], (const uint8_t *)rows + i * stride, t->colsb);
}

static inline void tile_store(void *rows, size_t stride, int tile)
{
    const struct emulated_tile *t = emulated_valid(tile);
    for (unsigned i = 0; i < t->rows; i++)
        memcpy((uint8_t *)rows + i * stride, t->row[i], t->colsb);
}

/* The shapes that a product of tiles demands. */
static inline void emulated_shapes(int c, int a, int b)
{
    emulated_demand(c != a && c != b && a != b, "#UD: a tile twice");
    emulated_demand(emulated_valid(c)->colsb == emulated_valid(b)->colsb &&
                        emulated_valid(c)->rows == emulated_valid(a)->rows &&
                        emulated_valid(a)->colsb / 4 == emulated_valid(b)->rows,
                    "#UD: shapes");
}

static inline void tile_dot_int8(int sums, int a, int b)
{
    emulated_shapes(sums, a, b);
    struct emulated_tile *c = &emulated_tiles[sums];
    for (unsigned m = 0; m < c->rows; m++)
        for (unsigned k = 0; k < emulated_tiles[a].colsb / 4; k++)
            for (unsigned n = 0; n < c->colsb / 4; n++) {
                int32_t sum;
                memcpy(&sum, c->row[m] + 4 * n, 4);
                for (unsigned i = 0; i < 4; i++)
                    sum += (int8_t)emulated_tiles[a].row[m][4 * k + i] * (int8_t)emulated_tiles[b].row[k][4 * n + i];
                memcpy(c->row[m] + 4 * n, &sum, 4);
            }
}

/* DPBF16: make_fp32 of both, then temp = temp + x * y, fused. */
static inline void emulated_fma(float *temp, const uint8_t *x, const uint8_t *y)
{
    uint16_t halves[2];
    uint32_t words[2];
    float values[2];
    memcpy(halves, x, 2);
    memcpy(halves + 1, y, 2);
    words[0] = (uint32_t)halves[0] << 16;
    words[1] = (uint32_t)halves[1] << 16;
    memcpy(values, words, sizeof values);
    *temp = _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(values[0]), _mm_set_ss(values[1]), _mm_set_ss(*temp)));
}

/* One row of sums; not inlined, so that nothing is computed outside of the mode that the caller sets. */
__attribute__((noinline)) static void emulated_bf16_row(float *c, const uint8_t *a, const uint8_t (*b)[64],
                                                        unsigned pairs_n, unsigned sums_n)
{
    float temp[32] = {0};
    for (unsigned k = 0; k < pairs_n; k++)
        for (unsigned n = 0; n < sums_n; n++) {
            emulated_fma(&temp[2 * n], a + 4 * k, b[k] + 4 * n);
            emulated_fma(&temp[2 * n + 1], a + 4 * k + 2, b[k] + 4 * n + 2);
        }
    for (unsigned n = 0; n < sums_n; n++)
        c[n] = c[n] + (temp[2 * n] + temp[2 * n + 1]);
}

static inline void tile_dot_bf16(int sums, int a, int b)
{
    emulated_shapes(sums, a, b);
    struct emulated_tile *c = &emulated_tiles[sums];
    unsigned mode = _mm_getcsr();
    _mm_setcsr(0x1f80 | 0x8040); /* to nearest even, no exceptions, DAZ and FTZ */
    for (unsigned m = 0; m < c->rows; m++) {
        float row[16];
        memcpy(row, c->row[m], sizeof row);
        emulated_bf16_row(row, emulated_tiles[a].row[m], (const uint8_t(*)[64])emulated_tiles[b].row,
                          emulated_tiles[a].colsb / 4, c->colsb / 4);
        memcpy(c->row[m], row, sizeof row);
    }
    _mm_setcsr(mode);
}

#endif
