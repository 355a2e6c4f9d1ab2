/* SPDX-License-Identifier: Apache-2.0 */
/* The check at the start: every function of a table against the scalar one, on numbers that look like a model's. */
#include "engine/kernel/kernels.h"
#include "engine/numerics.h"

#include <string.h>

enum {
    TOKENS_MAX = 30, /* whole tiles of AMX and a part of one */
    COLUMNS = 256,
    GROUPS = 5, /* of BF16, at once */
    STRIDE = GROUPS * FORMAT_ROWS,
    RESULTS = TOKENS_MAX * STRIDE,
};

/* What the functions that are no products give. */
struct elements {
    _Alignas(64) float rounded[COLUMNS], normed[COLUMNS], swiglu[COLUMNS], geglu[COLUMNS], capped[COLUMNS];
    _Alignas(64) float weights[2][COLUMNS];
    float sums[2];
    int8_t q[COLUMNS];
    struct codes_scales scales;
};

struct trial {
    _Alignas(64) float x[TOKENS_MAX * COLUMNS];
    _Alignas(64) float start[RESULTS], expected[RESULTS], got[RESULTS];
    _Alignas(64) uint8_t group[FORMAT_ROWS * COLUMNS * 4];
    _Alignas(64) int8_t q[TOKENS_MAX * FORMAT_SUPER];
    struct codes_scales scales[TOKENS_MAX];
    struct elements elements[2];
    uint64_t state;
};

static uint64_t next(struct trial *t)
{
    t->state ^= t->state << 13;
    t->state ^= t->state >> 7;
    t->state ^= t->state << 17;
    return t->state;
}

/* Between -8 and 8. */
static void fill(struct trial *t, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(int32_t)(next(t) >> 32) * 0x1p-28f;
}

static void run_elements(struct elements *e, const struct kernels *k, const float *x)
{
    memset(e, 0, sizeof *e);
    k->quantise(e->q, &e->scales, x, COLUMNS);
    k->round_bf16(e->rounded, x, COLUMNS);
    k->rms_norm(e->normed, x, x + COLUMNS, COLUMNS, 1e-5f);
    k->swiglu(e->swiglu, x, x + COLUMNS, COLUMNS);
    k->geglu(e->geglu, x, x + COLUMNS, COLUMNS);
    memcpy(e->capped, x, sizeof e->capped);
    k->soft_cap(e->capped, COLUMNS, 3.0f);
    for (int round = 0; round < 2; round++) {
        memcpy(e->weights[round], x, sizeof e->weights[round]);
        e->sums[round] = k->softmax(e->weights[round], COLUMNS - 3, round == 1);
    }
}

static bool same_elements(const struct kernels *k, struct trial *t)
{
    fill(t, t->x, 2 * COLUMNS);
    t->x[5] = 0x1.018p-130f; /* subnormal, and halfway between BF16 numbers */
    t->x[6] = -0.0f;
    run_elements(&t->elements[0], &kernels_scalar, t->x);
    run_elements(&t->elements[1], k, t->x);
    return memcmp(&t->elements[0], &t->elements[1], sizeof t->elements[0]) == 0;
}

/* Any bytes, but numbers that are finite and not large; BF16 of two rows so small that products are flushed (NUM-24).
 */
static void fill_group(struct trial *t, uint8_t *at, enum weight_type type, size_t columns_n)
{
    const struct weight_format *f = format_of(type);
    for (size_t i = 0; i < f->fields_n; i++) {
        enum field_kind kind = f->fields[i].kind;
        size_t len = columns_n / f->unit_columns * f->fields[i].room * FORMAT_ROWS;
        for (size_t b = 0; b < len; b++) {
            uint8_t byte = (uint8_t)(next(t) >> 32);
            if (kind == FIELD_F16 && b % 2 == 1)
                byte &= 0xaf;
            if (kind == FIELD_BF16 && b % 2 == 1)
                byte = b % 64 < 8 ? byte & 0x81 : (byte & 0x80) | 0x3e;
            if (kind == FIELD_F32 && b % 4 == 3)
                byte = (byte & 0x80) | 0x3e;
            at[b] = kind == FIELD_E8M0 ? (uint8_t)(100 + byte % 56) : byte;
        }
        at += len;
    }
}

static void product(float *y, const struct kernels *k, const struct trial *t, const struct matrix *m, size_t tokens_n)
{
    const struct weight_format *f = format_of(m->type);
    struct weight_group g = layout_group(m, t->group, 0);
    struct codes_input in = {t->q, t->scales};
    struct panel panel;
    memcpy(y, t->start, sizeof t->start);
    switch (f->class) {
    case CLASS_FLOAT:
        k->dot_float(y, STRIDE, g.field[0], m->type == WEIGHT_F16, m->columns_n, t->x, COLUMNS, tokens_n);
        break;
    case CLASS_BF16:
        k->dot_bf16(y, STRIDE, g.field[0], m->columns_n, t->x, COLUMNS, tokens_n);
        kernels_dot_bf16(k, y, STRIDE, g.field[0], m->group_len, GROUPS, m->columns_n, t->x, COLUMNS, tokens_n);
        break;
    case CLASS_CODES:
        k->expand(&panel, m->type, &g, 0, m->columns_n);
        k->dot_codes(y, STRIDE, &panel, f, &in, m->columns_n, tokens_n);
        k->gemv_codes(y, m->type, &g, m->columns_n, &in, 1);
        break;
    }
}

/* x: ready. */
static bool same_products(const struct kernels *k, struct trial *t, enum weight_type type, size_t columns_n)
{
    static const uint8_t tokens[] = {1, 7, TOKENS_MAX};
    struct matrix m = {.type = type,
                       .rows_n = FORMAT_ROWS,
                       .columns_n = (uint32_t)columns_n,
                       .group_len = layout_group_len(type, columns_n)};
    for (size_t i = 0; i < GROUPS && (i == 0 || type == WEIGHT_BF16); i++)
        fill_group(t, t->group + i * m.group_len, type, columns_n);
    for (size_t i = 0; i < sizeof tokens; i++) {
        product(t->expected, &kernels_scalar, t, &m, tokens[i]);
        product(t->got, k, t, &m, tokens[i]);
        if (memcmp(t->expected, t->got, sizeof t->got) != 0)
            return false;
    }
    return true;
}

static bool same_dots(const struct kernels *k, struct trial *t)
{
    bool equal = true;
    fill(t, t->start, RESULTS);
    for (size_t i = 0; i < RESULTS; i += FORMAT_ROWS)
        t->start[i] = t->start[i + 1] = -0.0f; /* where a flushed product shows */
    fill(t, t->x, TOKENS_MAX * COLUMNS);
    for (size_t i = 0; i < TOKENS_MAX; i++)
        kernels_scalar.quantise(t->q + i * FORMAT_SUPER, t->scales + i, t->x + i * COLUMNS, COLUMNS);
    kernels_scalar.round_bf16(t->x, t->x, TOKENS_MAX * COLUMNS);
    for (int i = 0; i < WEIGHT_TYPES_N && equal; i++) {
        const struct weight_format *f = format_of((enum weight_type)i);
        size_t unit = f->unit_columns;
        equal = same_products(k, t, (enum weight_type)i, unit == FORMAT_SUPER ? unit : unit == FORMAT_BLOCK ? 160 : 46);
    }
    return equal;
}

bool kernels_agree(const struct kernels *k)
{
    struct trial t;
    t.state = 0x9e3779b97f4a7c15;
    return k == &kernels_scalar || (same_elements(k, &t) && same_dots(k, &t));
}
