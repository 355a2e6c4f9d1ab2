/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_config.h"

#include "import/fields.h"
#include "import/source_rope.h"

#include <string.h>

enum { HEAD_DIM_MAX = 4096 };

/* Settings that change the result and that nothing here follows: absent, null, false, 0 or empty. */
static void refuse_settings(struct fields *f)
{
    static const char *const names[] = {"quantization_config",  "use_bidirectional_attention",
                                        "mlp_only_layers",      "attention_multiplier",
                                        "residual_multiplier",  "logits_scaling",
                                        "embedding_multiplier", "clip_qkv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json *v = fields_get(f, names[i]);
        double number = 1;
        if (v == NULL || v->type == JSON_FALSE || (v->type == JSON_ARRAY && v->members_n == 0) ||
            (v->type == JSON_NUMBER && json_double(&number, v) == STATUS_OK && !(number > 0 || number < 0)))
            continue;
        fields_fail(f, STATUS_UNSUPPORTED, "not supported:", names[i]);
    }
}

static void check_class(struct fields *f)
{
    static const char tail[] = "ForCausalLM";
    const struct json *list = fields_get(f, "architectures");
    for (const struct json *m = list == NULL ? NULL : list->first; m != NULL; m = m->next) {
        size_t len = sizeof tail - 1;
        bool causal =
            m->type == JSON_STRING && m->text_len > len && memcmp(m->text + m->text_len - len, tail, len) == 0;
        if (causal || json_is_text(m, "Gemma3ForConditionalGeneration") || f->status != STATUS_OK)
            continue;
        fields_fail(f, STATUS_UNSUPPORTED, "not a model that continues text: architecture", "");
        if (m->type == JSON_STRING)
            reason_add_quoted(f->why, m->text, m->text_len);
    }
}

static void find_family(struct source_config *c, struct fields *f)
{
    const struct json *type = fields_get(f, "model_type");
    refuse_settings(f);
    check_class(f);
    if (json_is_text(type, "gemma3") && fields_get(f, "text_config") != NULL) {
        c->nested = true;
        f->object = fields_get(f, "text_config");
        type = fields_get(f, "model_type");
        refuse_settings(f);
    }
    c->family = source_family_find(type);
    if (c->family != NULL || f->status != STATUS_OK)
        return;
    fields_fail(f, STATUS_UNSUPPORTED, "unsupported model_type", "");
    if (type != NULL && type->type == JSON_STRING)
        reason_add_quoted(f->why, type->text, type->text_len);
}

/* The defaults are those of Gemma 3, whose files leave out what equals them. */
static void read_dimensions(struct source_config *c, struct fields *f)
{
    bool gemma3 = (c->family->features & SOURCE_LOCAL_ROPE) != 0;
    c->dim = fields_whole(f, "hidden_size", FIELDS_MANDATORY);
    c->hidden = fields_whole(f, "intermediate_size", FIELDS_MANDATORY);
    c->layers_n = fields_whole(f, "num_hidden_layers", FIELDS_MANDATORY);
    c->heads_n = fields_whole(f, "num_attention_heads", gemma3 ? 8 : FIELDS_MANDATORY);
    c->kv_heads_n = fields_whole(f, "num_key_value_heads", gemma3 ? 4 : (int64_t)c->heads_n);
    c->context_n = fields_whole(f, "max_position_embeddings", gemma3 ? 131072 : FIELDS_MANDATORY);
    c->norm_epsilon = fields_number(f, "rms_norm_eps", 1e-6);
    if (f->status == STATUS_OK && (c->dim == 0 || c->layers_n == 0 || c->heads_n == 0 || c->context_n == 0))
        fields_fail(f, STATUS_MALFORMED, "a dimension is 0:", "hidden_size, layers, heads or positions");
    uint32_t shared_out = c->heads_n == 0 ? 0 : c->dim / c->heads_n;
    c->head_dim = fields_whole(f, "head_dim", c->family->head_dim != 0 ? c->family->head_dim : shared_out);
    if (c->head_dim > HEAD_DIM_MAX)
        fields_fail(f, STATUS_LIMIT, "over 4096:", "head_dim");
    double part = fields_number(f, "partial_rotary_factor", 1);
    if (f->status == STATUS_OK && (part > 1 || ((c->family->features & SOURCE_FUSED) == 0 && part < 1)))
        fields_fail(f, STATUS_UNSUPPORTED, "not supported in this family:", "partial_rotary_factor");
    c->rope_dims = (uint32_t)(c->head_dim * part);
    if (f->status == STATUS_OK &&
        (c->head_dim == 0 || c->head_dim % 2 != 0 || c->rope_dims < 2 || c->rope_dims % 2 != 0))
        fields_fail(f, STATUS_UNSUPPORTED, "not even:", "head_dim");
}

