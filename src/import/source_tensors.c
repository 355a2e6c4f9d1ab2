/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_tensors.h"

#include "core/base/writer.h"
#include "engine/format.h"

#include <string.h>

enum how {
    HOW_MATRIX,
    HOW_PAIRS,        /* a matrix whose rows are rotated */
    HOW_ROUTER,       /* a matrix that is kept as F32 */
    HOW_VECTOR,       /* kept as F32, as all vectors */
    HOW_PAIRS_VECTOR, /* whose numbers are rotated */
    HOW_NORM,
    HOW_ONE_ROW, /* a matrix of one row that becomes a vector */
    HOW_EXPERTS, /* matrices that become one; '*' is the expert's number */
};

struct row {
    const char *source, *target;
    uint32_t needs, without; /* enum source_feature */
    enum how how;
    uint32_t required; /* when a family has one of these features; others may lack the tensor.  0: always */
};

static const struct row layer_rows[] = {
    {"input_layernorm.weight", "attn_norm.weight", 0, 0, HOW_NORM, 0},
    {"self_attn.q_proj.weight", "attn_q.weight", SOURCE_SEPARATE, 0, HOW_PAIRS, 0},
    {"self_attn.q_proj.bias", "attn_q.bias", SOURCE_SEPARATE, 0, HOW_PAIRS_VECTOR, SOURCE_BIAS},
    {"self_attn.k_proj.weight", "attn_k.weight", SOURCE_SEPARATE, 0, HOW_PAIRS, 0},
    {"self_attn.k_proj.bias", "attn_k.bias", SOURCE_SEPARATE, 0, HOW_PAIRS_VECTOR, SOURCE_BIAS},
    {"self_attn.v_proj.weight", "attn_v.weight", SOURCE_SEPARATE, 0, HOW_MATRIX, 0},
    {"self_attn.v_proj.bias", "attn_v.bias", SOURCE_SEPARATE, 0, HOW_VECTOR, SOURCE_BIAS},
    {"self_attn.qkv_proj.weight", "attn_qkv.weight", SOURCE_FUSED, 0, HOW_MATRIX, 0},
    {"self_attn.q_norm.weight", "attn_q_norm.weight", SOURCE_QUERY_KEY_NORM, 0, HOW_NORM, 0},
    {"self_attn.k_norm.weight", "attn_k_norm.weight", SOURCE_QUERY_KEY_NORM, 0, HOW_NORM, 0},
    {"self_attn.o_proj.weight", "attn_output.weight", 0, 0, HOW_MATRIX, 0},
    {"self_attn.o_proj.bias", "attn_output.bias", 0, 0, HOW_VECTOR, UINT32_C(1) << 31},
    {"post_attention_layernorm.weight", "post_attention_norm.weight", SOURCE_POST_NORMS, 0, HOW_NORM, 0},
    {"post_attention_layernorm.weight", "ffn_norm.weight", 0, SOURCE_POST_NORMS, HOW_NORM, 0},
    {"pre_feedforward_layernorm.weight", "ffn_norm.weight", SOURCE_POST_NORMS, 0, HOW_NORM, 0},
    {"mlp.gate_proj.weight", "ffn_gate.weight", SOURCE_DENSE, SOURCE_FUSED, HOW_MATRIX, 0},
    {"mlp.up_proj.weight", "ffn_up.weight", SOURCE_DENSE, SOURCE_FUSED, HOW_MATRIX, 0},
    {"mlp.gate_up_proj.weight", "ffn_up.weight", SOURCE_FUSED, 0, HOW_MATRIX, 0},
    {"mlp.down_proj.weight", "ffn_down.weight", SOURCE_DENSE, 0, HOW_MATRIX, 0},
    {"block_sparse_moe.gate.weight", "ffn_gate_inp.weight", SOURCE_MIXTRAL_EXPERTS, 0, HOW_ROUTER, 0},
    {"block_sparse_moe.experts.*.w1.weight", "ffn_gate_exps.weight", SOURCE_MIXTRAL_EXPERTS, 0, HOW_EXPERTS, 0},
    {"block_sparse_moe.experts.*.w3.weight", "ffn_up_exps.weight", SOURCE_MIXTRAL_EXPERTS, 0, HOW_EXPERTS, 0},
    {"block_sparse_moe.experts.*.w2.weight", "ffn_down_exps.weight", SOURCE_MIXTRAL_EXPERTS, 0, HOW_EXPERTS, 0},
    {"mlp.gate.weight", "ffn_gate_inp.weight", SOURCE_QWEN_EXPERTS, 0, HOW_ROUTER, 0},
    {"mlp.experts.*.gate_proj.weight", "ffn_gate_exps.weight", SOURCE_QWEN_EXPERTS, 0, HOW_EXPERTS, 0},
    {"mlp.experts.*.up_proj.weight", "ffn_up_exps.weight", SOURCE_QWEN_EXPERTS, 0, HOW_EXPERTS, 0},
    {"mlp.experts.*.down_proj.weight", "ffn_down_exps.weight", SOURCE_QWEN_EXPERTS, 0, HOW_EXPERTS, 0},
    {"mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp.weight", SOURCE_SHARED_EXPERT, 0, HOW_ONE_ROW, 0},
    {"mlp.shared_expert.gate_proj.weight", "ffn_gate_shexp.weight", SOURCE_SHARED_EXPERT, 0, HOW_MATRIX, 0},
    {"mlp.shared_expert.up_proj.weight", "ffn_up_shexp.weight", SOURCE_SHARED_EXPERT, 0, HOW_MATRIX, 0},
    {"mlp.shared_expert.down_proj.weight", "ffn_down_shexp.weight", SOURCE_SHARED_EXPERT, 0, HOW_MATRIX, 0},
    {"post_feedforward_layernorm.weight", "post_ffw_norm.weight", SOURCE_POST_NORMS, 0, HOW_NORM, 0},
};

