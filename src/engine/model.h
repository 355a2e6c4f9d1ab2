/* SPDX-License-Identifier: Apache-2.0 */
/* A model: its family, its dimensions, and where each weight lies in the final layout.  Built from the leading part of
 * a GGUF file alone; the weights follow later, in any order, through model_place. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/layout.h"
#include "engine/workers.h"
#include <stddef.h>
#include <stdint.h>

/* Rotary position embedding. */
struct rope {
    float base;
    float scale;         /* frequencies are divided by it; 1: none */
    bool yarn;           /* only the low ones, with a ramp between */
    uint32_t original_n; /* yarn: positions the model was trained for before it was stretched */
    float beta_fast, beta_slow;
    float magnitude;       /* cosine and sine are multiplied by it */
    struct matrix factors; /* frequencies are divided by these; optional */
};

/* Every matrix that a family does not have has columns_n 0.  q = heads * head_dim, kv = kv_heads * head_dim. */
struct model_layer {
    struct matrix query, key, value, output; /* [q, dim] [kv, dim] [kv, dim] [dim, q] */
    struct matrix query_bias, key_bias, value_bias, output_bias;
    struct matrix query_norm, key_norm;     /* vectors of head_dim */
    struct matrix gate, up, down;           /* [hidden, dim] twice, [dim, hidden] */
    struct matrix attention_norm, ffn_norm; /* vectors of dim */
    struct matrix attention_post_norm, ffn_post_norm;
    struct matrix router;                                 /* [experts, dim] */
    struct matrix experts_gate, experts_up, experts_down; /* the experts' matrices, one below the other */
    struct matrix shared_gate, shared_up, shared_down;    /* of the expert that every token uses */
    struct matrix shared_router;                          /* [1, dim] */
    uint32_t window;                                      /* positions that a token sees, its own among them; 0: all */
    bool rotates;                                         /* query and key are rotated */
    bool local_rope;                                      /* by rope_local */
};

/* A tensor of the file. */
struct model_tensor {
    struct matrix matrix;
    const char *name;
    uint64_t file_offset;
    uint64_t file_len;
    size_t first_piece; /* of model_finish */
};

struct model {
    uint32_t vocab_n;
    uint32_t dim;    /* width of the residual stream */
    uint32_t hidden; /* width of the feed-forward network; of one expert where there are experts */
    uint32_t layers_n;
    uint32_t heads_n;
    uint32_t kv_heads_n;                /* divides heads_n */
    uint32_t head_dim;                  /* even */
    uint32_t rope_dims;                 /* of a head, from its start; even */
    uint32_t context_n;                 /* positions the model was trained for */
    uint32_t experts_n, experts_used_n; /* 0: none */
    uint32_t shared_hidden;             /* of the shared expert; 0: none */
    bool rope_halves;                   /* pairs are (i, i + rope_dims / 2); otherwise neighbours */
    bool gelu;                          /* the gate's activation is GELU (tanh form); otherwise SiLU */
    bool norms_experts;                 /* the chosen experts' weights are divided by their sum */
    float norm_epsilon;
    float embedding_scale; /* 1: none */
    float attention_scale;
    float attention_cap; /* soft cap of scores; 0: none */
    float logits_cap;
    struct rope rope, rope_local;
    struct rope rope_long;     /* instead of rope for sequences of over rope_long_after tokens */
    uint32_t rope_long_after;  /* 0: never */
    struct matrix embedding;   /* [vocab, dim] */
    struct matrix output;      /* [vocab, dim]; the embedding itself when tied */
    struct matrix output_norm; /* vector of dim */
    struct model_layer *layers;
    struct model_tensor *tensors; /* every tensor of the file once, in file order */
    size_t tensors_n;
    size_t pieces_n;      /* of model_finish */
    uint64_t data_offset; /* file offset of the first weight byte */
    uint64_t file_len;
    uint64_t weights_len;
};

/* Parses the first meta_len bytes of a GGUF file (at least gguf_meta_len of them, or up to the end of the tensor table)
 * of file_len bytes.  Tables are taken from a, model_arena_len(meta_len) bytes at most; nothing in *m points into meta.
 * STATUS_UNSUPPORTED names the architecture, setting, tensor or type; STATUS_MALFORMED, STATUS_TRUNCATED (the file is
 * shorter than its tensors), STATUS_LIMIT, STATUS_NO_MEMORY.  *m is zeroed on error. */
must_check enum status model_parse(struct model *m, struct arena *a, const void *meta, size_t meta_len,
                                   uint64_t file_len, struct reason *why);

/* Arena bytes that model_parse can need for meta_len bytes of metadata. */
size_t model_arena_len(size_t meta_len);

/* Bytes of memory for all weights in the final layout. */
uint64_t model_weights_len(const struct model *m);

/* Multiplications of a weight that a token of a prompt takes in the layers: what is neither attention nor output. */
uint64_t model_products_n(const struct model *m);

/* Writes bytes [file_offset, file_offset + len) of the model's file to their places in weights, a zeroed buffer of
 * model_weights_len(m) bytes aligned to 64.  Any range, in any order; disjoint ranges may be placed by several threads
 * at once.  Bytes outside tensors (metadata, padding) are ignored. */
void model_place(const struct model *m, void *weights, uint64_t file_offset, const void *bytes, size_t len);

/* When everything is placed, once: unpacks what is packed and checks the numbers; at most WORKERS_MAX workers.
 * STATUS_MALFORMED names the first tensor that holds a number which is infinite or NaN; STATUS_USAGE: more workers. */
must_check enum status model_finish(const struct model *m, void *weights, const struct workers *workers,
                                    struct reason *why);

#endif
