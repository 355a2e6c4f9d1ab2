/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model.h"

#include "core/base/checked.h"
#include "engine/gguf.h"

#include <string.h>

enum {
    DIM_MAX = 1 << 20, /* of every width, of the vocabulary and of the context */
    LAYERS_MAX = 4096,
    HEAD_DIM_MAX = 4096,
    LAYER_TENSORS = 9,
};

size_t model_arena_len(size_t meta_len)
{
    /* 52 bytes of tables for a key of 14 bytes, 200 for a tensor of 33 */
    return meta_len > SIZE_MAX / 16 ? SIZE_MAX : meta_len * 7 + 65536;
}

static enum status refuse(struct reason *why, enum status status, const char *text, struct gguf_text name)
{
    reason_set(why, "model: ", text, " ", NULL);
    reason_add_quoted(why, name.bytes, name.len);
    return status;
}

/* A dimension under llama., from 1 to max; the fallback when absent and not 0. */
static enum status dimension(uint32_t *out, const struct gguf *g, const char *key, uint64_t max, uint64_t fallback,
                             struct reason *why)
{
    uint64_t value;
    *out = 0;
    enum status status = gguf_u64(&value, g, key, why);
    if (status == STATUS_NOT_FOUND && fallback != 0) {
        value = fallback;
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (value == 0 || value > max) {
        reason_set(why, "model: ", key, " is 0 or too large", NULL);
        return STATUS_LIMIT;
    }
    *out = (uint32_t)value;
    return STATUS_OK;
}

static enum status number(float *out, const struct gguf *g, const char *key, float min, float max, float fallback,
                          struct reason *why)
{
    enum status status = gguf_f32(out, g, key, why);
    if (status == STATUS_NOT_FOUND && fallback > 0.0f) {
        *out = fallback;
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (*out >= min && *out <= max)
        return STATUS_OK;
    reason_set(why, "model: ", key, " is out of range", NULL);
    return STATUS_LIMIT;
}

static enum status check_architecture(const struct gguf *g, struct reason *why)
{
    static const char *const unsupported[] = {
        "llama.rope.scaling.type", "llama.rope.scale_linear", "llama.expert_count",   "llama.attention.sliding_window",
        "llama.embedding_scale",   "llama.logit_scale",       "llama.residual_scale", "llama.attention.scale"};
    struct gguf_text name;
    enum status status = gguf_text(&name, g, "general.architecture", why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (!gguf_text_is(name, "llama"))
        return refuse(why, STATUS_UNSUPPORTED, "unsupported architecture", name);
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        const struct gguf_value *v = gguf_value_find(g, unsupported[i]);
        uint64_t value = 1;
        if (v == NULL)
            continue;
        if (v->type == GGUF_STRING && v->bytes.len == 8 + 4 && memcmp(v->bytes.bytes + 8, "none", 4) == 0)
            continue;
        if (v->type != GGUF_STRING && gguf_u64(&value, g, unsupported[i], NULL) == STATUS_OK && value == 0)
            continue;
        return refuse(why, STATUS_UNSUPPORTED, "unsupported setting", v->key);
    }
    return STATUS_OK;
}

static enum status check_shape(const struct model *m, const struct gguf *g, struct reason *why)
{
    static const char *const head_widths[] = {"llama.rope.dimension_count", "llama.attention.key_length",
                                              "llama.attention.value_length"};
    if (m->dim % m->heads_n != 0 || m->heads_n % m->kv_heads_n != 0 || m->head_dim % 2 != 0) {
        reason_set(why, "model: the heads do not divide the width", NULL);
        return STATUS_MALFORMED;
    }
    for (size_t i = 0; i < sizeof head_widths / sizeof head_widths[0]; i++) {
        uint64_t width;
        enum status status = gguf_u64(&width, g, head_widths[i], why);
        if (status == STATUS_MALFORMED)
            return status;
        if (status == STATUS_OK && width != m->head_dim) {
            reason_set(why, "model: ", head_widths[i], " is not the width divided by the heads", NULL);
            return STATUS_UNSUPPORTED;
        }
    }
    return STATUS_OK;
}

static enum status read_dimensions(struct model *m, const struct gguf *g, struct reason *why)
{
    enum status status = check_architecture(g, why);
    if (status == STATUS_OK)
        status = dimension(&m->dim, g, "llama.embedding_length", DIM_MAX, 0, why);
    if (status == STATUS_OK)
        status = dimension(&m->hidden, g, "llama.feed_forward_length", DIM_MAX, 0, why);
    if (status == STATUS_OK)
        status = dimension(&m->layers_n, g, "llama.block_count", LAYERS_MAX, 0, why);
    if (status == STATUS_OK)
        status = dimension(&m->context_n, g, "llama.context_length", DIM_MAX, 0, why);
    if (status == STATUS_OK)
        status = dimension(&m->heads_n, g, "llama.attention.head_count", m->dim, 0, why);
    if (status == STATUS_OK)
        status = dimension(&m->kv_heads_n, g, "llama.attention.head_count_kv", m->heads_n, m->heads_n, why);
    if (status == STATUS_OK)
        status = number(&m->norm_epsilon, g, "llama.attention.layer_norm_rms_epsilon", 1e-12f, 1.0f, 0.0f, why);
    if (status == STATUS_OK)
        status = number(&m->rope_base, g, "llama.rope.freq_base", 1.0f, 1e9f, 10000.0f, why);
    if (status != STATUS_OK)
        return status;
    m->head_dim = m->dim / m->heads_n;
    if (m->head_dim > HEAD_DIM_MAX) {
        reason_set(why, "model: a head is wider than 4096", NULL);
        return STATUS_LIMIT;
    }
    return check_shape(m, g, why);
}

static bool known_type(enum weight_type *type, uint32_t ggml_type)
{
    switch (ggml_type) {
    case 0: *type = WEIGHT_F32; return true;
    case 1: *type = WEIGHT_F16; return true;
    case 2: *type = WEIGHT_Q4_0; return true;
    case 8: *type = WEIGHT_Q8_0; return true;
    default: return false;
    }
}

/* The type and place of one tensor, following the one before it in the file and in the layout. */
static enum status lay_tensor(struct model *m, struct matrix *x, const struct gguf_tensor *t, uint64_t *file_end,
                              struct reason *why)
{
    if (!known_type(&x->type, t->type)) {
        refuse(why, STATUS_UNSUPPORTED, "the type of tensor", t->name);
        reason_add(why, " is not supported (F32, F16, Q8_0, Q4_0); ggml type ");
        reason_add_u64(why, t->type);
        return STATUS_UNSUPPORTED;
    }
    bool quantised = x->type == WEIGHT_Q8_0 || x->type == WEIGHT_Q4_0;
    if (t->dimensions_n > 2 || t->dimensions[0] > DIM_MAX || t->dimensions[1] > DIM_MAX)
        return refuse(why, STATUS_UNSUPPORTED, "more than two or too large dimensions of tensor", t->name);
    x->vector = t->dimensions_n == 1;
    x->columns_n = (uint32_t)t->dimensions[0];
    x->rows_n = (uint32_t)t->dimensions[1];
    if (x->vector && x->type != WEIGHT_F32)
        return refuse(why, STATUS_UNSUPPORTED, "not F32: vector", t->name);
    if (quantised && x->columns_n % LAYOUT_BLOCK != 0)
        return refuse(why, STATUS_MALFORMED, "columns not a multiple of 32 in tensor", t->name);
    /* at most 2^20 * 2^20 * 4 bytes a tensor and 2^16 tensors: no sum overflows */
    x->file_len = layout_row_len(x->type, x->columns_n) * x->rows_n;
    x->file_offset = m->data_offset + t->offset;
    if (t->offset > INT64_MAX || x->file_offset < *file_end)
        return refuse(why, STATUS_MALFORMED, "overlapping or unordered offset of tensor", t->name);
    if (x->file_len > m->file_len || x->file_offset > m->file_len - x->file_len)
        return refuse(why, STATUS_TRUNCATED, "the file ends before the end of tensor", t->name);
    *file_end = x->file_offset + x->file_len;
    x->group_len = x->vector ? 0 : layout_group_len(x->type, x->columns_n);
    x->at = m->weights_len;
    uint64_t vector_len = ((uint64_t)x->columns_n * 4 + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
    m->weights_len += x->vector ? vector_len : x->group_len * layout_groups_n(x);
    return STATUS_OK;
}

static enum status lay_tensors(struct model *m, const struct gguf *g, struct arena *a, struct reason *why)
{
    uint64_t file_end = m->data_offset;
    m->tensors = arena_take(a, g->tensors_n, sizeof *m->tensors, _Alignof(struct matrix));
    m->tensors_n = g->tensors_n;
    if (m->tensors == NULL) {
        reason_set(why, "model: no memory for the table of tensors", NULL);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < g->tensors_n; i++) {
        enum status status = lay_tensor(m, &m->tensors[i], &g->tensors[i], &file_end, why);
        if (status != STATUS_OK)
            return status;
    }
    if (m->file_len - file_end >= g->alignment) {
        reason_set(why, "model: bytes after the last tensor", NULL);
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

/* The laid-out tensor of that name and shape; rows_n 0 asks for a vector. */
static enum status bind(struct matrix *out, const struct model *m, const struct gguf *g, const char *name,
                        uint32_t rows_n, uint32_t columns_n, struct reason *why)
{
    const struct gguf_tensor *t = gguf_tensor_find(g, name);
    if (t == NULL) {
        reason_set(why, "model: no tensor ", name, NULL);
        return STATUS_MALFORMED;
    }
    *out = m->tensors[t - g->tensors];
    if (out->vector != (rows_n == 0) || out->columns_n != columns_n || (rows_n != 0 && out->rows_n != rows_n))
        return refuse(why, STATUS_MALFORMED, "the dimensions do not fit the model in tensor", t->name);
    return STATUS_OK;
}

static enum status bind_layer(struct model_layer *l, const struct model *m, const struct gguf *g, uint32_t index,
                              struct reason *why)
{
    uint32_t kv = m->kv_heads_n * m->head_dim;
    const struct {
        const char *suffix;
        struct matrix *out;
        uint32_t rows_n, columns_n;
    } tensors[LAYER_TENSORS] = {
        {"attn_norm.weight", &l->attention_norm, 0, m->dim},
        {"attn_q.weight", &l->query, m->dim, m->dim},
        {"attn_k.weight", &l->key, kv, m->dim},
        {"attn_v.weight", &l->value, kv, m->dim},
        {"attn_output.weight", &l->output, m->dim, m->dim},
        {"ffn_norm.weight", &l->ffn_norm, 0, m->dim},
        {"ffn_gate.weight", &l->gate, m->hidden, m->dim},
        {"ffn_up.weight", &l->up, m->hidden, m->dim},
        {"ffn_down.weight", &l->down, m->dim, m->hidden},
    };
    for (size_t i = 0; i < LAYER_TENSORS; i++) {
        struct reason name = {{0}};
        reason_set(&name, "blk.", NULL);
        reason_add_u64(&name, index);
        reason_add(&name, ".");
        reason_add(&name, tensors[i].suffix);
        enum status status = bind(tensors[i].out, m, g, name.text, tensors[i].rows_n, tensors[i].columns_n, why);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Every tensor has one use, so that none is silently ignored. */
static enum status refuse_unknown(const struct model *m, const struct gguf *g, bool tied, struct reason *why)
{
    static const char *const suffixes[LAYER_TENSORS] = {"attn_norm.weight", "attn_q.weight",      "attn_k.weight",
                                                        "attn_v.weight",    "attn_output.weight", "ffn_norm.weight",
                                                        "ffn_gate.weight",  "ffn_up.weight",      "ffn_down.weight"};
    if (g->tensors_n == (size_t)m->layers_n * LAYER_TENSORS + (tied ? 2 : 3))
        return STATUS_OK;
    for (size_t i = 0; i < g->tensors_n; i++) {
        struct gguf_text name = g->tensors[i].name;
        bool known = gguf_text_is(name, "token_embd.weight") || gguf_text_is(name, "output_norm.weight") ||
                     gguf_text_is(name, "output.weight");
        for (size_t k = 0; k < LAYER_TENSORS && !known && memcmp(name.bytes, "blk.", name.len < 4 ? name.len : 4) == 0;
             k++) {
            size_t len = strlen(suffixes[k]);
            known = name.len > len && memcmp(name.bytes + name.len - len, suffixes[k], len) == 0;
        }
        if (!known)
            return refuse(why, STATUS_UNSUPPORTED, "unknown tensor", name);
    }
    reason_set(why, "model: more tensors than its layers have", NULL);
    return STATUS_MALFORMED;
}

static enum status bind_tensors(struct model *m, const struct gguf *g, struct arena *a, struct reason *why)
{
    bool tied = gguf_tensor_find(g, "output.weight") == NULL;
    const struct gguf_tensor *embedding = gguf_tensor_find(g, "token_embd.weight");
    if (embedding != NULL)
        m->vocab_n = (uint32_t)embedding->dimensions[1];
    m->layers = arena_take(a, m->layers_n, sizeof *m->layers, _Alignof(struct model_layer));
    if (m->layers == NULL) {
        reason_set(why, "model: no memory for the layers", NULL);
        return STATUS_NO_MEMORY;
    }
    enum status status = bind(&m->embedding, m, g, "token_embd.weight", m->vocab_n, m->dim, why);
    if (status == STATUS_OK)
        status = bind(&m->output_norm, m, g, "output_norm.weight", 0, m->dim, why);
    if (status == STATUS_OK)
        status = bind(&m->output, m, g, tied ? "token_embd.weight" : "output.weight", m->vocab_n, m->dim, why);
    for (uint32_t i = 0; i < m->layers_n && status == STATUS_OK; i++)
        status = bind_layer(&m->layers[i], m, g, i, why);
    return status == STATUS_OK ? refuse_unknown(m, g, tied, why) : status;
}

enum status model_parse(struct model *m, struct arena *a, const void *meta, size_t meta_len, uint64_t file_len,
                        struct reason *why)
{
    struct gguf g;
    *m = (struct model){0};
    enum status status = gguf_parse(&g, a, meta, meta_len, why);
    if (status != STATUS_OK)
        return status;
    m->data_offset = g.data_offset;
    m->file_len = file_len;
    status = read_dimensions(m, &g, why);
    if (status == STATUS_OK && file_len < m->data_offset) {
        reason_set(why, "model: the file ends before the tensors", NULL);
        status = STATUS_TRUNCATED;
    }
    if (status == STATUS_OK && (size_t)m->layers_n * LAYER_TENSORS > g.tensors_n) {
        reason_set(why, "model: fewer tensors than its layers need", NULL);
        status = STATUS_MALFORMED;
    }
    if (status == STATUS_OK)
        status = lay_tensors(m, &g, a, why);
    if (status == STATUS_OK)
        status = bind_tensors(m, &g, a, why);
    if (status != STATUS_OK)
        *m = (struct model){0};
    else
        reason_set(why, "", NULL); /* what a missing optional key left */
    return status;
}

uint64_t model_weights_len(const struct model *m)
{
    return m->weights_len;
}

void model_place(const struct model *m, void *weights, uint64_t file_offset, const void *bytes, size_t len)
{
    size_t low = 0;
    size_t high = m->tensors_n;
    while (low < high) { /* the first tensor that ends after file_offset */
        size_t middle = low + (high - low) / 2;
        if (m->tensors[middle].file_offset + m->tensors[middle].file_len <= file_offset)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t end = file_offset + len;
    for (; low < m->tensors_n && m->tensors[low].file_offset < end; low++) {
        const struct matrix *t = &m->tensors[low];
        uint64_t from = t->file_offset > file_offset ? t->file_offset : file_offset;
        uint64_t to = t->file_offset + t->file_len < end ? t->file_offset + t->file_len : end;
        layout_place(t, weights, from - t->file_offset, (const uint8_t *)bytes + (from - file_offset),
                     (size_t)(to - from));
    }
}
