/* SPDX-License-Identifier: Apache-2.0 */
/* Products of codes with one token, with AVX-512 and VNNI. */
#include "engine/kernel/avx512.h"

#include "engine/kernel/avx512_sums.h"
#include "engine/kernel/expand.h"

typedef __m512 row_sums;

__attribute__((always_inline)) static inline row_sums add_lines(row_sums sums, enum weight_type type,
                                                                const struct block *at, size_t first, size_t last)
{
    struct shape s = shape_of(type);
    __m512i exact = _mm512_setzero_si512();
    for (size_t line = first; line < last; line++)
        exact = dot4(exact, (__m512i)codes_at(type, at, line, 0), at->q + line * 4);
    return add_exact(sums, exact, at->p, at->index * (FORMAT_BLOCK / s.block) + first * 4 / s.block, at->in, s);
}

#include "engine/kernel/gemv.h"

void avx512_gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                       const struct codes_input *in, size_t room)
{
    gemv_codes(y, type, g, n, in, room);
}
