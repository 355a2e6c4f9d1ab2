/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree over a model's plaintext (spec/sealed-model.md SM-15 to SM-18): RFC 6962 section 2.1 over leaves of
 * 64 KiB.  A chunk of 1 MiB is a whole subtree of 16 leaves, which are hashed at once. */
#ifndef CORE_SEAL_TREE_H
#define CORE_SEAL_TREE_H

#include "core/crypto/sha256_lanes.h"
#include "core/seal/header.h"
#include <stddef.h>
#include <stdint.h>

/* hash = the subtree over one chunk: len is 1 to SEAL_CHUNK_LEN, and less than it only for the last chunk. */
void seal_tree_chunk(const struct sha256_lanes *lanes, uint8_t hash[static SHA256_LEN], const uint8_t *plain,
                     size_t len);

/* The tree above the chunks, fed in their order; 64 levels are enough for any length. */
struct seal_tree {
    uint64_t chunks_n;
    uint8_t nodes[64][SHA256_LEN]; /* roots of the whole subtrees so far, widest first */
    size_t nodes_n;
};

void seal_tree_init(struct seal_tree *t);
void seal_tree_add(struct seal_tree *t, const uint8_t chunk_hash[static SHA256_LEN]);

/* The root over the chunks so far; all zero when there is none, which is no model's root. */
void seal_tree_root(const struct seal_tree *t, uint8_t root[static SEAL_ROOT_LEN]);

#endif
