/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing kernels: the order, what the processor lacks, and that a table with one function that computes something
 * else, be it one bit or one rare case, is not used.  NUM-1 NUM-2 NUM-6 */
#include "tap.h"

#include "engine/numerics.h"
#include "engine/rig.h"
#include "sys/clock.h"
#include "sys/cpu.h"

#include <string.h>

/* ---- one function each that is wrong; the others are scalar ---- */

static void flip(float *x)
{
    *x = f32_from_bits(f32_bits(*x) ^ 1);
}

static void wrong_quantise(int8_t *q, struct codes_scales *s, const float *x, size_t n)
{
    kernels_scalar.quantise(q, s, x, n);
    s->scale[n / FORMAT_BLOCK - 1] += 1.0f;
}

static void wrong_round_bf16(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) /* toward zero */
        y[i] = f32_from_bits(f32_bits(x[i]) & 0xffff0000);
}

static void wrong_rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    kernels_scalar.rms_norm(y, x, w, n, epsilon);
    flip(&y[n - 1]);
}

static void wrong_swiglu(float *y, const float *gate, const float *up, size_t n)
{
    kernels_scalar.swiglu(y, gate, up, n);
    flip(&y[n - 1]);
}

static void wrong_geglu(float *y, const float *gate, const float *up, size_t n)
{
    kernels_scalar.geglu(y, gate, up, n);
    flip(&y[0]);
}

static void wrong_soft_cap(float *x, size_t n, float cap)
{
    kernels_scalar.soft_cap(x, n, cap);
    flip(&x[n / 2]);
}

/* MXFP4 alone. */
static void wrong_expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n)
{
    kernels_scalar.expand(p, type, g, column, n);
    if (type == WEIGHT_MXFP4)
        p->room[3] ^= 1;
}

/* As a processor would be that takes bytes with a sign for bytes without one: of one row, from the 17th token on. */
static void wrong_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                            const struct codes_input *in, size_t n, size_t tokens_n)
{
    kernels_scalar.dot_codes(y, y_stride, p, f, in, n, tokens_n);
    if (tokens_n > 16)
        flip(&y[16 * y_stride + 9]);
}

/* Minima forgotten, in blocks of 16. */
static void wrong_dot_codes_min(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                                const struct codes_input *in, size_t n, size_t tokens_n)
{
    struct weight_format g = *f;
    g.has_min = f->has_min && f->block != 16;
    kernels_scalar.dot_codes(y, y_stride, p, &g, in, n, tokens_n);
}

/* The last chunk of columns forgotten, of one type. */
static void wrong_gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                             const struct codes_input *in, size_t room)
{
    kernels_scalar.gemv_codes(y, type, g, type == WEIGHT_MXFP4 ? n - FORMAT_BLOCK : n, in, room);
}

static void wrong_dot_float(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                            size_t x_stride, size_t tokens_n)
{
    kernels_scalar.dot_float(y, y_stride, group, half, n, x, x_stride, tokens_n);
    if (half)
        flip(&y[(tokens_n - 1) * y_stride + FORMAT_ROWS - 1]);
}

/* The last columns not in two chains. */
static void wrong_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                           size_t tokens_n)
{
    size_t most = n / FORMAT_BLOCK * FORMAT_BLOCK;
    kernels_scalar.dot_bf16(y, y_stride, group, most, x, x_stride, tokens_n);
    for (size_t i = most; i < n; i += 2) /* each pair of columns is added by itself */
        kernels_scalar.dot_bf16(y, y_stride, group + i / 2 * 64, 2, x + i, x_stride, tokens_n);
}

/* Subnormal numbers are kept. */
static void wrong_dot_bf16_small(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x,
                                 size_t x_stride, size_t tokens_n)
{
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
                float sums[2] = {0.0f, 0.0f};
                for (size_t i = first; i < n && i < first + FORMAT_BLOCK; i++) {
                    uint16_t half;
                    memcpy(&half, group + ((i / 2 * FORMAT_ROWS + row) * 2 + i % 2) * 2, 2);
                    sums[i % 2] = f32_fma(f32_from_bits((uint32_t)half << 16), x[t * x_stride + i], sums[i % 2]);
                }
                y[t * y_stride + row] += sums[0] + sums[1];
            }
}

static float wrong_softmax(float *s, size_t n, bool round)
{
    (void)round; /* never to BF16 */
    return kernels_scalar.softmax(s, n, false);
}

