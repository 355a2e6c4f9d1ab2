/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a safetensors folder: what the model is, checked against what the engine computes, and written as the
 * keys of a GGUF file.  What would change the result and is not understood is refused by name.  spec/import.md, IMP-30
 * to IMP-34. */
#ifndef IMPORT_SOURCE_CONFIG_H
#define IMPORT_SOURCE_CONFIG_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "import/builder.h"
#include "import/source_family.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum source_rope { ROPE_PLAIN, ROPE_LINEAR, ROPE_YARN, ROPE_LLAMA3, ROPE_LONG };

struct source_scaling {
    enum source_rope type;
    double base, local_base;
    double factor;
    uint32_t original_n;
    double magnitude;                    /* attn_factor; 0: none */
    double beta_fast, beta_slow;         /* yarn; 0: not given */
    float *factors_short, *factors_long; /* [rope_dims / 2]; llama3: the first alone */
};

struct source_config {
    const struct source_family *family;
    bool nested; /* the text model of one that sees pictures too */
    bool is_tied, tied_known;
    uint32_t dim, hidden, layers_n, heads_n, kv_heads_n, head_dim, rope_dims, context_n;
    uint32_t experts_n, experts_used_n, expert_hidden, shared_hidden;
    uint32_t window, window_period; /* 0: none */
    double norm_epsilon;
    double attention_cap, logits_cap; /* 0: none */
    struct source_scaling rope;
};

/* Reads root, the whole of config.json.  Factors are taken from a.  STATUS_UNSUPPORTED names what is not understood;
 * STATUS_MALFORMED, STATUS_LIMIT, STATUS_NO_MEMORY.  *c is zeroed on error. */
must_check enum status source_config_read(struct source_config *c, struct arena *a, const struct json *root,
                                          struct reason *why);

/* Adds the keys of general.* and of the architecture. */
void source_config_write(struct builder *b, const struct source_config *c, uint32_t vocab_n);

#endif
