/* SPDX-License-Identifier: Apache-2.0 */
/* The products of kernel/avx512_dot.c, for the table in kernel/avx512.c; what they do is in kernel/kernels.h. */
#ifndef ENGINE_KERNEL_AVX512_H
#define ENGINE_KERNEL_AVX512_H

#include "engine/kernel/kernels.h"

void avx512_expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n);
void avx512_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                      const struct codes_input *in, size_t n, size_t tokens_n);
void avx512_gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                       const struct codes_input *in, size_t room);
void avx512_dot_float(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                      size_t x_stride, size_t tokens_n);
void avx512_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                     size_t tokens_n);

#endif
