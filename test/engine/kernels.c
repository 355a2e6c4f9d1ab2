/* SPDX-License-Identifier: Apache-2.0 */
/* Every kernel of every instruction set against the scalar reference, byte for byte, on random and extreme data. */
#include "tap.h"

#include "engine/numerics.h"
#include "engine/rig.h"
#include "engine/rope.h"
#include "engine/row.h"

#include <math.h>

enum { COLUMNS_MAX = 768, TOKENS_MAX = 150, POSITIONS_MAX = 150 };

static uint64_t state = 88172645463325252;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Flavours of random numbers: around 1, wide, tiny, with zeros, equal in magnitude, any bits. */
static float random_float(int flavour)
{
    float unit = (float)(int32_t)(next() >> 32) / 2147483648.0f;
    uint64_t r = next();
    switch (flavour) {
    case 0: return unit;
    case 1: return unit * ldexpf(1.0f, (int)(r % 60) - 30);
    case 2: return unit * ldexpf(1.0f, -(int)(r % 30) - 95);
    case 3: return r % 3 == 0 ? unit : r % 3 == 1 ? 0.0f : -0.0f;
    case 4: return r % 2 == 0 ? 127.5f : -127.5f;
    default: return f32_from_bits((uint32_t)r);
    }
}

enum { FLAVOURS = 6 };

static void fill(float *x, size_t n, int flavour)
{
    for (size_t i = 0; i < n; i++)
        x[i] = random_float(flavour);
}

/* Equal bytes, or NaN in both. */
static bool same(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (f32_bits(a[i]) != f32_bits(b[i]) && !(a[i] != a[i] && b[i] != b[i]))
            return false;
    return true;
}

static _Alignas(64) float x[TOKENS_MAX * COLUMNS_MAX], w[TOKENS_MAX * COLUMNS_MAX];
static _Alignas(64) float expected[TOKENS_MAX * COLUMNS_MAX], got[TOKENS_MAX * COLUMNS_MAX];
static _Alignas(64) uint8_t group[FORMAT_ROWS * COLUMNS_MAX * 4];

/* Quantised input of several tokens, of one chunk of 256 columns. */
static struct input {
    _Alignas(64) int8_t q[TOKENS_MAX * FORMAT_SUPER];
    _Alignas(64) struct codes_scales scales[TOKENS_MAX];
} inputs[2];

static struct codes_input view(const struct input *in)
{
    return (struct codes_input){.q = in->q, .scales = in->scales};
}

static void test_quantise(const struct kernels *k, int flavour)
{
    fill(x, FORMAT_SUPER, flavour);
    memset(inputs, 0, sizeof inputs);
    for (int i = 0; i < 2; i++)
        (i == 0 ? &kernels_scalar : k)->quantise(inputs[i].q, inputs[i].scales, x, 256);
    check(memcmp(inputs[0].q, inputs[1].q, 256) == 0 &&
              same((const float *)inputs[0].scales, (const float *)inputs[1].scales, sizeof inputs[0].scales[0] / 4),
          "NUM-11 NUM-12: %s quantises flavour %d", k->name, flavour);
}

static bool elementwise(const struct kernels *k, int flavour, size_t n)
{
    memset(x, 0, sizeof x);
    memset(w, 0, sizeof w);
    fill(x, n, flavour);
    fill(w, n, 0);
    kernels_scalar.rms_norm(expected, x, w, n, 1e-5f);
    k->rms_norm(got, x, w, n, 1e-5f);
    bool equal = same(expected, got, n);
    kernels_scalar.swiglu(expected, x, w, n);
    k->swiglu(got, x, w, n);
    equal = equal && same(expected, got, n);
    kernels_scalar.geglu(expected, x, w, n);
    k->geglu(got, x, w, n);
    equal = equal && same(expected, got, n);
    kernels_scalar.round_bf16(expected, x, n);
    k->round_bf16(got, x, n);
    equal = equal && same(expected, got, n);
    memcpy(expected, x, n * sizeof *x);
    memcpy(got, x, (n + 15) / 16 * 16 * sizeof *x);
    kernels_scalar.soft_cap(expected, n, 30.0f);
    k->soft_cap(got, n, 30.0f);
    return equal && same(expected, got, n);
}

static void test_elementwise(const struct kernels *k, int flavour)
{
    bool equal = true;
    for (size_t n = 1; n < 100; n += 7)
        equal = equal && elementwise(k, flavour, n);
    check(equal, "NUM-22 NUM-30 NUM-32 NUM-33 NUM-34 NUM-35: %s: norm, gates, cap and rounding of flavour %d", k->name,
          flavour);
}

