/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_family.h"

#include <stddef.h>

enum { PLAIN = SOURCE_SEPARATE | SOURCE_DENSE };

/* Sources: the configurations and reference implementations that the models' makers publish (transformers), with the
 * defaults of their configuration classes. */
static const struct source_family families[] = {
    {.model_type = "llama", .architecture = "llama", .features = PLAIN | SOURCE_HALVES},
    {.model_type = "mistral",
     .architecture = "llama",
     .features = PLAIN | SOURCE_HALVES | SOURCE_WINDOW,
     .window_period = 1},
    {.model_type = "mixtral",
     .architecture = "llama",
     .features = SOURCE_SEPARATE | SOURCE_HALVES | SOURCE_WINDOW | SOURCE_MIXTRAL_EXPERTS | SOURCE_EXPERTS_NORMED,
     .window_period = 1},
    {.model_type = "smollm3",
     .architecture = "smollm3",
     .features = PLAIN | SOURCE_HALVES | SOURCE_TIED,
     .no_rope_period = 4},
    {.model_type = "qwen2", .architecture = "qwen2", .features = PLAIN | SOURCE_BIAS},
    {.model_type = "qwen3", .architecture = "qwen3", .features = PLAIN | SOURCE_QUERY_KEY_NORM, .head_dim = 128},
    {.model_type = "qwen2_moe",
     .architecture = "qwen2moe",
     .features = SOURCE_SEPARATE | SOURCE_BIAS | SOURCE_QWEN_EXPERTS | SOURCE_SHARED_EXPERT},
    {.model_type = "qwen3_moe",
     .architecture = "qwen3moe",
     .features = SOURCE_SEPARATE | SOURCE_QUERY_KEY_NORM | SOURCE_QWEN_EXPERTS | SOURCE_EXPERTS_NORMED},
    {.model_type = "phi3",
     .architecture = "phi3",
     .features = SOURCE_FUSED | SOURCE_DENSE | SOURCE_WINDOW,
     .window_period = 1},
    {.model_type = "gemma",
     .architecture = "gemma",
     .features = PLAIN | SOURCE_NORM_PLUS_ONE | SOURCE_TIED | SOURCE_GELU,
     .head_dim = 256},
    {.model_type = "gemma2",
     .architecture = "gemma2",
     .features = PLAIN | SOURCE_NORM_PLUS_ONE | SOURCE_TIED | SOURCE_GELU | SOURCE_POST_NORMS | SOURCE_WINDOW,
     .head_dim = 256,
     .window_period = 2,
     .window = 4096,
     .attention_scalar = 256,
     .wide_layers = 46},
    {.model_type = "gemma3_text",
     .architecture = "gemma3",
     .features = PLAIN | SOURCE_NORM_PLUS_ONE | SOURCE_TIED | SOURCE_GELU | SOURCE_POST_NORMS | SOURCE_QUERY_KEY_NORM |
                 SOURCE_WINDOW | SOURCE_LOCAL_ROPE,
     .head_dim = 256,
     .window_period = 6,
     .window = 4096,
     .attention_scalar = 256,
     .wide_layers = 62},
};

const struct source_family *source_family_find(const struct json *model_type)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (json_is_text(model_type, families[i].model_type))
            return &families[i];
    return NULL;
}
