/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of code points as ranges. */
#include "grammar/build.h"

size_t code_ranges_merge(struct code_range *ranges, size_t ranges_n)
{
    size_t kept_n = 0;
    for (size_t i = 1; i < ranges_n; i++) { /* at most BUILD_RANGES_MAX */
        struct code_range moving = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].first > moving.first; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = moving;
    }
    for (size_t i = 0; i < ranges_n; i++) {
        if (kept_n > 0 && ranges[i].first <= ranges[kept_n - 1].last + 1) {
            if (ranges[i].last > ranges[kept_n - 1].last)
                ranges[kept_n - 1].last = ranges[i].last;
        } else {
            ranges[kept_n++] = ranges[i];
        }
    }
    return kept_n;
}

size_t code_ranges_negate(struct code_range *ranges, size_t ranges_n)
{
    size_t kept_n = 0;
    uint32_t from = 0;
    for (size_t i = 0; i < ranges_n; i++) {
        struct code_range one = ranges[i];
        if (one.first > from)
            ranges[kept_n++] = (struct code_range){from, one.first - 1};
        from = one.last + 1;
    }
    if (from <= BUILD_CODE_POINT_MAX)
        ranges[kept_n++] = (struct code_range){from, BUILD_CODE_POINT_MAX};
    return kept_n;
}