/* A finished group of any bytes, but numbers that are finite; flavour 4: codes at the ends of their range. */
static void random_group(struct matrix *m, enum weight_type type, size_t columns_n, int flavour)
{
    const struct weight_format *f = format_of(type);
    *m = (struct matrix){.type = type,
                         .rows_n = FORMAT_ROWS,
                         .columns_n = (uint32_t)columns_n,
                         .group_len = layout_group_len(type, columns_n)};
    for (size_t i = 0; i < m->group_len; i++)
        group[i] = (uint8_t)next();
    size_t at = 0;
    for (size_t i = 0; i < f->fields_n; i++) {
        size_t len = columns_n / f->unit_columns * f->fields[i].room * FORMAT_ROWS;
        for (size_t k = at; k < at + len; k++) {
            if (f->fields[i].kind == FIELD_F16 && k % 2 == 1)
                group[k] &= 0xbf;
            if (f->fields[i].kind == FIELD_BF16 && k % 2 == 1)
                group[k] = flavour == 2 ? group[k] & 0x81 : flavour == 1 ? group[k] & 0xbf : (group[k] & 0x80) | 0x3d;
            if (f->fields[i].kind == FIELD_E8M0)
                group[k] = (uint8_t)(100 + group[k] % 56);
            if (f->fields[i].kind == FIELD_SIGNED && flavour == 4)
                group[k] = group[k] < 128 ? 0 : 255;
            if (f->fields[i].kind == FIELD_BITS && i == 0 && flavour == 4)
                group[k] = 0xff;
        }
        if (f->fields[i].kind == FIELD_F32)
            fill((float *)(void *)(group + at), len / 4, flavour == 5 ? 1 : flavour);
        at += len;
    }
}

/* input: [tokens, COLUMNS_MAX] */
static void product_of(float *y, const struct kernels *k, const struct matrix *m, size_t tokens_n,
                       struct codes_input codes, const float *input)
{
    const struct weight_format *f = format_of(m->type);
    struct weight_group g = layout_group(m, group, 0);
    struct panel panel;
    if (f->class == CLASS_FLOAT) {
        k->dot_float(y, 32, g.field[0], m->type == WEIGHT_F16, m->columns_n, input, COLUMNS_MAX, tokens_n);
    } else if (f->class == CLASS_BF16) {
        k->dot_bf16(y, 32, g.field[0], m->columns_n, input, COLUMNS_MAX, tokens_n);
    } else {
        memset(&panel, 0x55, sizeof panel);
        k->expand(&panel, m->type, &g, 0, m->columns_n);
        k->dot_codes(y, 32, &panel, f, &codes, m->columns_n, tokens_n);
    }
}

static void product(float *y, const struct kernels *k, const struct matrix *m, size_t tokens_n, const struct input *in)
{
    product_of(y, k, m, tokens_n, view(in), x);
}

/* The inputs end at a page that cannot be touched. */
static bool product_within(const struct kernels *k, enum weight_type type, size_t columns_n, size_t tokens_n)
{
    struct matrix m;
    size_t x_len = ((tokens_n - 1) * COLUMNS_MAX + columns_n) * sizeof *x;
    size_t q_len = tokens_n * FORMAT_SUPER;
    size_t scales_len = tokens_n * sizeof *inputs[0].scales;
    random_group(&m, type, columns_n, 0);
    fill(x, tokens_n * COLUMNS_MAX, 0);
    kernels_scalar.round_bf16(x, x, tokens_n * COLUMNS_MAX);
    for (size_t t = 0; t < tokens_n; t++)
        kernels_scalar.quantise(inputs[0].q + t * FORMAT_SUPER, inputs[0].scales + t, x + t * COLUMNS_MAX,
                                FORMAT_SUPER);
    uint8_t *input = guarded_copy(x, x_len);
    uint8_t *q = guarded_copy(inputs[0].q, q_len);
    uint8_t *scales = guarded_copy(inputs[0].scales, scales_len);
    struct codes_input codes = {(const int8_t *)q, (const struct codes_scales *)(const void *)scales};
    fill(expected, tokens_n * 32 + 32, 0);
    memcpy(got, expected, (tokens_n * 32 + 32) * sizeof *got);
    product(expected, &kernels_scalar, &m, tokens_n, &inputs[0]);
    product_of(got, k, &m, tokens_n, codes, (const float *)(const void *)input);
    guarded_free(input, x_len);
    guarded_free(q, q_len);
    guarded_free(scales, scales_len);
    return same(expected, got, tokens_n * 32 + 32);
}

