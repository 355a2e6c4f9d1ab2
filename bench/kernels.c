/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of each kernel by itself, on one thread and data that fits the caches, as TSV on standard output.  Each figure
 * is the best of several runs.
 * usage: kernels [scalar|avx2|avx512|amx] */
#include "measure.h"

#include "engine/kernel/kernels.h"
#include "engine/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 2048, GROUPS = 4, TOKENS = 64, RUNS = 400, ELEMENTS = 4096 };

static _Alignas(64) float x[TOKENS * COLUMNS], y[TOKENS * COLUMNS], other[ELEMENTS];
static _Alignas(64) uint8_t weights[GROUPS * FORMAT_ROWS * COLUMNS * 4 + 4096];
static _Alignas(64) int8_t q[TOKENS * COLUMNS];
static _Alignas(64) struct codes_scales scales[TOKENS * COLUMNS / FORMAT_SUPER];

static void row(const struct kernels *k, const char *what, size_t tokens_n, double value, const char *unit)
{
    printf("%s\t%s\t%zu\t%.2f\t%s\n", k->name, what, tokens_n, value, unit);
    fflush(stdout);
}

/* All groups with tokens_n tokens, as forward_product does it. */
static void multiply(const struct kernels *k, const struct matrix *m, size_t tokens_n)
{
    const struct weight_format *f = format_of(m->type);
    struct panel panel;
    for (size_t group = 0; group < GROUPS; group++) {
        struct weight_group g = layout_group(m, weights, group);
        if (f->class == CLASS_FLOAT)
            k->dot_float(y, FORMAT_ROWS, g.field[0], m->type == WEIGHT_F16, COLUMNS, x, COLUMNS, tokens_n);
        if (f->class == CLASS_BF16)
            k->dot_bf16(y, FORMAT_ROWS, g.field[0], COLUMNS, x, COLUMNS, tokens_n);
        if (f->class == CLASS_CODES && tokens_n == 1) {
            k->gemv_codes(y, m->type, &g, COLUMNS, &(struct codes_input){q, scales}, TOKENS);
            continue;
        }
        for (size_t at = 0; at < COLUMNS && f->class == CLASS_CODES; at += FORMAT_SUPER) {
            size_t slot = at / FORMAT_SUPER * TOKENS;
            struct codes_input in = {q + slot * FORMAT_SUPER, scales + slot};
            k->expand(&panel, m->type, &g, at, FORMAT_SUPER);
            k->dot_codes(y, FORMAT_ROWS, &panel, f, &in, FORMAT_SUPER, tokens_n);
        }
    }
}

static void bench_product(const struct kernels *k, enum weight_type type, size_t tokens_n)
{
    struct matrix m = {.type = type,
                       .rows_n = GROUPS * FORMAT_ROWS,
                       .columns_n = COLUMNS,
                       .group_len = layout_group_len(type, COLUMNS)};
    double best = 1e9;
    memset(weights, 0x11, sizeof weights);
    memset(y, 0, sizeof y);
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        multiply(k, &m, tokens_n);
        double passed = now() - start;
        best = passed < best ? passed : best;
    }
    double products = (double)GROUPS * FORMAT_ROWS * COLUMNS * (double)tokens_n;
    row(k, format_of(type)->name, tokens_n, products / best * 1e-9, "G products/s");
    if (tokens_n == 1)
        row(k, format_of(type)->name, tokens_n, (double)(GROUPS * m.group_len) / best * 1e-9, "GB of weights/s");
}

static void bench_elements(const struct kernels *k)
{
    static const char *const names[] = {"quantise", "round_bf16", "rms_norm", "swiglu", "geglu", "soft_cap", "softmax"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double best = 1e9;
        for (int run = 0; run < RUNS; run++) {
            double start = now();
            switch (i) {
            case 0:
                for (size_t at = 0; at < ELEMENTS; at += FORMAT_SUPER)
                    k->quantise(q + at, scales + at / FORMAT_SUPER, x + at, FORMAT_SUPER);
                break;
            case 1: k->round_bf16(y, x, ELEMENTS); break;
            case 2: k->rms_norm(y, x, other, ELEMENTS, 1e-5f); break;
            case 3: k->swiglu(y, x, other, ELEMENTS); break;
            case 4: k->geglu(y, x, other, ELEMENTS); break;
            case 5: k->soft_cap(y, ELEMENTS, 30.0f); break;
            default: k->softmax(y, ELEMENTS, true); break;
            }
            double passed = now() - start;
            best = passed < best ? passed : best;
        }
        row(k, names[i], 1, ELEMENTS / best * 1e-9, "G elements/s");
    }
}

int main(int argc, char **argv)
{
    const struct kernels *kernels[RIG_KERNELS_MAX];
    size_t n = rig_kernels(kernels);
    for (size_t i = 0; i < TOKENS * COLUMNS; i++)
        x[i] = (float)(i % 251) / 125.0f - 1.0f;
    for (size_t i = 0; i < ELEMENTS; i++)
        other[i] = 1.0f;
    for (size_t at = 0; at < TOKENS * COLUMNS; at += FORMAT_SUPER)
        kernels_scalar.quantise(q + at, scales + at / FORMAT_SUPER, x + at, FORMAT_SUPER);
    printf("kernels\twhat\ttokens\tvalue\tunit\n");
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], kernels[i]->name) != 0)
            continue;
        bench_elements(kernels[i]);
        for (int type = 0; type < WEIGHT_TYPES_N; type++) {
            bench_product(kernels[i], (enum weight_type)type, 1);
            bench_product(kernels[i], (enum weight_type)type, TOKENS);
        }
    }
    return 0;
}
