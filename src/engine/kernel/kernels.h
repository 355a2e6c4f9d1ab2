/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the inner loops: one const table an instruction set.  All give the same bytes (spec/numerics.md);
 * where a value is NaN, some NaN.  Pure, re-entrant, no state.  Arrays of floats are aligned to 64.
 * "padded" means that memory up to the next multiple of 16 is there; inputs are zero in it.  At most 128 KiB of stack.
 */
#ifndef ENGINE_KERNEL_KERNELS_H
#define ENGINE_KERNEL_KERNELS_H

#include "core/base/processor.h"
#include "engine/format.h"
#include "engine/layout.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of the largest magnitude in a block, as bits of a float (NUM-11). */
enum {
    QUANTISE_TINY = 0x0d800000,       /* 2^-100: below it the block is zero */
    QUANTISE_NOT_FINITE = 0x7f800000, /* from it on the scale is QUANTISE_NAN */
    QUANTISE_NAN = 0x7fc00000,
};

/* Up to 256 columns of a group as codes; block b has 16 or 32 columns (struct weight_format). */
struct panel {
    const uint8_t *codes; /* [columns / 4, 16 rows, 4]: room, or the weights themselves */
    _Alignas(64) uint8_t room[FORMAT_SUPER * FORMAT_ROWS];
    _Alignas(64) float scale[FORMAT_SUPER / 16][FORMAT_ROWS];
    _Alignas(64) float min[FORMAT_SUPER / 16][FORMAT_ROWS];
};

/* What belongs to 256 columns of quantised input.  Sums of q are whole numbers that a float holds exactly. */
struct codes_scales {
    float scale[8];      /* of each 32 columns */
    float sum[8];        /* of their q */
    float bias[8];       /* scale times sum */
    float half_sum[16];  /* of the q of each 16 columns */
    float half_bias[16]; /* scale times half_sum */
};

/* What follows from scale and half_sum of 32-column block b. */
static inline void codes_scales_complete(struct codes_scales *s, size_t b)
{
    s->sum[b] = s->half_sum[2 * b] + s->half_sum[2 * b + 1];
    s->bias[b] = s->scale[b] * s->sum[b];
    s->half_bias[2 * b] = s->scale[b] * s->half_sum[2 * b];
    s->half_bias[2 * b + 1] = s->scale[b] * s->half_sum[2 * b + 1];
}

/* 256 columns of quantised input for several tokens. */
struct codes_input {
    const int8_t *q;                   /* [tokens, 256] */
    const struct codes_scales *scales; /* [tokens] */
};

struct kernels {
    const char *name; /* "scalar", "avx2", "avx512", "amx" */

    /* q: [n], x: [n]; n is a multiple of 32, at most 256. */
    void (*quantise)(int8_t *q, struct codes_scales *s, const float *x, size_t n);

    /* y = x rounded to BF16 and kept as float; [n], padded. */
    void (*round_bf16)(float *y, const float *x, size_t n);

    /* y = x / rms(x) * w; all [n], padded. */
    void (*rms_norm)(float *y, const float *x, const float *w, size_t n, float epsilon);

    /* y = silu(gate) * up, and y = gelu(gate) * up; all [n], padded. */
    void (*swiglu)(float *y, const float *gate, const float *up, size_t n);
    void (*geglu)(float *y, const float *gate, const float *up, size_t n);

    /* x = cap * tanh(x / cap); [n], padded. */
    void (*soft_cap)(float *x, size_t n, float cap);

    /* Columns [column, column + n) of a group whose class is CLASS_CODES; column is a multiple of 256. */
    void (*expand)(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n);

    /* y[t * y_stride + row] += the product of a panel of n columns with the input of token t; t < tokens_n. */
    void (*dot_codes)(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                      const struct codes_input *in, size_t n, size_t tokens_n);

    /* The same for a whole group of n columns and one token, whose input for the next 256 columns stands `room` slots
     * on.  y: [16] */
    void (*gemv_codes)(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                       const struct codes_input *in, size_t room);

    /* As dot_codes, with a whole group of F32 or F16 of n columns.  x: [tokens, x_stride] */
    void (*dot_float)(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                      size_t x_stride, size_t tokens_n);

    /* The same for a group of BF16, n even; x holds BF16 values. */
    void (*dot_bf16)(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                     size_t tokens_n);

    /* dot_bf16 with groups_n groups, group_len bytes apart; results of group g stand from y + 16 * g on.  NULL where it
     * would be no faster than one after the other: see kernels_dot_bf16. */
    void (*dot_bf16_groups)(float *y, size_t y_stride, const uint8_t *groups, size_t group_len, size_t groups_n,
                            size_t n, const float *x, size_t x_stride, size_t tokens_n);

    /* s[p] = exp(s[p] - max s) for p < n, padded with zeros; rounded to BF16 if so asked; returns their sum.  n > 0. */
    float (*softmax)(float *s, size_t n, bool round);
};

/* What dot_bf16_groups does, in every table. */
static inline void kernels_dot_bf16(const struct kernels *k, float *y, size_t y_stride, const uint8_t *groups,
                                    size_t group_len, size_t groups_n, size_t n, const float *x, size_t x_stride,
                                    size_t tokens_n)
{
    if (k->dot_bf16_groups != NULL) {
        k->dot_bf16_groups(y, y_stride, groups, group_len, groups_n, n, x, x_stride, tokens_n);
        return;
    }
    for (size_t g = 0; g < groups_n; g++)
        k->dot_bf16(y + g * FORMAT_ROWS, y_stride, groups + g * group_len, n, x, x_stride, tokens_n);
}

extern const struct kernels kernels_scalar;
extern const struct kernels kernels_avx2;   /* needs struct processor's avx2 */
extern const struct kernels kernels_avx512; /* its avx512_vnni */
extern const struct kernels kernels_amx;    /* its avx512_vnni and amx */

enum { KERNELS_N = 4 };

/* The tables that such a processor can run, the fastest first, scalar last; returns how many. */
size_t kernels_list(const struct kernels *tables[static KERNELS_N], struct processor has);

/* Whether each function of k gives what kernels_scalar gives, byte for byte, on a small fixed case: a processor, a
 * hypervisor or an emulator that computes something else is found before it answers.  Some milliseconds. */
bool kernels_agree(const struct kernels *k);

/* The first of n tables which has that name (any, if it is "best") and agrees; NULL when there is none. */
const struct kernels *kernels_pick(const struct kernels *const *tables, size_t n, const char *name);

/* By name: "scalar", "avx2", "avx512", "amx", or "best"; NULL when there is no such name, or the processor lacks it, or
 * computes something else with it. */
const struct kernels *kernels_choose(const char *name, struct processor has);

#endif
