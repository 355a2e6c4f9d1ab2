/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crypto/sha256_lanes.h"

#include <string.h>

const struct sha256_lanes sha256_lanes_scalar = {"scalar", 1, NULL};

static void hash_one(uint8_t out[SHA256_LEN], uint8_t prefix, const uint8_t *message, size_t len)
{
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, &prefix, 1);
    hash_add(&h, message, len);
    hash_end(&h, out);
}

/* The start of each lane's message, with the prefix before it: one block. */
static void write_first(uint8_t block[SHA256_BLOCK_LEN], uint8_t prefix, const uint8_t *message)
{
    block[0] = prefix;
    memcpy(block + 1, message, SHA256_BLOCK_LEN - 1);
}

/* The rest_len < 64 bytes after the last whole block, and the padding (FIPS 180-4 section 5.1.1): one or two blocks.
 * total_len is the whole message in bytes, prefix included. */
static size_t write_last(uint8_t blocks[2 * SHA256_BLOCK_LEN], const uint8_t *rest, size_t rest_len, uint64_t total_len)
{
    size_t blocks_n = rest_len + 9 <= SHA256_BLOCK_LEN ? 1 : 2;
    memset(blocks, 0, 2 * SHA256_BLOCK_LEN);
    if (rest_len != 0)
        memcpy(blocks, rest, rest_len);
    blocks[rest_len] = 0x80;
    for (size_t i = 0; i < 8; i++)
        blocks[blocks_n * SHA256_BLOCK_LEN - 1 - i] = (uint8_t)(total_len * 8 >> (8 * i));
    return blocks_n;
}

/* Up to lanes_n messages of at least 63 bytes; lanes without a message of their own repeat the first. */
static void hash_lanes(const struct sha256_lanes *lanes, uint8_t (*out)[SHA256_LEN], uint8_t prefix,
                       const uint8_t *bytes, size_t len, size_t stride, size_t n)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    _Alignas(64) uint32_t state[8][SHA256_LANES_MAX];
    uint8_t edge[SHA256_LANES_MAX][2 * SHA256_BLOCK_LEN];
    const uint8_t *edges[SHA256_LANES_MAX], *middles[SHA256_LANES_MAX];
    size_t first_len = SHA256_BLOCK_LEN - 1;
    size_t middle_n = (len - first_len) / SHA256_BLOCK_LEN;
    size_t rest_at = first_len + middle_n * SHA256_BLOCK_LEN;
    size_t last_n = 1;

    for (size_t word = 0; word < 8; word++)
        for (size_t lane = 0; lane < SHA256_LANES_MAX; lane++)
            state[word][lane] = initial[word];
    for (size_t lane = 0; lane < SHA256_LANES_MAX; lane++) {
        size_t own = lane < n ? lane : 0;
        edges[lane] = edge[own];
        middles[lane] = bytes + own * stride + first_len;
    }
    for (size_t lane = 0; lane < n; lane++)
        write_first(edge[lane], prefix, bytes + lane * stride);
    lanes->compress(state, edges, 1);
    lanes->compress(state, middles, middle_n);
    for (size_t lane = 0; lane < n; lane++)
        last_n = write_last(edge[lane], bytes + lane * stride + rest_at, len - rest_at, (uint64_t)len + 1);
    lanes->compress(state, edges, last_n);
    for (size_t lane = 0; lane < n; lane++)
        for (size_t i = 0; i < SHA256_LEN; i++)
            out[lane][i] = (uint8_t)(state[i / 4][lane] >> (24 - 8 * (i % 4)));
}

void sha256_lanes_hash(const struct sha256_lanes *lanes, uint8_t (*out)[SHA256_LEN], uint8_t prefix,
                       const uint8_t *bytes, size_t len, size_t stride, size_t n)
{
    while (n != 0) {
        size_t now_n = n < lanes->lanes_n ? n : lanes->lanes_n;
        /* below half full, lanes cost more than they save */
        if (lanes->compress == NULL || len < SHA256_BLOCK_LEN - 1 || now_n * 2 < lanes->lanes_n) {
            hash_one(out[0], prefix, bytes, len);
            now_n = 1;
        } else {
            hash_lanes(lanes, out, prefix, bytes, len, stride, now_n);
        }
        out += now_n;
        bytes += now_n * stride;
        n -= now_n;
    }
}
