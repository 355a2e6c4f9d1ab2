/* SPDX-License-Identifier: Apache-2.0 */
/* What expand.h works with, in plain C: two rows of a line. */
#ifndef ENGINE_KERNEL_SCALAR_LANES_H
#define ENGINE_KERNEL_SCALAR_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANE_BYTES = 8 };
typedef uint64_t lane_bits;

static inline lane_bits load_lanes(const uint8_t *bytes)
{
    lane_bits lanes;
    memcpy(&lanes, bytes, LANE_BYTES);
    return lanes;
}

static inline void store_lanes(uint8_t *bytes, lane_bits lanes)
{
    memcpy(bytes, &lanes, LANE_BYTES);
}

static inline lane_bits look_up(lane_bits lanes, const uint8_t table[16])
{
    uint8_t bytes[LANE_BYTES];
    store_lanes(bytes, lanes);
    for (size_t i = 0; i < LANE_BYTES; i++)
        bytes[i] = table[bytes[i]];
    return load_lanes(bytes);
}

#endif
