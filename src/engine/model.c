/* SPDX-License-Identifier: Apache-2.0 */
/* The dimensions and settings of a model; its tensors are in model_tensors.c. */
#include "engine/model.h"

#include "engine/family.h"
#include "engine/gguf.h"
#include "engine/model_tensors.h"
#include "engine/numerics.h"

#include <string.h>

enum {
    DIM_MAX = 1 << 20, /* of every width, of the vocabulary and of the context */
    LAYERS_MAX = 4096,
    HEAD_DIM_MAX = 4096,
    EXPERTS_MAX = 1024,
};

/* What reads the settings of one file. */
struct settings {
    struct model *model;
    const struct gguf *gguf;
    const struct family *family;
    char prefix[GGUF_NAME_MAX]; /* "llama." */
    struct reason *why;
};

size_t model_arena_len(size_t meta_len)
{
    /* 52 bytes of tables for a key of 14 bytes, 220 for a tensor of 33 */
    return meta_len > SIZE_MAX / 16 ? SIZE_MAX : meta_len * 10 + 65536;
}

static void full_key(char key[2 * GGUF_NAME_MAX], const struct settings *s, const char *suffix)
{
    size_t len = strlen(s->prefix);
    size_t left = strlen(suffix) < GGUF_NAME_MAX ? strlen(suffix) : GGUF_NAME_MAX - 1;
    memcpy(key, s->prefix, len);
    memcpy(key + len, suffix, left);
    key[len + left] = 0;
}

static enum status out_of_range(struct reason *why, const char *key)
{
    reason_set(why, "model: ", key, " is out of range", NULL);
    return STATUS_LIMIT;
}

/* A whole number from min to max; the fallback when absent and allowed (not UINT64_MAX). */
static enum status whole(uint32_t *out, const struct settings *s, const char *suffix, uint64_t min, uint64_t max,
                         uint64_t fallback)
{
    char key[2 * GGUF_NAME_MAX];
    uint64_t value;
    *out = 0;
    full_key(key, s, suffix);
    enum status status = gguf_u64(&value, s->gguf, key, s->why);
    if (status == STATUS_NOT_FOUND && fallback != UINT64_MAX)
        value = fallback;
    else if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (value < min || value > max)
        return out_of_range(s->why, key);
    *out = (uint32_t)value;
    return STATUS_OK;
}

