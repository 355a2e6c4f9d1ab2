/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 in 16 lanes of AVX-512 (F and BW).  Compiled with these sets switched on; run only where they are. */
#include "core/crypto/sha256_lanes.h"

typedef uint32_t vec __attribute__((vector_size(64)));
typedef uint8_t bytes_vec __attribute__((vector_size(64)));

/* Each 32-bit word from big endian. */
static inline vec big_endian(vec x)
{
    bytes_vec b = (bytes_vec)x;
    return (vec)__builtin_shufflevector(b, b, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16, 23,
                                        22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28, 35, 34, 33, 32, 39, 38, 37, 36, 43,
                                        42, 41, 40, 47, 46, 45, 44, 51, 50, 49, 48, 55, 54, 53, 52, 59, 58, 57, 56, 63,
                                        62, 61, 60);
}

/* words[i] = word i of the 64 bytes at blocks[lane] + offset, for every lane: a 16 x 16 transpose in four steps, of
 * single words, pairs, fours and eights. */
static inline void vec_transpose(vec words[16], const uint8_t *const blocks[SHA256_LANES_MAX], size_t offset)
{
    vec a[16], b[16];
    for (int lane = 0; lane < 16; lane++) {
        __builtin_memcpy(&a[lane], blocks[lane] + offset, sizeof a[lane]);
        a[lane] = big_endian(a[lane]);
    }
    for (int i = 0; i < 16; i += 2) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            vec low = b[i + j], high = b[i + j + 2];
            a[i + 2 * j] = __builtin_shufflevector(low, high, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            a[i + 2 * j + 1] =
                __builtin_shufflevector(low, high, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    /* a[4 g + k] holds, for lanes 4 g to 4 g + 3, the words k, 4 + k, 8 + k and 12 + k */
    for (int k = 0; k < 4; k++)
        for (int half = 0; half < 2; half++) {
            vec low = a[8 * half + k], high = a[8 * half + 4 + k];
            b[4 * k + half] =
                __builtin_shufflevector(low, high, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
            b[4 * k + 2 + half] =
                __builtin_shufflevector(low, high, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
        }
    for (int k = 0; k < 4; k++)
        for (int upper = 0; upper < 2; upper++) {
            vec low = b[4 * k + 2 * upper], high = b[4 * k + 2 * upper + 1];
            words[k + 8 * upper] =
                __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
            words[k + 8 * upper + 4] =
                __builtin_shufflevector(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
        }
}

#include "core/crypto/sha256_lanes_rounds.h"

const struct sha256_lanes sha256_lanes_avx512 = {"avx512", 16, compress_lanes};
