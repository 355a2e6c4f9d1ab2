/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_rope.h"

#include "engine/numerics.h"

#include <stddef.h>
#include <string.h>

static const double two_pi = 0x1.921fb54442d18p+2;

static const char *const common[] = {"type", "rope_type", "rope_theta", "factor", "original_max_position_embeddings",
                                     NULL};

/* Refuses a member of the scaling that is neither common nor in names. */
static void refuse_others(struct fields *f, const char *const *names)
{
    for (const struct json *m = f->object->first; m != NULL; m = m->next) {
        bool known = false;
        for (size_t i = 0; common[i] != NULL; i++)
            known = known || json_get(f->object, common[i]) == m;
        for (size_t i = 0; names != NULL && names[i] != NULL; i++)
            known = known || json_get(f->object, names[i]) == m;
        if (known || f->status != STATUS_OK)
            continue;
        fields_fail(f, STATUS_UNSUPPORTED, "unknown setting of rope_scaling:", "");
        reason_add_quoted(f->why, m->key, m->key_len);
    }
}

/* Sources: the llama3 rule of Meta's published code. */
static void read_llama3(struct source_config *c, struct arena *a, struct fields *f)
{
    static const char *const names[] = {"low_freq_factor", "high_freq_factor", NULL};
    struct source_scaling *r = &c->rope;
    double low = fields_number(f, "low_freq_factor", -1);
    double high = fields_number(f, "high_freq_factor", -1);
    uint32_t n = c->rope_dims / 2;
    refuse_others(f, names);
    if (f->status == STATUS_OK && (low <= 0 || high <= low || r->factor < 1))
        fields_fail(f, STATUS_MALFORMED, "factors that do not fit each other in", "rope_scaling");
    r->factors_short = arena_take(a, n, sizeof *r->factors_short, _Alignof(float));
    if (f->status == STATUS_OK && r->factors_short == NULL)
        fields_fail(f, STATUS_NO_MEMORY, "no memory for", "the rope factors");
    for (uint32_t i = 0; i < n && f->status == STATUS_OK; i++) {
        double turns = r->original_n * f64_exp(-(2.0 * i / c->rope_dims) * f64_log(r->base)) / two_pi;
        double smooth = (turns - low) / (high - low);
        double factor = turns > high ? 1 : turns < low ? r->factor : 1 / ((1 - smooth) / r->factor + smooth);
        r->factors_short[i] = (float)factor;
    }
}

static void read_yarn(struct source_config *c, struct fields *f)
{
    static const char *const names[] = {"beta_fast", "beta_slow", "attention_factor", "truncate", NULL};
    struct source_scaling *r = &c->rope;
    r->beta_fast = fields_number(f, "beta_fast", 32);
    r->beta_slow = fields_number(f, "beta_slow", 1);
    double attention = fields_number(f, "attention_factor", 0);
    if (!fields_bool(f, "truncate", true))
        fields_fail(f, STATUS_UNSUPPORTED, "not supported: false for", "rope_scaling.truncate");
    refuse_others(f, names);
    if (f->status == STATUS_OK && r->factor < 1)
        fields_fail(f, STATUS_MALFORMED, "a factor below 1 in", "rope_scaling");
    else if (f->status == STATUS_OK && attention > 0) /* the engine multiplies by what yarn has without it */
        r->magnitude = attention / (1 + 0.1 * f64_log(r->factor));
}

static float *read_factors(const struct source_config *c, struct arena *a, struct fields *f, const char *name)
{
    const struct json *list = fields_get(f, name);
    uint32_t n = c->rope_dims / 2;
    if (list == NULL || list->type != JSON_ARRAY || list->members_n != n) {
        fields_fail(f, STATUS_MALFORMED, "no factor for each pair of a head:", name);
        return NULL;
    }
    float *factors = arena_take(a, n, sizeof *factors, _Alignof(float));
    if (factors == NULL) {
        fields_fail(f, STATUS_NO_MEMORY, "no memory for", name);
        return NULL;
    }
    size_t i = 0;
    for (const struct json *m = list->first; m != NULL; m = m->next, i++) {
        double value;
        if (json_double(&value, m) != STATUS_OK || !(value > 0 && value < 1e9))
            fields_fail(f, STATUS_MALFORMED, "a factor that is no number above 0:", name);
        factors[i] = (float)value;
    }
    return factors;
}

/* Sources: the published configuration code of Phi-3. */
static void read_long(struct source_config *c, struct arena *a, struct fields *f)
{
    static const char *const names[] = {"short_factor", "long_factor", "attention_factor", NULL};
    struct source_scaling *r = &c->rope;
    double scale = (double)c->context_n / r->original_n;
    refuse_others(f, names);
    r->factors_short = read_factors(c, a, f, "short_factor");
    r->factors_long = read_factors(c, a, f, "long_factor");
    double given = fields_number(f, "attention_factor", 0);
    double magnitude = 1;
    if (scale > 1 && r->original_n > 1)
        magnitude =
            1 / f64_exp(-0.5 * f64_log(1 + f64_log(scale) / f64_log((double)r->original_n))); /* a square root */
    r->magnitude = given > 0 ? given : magnitude;
}

