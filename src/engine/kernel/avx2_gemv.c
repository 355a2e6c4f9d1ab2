/* SPDX-License-Identifier: Apache-2.0 */
/* Products of codes with one token, with AVX2 and FMA. */
#include "engine/kernel/avx2.h"

#include "engine/kernel/avx2_sums.h"
#include "engine/kernel/expand.h"

typedef struct floats16 row_sums;

/* Eight rows from `row` on: the exact sum of lines [first, last) of a block times q. */
__attribute__((always_inline)) static inline __m256i exact_sum(enum weight_type type, const struct block *at,
                                                               size_t first, size_t last, size_t row)
{
    struct shape s = shape_of(type);
    __m256i exact = _mm256_setzero_si256();
    __m256i narrow = exact;
    for (size_t line = first; line < last; line++) {
        __m256i codes = (__m256i)codes_at(type, at, line, row * 4);
        __m256i q = broadcast4(at->q + line * 4);
        __m256i pairs = s.widen == 0 ? wide_pairs(codes, q) : _mm256_maddubs_epi16(codes, q);
        bool starts = s.widen == 0 || line * 4 % s.widen == 0;
        bool ends = s.widen == 0 || (line + 1) * 4 % s.widen == 0;
        narrow = starts ? pairs : _mm256_add_epi16(narrow, pairs);
        exact = ends ? _mm256_add_epi32(exact, sum_pairs(narrow)) : exact;
    }
    return exact;
}

__attribute__((always_inline)) static inline row_sums add_lines(row_sums sums, enum weight_type type,
                                                                const struct block *at, size_t first, size_t last)
{
    struct shape s = shape_of(type);
    size_t b = at->index * (FORMAT_BLOCK / s.block) + first * 4 / s.block;
    return (row_sums){add_exact(sums.low, exact_sum(type, at, first, last, 0), at->p, 0, b, at->in, s),
                      add_exact(sums.high, exact_sum(type, at, first, last, 8), at->p, 8, b, at->in, s)};
}

#include "engine/kernel/gemv.h"

void avx2_gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                     const struct codes_input *in, size_t room)
{
    gemv_codes(y, type, g, n, in, room);
}
