/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernel/amx.h"

#include "engine/kernel/amx_shape.h"

uint64_t amx_multiply(size_t rounds)
{
    amx_configure(TOKENS, LINE);
    for (size_t i = 0; i < rounds; i++) {
        tile_dot_int8(0, INPUT, WEIGHTS);
        tile_dot_int8(1, INPUT, WEIGHTS);
        tile_dot_int8(2, INPUT, WEIGHTS);
        tile_dot_int8(3, INPUT, WEIGHTS);
    }
    tiles_release();
    return (uint64_t)rounds * TILES * TOKENS * FORMAT_ROWS * LINE;
}
