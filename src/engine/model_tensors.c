/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model_tensors.h"

#include "core/base/checked.h"
#include "engine/family.h"

#include <string.h>

enum {
    WIDTH_MAX = 1 << 20, /* columns of a tensor */
    ROWS_MAX = 1 << 26,  /* rows of a tensor, those of all experts counted */
    PIECE_GROUPS = 64,   /* groups of rows in a piece of model_finish */
};

static enum status refuse(struct reason *why, enum status status, const char *text, const char *name)
{
    reason_set(why, "model: ", text, " ", NULL);
    reason_add_quoted(why, name, strlen(name));
    return status;
}

/* ---- laying ---- */

static const char *copy_name(struct arena *a, struct gguf_text text)
{
    char *name = arena_take(a, text.len + 1, 1, 1);
    if (name == NULL)
        return NULL;
    memcpy(name, text.bytes, text.len);
    name[text.len] = 0;
    return name;
}

static enum status set_shape(struct model_tensor *x, const struct gguf_tensor *t, struct reason *why)
{
    struct matrix *m = &x->matrix;
    m->type = format_find(t->type);
    if (m->type == WEIGHT_TYPES_N) {
        refuse(why, STATUS_UNSUPPORTED, "the type of tensor", x->name);
        reason_add(why, " is not supported: ");
        reason_add(why, format_number_name(t->type));
        reason_add(why, ", ggml type ");
        reason_add_u64(why, t->type);
        return STATUS_UNSUPPORTED;
    }
    uint64_t rows_n;
    if (t->dimensions_n > 3 || t->dimensions[0] > WIDTH_MAX ||
        !checked_mul_u64(&rows_n, t->dimensions[1], t->dimensions[2]) || rows_n > ROWS_MAX)
        return refuse(why, STATUS_UNSUPPORTED, "too many or too large dimensions of tensor", x->name);
    m->vector = t->dimensions_n == 1;
    m->columns_n = (uint32_t)t->dimensions[0];
    m->rows_n = (uint32_t)rows_n;
    if (m->vector && m->type != WEIGHT_F32)
        return refuse(why, STATUS_UNSUPPORTED, "not F32: vector", x->name);
    if (m->columns_n % format_of(m->type)->unit_columns != 0)
        return refuse(why, STATUS_MALFORMED, "columns are no multiple of the type's block in tensor", x->name);
    return STATUS_OK;
}

