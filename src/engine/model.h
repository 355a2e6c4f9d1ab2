/* SPDX-License-Identifier: Apache-2.0 */
/* A model of the Llama architecture: its dimensions, and where each weight lies in the final layout.  Built from the
 * leading part of a GGUF file alone; the weights follow later, in any order, through model_place. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/layout.h"
#include <stddef.h>
#include <stdint.h>

struct model_layer {
    struct matrix query, key, value, output; /* [heads*head, dim] [kv_heads*head, dim] twice, [dim, heads*head] */
    struct matrix gate, up, down;            /* [hidden, dim] twice, [dim, hidden] */
    struct matrix attention_norm, ffn_norm;  /* vectors of dim */
};

struct model {
    uint32_t vocab_n;
    uint32_t dim;    /* width of the residual stream */
    uint32_t hidden; /* width of the feed-forward network */
    uint32_t layers_n;
    uint32_t heads_n;
    uint32_t kv_heads_n; /* divides heads_n */
    uint32_t head_dim;   /* even */
    uint32_t context_n;  /* positions the model was trained for */
    float rope_base;
    float norm_epsilon;
    struct matrix embedding;   /* [vocab, dim] */
    struct matrix output;      /* [vocab, dim]; the embedding itself when tied */
    struct matrix output_norm; /* vector of dim */
    struct model_layer *layers;
    struct matrix *tensors; /* every tensor of the file once, in file order */
    size_t tensors_n;
    uint64_t data_offset; /* file offset of the first weight byte */
    uint64_t file_len;
    uint64_t weights_len;
};

/* Parses the first meta_len bytes of a GGUF file (at least gguf_meta_len of them, or up to the end of the tensor table)
 * of file_len bytes.  Tables are taken from a, model_arena_len(meta_len) bytes at most; nothing in *m points into meta.
 * STATUS_UNSUPPORTED names the architecture, tensor or type; STATUS_MALFORMED, STATUS_TRUNCATED (the file is shorter
 * than its tensors), STATUS_LIMIT, STATUS_NO_MEMORY.  *m is zeroed on error. */
must_check enum status model_parse(struct model *m, struct arena *a, const void *meta, size_t meta_len,
                                   uint64_t file_len, struct reason *why);

/* Arena bytes that model_parse can need for meta_len bytes of metadata. */
size_t model_arena_len(size_t meta_len);

/* Bytes of memory for all weights in the final layout. */
uint64_t model_weights_len(const struct model *m);

/* Writes bytes [file_offset, file_offset + len) of the model's file to their places in weights, a zeroed buffer of
 * model_weights_len(m) bytes aligned to 64.  Any range, in any order; disjoint ranges may be placed by several threads
 * at once.  Bytes outside tensors (metadata, padding) are ignored.  Nothing is checked: the values are the owner's. */
void model_place(const struct model *m, void *weights, uint64_t file_offset, const void *bytes, size_t len);

#endif
