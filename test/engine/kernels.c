/* SPDX-License-Identifier: Apache-2.0 */
/* Every kernel of every instruction set against the scalar reference, byte for byte, on random and extreme data. */
#include "tap.h"

#include "engine/numerics.h"
#include "engine/rig.h"

#include <math.h>

enum { COLUMNS_MAX = 512, GROUPS = 3, TOKENS_MAX = 19, POSITIONS_MAX = 150, HEAD_MAX = 144 };

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
static _Alignas(64) int8_t q[2][TOKENS_MAX * COLUMNS_MAX];
static _Alignas(64) float scale[2][TOKENS_MAX * COLUMNS_MAX / 32];
static _Alignas(64) int32_t sum[2][TOKENS_MAX * COLUMNS_MAX / 32];
static _Alignas(64) uint8_t groups[GROUPS * 16 * COLUMNS_MAX * 4];
static _Alignas(64) float keys[(POSITIONS_MAX + 16) * HEAD_MAX], values[(POSITIONS_MAX + 16) * HEAD_MAX];

static void test_quantise(const struct kernels *k, int flavour)
{
    fill(x, COLUMNS_MAX, flavour);
    kernels_scalar.quantise(q[0], scale[0], sum[0], x, COLUMNS_MAX);
    k->quantise(q[1], scale[1], sum[1], x, COLUMNS_MAX);
    check(memcmp(q[0], q[1], COLUMNS_MAX) == 0 && same(scale[0], scale[1], COLUMNS_MAX / 32) &&
              memcmp(sum[0], sum[1], COLUMNS_MAX / 32 * 4) == 0,
          "NUM-11 NUM-12: %s quantises flavour %d", k->name, flavour);
}

static void test_elementwise(const struct kernels *k, int flavour)
{
    for (size_t n = 1; n < 100; n += 7) {
        memset(x, 0, sizeof x);
        memset(w, 0, sizeof w);
        fill(x, n, flavour);
        fill(w, n, 0);
        kernels_scalar.rms_norm(expected, x, w, n, 1e-5f);
        k->rms_norm(got, x, w, n, 1e-5f);
        bool norm = same(expected, got, n);
        kernels_scalar.swiglu(expected, x, w, n);
        k->swiglu(got, x, w, n);
        if (!norm || !same(expected, got, n))
            check(false, "%s: %zu elements of flavour %d", k->name, n, flavour);
    }
    check(true, "NUM-22 NUM-30 NUM-32 NUM-33: %s: norm and gate of flavour %d", k->name, flavour);
}

/* Weights of any bytes, but scales that are finite unless flavour is the last. */
static void random_groups(enum weight_type type, size_t columns_n, int flavour)
{
    size_t len = (size_t)layout_group_len(type, columns_n);
    for (size_t i = 0; i < GROUPS * len; i++)
        groups[i] = (uint8_t)next();
    if (flavour == FLAVOURS - 1)
        return;
    if (type == WEIGHT_F32)
        fill((float *)(void *)groups, GROUPS * len / 4, flavour);
    for (size_t i = 1; i < GROUPS * len && type == WEIGHT_F16; i += 2)
        groups[i] &= 0xbf; /* exponent below 16 */
    size_t values_len = columns_n / 32 * (type == WEIGHT_Q8_0 ? 512 : 256);
    for (size_t g = 0; g < GROUPS && type >= WEIGHT_Q8_0; g++)
        for (size_t i = values_len + 1; i < len; i += 2)
            groups[g * len + i] &= 0xbf;
    if (flavour == 4 && type == WEIGHT_Q8_0) /* the ends of the range: -128 and 127 */
        for (size_t g = 0; g < GROUPS; g++)
            for (size_t i = 0; i < values_len; i++)
                groups[g * len + i] = groups[g * len + i] < 128 ? 0 : 255;
}

static void test_matmul(const struct kernels *k, enum weight_type type, int flavour)
{
    static const size_t columns[] = {32, 64, 96, 160, 480};
    bool equal = true;
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        for (size_t tokens_n = 1; tokens_n <= TOKENS_MAX; tokens_n += tokens_n < 5 ? 1 : 7) {
            size_t stride = columns[c] + 32;
            struct activations a = {.x = x, .q = q[0], .scale = scale[0], .sum = sum[0], .stride = stride};
            random_groups(type, columns[c], flavour);
            fill(x, tokens_n * stride, flavour);
            kernels_scalar.quantise(q[0], scale[0], sum[0], x, tokens_n * stride);
            memset(expected, 0, sizeof expected);
            memset(got, 0, sizeof got);
            kernels_scalar.matmul[type](expected, 64, groups, GROUPS, columns[c], &a, tokens_n);
            k->matmul[type](got, 64, groups, GROUPS, columns[c], &a, tokens_n);
            equal = equal && same(expected, got, TOKENS_MAX * 64);
        }
    check(equal, "NUM-13 NUM-20 NUM-21: %s: product with %s, flavour %d", k->name, weight_type_name(type), flavour);
}