static void check_activation(const struct source_config *c, struct fields *f)
{
    bool gelu = (c->family->features & SOURCE_GELU) != 0;
    const struct json *act = fields_get(f, "hidden_activation");
    act = act != NULL ? act : fields_get(f, "hidden_act");
    /* the first Gemma files say gelu and mean its tanh form */
    if (act != NULL && !json_is_text(act, gelu ? "gelu_pytorch_tanh" : "silu") &&
        !(gelu && c->family->attention_scalar == 0 && json_is_text(act, "gelu")))
        fields_fail(f, STATUS_UNSUPPORTED, "an activation that is not this family's:", "hidden_act");
}

static void read_experts(struct source_config *c, struct fields *f)
{
    uint32_t features = c->family->features;
    if ((features & SOURCE_MIXTRAL_EXPERTS) != 0) {
        c->experts_n = fields_whole(f, "num_local_experts", FIELDS_MANDATORY);
        c->expert_hidden = c->hidden;
    } else if ((features & SOURCE_QWEN_EXPERTS) != 0) {
        const char *name = fields_get(f, "num_experts") != NULL ? "num_experts" : "num_local_experts";
        c->experts_n = fields_whole(f, name, FIELDS_MANDATORY);
        c->expert_hidden = fields_whole(f, "moe_intermediate_size", FIELDS_MANDATORY);
        if (fields_whole(f, "decoder_sparse_step", 1) != 1)
            fields_fail(f, STATUS_UNSUPPORTED, "not 1:", "decoder_sparse_step");
        if (fields_bool(f, "norm_topk_prob", false) != ((features & SOURCE_EXPERTS_NORMED) != 0))
            fields_fail(f, STATUS_UNSUPPORTED, "not what this family does:", "norm_topk_prob");
    } else {
        return;
    }
    c->experts_used_n = fields_whole(f, "num_experts_per_tok", FIELDS_MANDATORY);
    if ((features & SOURCE_SHARED_EXPERT) != 0)
        c->shared_hidden = fields_whole(f, "shared_expert_intermediate_size", FIELDS_MANDATORY);
    if (f->status == STATUS_OK && (c->experts_n == 0 || c->experts_n > 1024))
        fields_fail(f, STATUS_LIMIT, "not 1 to 1024:", "num_experts");
}

/* layer_types must be what the engine does: a window everywhere, nowhere, or on all layers but each period-th. */
static void check_layer_types(const struct source_config *c, struct fields *f)
{
    const struct json *list = fields_get(f, "layer_types");
    uint32_t i = 0;
    for (const struct json *m = list == NULL ? NULL : list->first; m != NULL; m = m->next, i++) {
        bool local = c->window != 0 && (c->window_period == 1 || i % c->window_period != c->window_period - 1);
        if (!json_is_text(m, local ? "sliding_attention" : "full_attention"))
            fields_fail(f, STATUS_UNSUPPORTED, "an order of layers that is not this family's:", "layer_types");
    }
    list = fields_get(f, "no_rope_layers");
    i = 0;
    for (const struct json *m = list == NULL ? NULL : list->first; m != NULL; m = m->next) {
        uint64_t rotates;
        bool does = c->family->no_rope_period == 0 || ++i % c->family->no_rope_period != 0;
        if (json_u64(&rotates, m) != STATUS_OK || (rotates != 0) != does)
            fields_fail(f, STATUS_UNSUPPORTED, "an order of layers that is not this family's:", "no_rope_layers");
    }
    if (fields_whole(f, "no_rope_layer_interval", c->family->no_rope_period) != c->family->no_rope_period)
        fields_fail(f, STATUS_UNSUPPORTED, "not this family's:", "no_rope_layer_interval");
}

