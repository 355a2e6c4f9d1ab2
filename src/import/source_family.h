/* SPDX-License-Identifier: Apache-2.0 */
/* The families of models that safetensors folders hold, and what sets them apart there; what the engine does with each
 * is in engine/family.c. */
#ifndef IMPORT_SOURCE_FAMILY_H
#define IMPORT_SOURCE_FAMILY_H

#include "core/codec/json.h"
#include <stdint.h>

enum source_feature {
    SOURCE_HALVES = 1 << 0,        /* rotated pairs are halves of a head there and neighbours here */
    SOURCE_NORM_PLUS_ONE = 1 << 1, /* norms are kept less 1 */
    SOURCE_POST_NORMS = 1 << 2,
    SOURCE_QUERY_KEY_NORM = 1 << 3,
    SOURCE_FUSED = 1 << 4, /* query, key and value in one tensor, gate and up in another */
    SOURCE_SEPARATE = 1 << 5,
    SOURCE_DENSE = 1 << 6,           /* gate, up and down, apart or fused */
    SOURCE_MIXTRAL_EXPERTS = 1 << 7, /* with Mixtral's names */
    SOURCE_QWEN_EXPERTS = 1 << 8,
    SOURCE_SHARED_EXPERT = 1 << 9,
    SOURCE_EXPERTS_NORMED = 1 << 10, /* the engine divides the experts' weights by their sum */
    SOURCE_BIAS = 1 << 11,           /* query, key and value have biases */
    SOURCE_WINDOW = 1 << 12,         /* sliding_window holds when it is there */
    SOURCE_TIED = 1 << 13,           /* unless the configuration says otherwise */
    SOURCE_GELU = 1 << 14,
    SOURCE_LOCAL_ROPE = 1 << 15, /* layers with a window have a base of their own */
};

struct source_family {
    const char *model_type;   /* in config.json */
    const char *architecture; /* general.architecture */
    uint32_t features;
    uint32_t head_dim;         /* when config.json has none; 0: the width shared out */
    uint32_t window_period;    /* all layers but each period-th have the window; 1: all; 0: none */
    uint32_t window;           /* when config.json has none; 0: none */
    uint32_t no_rope_period;   /* each period-th layer does not rotate */
    uint32_t attention_scalar; /* query_pre_attn_scalar when config.json has none; 0: there is no such setting */
    uint32_t wide_layers;      /* with so many layers that scalar is width / heads in the engine, otherwise head_dim */
};

/* The family of that model_type, or NULL. */
const struct source_family *source_family_find(const struct json *model_type);

#endif