static void test_within(const struct kernels *k)
{
    bool equal = true;
    for (int type = 0; type < WEIGHT_TYPES_N; type++)
        for (size_t tokens_n = 1; tokens_n <= 40; tokens_n += 3) {
            size_t unit = format_of((enum weight_type)type)->unit_columns;
            size_t columns_n = unit == FORMAT_SUPER ? 256 : unit == FORMAT_BLOCK ? 96 : 46;
            equal = equal && product_within(k, (enum weight_type)type, columns_n, tokens_n);
        }
    check(equal, "%s: products read nothing beyond their inputs", k->name);
}

/* Numbers of tokens to try.  Tiles: each up to 40 may leave a shape of its own; then more than one set of tiles. */
static size_t next_tokens(size_t tokens_n, bool tiles)
{
    if (!tiles)
        return tokens_n < 9 ? tokens_n + 1 : tokens_n + 5;
    return tokens_n < 40 ? tokens_n + 1 : tokens_n < 77 ? 77 : tokens_n < TOKENS_MAX ? TOKENS_MAX : TOKENS_MAX + 1;
}

/* Several groups of BF16 at once. */
static void test_groups(const struct kernels *k, int flavour)
{
    static const size_t columns[] = {2, 94, 290};
    enum { GROUPS_MAX = 6, STRIDE = (GROUPS_MAX + 1) * FORMAT_ROWS };
    static _Alignas(64) float y[2][TOKENS_MAX * STRIDE];
    static _Alignas(64) uint8_t groups[GROUPS_MAX * FORMAT_ROWS * COLUMNS_MAX * 2];
    bool equal = true;
    struct matrix m;
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        for (size_t n = 1; n <= GROUPS_MAX; n++)
            for (size_t tokens_n = n; tokens_n <= (n == 5 ? TOKENS_MAX : 40);
                 tokens_n = next_tokens(tokens_n + 4, true)) {
                for (size_t g = 0; g < n; g++) {
                    random_group(&m, WEIGHT_BF16, columns[c], flavour);
                    memcpy(groups + g * m.group_len, group, m.group_len);
                }
                fill(x, tokens_n * COLUMNS_MAX, flavour);
                kernels_scalar.round_bf16(x, x, tokens_n * COLUMNS_MAX);
                fill(y[0], TOKENS_MAX * STRIDE, flavour == 2 || flavour == 3 ? flavour : 0);
                memcpy(y[1], y[0], sizeof y[0]);
                for (size_t g = 0; g < n; g++)
                    kernels_scalar.dot_bf16(y[0] + g * FORMAT_ROWS, STRIDE, groups + g * m.group_len, columns[c], x,
                                            COLUMNS_MAX, tokens_n);
                kernels_dot_bf16(k, y[1], STRIDE, groups, m.group_len, n, columns[c], x, COLUMNS_MAX, tokens_n);
                equal = equal && same(y[0], y[1], TOKENS_MAX * STRIDE);
            }
    check(equal, "NUM-23 NUM-24: %s: groups of BF16, flavour %d", k->name, flavour);
}

/* Any start, so that a sum is seen to go on from where it was. */
static bool same_products(const struct kernels *k, const struct matrix *m, size_t tokens_n, int flavour)
{
    for (size_t t = 0; t < tokens_n; t++)
        fill(x + t * COLUMNS_MAX, m->columns_n, flavour);
    if (m->type == WEIGHT_BF16)
        kernels_scalar.round_bf16(x, x, tokens_n * COLUMNS_MAX);
    for (size_t t = 0; t < tokens_n && format_of(m->type)->class == CLASS_CODES; t++)
        kernels_scalar.quantise(inputs[0].q + t * 256, inputs[0].scales + t, x + t * COLUMNS_MAX, m->columns_n);
    fill(expected, tokens_n * 32 + 32, flavour == 2 || flavour == 3 ? flavour : 0);
    memcpy(got, expected, (tokens_n * 32 + 32) * sizeof *got);
    product(expected, &kernels_scalar, m, tokens_n, &inputs[0]);
    product(got, k, m, tokens_n, &inputs[0]);
    return same(expected, got, tokens_n * 32 + 32);
}