struct mapping {
    struct builder *builder;
    struct tensor_set *set;
    const struct source_config *config;
    const char *prefix; /* of the source's names: "model." */
    struct reason *why;
};

enum { NAME_MAX_LEN = 192 };

struct name {
    char text[NAME_MAX_LEN];
    size_t len;
};

/* prefix, "layers.N." unless layer is UINT32_MAX, then suffix with expert for '*'. */
static struct name join(const char *prefix, const char *middle, uint32_t layer, const char *suffix, uint32_t expert)
{
    struct name name;
    struct writer w;
    writer_init(&w, name.text, sizeof name.text);
    writer_text(&w, prefix);
    if (layer != UINT32_MAX) {
        writer_text(&w, middle);
        writer_decimal(&w, layer);
        writer_text(&w, ".");
    }
    for (; *suffix != 0; suffix++) {
        if (*suffix == '*')
            writer_decimal(&w, expert);
        else
            writer_bytes(&w, suffix, 1);
    }
    name.len = writer_len(&w);
    return name;
}

static enum status refuse(const struct mapping *m, enum status status, const char *text, const struct name *name)
{
    reason_set(m->why, "safetensors: ", text, " ", NULL);
    reason_add_quoted(m->why, name->text, name->len);
    return status;
}

static enum weight_type type_of(const struct source_tensor *t)
{
    const char *type = t->tensor.type->name;
    if (strcmp(type, "F32") == 0)
        return WEIGHT_F32;
    return strcmp(type, "F16") == 0 ? WEIGHT_F16 : strcmp(type, "BF16") == 0 ? WEIGHT_BF16 : WEIGHT_TYPES_N;
}

static bool is_vector(enum how how)
{
    return how == HOW_VECTOR || how == HOW_PAIRS_VECTOR || how == HOW_NORM || how == HOW_ONE_ROW;
}

/* The type is one of the three, and the shape a vector's or a matrix's. */
static enum status check_tensor(const struct mapping *m, const struct source_tensor *t, enum how how,
                                const struct name *name)
{
    const struct safetensors_tensor *s = &t->tensor;
    bool one_row = how == HOW_ONE_ROW && s->dimensions_n == 2 && s->dimensions[0] == 1;
    bool pairs = (m->config->family->features & SOURCE_HALVES) != 0 && (how == HOW_PAIRS || how == HOW_PAIRS_VECTOR);
    if (type_of(t) == WEIGHT_TYPES_N) {
        refuse(m, STATUS_UNSUPPORTED, "not F32, F16 or BF16: tensor", name);
        reason_add(m->why, ", of ");
        reason_add(m->why, s->type->name);
        return STATUS_UNSUPPORTED;
    }
    if (s->len == 0 || (!one_row && s->dimensions_n != (is_vector(how) ? 1 : 2)))
        return refuse(m, STATUS_MALFORMED, "an unexpected shape of tensor", name);
    if (pairs && s->dimensions[0] % m->config->head_dim != 0)
        return refuse(m, STATUS_MALFORMED, "no whole heads in tensor", name);
    return STATUS_OK;
}

