/* SPDX-License-Identifier: Apache-2.0 */
/* The products of kernel/amx.c and kernel/amx_bf16.c, for the table in kernel/avx512.c; what they do is in
 * kernel/kernels.h. */
#ifndef ENGINE_KERNEL_AMX_H
#define ENGINE_KERNEL_AMX_H

#include "engine/kernel/kernels.h"

void amx_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                   const struct codes_input *in, size_t n, size_t tokens_n);
void amx_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                  size_t tokens_n);
void amx_dot_bf16_groups(float *y, size_t y_stride, const uint8_t *groups, size_t group_len, size_t groups_n, size_t n,
                         const float *x, size_t x_stride, size_t tokens_n);

/* Multiplies whole int8 tiles from registers, as fast as the processor can; returns how many multiplications that
 * were.  For benchmarks, on a processor with AMX. */
uint64_t amx_multiply(size_t rounds);

#endif