static void test_wrong(void)
{
    static const char *const names[] = {"quantise", "round_bf16", "rms_norm",  "swiglu",    "geglu",
                                        "soft_cap", "expand",     "dot_codes", "dot_codes", "dot_float",
                                        "dot_bf16", "dot_bf16",   "softmax",   "gemv_codes"};
    enum { N = sizeof names / sizeof names[0] };
    struct kernels wrong[N];
    for (size_t i = 0; i < N; i++) {
        wrong[i] = kernels_scalar;
        wrong[i].name = "wrong";
    }
    check(kernels_agree(&wrong[0]), "a copy of the reference agrees");
    wrong[0].quantise = wrong_quantise;
    wrong[1].round_bf16 = wrong_round_bf16;
    wrong[2].rms_norm = wrong_rms_norm;
    wrong[3].swiglu = wrong_swiglu;
    wrong[4].geglu = wrong_geglu;
    wrong[5].soft_cap = wrong_soft_cap;
    wrong[6].expand = wrong_expand;
    wrong[7].dot_codes = wrong_dot_codes;
    wrong[8].dot_codes = wrong_dot_codes_min;
    wrong[9].dot_float = wrong_dot_float;
    wrong[10].dot_bf16 = wrong_dot_bf16;
    wrong[11].dot_bf16 = wrong_dot_bf16_small;
    wrong[12].softmax = wrong_softmax;
    wrong[13].gemv_codes = wrong_gemv_codes;
    for (size_t i = 0; i < N; i++) {
        const struct kernels *tables[] = {&wrong[i], &kernels_scalar};
        check(!kernels_agree(&wrong[i]), "a wrong %s does not agree", names[i]);
        check(kernels_pick(tables, 2, "best") == &kernels_scalar, "... the next best is taken");
        check(kernels_pick(tables, 2, "wrong") == NULL, "... and it is refused by name");
    }
}

/* ---- the processor ---- */

static void test_list(void)
{
    const struct kernels *t[KERNELS_N];
    check(kernels_list(t, (struct processor){0}) == 1 && t[0] == &kernels_scalar, "scalar is there on every processor");
    check(kernels_list(t, (struct processor){.avx2 = true}) == 2 && t[0] == &kernels_avx2 && t[1] == &kernels_scalar,
          "AVX2 before it");
    check(kernels_list(t, (struct processor){.avx2 = true, .avx512_vnni = true}) == 3 && t[0] == &kernels_avx512 &&
              t[1] == &kernels_avx2,
          "AVX-512 before that");
    check(kernels_list(t, (struct processor){.avx2 = true, .avx512_vnni = true, .amx = true}) == 4 &&
              t[0] == &kernels_amx && t[1] == &kernels_avx512 && t[3] == &kernels_scalar,
          "AMX first");
    check(kernels_list(t, (struct processor){.avx2 = true, .amx = true}) == 2, "AMX is nothing without AVX-512");
}

static void test_choose(void)
{
    const struct processor none = {0};
    struct cpu cpu = cpu_read();
    const struct kernels *tables[KERNELS_N];
    size_t n = kernels_list(tables, cpu.has);
    check(kernels_choose("best", none) == &kernels_scalar && kernels_choose("scalar", none) == &kernels_scalar,
          "without vectors, scalar");
    check(kernels_choose("avx2", none) == NULL && kernels_choose("avx512", none) == NULL &&
              kernels_choose("amx", none) == NULL && kernels_choose("", cpu.has) == NULL,
          "what is not there is refused");
    check(kernels_choose("best", cpu.has) == tables[0], "the best of this processor is %s", tables[0]->name);
    for (size_t i = 0; i < n; i++)
        check(kernels_choose(tables[i]->name, cpu.has) == tables[i], "%s by name", tables[i]->name);
}

/* What this processor has agrees, and what is emulated; what it lacks is skipped. */
static void test_agree(void)
{
    static const char *const names[] = {"avx2", "avx512", "amx"};
    const struct kernels *kernels[RIG_KERNELS_MAX];
    struct cpu cpu = cpu_read();
    size_t n = rig_kernels_emulated(kernels);
    for (size_t i = 0; i < n; i++) {
        uint64_t start = clock_monotonic_ns();
        bool agrees = kernels_agree(kernels[i]);
        check(agrees, "%s agrees with the reference", kernels[i]->name);
        note("%s: %.1f ms", kernels[i]->name, (double)(clock_monotonic_ns() - start) * 1e-6);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kernels_choose(names[i], cpu.has) == NULL)
            check(true, "%s # SKIP this processor has none", names[i]);
}

int main(void)
{
    test_list();
    test_choose();
    test_wrong();
    test_agree();
    return tap_done();
}
