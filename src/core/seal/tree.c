/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal/tree.h"

#include <string.h>

enum { LEAF_PREFIX = 0, NODE_PREFIX = 1, LEAVES_MAX = SEAL_CHUNK_LEN / SEAL_LEAF_LEN };

/* hash = the node over two; hash may be one of them. */
static void join(uint8_t hash[SHA256_LEN], const uint8_t left[SHA256_LEN], const uint8_t right[SHA256_LEN])
{
    uint8_t both[1 + 2 * SHA256_LEN] = {NODE_PREFIX};
    memcpy(both + 1, left, SHA256_LEN);
    memcpy(both + 1 + SHA256_LEN, right, SHA256_LEN);
    sha256(hash, both, sizeof both);
}

/* Level by level: pairs are joined, and one left over moves up.  That is the tree of RFC 6962, which splits at the
 * largest power of two below n.  nodes is used up. */
static void join_all(const struct sha256_lanes *lanes, uint8_t hash[SHA256_LEN], uint8_t (*nodes)[SHA256_LEN],
                     size_t nodes_n)
{
    uint8_t joined[LEAVES_MAX / 2][SHA256_LEN];
    while (nodes_n > 1) {
        size_t pairs_n = nodes_n / 2;
        sha256_lanes_hash(lanes, joined, NODE_PREFIX, nodes[0], 2 * SHA256_LEN, 2 * SHA256_LEN, pairs_n);
        if (nodes_n % 2 != 0)
            memmove(nodes[pairs_n], nodes[nodes_n - 1], SHA256_LEN);
        memcpy(nodes, joined, pairs_n * SHA256_LEN);
        nodes_n = pairs_n + nodes_n % 2;
    }
    memcpy(hash, nodes[0], SHA256_LEN);
}

void seal_tree_chunk(const struct sha256_lanes *lanes, uint8_t hash[static SHA256_LEN], const uint8_t *plain,
                     size_t len)
{
    uint8_t leaves[LEAVES_MAX][SHA256_LEN];
    size_t whole_n = len / SEAL_LEAF_LEN, rest_len = len % SEAL_LEAF_LEN, leaves_n = whole_n;
    sha256_lanes_hash(lanes, leaves, LEAF_PREFIX, plain, SEAL_LEAF_LEN, SEAL_LEAF_LEN, whole_n);
    if (rest_len != 0)
        sha256_lanes_hash(&sha256_lanes_scalar, leaves + leaves_n++, LEAF_PREFIX, plain + whole_n * SEAL_LEAF_LEN,
                          rest_len, rest_len, 1);
    join_all(lanes, hash, leaves, leaves_n);
}

void seal_tree_init(struct seal_tree *t)
{
    memset(t, 0, sizeof *t);
}

void seal_tree_add(struct seal_tree *t, const uint8_t chunk_hash[static SHA256_LEN])
{
    memcpy(t->nodes[t->nodes_n++], chunk_hash, SHA256_LEN);
    /* each trailing one of the old count is a whole subtree as wide as the new one has become */
    for (uint64_t n = t->chunks_n; (n & 1) != 0; n >>= 1) {
        join(t->nodes[t->nodes_n - 2], t->nodes[t->nodes_n - 2], t->nodes[t->nodes_n - 1]);
        t->nodes_n--;
    }
    t->chunks_n++;
}

void seal_tree_root(const struct seal_tree *t, uint8_t root[static SEAL_ROOT_LEN])
{
    memset(root, 0, SEAL_ROOT_LEN);
    if (t->nodes_n == 0)
        return;
    memcpy(root, t->nodes[t->nodes_n - 1], SEAL_ROOT_LEN);
    for (size_t i = t->nodes_n - 1; i-- > 0;)
        join(root, t->nodes[i], root);
}
