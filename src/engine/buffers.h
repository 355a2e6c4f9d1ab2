/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine divides its memory.  Private to the engine. */
#ifndef ENGINE_BUFFERS_H
#define ENGINE_BUFFERS_H

#include "engine/engine.h"

/* One sequence and its KV cache, for each layer and KV head in turn.  Keys: [context_room / 16, head_dim, 16] with the
 * positions as lanes; values: [context_room, head_room]. */
struct engine_sequence {
    float *keys;
    float *values;
    uint32_t len;
    uint32_t pending; /* tokens of it in the step that is being checked */
    bool open;
};

/* A token of the step that runs. */
struct engine_slot {
    uint32_t sequence;
    uint32_t token;
    uint32_t position;
};

struct engine_buffers {
    size_t dim_stride;         /* dim, up to a multiple of 32 */
    size_t hidden_stride;      /* hidden, up to a multiple of 32 */
    size_t wide_stride;        /* the larger of both */
    size_t kv_stride;          /* kv_heads * head_dim, up to 32 */
    size_t vocab_stride;       /* vocab, up to 16 */
    size_t head_room;          /* head_dim, up to 16 */
    size_t context_room;       /* context_max, up to 16 */
    size_t kv_len;             /* bytes of keys plus values of one sequence */
    size_t tokens_n;           /* of the step that runs */
    size_t logits_n;           /* of the last step */
    struct engine_slot *slots; /* [batch_max] */
    uint32_t *wanted;          /* [logits_max] indices into the batch */
    double *frequencies;       /* [head_dim / 2] */
    float *cosines, *sines;    /* [batch_max, head_dim / 2] */
    float *residual;           /* [batch_max, dim_stride] */
    float *input;              /* [batch_max, wide_stride], the next two with the same stride */
    int8_t *quantised;         /* [batch_max, wide_stride] */
    float *input_scale;        /* [batch_max, wide_stride / 32] */
    int32_t *input_sum;        /* [batch_max, wide_stride / 32] */
    float *query;              /* [batch_max, dim_stride] */
    float *key, *value;        /* [batch_max, kv_stride] */
    float *delta;              /* [batch_max, dim_stride]: what is added to the residual */
    float *gate, *up;          /* [batch_max, hidden_stride] */
    float *scores;             /* [workers, context_room] */
    float *mixed;              /* [workers, head_room] */
    float *logits;             /* [logits_max, vocab_stride] */
};

#endif
