/* SPDX-License-Identifier: Apache-2.0 */
/* The SHA-256 compression function (FIPS 180-4 section 6.2.2) on vectors: one message a lane.  Included by the one file
 * of each instruction set, after it has defined
 *     vec            a vector of LANES_N uint32_t (GNU vector extension)
 *     LANES_N        8 or 16
 *     vec_transpose  rows[lane] = 16 bytes words of a lane's block  ->  rows[word] = that word of every lane
 * so that the compiler makes that set's instructions of it.  Vectors, loads and shuffles need no system header. */
#ifndef CORE_CRYPTO_SHA256_LANES_ROUNDS_H
#define CORE_CRYPTO_SHA256_LANES_ROUNDS_H

#include "core/crypto/sha256_lanes.h"

#include <string.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline vec rotate(vec x, int n)
{
    return (x >> n) | (x << (32 - n));
}

/* One round; the names of FIPS 180-4.  d and h are changed in place and the caller renames a to h. */
static inline void round_step(const vec a, const vec b, const vec c, vec *d, const vec e, const vec f, const vec g,
                              vec *h, const vec word_and_constant)
{
    vec t1 = *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + word_and_constant;
    *d += t1;
    *h = t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

/* The next word of the message schedule, W[t] with t = i mod 16, in a window of the last 16. */
static inline vec schedule(vec w[16], int i)
{
    vec w2 = w[(i + 14) & 15];
    vec w15 = w[(i + 1) & 15];
    vec s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10);
    vec s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3);
    return w[i] += s1 + w[(i + 9) & 15] + s0;
}

/* Sixteen rounds; all but the first sixteen make their words. */
static inline __attribute__((always_inline)) void sixteen_rounds(vec s[8], vec w[16], const uint32_t constants[16],
                                                                 int scheduled)
{
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        vec word = scheduled ? schedule(w, i) : w[i];
        round_step(s[(16 - i) & 7], s[(17 - i) & 7], s[(18 - i) & 7], &s[(19 - i) & 7], s[(20 - i) & 7],
                   s[(21 - i) & 7], s[(22 - i) & 7], &s[(23 - i) & 7], word + constants[i]);
    }
}

static void compress_lanes(uint32_t state[8][SHA256_LANES_MAX], const uint8_t *const blocks[SHA256_LANES_MAX],
                           size_t blocks_n)
{
    vec s[8], w[16];
    for (int i = 0; i < 8; i++)
        memcpy(&s[i], state[i], sizeof s[i]);
    for (size_t block = 0; block < blocks_n; block++) {
        vec before[8];
        memcpy(before, s, sizeof s);
        vec_transpose(w, blocks, block * SHA256_BLOCK_LEN);
        sixteen_rounds(s, w, round_constants, 0);
        for (int t = 16; t < 64; t += 16)
            sixteen_rounds(s, w, round_constants + t, 1);
        for (int i = 0; i < 8; i++)
            s[i] += before[i];
    }
    for (int i = 0; i < 8; i++)
        memcpy(state[i], &s[i], sizeof s[i]);
}

#endif
