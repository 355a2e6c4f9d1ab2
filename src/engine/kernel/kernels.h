/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the inner loops: one const table an instruction set, one file a table.  All give the same bytes
 * (spec/numerics.md); where a value is NaN, some NaN.  Pure, re-entrant, no state.  Arrays of floats are aligned to 64.
 * "padded" means that memory up to the next multiple of 16 is there; inputs are zero in it. */
#ifndef ENGINE_KERNEL_KERNELS_H
#define ENGINE_KERNEL_KERNELS_H

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

/* What a matrix is multiplied with, for several tokens; stride is a multiple of 32. */
struct activations {
    const float *x;     /* [tokens, stride]: for F32 and F16 */
    const int8_t *q;    /* [tokens, stride]: for Q8_0 and Q4_0, as are the next two */
    const float *scale; /* [tokens, stride / 32] */
    const int32_t *sum; /* [tokens, stride / 32]: of each block's q */
    size_t stride;
};

struct kernels {
    const char *name; /* "scalar", "avx2", "avx512" */

    /* x: [n] -> q: [n], scale: [n / 32], sum: [n / 32]; n is a multiple of 32. */
    void (*quantise)(int8_t *q, float *scale, int32_t *sum, const float *x, size_t n);

    /* y = x / rms(x) * w; all [n], padded. */
    void (*rms_norm)(float *y, const float *x, const float *w, size_t n, float epsilon);

    /* y = silu(gate) * up; all [n], padded. */
    void (*swiglu)(float *y, const float *gate, const float *up, size_t n);

    /* y[t * y_stride + r] = row r of the groups . activation t, for r < groups_n * 16 and t < tokens_n.
     * groups: the first group in the layout of the type; columns_n as in struct matrix. */
    void (*matmul[WEIGHT_TYPES_N])(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                                   const struct activations *a, size_t tokens_n);

    /* s[p] = (q . k of position p) * scale for p < n, n rounded up to 16.  q: [head_dim]; k: [n / 16, head_dim, 16]. */
    void (*scores)(float *s, const float *q, const float *k, size_t head_dim, size_t n, float scale);

    /* s[p] = exp(s[p] - max s) for p < n, padded with zeros; returns their sum.  n > 0. */
    float (*softmax)(float *s, size_t n);

    /* y[d] = (sum over p < n of s[p] * v[p * v_stride + d]) * factor.  y: [width]; width is a multiple of 16. */
    void (*mix)(float *y, const float *s, const float *v, size_t v_stride, size_t width, size_t n, float factor);
};

extern const struct kernels kernels_scalar;
extern const struct kernels kernels_avx2;   /* needs AVX2 and F16C */
extern const struct kernels kernels_avx512; /* needs AVX-512 F, BW, VL, DQ and VNNI */

/* By name: "scalar", "avx2", "avx512", or "best"; NULL when there is no such name or the processor, as described by the
 * two flags, lacks it. */
const struct kernels *kernels_choose(const char *name, bool has_avx2, bool has_avx512_vnni);

#endif
