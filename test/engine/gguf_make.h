/* SPDX-License-Identifier: Apache-2.0 */
/* Makes GGUF files with random weights for tests and benchmarks. */
#ifndef TEST_ENGINE_GGUF_MAKE_H
#define TEST_ENGINE_GGUF_MAKE_H

#include "engine/layout.h"

struct gguf_make_options {
    uint32_t vocab_n, dim, hidden, layers_n, heads_n, kv_heads_n, context_n;
    enum weight_type type; /* of the matrices; WEIGHT_TYPES_N: each tensor another */
    bool tied;
    bool weights; /* false: the metadata alone */
    uint64_t seed;
};

/* The file, from the heap; *len bytes. */
uint8_t *gguf_make(size_t *len, const struct gguf_make_options *options);

#endif
