/* SPDX-License-Identifier: Apache-2.0 */
/* What sets the families of models apart, as a table; the forward pass is one for all. */
#ifndef ENGINE_FAMILY_H
#define ENGINE_FAMILY_H

#include "engine/gguf.h"
#include <stdbool.h>
#include <stdint.h>

/* Tensors beyond those that every family has. */
enum family_feature {
    FAMILY_QUERY_KEY_NORM = 1 << 0, /* norms of each head of query and key */
    FAMILY_POST_NORM = 1 << 1,      /* norms after attention and feed-forward */
    FAMILY_FUSED_QKV = 1 << 2,      /* one tensor for query, key and value */
    FAMILY_FUSED_GATE = 1 << 3,     /* one tensor for gate and up */
    FAMILY_EXPERTS = 1 << 4,        /* a router and experts instead of one feed-forward network */
    FAMILY_SHARED_EXPERT = 1 << 5,
    FAMILY_SEPARATE = 1 << 6, /* query, key and value in tensors of their own */
    FAMILY_DENSE = 1 << 7,    /* gate, up and down */
    FAMILY_GATE = 1 << 8,     /* gate and up in tensors of their own */
};

struct family {
    const char *name;  /* general.architecture */
    uint32_t features; /* required; FAMILY_SEPARATE, FAMILY_DENSE and FAMILY_GATE are added by family_features */
    bool rope_halves;
    bool gelu;
    bool scales_embedding; /* by the square root of the width */
    bool norms_experts;
    bool may_have_experts;           /* when the file says so */
    uint8_t window_period;           /* layers with a window: all but each period-th; 1: all; 0: none */
    bool window_ignored;             /* the file's window is not the model's */
    uint32_t window_default;         /* when the file has none; 0: then none */
    uint8_t no_rope_period;          /* each period-th layer does not rotate; 0: all do */
    float local_rope_base;           /* of layers with a window; 0: as the others */
    float attention_cap, logits_cap; /* when the file does not say; 0: none */
    uint8_t
        wide_scale_layers; /* with so many layers attention is scaled by width / heads instead of the head's width */
};

/* The family of that general.architecture, or NULL. */
const struct family *family_find(struct gguf_text name);

/* The features of a file of this family with or without experts. */
uint32_t family_features(const struct family *f, bool experts);

#endif