static void test_product(const struct kernels *k, enum weight_type type, int flavour)
{
    static const size_t columns[] = {32, 64, 96, 160, 256, 2, 14, 34, 62, 510};
    const struct weight_format *f = format_of(type);
    bool tiles = strncmp(k->name, "amx", 3) == 0 && f->class != CLASS_FLOAT;
    bool equal = true;
    struct matrix m;
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        for (size_t tokens_n = 1; tokens_n <= (tiles ? TOKENS_MAX : 19); tokens_n = next_tokens(tokens_n, tiles)) {
            if (columns[c] % f->unit_columns != 0 || (f->class == CLASS_CODES && columns[c] > FORMAT_SUPER))
                continue;
            random_group(&m, type, columns[c], flavour);
            equal = equal && same_products(k, &m, tokens_n, flavour);
        }
    check(equal, "NUM-13 NUM-20 NUM-21 NUM-23 NUM-24: %s: product with %s, flavour %d", k->name, f->name, flavour);
}

/* One token and several chunks of 256 columns, without a panel and with the reference's. */
static bool same_gemv(const struct kernels *k, const struct matrix *m, int flavour)
{
    enum { ROOM = 2 };
    static _Alignas(64) int8_t q[COLUMNS_MAX * ROOM];
    static _Alignas(64) struct codes_scales scales[COLUMNS_MAX / FORMAT_SUPER * ROOM];
    struct weight_group g = layout_group(m, group, 0);
    struct panel panel;
    fill(x, m->columns_n, flavour);
    fill(expected, FORMAT_ROWS, 0);
    memcpy(got, expected, FORMAT_ROWS * sizeof *got);
    for (size_t at = 0; at < m->columns_n; at += FORMAT_SUPER) {
        size_t slot = at / FORMAT_SUPER * ROOM;
        size_t n = m->columns_n - at < FORMAT_SUPER ? m->columns_n - at : FORMAT_SUPER;
        struct codes_input in = {q + slot * FORMAT_SUPER, scales + slot};
        kernels_scalar.quantise(q + slot * FORMAT_SUPER, scales + slot, x + at, n);
        kernels_scalar.expand(&panel, m->type, &g, at, n);
        kernels_scalar.dot_codes(expected, FORMAT_ROWS, &panel, format_of(m->type), &in, n, 1);
    }
    k->gemv_codes(got, m->type, &g, m->columns_n, &(struct codes_input){q, scales}, ROOM);
    return same(expected, got, FORMAT_ROWS);
}

static void test_gemv(const struct kernels *k, enum weight_type type, int flavour)
{
    static const size_t columns[] = {32, 256, 288, 512, 608, 768};
    const struct weight_format *f = format_of(type);
    bool equal = true;
    struct matrix m;
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        if (columns[c] % f->unit_columns != 0)
            continue;
        random_group(&m, type, columns[c], flavour);
        equal = equal && same_gemv(k, &m, flavour);
    }
    check(equal, "NUM-13 NUM-20: %s: one token with %s, flavour %d", k->name, f->name, flavour);
}

static void test_softmax(const struct kernels *k, int flavour)
{
    bool equal = true;
    for (size_t n = 1; n <= POSITIONS_MAX; n += n < 34 ? 1 : 29)
        for (int round = 0; round < 2; round++) {
            fill(expected, n, flavour);
            memcpy(got, expected, sizeof got);
            float a = kernels_scalar.softmax(expected, n, round == 1);
            float b = k->softmax(got, n, round == 1);
            equal = equal && same(&a, &b, 1) && (a != a || same(expected, got, (n + 15) / 16 * 16));
        }
    check(equal, "NUM-42: %s: weights of positions, flavour %d", k->name, flavour);
}

/* A product with one column of an input is the number that row_read gives for it. */
static void test_row(enum weight_type type)
{
    const struct weight_format *f = format_of(type);
    static float row[COLUMNS_MAX];
    struct matrix m;
    bool equal = true;
    random_group(&m, type, 256, 0);
    for (size_t index = 0; index < FORMAT_ROWS; index++) {
        row_read(&kernels_scalar, row, &m, group, index);
        for (size_t column = 0; column < 256; column += 5) {
            memset(x, 0, 256 * sizeof *x);
            memset(got, 0, 32 * sizeof *got);
            x[column] = 1.0f;
            kernels_scalar.quantise(inputs[0].q, inputs[0].scales, x, 256);
            product(got, &kernels_scalar, &m, 1, &inputs[0]);
            float size = fabsf(row[column]) + (f->has_min ? 64.0f : 0.0f);
            equal = equal && fabsf(got[index] - row[column]) <= size * 1e-6f;
        }
    }
    check(equal, "NUM-10: rows of %s are what products see", f->name);
}

