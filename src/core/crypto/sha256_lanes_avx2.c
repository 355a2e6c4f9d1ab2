/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 in 8 lanes of AVX2.  Compiled with that set switched on; run only where it is. */
#include "core/crypto/sha256_lanes.h"

typedef uint32_t vec __attribute__((vector_size(32)));
typedef uint8_t bytes_vec __attribute__((vector_size(32)));

/* Each 32-bit word from big endian. */
static inline vec big_endian(vec x)
{
    bytes_vec b = (bytes_vec)x;
    return (vec)__builtin_shufflevector(b, b, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16, 23,
                                        22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28);
}

/* words[i] = word i of the 32 bytes at blocks[lane] + offset, for every lane: an 8 x 8 transpose in three steps, of
 * single words, pairs and fours. */
static inline void transpose_half(vec words[8], const uint8_t *const blocks[SHA256_LANES_MAX], size_t offset)
{
    vec a[8], b[8];
    for (int lane = 0; lane < 8; lane++) {
        __builtin_memcpy(&a[lane], blocks[lane] + offset, sizeof a[lane]);
        a[lane] = big_endian(a[lane]);
    }
    for (int i = 0; i < 8; i += 2) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            a[i + 2 * j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[i + 2 * j + 1] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int k = 0; k < 4; k++) {
        words[k] = __builtin_shufflevector(a[k], a[4 + k], 0, 1, 2, 3, 8, 9, 10, 11);
        words[k + 4] = __builtin_shufflevector(a[k], a[4 + k], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

static inline void vec_transpose(vec words[16], const uint8_t *const blocks[SHA256_LANES_MAX], size_t offset)
{
    transpose_half(words, blocks, offset);
    transpose_half(words + 8, blocks, offset + 32);
}

#include "core/crypto/sha256_lanes_rounds.h"

const struct sha256_lanes sha256_lanes_avx2 = {"avx2", 8, compress_lanes};
