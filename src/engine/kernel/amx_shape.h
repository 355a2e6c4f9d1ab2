/* SPDX-License-Identifier: Apache-2.0 */
/* How products use the eight tiles: a row of a tile of sums is a token, its 16 columns are the rows of a group. */
#ifndef ENGINE_KERNEL_AMX_SHAPE_H
#define ENGINE_KERNEL_AMX_SHAPE_H

#include "engine/format.h"
#include "engine/kernel/amx_tiles.h"

enum {
    LINE = 4 * FORMAT_ROWS, /* bytes of a whole row of a tile */
    TOKENS = 16,            /* rows of a tile */
    TOKENS_MIN = 12,        /* fewer are not worth a tile; by count of instructions, never timed */
    TILES = 4,              /* of sums, numbered from 0 */
    INPUT = 4,              /* the first of two tiles of input */
    WEIGHTS = 6,            /* the first of two tiles of weights */
};

/* For products of tokens_n tokens, input_len bytes of each at once. */
static inline void amx_configure(size_t tokens_n, size_t input_len)
{
    struct tile_config c = {.palette = 1};
    for (size_t i = 0; i < WEIGHTS + 2; i++) {
        c.row_len[i] = (uint16_t)(i == INPUT || i == INPUT + 1 ? input_len : LINE);
        c.rows[i] = (uint8_t)(i < WEIGHTS ? tokens_n : input_len / 4);
    }
    tiles_configure(&c);
}

#endif
