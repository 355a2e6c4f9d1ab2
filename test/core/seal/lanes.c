/* SPDX-License-Identifier: Apache-2.0 */
/* The lanes against core/crypto/hash.h: every length around the block edges, every count, both prefixes (SM-18). */
#include "core/crypto/sha256_lanes.h"

#include "tap.h"

enum { LEN_MAX = 330, COUNT_MAX = 35, STRIDE = LEN_MAX + 3 };

static uint8_t noise[COUNT_MAX * STRIDE + 1];

static bool equals_hash(const struct sha256_lanes *lanes, uint8_t prefix, const uint8_t *bytes, size_t len,
                        size_t stride, size_t n)
{
    uint8_t out[COUNT_MAX][SHA256_LEN], want[SHA256_LEN];
    bool equal = true;
    sha256_lanes_hash(lanes, out, prefix, bytes, len, stride, n);
    for (size_t i = 0; i < n; i++) {
        struct hash h;
        hash_init(&h, HASH_SHA256);
        hash_add(&h, &prefix, 1);
        hash_add(&h, bytes + i * stride, len);
        hash_end(&h, want);
        equal = equal && memcmp(out[i], want, sizeof want) == 0;
    }
    return equal;
}

static void test_lanes(const struct sha256_lanes *lanes)
{
    bool lengths = true, counts = true, edges = true;
    for (size_t len = 0; len <= LEN_MAX; len++)
        lengths = lengths && equals_hash(lanes, (uint8_t)(len & 1), noise, len, STRIDE, lanes->lanes_n);
    for (size_t n = 0; n <= COUNT_MAX; n++)
        counts = counts && equals_hash(lanes, 1, noise, 64, 64, n) && equals_hash(lanes, 0, noise + 1, 327, STRIDE, n);
    for (size_t len = 60; len < 140; len++) {
        uint8_t *last = guarded_copy(noise, len * 16);
        edges = edges && equals_hash(lanes, 0, last, len, len, 16);
        guarded_free(last, len * 16);
    }
    check(lengths, "%s: SM-18 equals hash.h for every length to %d", lanes->name, LEN_MAX);
    check(counts, "%s: SM-18 equals hash.h for every number of messages to %d", lanes->name, COUNT_MAX);
    check(edges, "%s: reads nothing past the last message", lanes->name);
}

int main(void)
{
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 2654435761u >> 11);
    test_lanes(&sha256_lanes_scalar);
    if (__builtin_cpu_supports("avx2"))
        test_lanes(&sha256_lanes_avx2);
    else
        note("this processor has no AVX2");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        test_lanes(&sha256_lanes_avx512);
    else
        note("this processor has no AVX-512");
    return tap_done();
}