/* The type and place of one tensor, following the one before it in the file and in the layout. */
static enum status lay_tensor(struct model *m, struct model_tensor *x, const struct gguf_tensor *t, uint64_t *file_end,
                              struct reason *why)
{
    struct matrix *matrix = &x->matrix;
    enum status status = set_shape(x, t, why);
    if (status != STATUS_OK)
        return status;
    /* at most 2^20 * 2^26 * 4 bytes a tensor and 2^16 tensors: the sum of lengths could overflow, so the file's length
     * bounds each first */
    x->file_len = layout_row_len(matrix->type, matrix->columns_n) * matrix->rows_n;
    x->file_offset = m->data_offset + t->offset;
    if (t->offset > INT64_MAX || x->file_offset < *file_end)
        return refuse(why, STATUS_MALFORMED, "overlapping or unordered offset of tensor", x->name);
    if (x->file_len > m->file_len || x->file_offset > m->file_len - x->file_len)
        return refuse(why, STATUS_TRUNCATED, "the file ends before the end of tensor", x->name);
    *file_end = x->file_offset + x->file_len;
    matrix->group_len = matrix->vector ? 0 : layout_group_len(matrix->type, matrix->columns_n);
    matrix->at = m->weights_len;
    x->first_piece = m->pieces_n;
    uint64_t vector_len = ((uint64_t)matrix->columns_n * 4 + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
    uint64_t len = matrix->vector ? vector_len : matrix->group_len * layout_groups_n(matrix);
    if (!checked_add_u64(&m->weights_len, m->weights_len, len))
        return refuse(why, STATUS_LIMIT, "too many weights, at tensor", x->name);
    m->pieces_n += matrix->vector ? 1 : (layout_groups_n(matrix) + PIECE_GROUPS - 1) / PIECE_GROUPS;
    return STATUS_OK;
}

enum status model_tensors_lay(struct model *m, const struct gguf *g, struct arena *a, struct reason *why)
{
    uint64_t file_end = m->data_offset;
    m->tensors = arena_take(a, g->tensors_n, sizeof *m->tensors, _Alignof(struct model_tensor));
    m->tensors_n = g->tensors_n;
    for (size_t i = 0; i < g->tensors_n; i++) {
        if (m->tensors != NULL) {
            m->tensors[i] = (struct model_tensor){.name = copy_name(a, g->tensors[i].name)};
        }
        if (m->tensors == NULL || m->tensors[i].name == NULL) {
            reason_set(why, "model: no memory for the table of tensors", NULL);
            return STATUS_NO_MEMORY;
        }
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

/* ---- binding ---- */

/* Rows and columns of a tensor, in terms of the model. */
enum shape {
    SHAPE_VECTOR,  /* as rows: the tensor has one dimension */
    SHAPE_ONE_ROW, /* the same, but multiplied like a matrix: kept as a vector */
    SHAPE_DIM,
    SHAPE_QUERY,
    SHAPE_KV,
    SHAPE_QKV,
    SHAPE_HIDDEN,
    SHAPE_TWO_HIDDEN,
    SHAPE_HEAD,
    SHAPE_VOCAB,
    SHAPE_EXPERTS,
    SHAPE_EXPERTS_HIDDEN,
    SHAPE_EXPERTS_DIM,
    SHAPE_SHARED,
    SHAPE_ROPE,
};

static uint64_t shape_n(const struct model *m, enum shape shape)
{
    uint64_t query = (uint64_t)m->heads_n * m->head_dim;
    uint64_t kv = (uint64_t)m->kv_heads_n * m->head_dim;
    switch (shape) {
    case SHAPE_VECTOR:
    case SHAPE_ONE_ROW: return 1;
    case SHAPE_DIM: return m->dim;
    case SHAPE_QUERY: return query;
    case SHAPE_KV: return kv;
    case SHAPE_QKV: return query + 2 * kv;
    case SHAPE_HIDDEN: return m->hidden;
    case SHAPE_TWO_HIDDEN: return 2 * (uint64_t)m->hidden;
    case SHAPE_HEAD: return m->head_dim;
    case SHAPE_VOCAB: return m->vocab_n;
    case SHAPE_EXPERTS: return m->experts_n;
    case SHAPE_EXPERTS_HIDDEN: return (uint64_t)m->experts_n * m->hidden;
    case SHAPE_EXPERTS_DIM: return (uint64_t)m->experts_n * m->dim;
    case SHAPE_SHARED: return m->shared_hidden;
    case SHAPE_ROPE: return m->rope_dims / 2;
    }
    return 0;
}

/* A tensor of each layer: required when the model has all of the features; otherwise optional, or not known at all. */
struct layer_tensor {
    const char *suffix;
    uint32_t features;
    bool optional;
    enum shape rows, columns;
    size_t at; /* of the matrix in struct model_layer */
};

#define FIELD(name) offsetof(struct model_layer, name)
static const struct layer_tensor layer_tensors[] = {
    {"attn_norm.weight", 0, false, SHAPE_VECTOR, SHAPE_DIM, FIELD(attention_norm)},
    {"attn_q.weight", FAMILY_SEPARATE, false, SHAPE_QUERY, SHAPE_DIM, FIELD(query)},
    {"attn_k.weight", FAMILY_SEPARATE, false, SHAPE_KV, SHAPE_DIM, FIELD(key)},
    {"attn_v.weight", FAMILY_SEPARATE, false, SHAPE_KV, SHAPE_DIM, FIELD(value)},
    {"attn_qkv.weight", FAMILY_FUSED_QKV, false, SHAPE_QKV, SHAPE_DIM, FIELD(query)},
    {"attn_q.bias", FAMILY_SEPARATE, true, SHAPE_VECTOR, SHAPE_QUERY, FIELD(query_bias)},
    {"attn_k.bias", FAMILY_SEPARATE, true, SHAPE_VECTOR, SHAPE_KV, FIELD(key_bias)},
    {"attn_v.bias", FAMILY_SEPARATE, true, SHAPE_VECTOR, SHAPE_KV, FIELD(value_bias)},
    {"attn_q_norm.weight", FAMILY_QUERY_KEY_NORM, false, SHAPE_VECTOR, SHAPE_HEAD, FIELD(query_norm)},
    {"attn_k_norm.weight", FAMILY_QUERY_KEY_NORM, false, SHAPE_VECTOR, SHAPE_HEAD, FIELD(key_norm)},
    {"attn_output.weight", 0, false, SHAPE_DIM, SHAPE_QUERY, FIELD(output)},
    {"attn_output.bias", 0, true, SHAPE_VECTOR, SHAPE_DIM, FIELD(output_bias)},
    {"post_attention_norm.weight", FAMILY_POST_NORM, false, SHAPE_VECTOR, SHAPE_DIM, FIELD(attention_post_norm)},
    {"ffn_norm.weight", 0, false, SHAPE_VECTOR, SHAPE_DIM, FIELD(ffn_norm)},
    {"ffn_gate.weight", FAMILY_GATE, false, SHAPE_HIDDEN, SHAPE_DIM, FIELD(gate)},
    {"ffn_up.weight", FAMILY_GATE, false, SHAPE_HIDDEN, SHAPE_DIM, FIELD(up)},
    {"ffn_up.weight", FAMILY_DENSE | FAMILY_FUSED_GATE, false, SHAPE_TWO_HIDDEN, SHAPE_DIM, FIELD(gate)},
    {"ffn_down.weight", FAMILY_DENSE, false, SHAPE_DIM, SHAPE_HIDDEN, FIELD(down)},
    {"post_ffw_norm.weight", FAMILY_POST_NORM, false, SHAPE_VECTOR, SHAPE_DIM, FIELD(ffn_post_norm)},
    {"ffn_gate_inp.weight", FAMILY_EXPERTS, false, SHAPE_EXPERTS, SHAPE_DIM, FIELD(router)},
    {"ffn_gate_exps.weight", FAMILY_EXPERTS, false, SHAPE_EXPERTS_HIDDEN, SHAPE_DIM, FIELD(experts_gate)},
    {"ffn_up_exps.weight", FAMILY_EXPERTS, false, SHAPE_EXPERTS_HIDDEN, SHAPE_DIM, FIELD(experts_up)},
    {"ffn_down_exps.weight", FAMILY_EXPERTS, false, SHAPE_EXPERTS_DIM, SHAPE_HIDDEN, FIELD(experts_down)},
    {"ffn_gate_inp_shexp.weight", FAMILY_SHARED_EXPERT, false, SHAPE_ONE_ROW, SHAPE_DIM, FIELD(shared_router)},
    {"ffn_gate_shexp.weight", FAMILY_SHARED_EXPERT, false, SHAPE_SHARED, SHAPE_DIM, FIELD(shared_gate)},
    {"ffn_up_shexp.weight", FAMILY_SHARED_EXPERT, false, SHAPE_SHARED, SHAPE_DIM, FIELD(shared_up)},
    {"ffn_down_shexp.weight", FAMILY_SHARED_EXPERT, false, SHAPE_DIM, SHAPE_SHARED, FIELD(shared_down)},
};
#undef FIELD

struct binding {
    struct model *model;
    const struct gguf *gguf;
    bool *used; /* [tensors] */
    struct reason *why;
};

/* The laid-out tensor of that name and shape; the matrix stays absent when an optional tensor is. */
static enum status bind(struct matrix *out, const struct binding *b, const char *name, enum shape rows,
                        enum shape columns, bool optional)
{
    const struct gguf_tensor *t = gguf_tensor_find(b->gguf, name);
    if (t == NULL && optional)
        return STATUS_OK;
    if (t == NULL) {
        reason_set(b->why, "model: no tensor ", name, NULL);
        return STATUS_MALFORMED;
    }
    size_t index = (size_t)(t - b->gguf->tensors);
    *out = b->model->tensors[index].matrix;
    b->used[index] = true;
    bool vector = rows == SHAPE_VECTOR || (rows == SHAPE_ONE_ROW && out->vector);
    if (out->vector != vector || out->columns_n != shape_n(b->model, columns) || out->rows_n != shape_n(b->model, rows))
        return refuse(b->why, STATUS_MALFORMED, "the dimensions do not fit the model in tensor", name);
    return STATUS_OK;
}

static enum status bind_layer(const struct binding *b, struct model_layer *l, uint32_t index, uint32_t features)
{
    for (size_t i = 0; i < sizeof layer_tensors / sizeof layer_tensors[0]; i++) {
        const struct layer_tensor *t = &layer_tensors[i];
        struct reason name = {{0}};
        if ((features & t->features) != t->features)
            continue;
        reason_set(&name, "blk.", NULL);
        reason_add_u64(&name, index);
        reason_add(&name, ".");
        reason_add(&name, t->suffix);
        struct matrix *out = (struct matrix *)(void *)((uint8_t *)l + t->at);
        enum status status = bind(out, b, name.text, t->rows, t->columns, t->optional);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Cuts rows_n rows from row first on out of a matrix; a cut must fall between groups. */
static enum status cut(struct matrix *out, const struct matrix *m, uint64_t first, uint32_t rows_n, struct reason *why)
{
    struct matrix part = *m;
    if (first % FORMAT_ROWS != 0 || rows_n % FORMAT_ROWS != 0) {
        reason_set(why, "model: parts of a fused tensor are no multiples of 16 rows", NULL);
        return STATUS_UNSUPPORTED;
    }
    part.at = m->at + first / FORMAT_ROWS * m->group_len;
    part.rows_n = rows_n;
    *out = part;
    return STATUS_OK;
}

/* Splits what one tensor holds; experts are cut when they are used, but must be cuttable. */
static enum status split_layer(const struct model *m, struct model_layer *l, uint32_t features, struct reason *why)
{
    uint32_t query = m->heads_n * m->head_dim;
    uint32_t kv = m->kv_heads_n * m->head_dim;
    struct matrix fused = l->query;
    struct matrix part;
    enum status status = STATUS_OK;
    if ((features & FAMILY_FUSED_QKV) != 0) {
        status = cut(&l->query, &fused, 0, query, why);
        if (status == STATUS_OK)
            status = cut(&l->key, &fused, query, kv, why);
        if (status == STATUS_OK)
            status = cut(&l->value, &fused, (uint64_t)query + kv, kv, why);
    }
    fused = l->gate;
    if (status == STATUS_OK && (features & FAMILY_FUSED_GATE) != 0) {
        status = cut(&l->gate, &fused, 0, m->hidden, why);
        if (status == STATUS_OK)
            status = cut(&l->up, &fused, m->hidden, m->hidden, why);
    }
    if (status == STATUS_OK && m->experts_n != 0) {
        status = cut(&part, &l->experts_gate, 0, m->hidden, why);
        if (status == STATUS_OK)
            status = cut(&part, &l->experts_down, 0, m->dim, why);
    }
    return status;
}

/* Every tensor has one use, so that none is silently ignored. */
static enum status refuse_unused(const struct binding *b)
{
    for (size_t i = 0; i < b->gguf->tensors_n; i++)
        if (!b->used[i])
            return refuse(b->why, STATUS_UNSUPPORTED, "unknown tensor", b->model->tensors[i].name);
    return STATUS_OK;
}

static enum status bind_globals(const struct binding *b)
{
    struct model *m = b->model;
    bool tied = gguf_tensor_find(b->gguf, "output.weight") == NULL;
    const struct gguf_tensor *embedding = gguf_tensor_find(b->gguf, "token_embd.weight");
    if (embedding != NULL)
        m->vocab_n = embedding->dimensions[1] > WIDTH_MAX ? 0 : (uint32_t)embedding->dimensions[1];
    enum status status = bind(&m->embedding, b, "token_embd.weight", SHAPE_VOCAB, SHAPE_DIM, false);
    if (status == STATUS_OK)
        status = bind(&m->output_norm, b, "output_norm.weight", SHAPE_VECTOR, SHAPE_DIM, false);
    if (status == STATUS_OK)
        status = bind(&m->output, b, tied ? "token_embd.weight" : "output.weight", SHAPE_VOCAB, SHAPE_DIM, false);
    if (status == STATUS_OK)
        status = bind(&m->rope.factors, b, "rope_freqs.weight", SHAPE_VECTOR, SHAPE_ROPE, true);
    m->rope_long.factors = m->rope.factors;
    if (status == STATUS_OK && gguf_tensor_find(b->gguf, "rope_factors_long.weight") != NULL) {
        status = bind(&m->rope.factors, b, "rope_factors_short.weight", SHAPE_VECTOR, SHAPE_ROPE, false);
        if (status == STATUS_OK)
            status = bind(&m->rope_long.factors, b, "rope_factors_long.weight", SHAPE_VECTOR, SHAPE_ROPE, false);
        m->rope_long_after = m->rope.original_n;
    }
    return status;
}

enum status model_tensors_bind(struct model *m, const struct gguf *g, uint32_t features, struct arena *a,
                               struct reason *why)
{
    struct binding b = {.model = m, .gguf = g, .why = why};
    b.used = arena_take(a, g->tensors_n, sizeof *b.used, _Alignof(bool));
    if (b.used == NULL) {
        reason_set(why, "model: no memory for the table of tensors", NULL);
        return STATUS_NO_MEMORY;
    }
    memset(b.used, 0, g->tensors_n * sizeof *b.used);
    enum status status = bind_globals(&b);
    for (uint32_t i = 0; i < m->layers_n && status == STATUS_OK; i++)
        status = bind_layer(&b, &m->layers[i], i, features);
    if (status == STATUS_OK)
        status = refuse_unused(&b);
    for (uint32_t i = 0; i < m->layers_n && status == STATUS_OK; i++)
        status = split_layer(m, &m->layers[i], features, why);
    return status;
}

/* ---- the weights ---- */

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
    const uint8_t *from = bytes;
    uint64_t end = file_offset + len;
    for (; low < m->tensors_n && m->tensors[low].file_offset < end; low++) {
        const struct model_tensor *t = &m->tensors[low];
        uint64_t first = t->file_offset > file_offset ? t->file_offset : file_offset;
        uint64_t last = t->file_offset + t->file_len < end ? t->file_offset + t->file_len : end;
        layout_place(&t->matrix, weights, first - t->file_offset, from + (first - file_offset), (size_t)(last - first));
    }
}

struct finish_work {
    const struct model *model;
    uint8_t *weights;
    size_t bad_piece[WORKERS_MAX]; /* the first of each worker; pieces_n: none */
};

static const struct model_tensor *tensor_of_piece(const struct model *m, size_t piece)
{
    size_t low = 0;
    size_t high = m->tensors_n;
    while (low + 1 < high) { /* the last tensor whose first piece is not after this one */
        size_t middle = low + (high - low) / 2;
        if (m->tensors[middle].first_piece <= piece)
            low = middle;
        else
            high = middle;
    }
    return &m->tensors[low];
}

static void finish_task(void *argument, unsigned worker, size_t piece)
{
    struct finish_work *w = argument;
    const struct model_tensor *t = tensor_of_piece(w->model, piece);
    size_t first = (piece - t->first_piece) * PIECE_GROUPS;
    size_t left = layout_groups_n(&t->matrix) - first;
    if (layout_finish(&t->matrix, w->weights, first, left < PIECE_GROUPS ? left : PIECE_GROUPS) != STATUS_OK &&
        piece < w->bad_piece[worker])
        w->bad_piece[worker] = piece;
}

enum status model_finish(const struct model *m, void *weights, const struct workers *workers, struct reason *why)
{
    struct finish_work w = {.model = m, .weights = weights};
    size_t bad = m->pieces_n;
    if (workers->n > WORKERS_MAX)
        return STATUS_USAGE;
    for (size_t i = 0; i < WORKERS_MAX; i++)
        w.bad_piece[i] = m->pieces_n;
    workers->run(workers->context, finish_task, &w, m->pieces_n);
    for (size_t i = 0; i < WORKERS_MAX; i++)
        bad = w.bad_piece[i] < bad ? w.bad_piece[i] : bad;
    if (bad == m->pieces_n)
        return STATUS_OK;
    return refuse(why, STATUS_MALFORMED, "a number that is infinite or NaN in tensor", tensor_of_piece(m, bad)->name);
}