static void read_scaling(struct source_config *c, struct arena *a, struct fields *f, const struct json *type)
{
    struct source_scaling *r = &c->rope;
    bool plain = json_is_text(type, "default");
    r->type = json_is_text(type, "linear")                                 ? ROPE_LINEAR
              : json_is_text(type, "yarn")                                 ? ROPE_YARN
              : json_is_text(type, "llama3")                               ? ROPE_LLAMA3
              : json_is_text(type, "longrope") || json_is_text(type, "su") ? ROPE_LONG
                                                                           : ROPE_PLAIN;
    if (r->type == ROPE_PLAIN && !plain) {
        fields_fail(f, STATUS_UNSUPPORTED, "unknown type of rope_scaling:", "");
        if (type != NULL && type->type == JSON_STRING)
            reason_add_quoted(f->why, type->text, type->text_len);
        return;
    }
    if (r->type == ROPE_LONG && (c->family->features & SOURCE_FUSED) == 0)
        fields_fail(f, STATUS_UNSUPPORTED, "longrope in a family that has none:", "rope_scaling");
    if (r->type != ROPE_PLAIN && r->type != ROPE_LONG)
        r->factor = fields_number(f, "factor", -1);
    r->original_n = fields_whole(f, "original_max_position_embeddings", r->original_n);
    if (f->status == STATUS_OK &&
        (r->original_n == 0 || (r->type != ROPE_PLAIN && r->type != ROPE_LONG && r->factor <= 0)))
        fields_fail(f, STATUS_MALFORMED, "a zero in", "rope_scaling");
    if (f->status != STATUS_OK)
        return;
    switch (r->type) {
    case ROPE_PLAIN: refuse_others(f, NULL); break;
    case ROPE_LINEAR: refuse_others(f, NULL); break;
    case ROPE_YARN: read_yarn(c, f); break;
    case ROPE_LLAMA3: read_llama3(c, a, f); break;
    case ROPE_LONG: read_long(c, a, f); break;
    }
}

/* rope_parameters of a model whose layers with a window rotate otherwise: the others' part, after the base of these. */
static const struct json *full_part(struct source_config *c, struct fields *f, const struct json *scaling)
{
    const struct json *full = json_get(scaling, "full_attention");
    struct fields local = *f;
    if (full == NULL)
        return scaling;
    local.object = json_get(scaling, "sliding_attention");
    if ((c->family->features & SOURCE_LOCAL_ROPE) == 0 || local.object == NULL || scaling->members_n != 2 ||
        !json_is_text(json_get(local.object, "rope_type"), "default"))
        fields_fail(f, STATUS_UNSUPPORTED, "kinds of layers that are not known in", "rope_parameters");
    c->rope.local_base = fields_number(&local, "rope_theta", c->rope.local_base);
    if (f->status == STATUS_OK)
        f->status = local.status;
    return full;
}

void source_rope_read(struct source_config *c, struct arena *a, struct fields *f)
{
    bool local = (c->family->features & SOURCE_LOCAL_ROPE) != 0;
    const struct json *scaling = fields_get(f, "rope_scaling");
    const struct json *parameters = fields_get(f, "rope_parameters");
    struct fields inner = *f;
    if (scaling != NULL && parameters != NULL)
        fields_fail(f, STATUS_UNSUPPORTED, "rope_scaling stands beside", "rope_parameters");
    c->rope.base = fields_number(f, "rope_theta", local ? 1000000 : c->family->no_rope_period != 0 ? 2000000 : 10000);
    c->rope.local_base = local ? fields_number(f, "rope_local_base_freq", 10000) : 0;
    c->rope.original_n = fields_whole(f, "original_max_position_embeddings", c->context_n);
    scaling = scaling != NULL ? scaling : parameters;
    if (scaling != NULL && scaling->type != JSON_OBJECT)
        fields_fail(f, STATUS_MALFORMED, "no object:", "rope_scaling");
    if (scaling != NULL && f->status == STATUS_OK)
        inner.object = full_part(c, f, scaling);
    inner.status = f->status;
    if (scaling != NULL && inner.status == STATUS_OK && inner.object->type != JSON_OBJECT)
        fields_fail(&inner, STATUS_MALFORMED, "no object:", "rope_parameters");
    if (scaling != NULL && inner.status == STATUS_OK) {
        c->rope.base = fields_number(&inner, "rope_theta", c->rope.base);
        const struct json *type = fields_get(&inner, "rope_type");
        if (c->rope.base >= 1)
            read_scaling(c, a, &inner, type != NULL ? type : fields_get(&inner, "type"));
    }
    f->status = inner.status;
    if (f->status == STATUS_OK && c->rope.base < 1)
        fields_fail(f, STATUS_MALFORMED, "below 1:", "rope_theta");
}