/* The segment that brings a whole source tensor. */
static struct virtual_segment segment_of(const struct mapping *m, const struct source_tensor *t, enum how how)
{
    const struct safetensors_tensor *s = &t->tensor;
    uint32_t features = m->config->family->features;
    struct virtual_segment segment = {.kind = SEGMENT_COPY, .source = t->source, .offset = s->offset, .len = s->len};
    bool halves = (features & SOURCE_HALVES) != 0;
    segment.type = type_of(t);
    if (is_vector(how) || how == HOW_ROUTER) {
        segment.kind = SEGMENT_NUMBERS;
        segment.len = segment.type == WEIGHT_F32 ? s->len : s->len * 2;
        segment.plus_one = how == HOW_NORM && (features & SOURCE_NORM_PLUS_ONE) != 0;
        segment.head_rows = how == HOW_PAIRS_VECTOR && halves ? m->config->head_dim : 0;
    } else if (how == HOW_PAIRS && halves) {
        segment.kind = SEGMENT_PAIRS;
        segment.row_len = s->len / s->dimensions[0];
        segment.head_rows = m->config->head_dim;
    }
    return segment;
}

static void add(const struct mapping *m, const struct source_tensor *t, enum how how, const struct name *target)
{
    const struct safetensors_tensor *s = &t->tensor;
    const struct virtual_segment segment = segment_of(m, t, how);
    bool numbers = segment.kind == SEGMENT_NUMBERS;
    uint64_t dimensions[2] = {s->dimensions[s->dimensions_n - 1], s->dimensions[0]};
    builder_tensor(m->builder, target->text, target->len, dimensions, is_vector(how) ? 1 : 2,
                   format_of(numbers ? WEIGHT_F32 : segment.type)->number, segment.len);
    builder_segment(m->builder, segment);
}

static enum status add_one(const struct mapping *m, const struct name *source, const struct name *target, enum how how,
                           bool required)
{
    const struct source_tensor *t = tensor_set_use(m->set, source->text, source->len);
    if (t == NULL)
        return required ? refuse(m, STATUS_MALFORMED, "no tensor", source) : STATUS_OK;
    enum status status = check_tensor(m, t, how, source);
    if (status == STATUS_OK)
        add(m, t, how, target);
    return status;
}

/* The matrices of all experts, one below the other. */
static enum status add_experts(const struct mapping *m, const struct row *row, uint32_t layer,
                               const struct name *target)
{
    const struct source_tensor *first = NULL;
    uint64_t n = m->config->experts_n;
    for (uint32_t i = 0; i < n; i++) {
        struct name source = join(m->prefix, "layers.", layer, row->source, i);
        const struct source_tensor *t = tensor_set_use(m->set, source.text, source.len);
        if (t == NULL)
            return refuse(m, STATUS_MALFORMED, "no tensor", &source);
        enum status status = check_tensor(m, t, HOW_EXPERTS, &source);
        if (status != STATUS_OK)
            return status;
        if (first == NULL) {
            first = t;
            uint64_t dimensions[3] = {t->tensor.dimensions[1], t->tensor.dimensions[0], n};
            builder_tensor(m->builder, target->text, target->len, dimensions, 3, format_of(type_of(t))->number,
                           t->tensor.len * n);
        }
        if (type_of(t) != type_of(first) || t->tensor.dimensions[0] != first->tensor.dimensions[0] ||
            t->tensor.dimensions[1] != first->tensor.dimensions[1])
            return refuse(m, STATUS_MALFORMED, "not of the first expert's type and shape: tensor", &source);
        builder_segment(m->builder, segment_of(m, t, HOW_EXPERTS));
    }
    return STATUS_OK;
}

