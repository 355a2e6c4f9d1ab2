/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine divides its memory.  Private to the engine. */
#ifndef ENGINE_BUFFERS_H
#define ENGINE_BUFFERS_H

#include "engine/engine.h"

enum {
    ATTENTION_ROWS = 16, /* queries that share a pass over the cache */
    ROPES_N = 3,         /* plain, local, long */
};

/* One sequence: its pages in order. */
struct engine_sequence {
    uint32_t *pages; /* [pages_max], pages_n of them reserved */
    uint32_t pages_n;
    uint32_t len;
    uint32_t tokens_max; /* that it was opened for */
    uint32_t pending;    /* tokens of it in the step that is being checked */
    bool open;
    bool long_rope;
};

/* A token of the step that runs. */
struct engine_slot {
    uint32_t sequence;
    uint32_t token;
    uint32_t position;
};

/* Tokens of one sequence that follow each other in the step. */
struct engine_run {
    uint32_t first; /* slot */
    uint32_t n;
};

/* The input of a product, in the forms that the classes of weights take; codes stand in chunks of 256 columns. */
struct engine_input {
    float *x;       /* [tokens, wide_stride] */
    float *rounded; /* [tokens, wide_stride]: BF16 values */
    int8_t *q;      /* [chunks, tokens, 256], and so on: struct codes_input */
    struct codes_scales *scales;
    size_t room; /* tokens */
};

struct engine_buffers {
    size_t dim_stride; /* dim, up to a multiple of 32; the next ones alike */
    size_t hidden_stride;
    size_t query_stride; /* heads * head_dim */
    size_t kv_stride;    /* kv_heads * head_dim */
    size_t wide_stride;  /* the widest input of a product */
    size_t vocab_stride;
    size_t experts_stride;
    size_t score_stride; /* context_max, up to a page */
    size_t scratch_len;  /* of one worker */
    uint32_t pages_max;  /* of one sequence */
    size_t tokens_n;     /* of the step that runs */
    size_t runs_n;
    size_t logits_n;                  /* of the last step */
    struct engine_slot *slots;        /* [batch_max] */
    struct engine_run *runs;          /* [batch_max] */
    uint32_t *wanted;                 /* [logits_max] indices into the batch */
    double *frequencies[ROPES_N];     /* [rope_dims / 2] */
    float *cosines[2], *sines[2];     /* [batch_max, rope_dims / 2]: plain or long; local */
    float *residual;                  /* [batch_max, dim_stride] */
    struct engine_input input;        /* of batch_max tokens */
    float *query;                     /* [batch_max, query_stride] */
    float *key, *value;               /* [batch_max, kv_stride] */
    float *delta;                     /* [batch_max, dim_stride]: what is added to the residual */
    float *gate, *up;                 /* [batch_max, hidden_stride] */
    float *routes;                    /* [batch_max, experts_stride]: weight of each expert, 0 where it is not chosen */
    float *mixed;                     /* [batch_max, dim_stride]: what the experts gave */
    uint32_t *chosen;                 /* [batch_max]: the tokens of one expert */
    struct engine_input expert_input; /* of the tokens of one expert */
    uint8_t *scratch;                 /* [workers, scratch_len] */
    float *logits;                    /* [logits_max, vocab_stride] */
};

/* What a worker's scratch holds during attention. */
struct attention_scratch {
    float *query;  /* [ATTENTION_ROWS, head_dim] */
    float *mixed;  /* [ATTENTION_ROWS, head_room] */
    float *scores; /* [ATTENTION_ROWS, score_stride] */
    uint8_t *page; /* cache.scratch_len */
};

#endif