static void read_window(struct source_config *c, struct fields *f)
{
    bool family = (c->family->features & SOURCE_WINDOW) != 0;
    bool wanted = fields_bool(f, "use_sliding_window", family);
    /* Qwen has the window on layers from max_window_layers on */
    if (wanted && !family && fields_whole(f, "max_window_layers", 0) < c->layers_n)
        fields_fail(f, STATUS_UNSUPPORTED, "not supported in this family:", "use_sliding_window");
    if (wanted && family)
        c->window = fields_whole(f, "sliding_window", c->family->window);
    c->window_period = c->family->window_period;
    if (c->window_period > 2)
        c->window_period = fields_whole(f, "sliding_window_pattern", c->window_period);
    if (f->status == STATUS_OK && c->window != 0 && c->window_period == 0)
        fields_fail(f, STATUS_MALFORMED, "0:", "sliding_window_pattern");
    if (f->status == STATUS_OK)
        check_layer_types(c, f);
}

static void read_attention(struct source_config *c, struct fields *f)
{
    const struct source_family *family = c->family;
    c->attention_cap = fields_number(f, "attn_logit_softcapping", family->wide_layers == 46 ? 50 : 0);
    c->logits_cap = fields_number(f, "final_logit_softcapping", family->wide_layers == 46 ? 30 : 0);
    /* null is no cap, absent the family's */
    if (json_get(f->object, "attn_logit_softcapping") != NULL && fields_get(f, "attn_logit_softcapping") == NULL)
        c->attention_cap = 0;
    if (json_get(f->object, "final_logit_softcapping") != NULL && fields_get(f, "final_logit_softcapping") == NULL)
        c->logits_cap = 0;
    if (family->attention_scalar == 0 || f->status != STATUS_OK)
        return;
    double scalar = fields_number(f, "query_pre_attn_scalar", family->attention_scalar);
    double engine = c->layers_n == family->wide_layers ? c->dim / c->heads_n : c->head_dim;
    if (scalar > engine || scalar < engine)
        fields_fail(f, STATUS_UNSUPPORTED, "not what the engine scales attention by:", "query_pre_attn_scalar");
}

/* The outer object of a nested one holds it too. */
static void read_tied(struct source_config *c, struct fields *f, const struct json *root)
{
    struct fields outer = *f;
    outer.object = root;
    c->tied_known = fields_get(f, "tie_word_embeddings") != NULL || fields_get(&outer, "tie_word_embeddings") != NULL ||
                    (c->family->features & SOURCE_TIED) != 0;
    c->is_tied = fields_bool(&outer, "tie_word_embeddings", (c->family->features & SOURCE_TIED) != 0);
    if (f->status == STATUS_OK)
        f->status = outer.status;
    c->is_tied = fields_bool(f, "tie_word_embeddings", c->is_tied);
}

enum status source_config_read(struct source_config *c, struct arena *a, const struct json *root, struct reason *why)
{
    struct fields f = {.object = root, .file = "config.json", .status = STATUS_OK, .why = why};
    *c = (struct source_config){0};
    if (root->type != JSON_OBJECT)
        fields_fail(&f, STATUS_MALFORMED, "no JSON object:", "the file");
    find_family(c, &f);
    if (f.status == STATUS_OK)
        read_dimensions(c, &f);
    if (f.status == STATUS_OK) {
        check_activation(c, &f);
        read_experts(c, &f);
        read_window(c, &f);
        read_attention(c, &f);
        read_tied(c, &f, root);
    }
    if (f.status == STATUS_OK)
        source_rope_read(c, a, &f);
    if (f.status != STATUS_OK)
        *c = (struct source_config){0};
    return f.status;
}