/* The software's own fused operation against the C library's. */
static void test_fma(void)
{
    bool equal = true;
    for (int i = 0; i < 2000000 && equal; i++) {
        int flavour = i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 5;
        float a = random_float(flavour), b = random_float(flavour), c = random_float(flavour);
        float ours = f32_fma(a, b, c);
        float theirs = fmaf(a, b, c);
        equal = same(&ours, &theirs, 1);
        ours = f32_fma(a, b, -a * b); /* what is left of the product */
        theirs = fmaf(a, b, -a * b);
        equal = equal && same(&ours, &theirs, 1);
    }
    check(equal, "NUM-3: fused operations round once");
}

static void test_elementary(void)
{
    double worst = 0;
    for (double v = -86.9; v < 87.9; v += 0.001) {
        double exact = exp((double)(float)v);
        double off = fabs((double)f32_exp((float)v) - exact) / exact;
        worst = off > worst ? off : worst;
    }
    check(worst < 3e-7, "NUM-30: exp within %g of the true value", worst);
    check(f32_exp(-87.5f) == 0.0f && f32_exp(-INFINITY) == 0.0f && f32_exp(0.0f) == 1.0f &&
              f32_exp(INFINITY) == f32_exp(88.0f) && f32_exp(NAN) != f32_exp(NAN),
          "NUM-30: the ends of exp");
    worst = 0;
    for (double v = 0; v < 1048575; v += v < 100 ? 0.01 : 97.3) {
        float c, s;
        rope_cos_sin(&c, &s, v);
        double off = fmax(fabs((double)c - cos(v)), fabs((double)s - sin(v)));
        worst = off > worst ? off : worst;
    }
    check(worst < 6.1e-8, "NUM-31: sine and cosine within %g", worst);
    static double frequencies[64];
    static const float bases[] = {1.0f, 10000.0f, 500000.0f, 1e6f, 1e9f};
    worst = 0;
    for (size_t i = 0; i < 5; i++) {
        struct reason why;
        struct rope rope = {.base = bases[i], .scale = 4.0f, .magnitude = 1.0f, .original_n = 4096};
        if (rope_frequencies(frequencies, &rope, 128, NULL, &why) != STATUS_OK)
            worst = 1;
        for (int k = 0; k < 64; k++)
            worst = fmax(worst, fabs(frequencies[k] / (pow((double)bases[i], -2.0 * k / 128) / 4) - 1));
    }
    check(worst < 1e-14, "NUM-31: frequencies within %g", worst);
    check(f32_sqrt(2.0f) == 0x1.6a09e6p+0f && f32_sqrt(0.0f) == 0.0f, "NUM-3: square root");
    bool exact = true;
    for (uint32_t half = 0; half < 0x7c00; half++) {
        uint8_t bytes[2] = {(uint8_t)half, (uint8_t)(half >> 8)};
        double value = half < 0x400 ? ldexp(half, -24) : ldexp(1024 + (half & 1023), (int)(half >> 10) - 25);
        exact = exact && (double)f32_from_f16(bytes) == value;
        bytes[1] |= 0x80;
        exact = exact && (double)f32_from_f16(bytes) == -value;
        exact = exact && (double)f32_from_finite_f16((uint16_t)(half | 0x8000)) == -value;
    }
    check(exact, "NUM-4: every finite half");
}

int main(void)
{
    const struct kernels *kernels[RIG_KERNELS_MAX];
    size_t n = rig_kernels_emulated(kernels);
    test_elementary();
    test_fma();
    for (int type = 0; type < WEIGHT_TYPES_N; type++)
        test_row((enum weight_type)type);
    for (size_t i = 0; i < n; i++)
        test_within(kernels[i]);
    for (size_t i = 1; i < n; i++)
        for (int flavour = 0; flavour < FLAVOURS; flavour++) {
            test_quantise(kernels[i], flavour);
            test_elementwise(kernels[i], flavour);
            test_softmax(kernels[i], flavour);
            if (kernels[i]->dot_bf16_groups != NULL && (flavour == 0 || flavour == 2))
                test_groups(kernels[i], flavour);
            for (int type = 0; type < WEIGHT_TYPES_N; type++) {
                test_product(kernels[i], (enum weight_type)type, flavour);
                if (format_of((enum weight_type)type)->class == CLASS_CODES)
                    test_gemv(kernels[i], (enum weight_type)type, flavour);
            }
        }
    return tap_done();
}
