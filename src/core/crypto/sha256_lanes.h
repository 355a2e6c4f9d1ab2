/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of several messages of one length at once: the lanes of a vector register each hold one message.  Every
 * implementation equals core/crypto/hash.h byte for byte; a caller passes the one that its processor runs. */
#ifndef CORE_CRYPTO_SHA256_LANES_H
#define CORE_CRYPTO_SHA256_LANES_H

#include "core/crypto/hash.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_LANES_MAX = 16,
    SHA256_BLOCK_LEN = 64,
};

/* One file an instruction set.  compress adds blocks_n blocks of 64 bytes at blocks[lane] to the state of each lane
 * (word-major: state[word][lane]); it reads lanes_n lanes and needs no alignment. */
struct sha256_lanes {
    const char *name;
    size_t lanes_n;
    void (*compress)(uint32_t state[8][SHA256_LANES_MAX], const uint8_t *const blocks[SHA256_LANES_MAX],
                     size_t blocks_n); /* NULL: no lanes, each message goes through hash.h */
};

extern const struct sha256_lanes sha256_lanes_scalar; /* hash.h; the fastest where the processor has SHA-NI */
extern const struct sha256_lanes sha256_lanes_avx2;   /* 8 lanes; needs AVX2 */
extern const struct sha256_lanes sha256_lanes_avx512; /* 16 lanes; needs AVX-512 F */

/* out[i] = SHA-256(prefix, len bytes at bytes + i * stride) for i < n; any n.  out does not overlap the bytes. */
void sha256_lanes_hash(const struct sha256_lanes *lanes, uint8_t (*out)[SHA256_LEN], uint8_t prefix,
                       const uint8_t *bytes, size_t len, size_t stride, size_t n);

#endif
