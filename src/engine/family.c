/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/family.h"

/* Sources: the models' published configurations and reference implementations (transformers), and the key and tensor
 * names of GGUF files. */
static const struct family families[] = {
    /* Llama 1 to 3, Mistral, Mixtral, SmolLM2, TinyLlama */
    {.name = "llama", .may_have_experts = true, .norms_experts = true, .window_period = 1},
    {.name = "mistral3", .window_period = 1},
    {.name = "smollm3", .no_rope_period = 4},
    {.name = "qwen2", .rope_halves = true},
    {.name = "qwen3", .rope_halves = true, .features = FAMILY_QUERY_KEY_NORM},
    {.name = "qwen2moe", .rope_halves = true, .features = FAMILY_EXPERTS | FAMILY_SHARED_EXPERT},
    {.name = "qwen3moe",
     .rope_halves = true,
     .features = FAMILY_EXPERTS | FAMILY_QUERY_KEY_NORM,
     .norms_experts = true},
    /* the window that files of this family name is not used by the reference for short and long contexts alike */
    {.name = "phi3", .rope_halves = true, .features = FAMILY_FUSED_QKV | FAMILY_FUSED_GATE, .window_ignored = true},
    {.name = "gemma", .rope_halves = true, .gelu = true, .scales_embedding = true},
    {.name = "gemma2",
     .rope_halves = true,
     .gelu = true,
     .scales_embedding = true,
     .features = FAMILY_POST_NORM,
     .window_period = 2,
     .window_default = 4096,
     .attention_cap = 50.0f,
     .logits_cap = 30.0f,
     .wide_scale_layers = 46},
    {.name = "gemma3",
     .rope_halves = true,
     .gelu = true,
     .scales_embedding = true,
     .features = FAMILY_POST_NORM | FAMILY_QUERY_KEY_NORM,
     .window_period = 6,
     .local_rope_base = 10000.0f,
     .wide_scale_layers = 62},
};

const struct family *family_find(struct gguf_text name)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (gguf_text_is(name, families[i].name))
            return &families[i];
    return NULL;
}

uint32_t family_features(const struct family *f, bool experts)
{
    uint32_t features = f->features;
    if (experts)
        features |= FAMILY_EXPERTS;
    if ((features & FAMILY_FUSED_QKV) == 0)
        features |= FAMILY_SEPARATE;
    if ((features & FAMILY_EXPERTS) == 0)
        features |= FAMILY_DENSE | ((features & FAMILY_FUSED_GATE) == 0 ? FAMILY_GATE : 0);
    return features;
}