static void test_attention(const struct kernels *k, int flavour)
{
    static const size_t dims[] = {2, 8, 16, 48, 64, 80, 128, 144};
    static _Alignas(64) float s[2][POSITIONS_MAX + 16];
    bool equal = true;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++)
        for (size_t n = 1; n <= POSITIONS_MAX; n += n < 34 ? 1 : 29) {
            size_t room = (dims[i] + 15) / 16 * 16;
            fill(keys, sizeof keys / 4, flavour);
            fill(values, sizeof values / 4, flavour);
            fill(x, dims[i], flavour);
            kernels_scalar.scores(s[0], x, keys, dims[i], n, 0.125f);
            k->scores(s[1], x, keys, dims[i], n, 0.125f);
            equal = equal && same(s[0], s[1], n);
            float a = kernels_scalar.softmax(s[0], n);
            float b = k->softmax(s[1], n);
            equal = equal && same(&a, &b, 1) && (a != a || same(s[0], s[1], (n + 15) / 16 * 16));
            kernels_scalar.mix(expected, s[0], values, room, room, n, 1.0f / a);
            k->mix(got, s[1], values, room, room, n, 1.0f / b);
            equal = equal && same(expected, got, room);
        }
    check(equal, "NUM-41 NUM-42 NUM-43: %s: attention, flavour %d", k->name, flavour);
}

static void test_layout_row(void)
{
    float row[COLUMNS_MAX];
    for (int type = 0; type < WEIGHT_TYPES_N; type++) {
        struct matrix m = {.type = (enum weight_type)type,
                           .rows_n = 48,
                           .columns_n = 64,
                           .group_len = layout_group_len((enum weight_type)type, 64)};
        random_groups(m.type, 64, 0);
        bool equal = true;
        for (size_t index = 0; index < 48; index++)
            for (size_t column = 0; column < 64; column++) {
                struct activations a = {.x = x, .q = q[0], .scale = scale[0], .sum = sum[0], .stride = 64};
                memset(x, 0, 64 * 4);
                x[column] = 127.0f; /* scale 1, q 127: a product with one column */
                kernels_scalar.quantise(q[0], scale[0], sum[0], x, 64);
                kernels_scalar.matmul[type](got, 16, groups + index / 16 * m.group_len, 1, 64, &a, 1);
                layout_row_read(row, &m, groups, index);
                equal = equal && fabsf(got[index % 16] - row[column] * 127.0f) <= fabsf(got[index % 16]) * 1e-6f;
            }
        check(equal, "NUM-10: rows of %s are what products see", weight_type_name(m.type));
    }
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
    for (size_t b = 0; b < 5; b++) {
        rope_frequencies(frequencies, 128, bases[b]);
        for (int i = 0; i < 64; i++)
            worst = fmax(worst, fabs(frequencies[i] / pow((double)bases[b], -2.0 * i / 128) - 1));
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
    }
    check(exact, "NUM-4: every finite half");
}

int main(void)
{
    const struct kernels *kernels[3];
    size_t n = rig_kernels(kernels);
    test_elementary();
    test_layout_row();
    for (size_t i = 1; i < n; i++)
        for (int flavour = 0; flavour < FLAVOURS; flavour++) {
            test_quantise(kernels[i], flavour);
            test_elementwise(kernels[i], flavour);
            test_attention(kernels[i], flavour);
            for (int type = 0; type < WEIGHT_TYPES_N; type++)
                test_matmul(kernels[i], (enum weight_type)type, flavour);
        }
    check(kernels_choose("scalar", false, false) == &kernels_scalar, "scalar is there on every processor");
    check(kernels_choose("best", false, false) == &kernels_scalar &&
              kernels_choose("best", true, false) == &kernels_avx2 &&
              kernels_choose("best", true, true) == &kernels_avx512,
          "the best of what the processor has");
    check(kernels_choose("avx2", false, false) == NULL && kernels_choose("avx512", true, false) == NULL &&
              kernels_choose("", true, true) == NULL,
          "what is not there is refused");
    return tap_done();
}