/* A number from min to max; the fallback when absent and not negative. */
static enum status number(float *out, const struct settings *s, const char *suffix, float min, float max,
                          float fallback)
{
    char key[2 * GGUF_NAME_MAX];
    full_key(key, s, suffix);
    enum status status = gguf_f32(out, s->gguf, key, s->why);
    if (status == STATUS_NOT_FOUND && fallback >= 0.0f) {
        *out = fallback;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    return *out >= min && *out <= max ? STATUS_OK : out_of_range(s->why, key);
}

/* Settings that this engine does not know how to follow must be absent, 0 or "none". */
static enum status refuse_settings(const struct settings *s)
{
    static const char *const suffixes[] = {"embedding_scale",
                                           "logit_scale",
                                           "residual_scale",
                                           "attention.scale",
                                           "attention.max_alibi_bias",
                                           "attention.clamp_kqv",
                                           "expert_weights_scale",
                                           "expert_group_count",
                                           "rope.dimension_sections",
                                           "use_parallel_residual",
                                           "attention.temperature_scale"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char key[2 * GGUF_NAME_MAX];
        full_key(key, s, suffixes[i]);
        const struct gguf_value *v = gguf_value_find(s->gguf, key);
        bool zero = v != NULL && v->type != GGUF_STRING && v->type != GGUF_ARRAY;
        for (size_t k = 0; zero && k < v->bytes.len; k++)
            zero = v->bytes.bytes[k] == 0;
        if (v == NULL || zero)
            continue;
        reason_set(s->why, "model: unsupported setting ", key, NULL);
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

static enum status find_family(struct settings *s)
{
    struct gguf_text name;
    enum status status = gguf_text(&name, s->gguf, "general.architecture", s->why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    s->family = family_find(name);
    if (s->family == NULL) {
        reason_set(s->why, "model: unsupported architecture ", NULL);
        reason_add_quoted(s->why, name.bytes, name.len);
        return STATUS_UNSUPPORTED;
    }
    memcpy(s->prefix, name.bytes, name.len);
    s->prefix[name.len] = '.';
    return refuse_settings(s);
}

/* The width of a head: its own setting, or the model's width shared out. */
static enum status read_heads(const struct settings *s)
{
    struct model *m = s->model;
    uint32_t value_dim;
    enum status status = whole(&m->heads_n, s, "attention.head_count", 1, DIM_MAX, UINT64_MAX);
    if (status == STATUS_OK)
        status = whole(&m->kv_heads_n, s, "attention.head_count_kv", 1, m->heads_n, m->heads_n);
    if (status == STATUS_OK)
        status = whole(&m->head_dim, s, "attention.key_length", 2, HEAD_DIM_MAX,
                       m->dim % m->heads_n == 0 ? m->dim / m->heads_n : UINT64_MAX);
    if (status == STATUS_OK)
        status = whole(&value_dim, s, "attention.value_length", 1, HEAD_DIM_MAX, m->head_dim);
    if (status == STATUS_OK)
        status = whole(&m->rope_dims, s, "rope.dimension_count", 2, m->head_dim, m->head_dim);
    if (status != STATUS_OK)
        return status;
    if (value_dim != m->head_dim) {
        reason_set(s->why, "model: values are not as wide as keys", NULL);
        return STATUS_UNSUPPORTED;
    }
    if (m->heads_n % m->kv_heads_n != 0 || m->head_dim % 2 != 0 || m->rope_dims % 2 != 0 ||
        (uint64_t)m->heads_n * m->head_dim > DIM_MAX) {
        reason_set(s->why, "model: the heads do not fit each other", NULL);
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static enum status read_experts(const struct settings *s)
{
    struct model *m = s->model;
    bool always = (s->family->features & FAMILY_EXPERTS) != 0;
    enum status status = whole(&m->experts_n, s, "expert_count", always ? 1 : 0, EXPERTS_MAX, always ? UINT64_MAX : 0);
    if (status != STATUS_OK || m->experts_n == 0)
        return status;
    if (!always && !s->family->may_have_experts) {
        reason_set(s->why, "model: experts in a family that has none", NULL);
        return STATUS_UNSUPPORTED;
    }
    status = whole(&m->experts_used_n, s, "expert_used_count", 1, m->experts_n, UINT64_MAX);
    uint32_t hidden = m->hidden;
    if (status == STATUS_OK && always)
        status = whole(&m->hidden, s, "expert_feed_forward_length", 1, DIM_MAX, hidden / m->experts_used_n);
    if (status == STATUS_OK && (s->family->features & FAMILY_SHARED_EXPERT) != 0)
        status = whole(&m->shared_hidden, s, "expert_shared_feed_forward_length", 1, DIM_MAX, hidden);
    return status;
}

static enum status read_scaling(struct rope *r, const struct settings *s)
{
    char key[2 * GGUF_NAME_MAX];
    struct gguf_text type = {NULL, 0};
    full_key(key, s, "rope.scaling.type");
    enum status status = gguf_text(&type, s->gguf, key, s->why);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    bool absent = status == STATUS_NOT_FOUND;
    bool linear = !absent && gguf_text_is(type, "linear");
    r->yarn = !absent && gguf_text_is(type, "yarn");
    if (!absent && !linear && !r->yarn && !gguf_text_is(type, "none") && !gguf_text_is(type, "longrope")) {
        reason_set(s->why, "model: unsupported rope scaling ", NULL);
        reason_add_quoted(s->why, type.bytes, type.len);
        return STATUS_UNSUPPORTED;
    }
    /* rope.scale_linear is the older name; a factor without a type is linear */
    float old;
    status = number(&old, s, "rope.scale_linear", 0.0f, 1e6f, 1.0f);
    if (status == STATUS_OK)
        status = number(&r->scale, s, "rope.scaling.factor", 0.0f, 1e6f, old);
    if (r->scale <= 0.0f || (!absent && !linear && !r->yarn))
        r->scale = 1.0f;
    if (status == STATUS_OK)
        status = number(&r->magnitude, s, "rope.scaling.attn_factor", 1e-3f, 1e3f, 1.0f);
    if (status == STATUS_OK)
        status = whole(&r->original_n, s, "rope.scaling.original_context_length", 1, DIM_MAX, s->model->context_n);
    if (status == STATUS_OK)
        status = number(&r->beta_fast, s, "rope.scaling.yarn_beta_fast", 1e-3f, 1e6f, 32.0f);
    if (status == STATUS_OK)
        status = number(&r->beta_slow, s, "rope.scaling.yarn_beta_slow", 1e-3f, 1e6f, 1.0f);
    return status;
}

static enum status read_rope(const struct settings *s)
{
    struct model *m = s->model;
    float local_base = s->family->local_rope_base;
    enum status status = number(&m->rope.base, s, "rope.freq_base", 1.0f, 1e12f, 10000.0f);
    if (status == STATUS_OK)
        status = read_scaling(&m->rope, s);
    if (status != STATUS_OK)
        return status;
    m->rope_local = m->rope;
    if (local_base > 0.0f) {
        m->rope_local = (struct rope){.scale = 1.0f, .magnitude = 1.0f, .original_n = m->context_n};
        status = number(&m->rope_local.base, s, "rope.freq_base_swa", 1.0f, 1e12f, local_base);
    }
    m->rope_long = m->rope;
    return status;
}

/* Attention's scale, caps and windows. */
static enum status read_attention(const struct settings *s)
{
    struct model *m = s->model;
    const struct family *f = s->family;
    uint32_t window = 0;
    uint32_t period = f->window_period;
    bool wide = f->wide_scale_layers != 0 && m->layers_n == f->wide_scale_layers;
    m->attention_scale = 1.0f / f32_sqrt(wide ? (float)(m->dim / m->heads_n) : (float)m->head_dim);
    enum status status = number(&m->attention_cap, s, "attn_logit_softcapping", 0.0f, 1e6f, f->attention_cap);
    if (status == STATUS_OK)
        status = number(&m->logits_cap, s, "final_logit_softcapping", 0.0f, 1e6f, f->logits_cap);
    if (status == STATUS_OK && !f->window_ignored)
        status = whole(&window, s, "attention.sliding_window", 0, UINT32_MAX, f->window_default);
    if (status == STATUS_OK && period > 1)
        status = whole(&period, s, "attention.sliding_window_pattern", 1, LAYERS_MAX, period);
    if (status == STATUS_OK && window != 0 && period == 0) {
        reason_set(s->why, "model: a sliding window in a family that has none", NULL);
        return STATUS_UNSUPPORTED;
    }
    for (uint32_t i = 0; i < m->layers_n && status == STATUS_OK; i++) {
        struct model_layer *l = &m->layers[i];
        bool local = window != 0 && (f->window_period == 1 || i % period != period - 1);
        l->window = local ? window : 0;
        l->local_rope = local && f->local_rope_base > 0.0f;
        l->rotates = f->no_rope_period == 0 || (i + 1) % f->no_rope_period != 0;
    }
    return status;
}

static enum status read_settings(struct settings *s, struct arena *a)
{
    struct model *m = s->model;
    enum status status = find_family(s);
    if (status == STATUS_OK)
        status = whole(&m->dim, s, "embedding_length", 1, DIM_MAX, UINT64_MAX);
    if (status == STATUS_OK)
        status = whole(&m->hidden, s, "feed_forward_length", 1, DIM_MAX, UINT64_MAX);
    if (status == STATUS_OK)
        status = whole(&m->layers_n, s, "block_count", 1, LAYERS_MAX, UINT64_MAX);
    if (status == STATUS_OK)
        status = whole(&m->context_n, s, "context_length", 1, DIM_MAX * 16, UINT64_MAX);
    if (status == STATUS_OK)
        status = read_heads(s);
    if (status == STATUS_OK)
        status = read_experts(s);
    if (status == STATUS_OK)
        status = number(&m->norm_epsilon, s, "attention.layer_norm_rms_epsilon", 1e-12f, 1.0f, -1.0f);
    if (status == STATUS_OK)
        status = read_rope(s);
    if (status != STATUS_OK)
        return status;
    m->rope_halves = s->family->rope_halves;
    m->gelu = s->family->gelu;
    m->norms_experts = s->family->norms_experts;
    m->embedding_scale = s->family->scales_embedding ? f32_sqrt((float)m->dim) : 1.0f;
    if (m->layers_n > s->gguf->tensors_n) {
        reason_set(s->why, "model: fewer tensors than layers", NULL);
        return STATUS_MALFORMED;
    }
    m->layers = arena_take(a, m->layers_n, sizeof *m->layers, _Alignof(struct model_layer));
    if (m->layers == NULL) {
        reason_set(s->why, "model: no memory for the layers", NULL);
        return STATUS_NO_MEMORY;
    }
    memset(m->layers, 0, m->layers_n * sizeof *m->layers);
    return read_attention(s);
}

enum status model_parse(struct model *m, struct arena *a, const void *meta, size_t meta_len, uint64_t file_len,
                        struct reason *why)
{
    struct gguf g;
    *m = (struct model){0};
    enum status status = gguf_parse(&g, a, meta, meta_len, why);
    if (status != STATUS_OK)
        return status;
    struct settings s = {.model = m, .gguf = &g, .why = why};
    m->data_offset = g.data_offset;
    m->file_len = file_len;
    status = read_settings(&s, a);
    if (status == STATUS_OK && file_len < m->data_offset) {
        reason_set(why, "model: the file ends before the tensors", NULL);
        status = STATUS_TRUNCATED;
    }
    if (status == STATUS_OK)
        status = model_tensors_lay(m, &g, a, why);
    if (status == STATUS_OK)
        status = model_tensors_bind(m, &g, family_features(s.family, m->experts_n != 0), a, why);
    if (status != STATUS_OK) {
        *m = (struct model){0};
        return status;
    }
    reason_set(why, "", NULL); /* what a missing optional key left */
    return STATUS_OK;
}

uint64_t model_weights_len(const struct model *m)
{
    return m->weights_len;
}