/* ---- writing ---- */

static const char *full(char key[static GGUF_NAME_MAX], const struct source_config *c, const char *suffix)
{
    size_t len = strlen(c->family->architecture);
    memcpy(key, c->family->architecture, len);
    key[len] = '.';
    memcpy(key + len + 1, suffix, strlen(suffix) + 1);
    return key;
}

static void put(struct builder *b, const struct source_config *c, const char *suffix, uint32_t value)
{
    char key[GGUF_NAME_MAX];
    builder_u32(b, full(key, c, suffix), value);
}

static void put_number(struct builder *b, const struct source_config *c, const char *suffix, double value)
{
    char key[GGUF_NAME_MAX];
    builder_f32(b, full(key, c, suffix), (float)value);
}

static void write_rope(struct builder *b, const struct source_config *c)
{
    static const char *const names[] = {NULL, "linear", "yarn", NULL, "longrope"};
    const struct source_scaling *r = &c->rope;
    char key[GGUF_NAME_MAX];
    put(b, c, "rope.dimension_count", c->rope_dims);
    put_number(b, c, "rope.freq_base", r->base);
    if (r->local_base > 0)
        put_number(b, c, "rope.freq_base_swa", r->local_base);
    if (names[r->type] == NULL)
        return;
    builder_text(b, full(key, c, "rope.scaling.type"), names[r->type], strlen(names[r->type]));
    if (r->type != ROPE_LONG)
        put_number(b, c, "rope.scaling.factor", r->factor);
    if (r->type != ROPE_LINEAR)
        put(b, c, "rope.scaling.original_context_length", r->original_n);
    if (r->magnitude > 0)
        put_number(b, c, "rope.scaling.attn_factor", r->magnitude);
    if (r->type == ROPE_YARN) {
        put_number(b, c, "rope.scaling.yarn_beta_fast", r->beta_fast);
        put_number(b, c, "rope.scaling.yarn_beta_slow", r->beta_slow);
    }
}

void source_config_write(struct builder *b, const struct source_config *c, uint32_t vocab_n)
{
    builder_text(b, "general.architecture", c->family->architecture, strlen(c->family->architecture));
    put(b, c, "vocab_size", vocab_n);
    put(b, c, "context_length", c->context_n);
    put(b, c, "embedding_length", c->dim);
    put(b, c, "feed_forward_length", c->hidden);
    put(b, c, "block_count", c->layers_n);
    put(b, c, "attention.head_count", c->heads_n);
    put(b, c, "attention.head_count_kv", c->kv_heads_n);
    put(b, c, "attention.key_length", c->head_dim);
    put(b, c, "attention.value_length", c->head_dim);
    put_number(b, c, "attention.layer_norm_rms_epsilon", c->norm_epsilon);
    write_rope(b, c);
    if (c->window != 0)
        put(b, c, "attention.sliding_window", c->window);
    if (c->window != 0 && c->window_period != c->family->window_period)
        put(b, c, "attention.sliding_window_pattern", c->window_period);
    if (c->family->wide_layers == 46 || c->attention_cap > 0)
        put_number(b, c, "attn_logit_softcapping", c->attention_cap);
    if (c->family->wide_layers == 46 || c->logits_cap > 0)
        put_number(b, c, "final_logit_softcapping", c->logits_cap);
    if (c->experts_n == 0)
        return;
    put(b, c, "expert_count", c->experts_n);
    put(b, c, "expert_used_count", c->experts_used_n);
    put(b, c, "expert_feed_forward_length", c->expert_hidden);
    if (c->shared_hidden != 0)
        put(b, c, "expert_shared_feed_forward_length", c->shared_hidden);
}