static enum status add_layer(const struct mapping *m, uint32_t layer)
{
    uint32_t features = m->config->family->features;
    for (size_t i = 0; i < sizeof layer_rows / sizeof layer_rows[0]; i++) {
        const struct row *row = &layer_rows[i];
        if ((features & row->needs) != row->needs || (features & row->without) != 0)
            continue;
        struct name source = join(m->prefix, "layers.", layer, row->source, 0);
        struct name target = join("", "blk.", layer, row->target, 0);
        bool required = row->required == 0 || (features & row->required) != 0;
        enum status status = row->how == HOW_EXPERTS ? add_experts(m, row, layer, &target)
                                                     : add_one(m, &source, &target, row->how, required);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void add_factors(const struct mapping *m, const char *target, const float *factors)
{
    uint64_t n = m->config->rope_dims / 2;
    if (factors == NULL)
        return;
    builder_tensor(m->builder, target, strlen(target), &n, 1, format_of(WEIGHT_F32)->number, n * 4);
    builder_segment(m->builder,
                    (struct virtual_segment){.kind = SEGMENT_MEMORY, .memory = (const uint8_t *)factors, .len = n * 4});
}

/* Names that older tools saved though they hold nothing that is not computed, and parts for pictures. */
static bool may_drop(const struct mapping *m, const struct safetensors_tensor *t)
{
    static const char *const pictures[] = {"vision_tower.", "multi_modal_projector.", "model.vision_tower.",
                                           "model.multi_modal_projector."};
    static const char frequencies[] = "rotary_emb.inv_freq", head[] = "lm_head.weight";
    size_t len = sizeof frequencies - 1;
    if (t->name_len >= len && memcmp(t->name + t->name_len - len, frequencies, len) == 0)
        return true;
    len = sizeof head - 1;
    if (m->config->is_tied && t->name_len >= len && memcmp(t->name + t->name_len - len, head, len) == 0)
        return true;
    for (size_t i = 0; m->config->nested && i < sizeof pictures / sizeof pictures[0]; i++)
        if (t->name_len > strlen(pictures[i]) && memcmp(t->name, pictures[i], strlen(pictures[i])) == 0)
            return true;
    return false;
}

static enum status refuse_left_over(const struct mapping *m)
{
    for (size_t i = 0; i < m->set->n; i++) { /* in the order of names, so that the same one is named every time */
        const struct source_tensor *t = &m->set->tensors[m->set->sorted[i]];
        if (t->used || may_drop(m, &t->tensor))
            continue;
        reason_set(m->why, "safetensors: a tensor that this family does not have: ", NULL);
        reason_add_quoted(m->why, t->tensor.name, t->tensor.name_len);
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

static const char *find_prefix(struct tensor_set *set, const struct source_config *c)
{
    static const char *const prefixes[] = {"language_model.model.", "model.language_model."};
    for (size_t i = 0; c->nested && i < 2; i++) {
        struct name name = join(prefixes[i], "", UINT32_MAX, "embed_tokens.weight", 0);
        if (tensor_set_use(set, name.text, name.len) != NULL)
            return prefixes[i];
    }
    return "model.";
}

uint32_t source_tensors_vocab_n(struct tensor_set *set, const struct source_config *c)
{
    struct name name = join(find_prefix(set, c), "", UINT32_MAX, "embed_tokens.weight", 0);
    const struct source_tensor *t = tensor_set_use(set, name.text, name.len);
    return t == NULL || t->tensor.dimensions[0] > UINT32_MAX ? 0 : (uint32_t)t->tensor.dimensions[0];
}

enum status source_tensors_write(struct builder *b, struct tensor_set *set, const struct source_config *c,
                                 struct reason *why)
{
    struct mapping m = {.builder = b, .set = set, .config = c, .prefix = find_prefix(set, c), .why = why};
    bool outer = strcmp(m.prefix, "language_model.model.") == 0;
    struct name source = join(m.prefix, "", UINT32_MAX, "embed_tokens.weight", 0);
    struct name target = join("token_embd.weight", "", UINT32_MAX, "", 0);
    enum status status = add_one(&m, &source, &target, HOW_MATRIX, true);
    add_factors(&m, c->rope.factors_long != NULL ? "rope_factors_short.weight" : "rope_freqs.weight",
                c->rope.factors_short);
    add_factors(&m, "rope_factors_long.weight", c->rope.factors_long);
    for (uint32_t i = 0; i < c->layers_n && status == STATUS_OK; i++)
        status = add_layer(&m, i);
    source = join(m.prefix, "", UINT32_MAX, "norm.weight", 0);
    target = join("output_norm.weight", "", UINT32_MAX, "", 0);
    if (status == STATUS_OK)
        status = add_one(&m, &source, &target, HOW_NORM, true);
    source = join(outer ? "language_model.lm_head.weight" : "lm_head.weight", "", UINT32_MAX, "", 0);
    target = join("output.weight", "", UINT32_MAX, "", 0);
    if (status == STATUS_OK && !c->is_tied)
        status = add_one(&m, &source, &target, HOW_MATRIX, c->tied_known);
    return status == STATUS_OK ? refuse_left_over(&m) : status;
}
