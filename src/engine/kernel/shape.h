/* SPDX-License-Identifier: Apache-2.0 */
/* What the vector kernels have to know of a type of CLASS_CODES, as constants for the compiler; the same is in the
 * table of engine/format.c. */
#ifndef ENGINE_KERNEL_SHAPE_H
#define ENGINE_KERNEL_SHAPE_H

#include "engine/format.h"

/* How codes are added; constant where the type is. */
struct shape {
    size_t block; /* columns with one scale */
    size_t widen; /* columns whose products 16 bits hold: code_max * 127 * 2 * widen / 4 < 2^15; 0: none; AVX2 alone
                     adds in 16 bits */
    bool has_min;
    int offset; /* 0 with minima */
};

/* The shape of a type of CLASS_CODES. */
__attribute__((always_inline)) static inline struct shape shape_of(enum weight_type type)
{
    switch (type) {
    case WEIGHT_Q4_0: return (struct shape){32, 32, false, 8};
    case WEIGHT_Q4_1:
    case WEIGHT_Q4_K: return (struct shape){32, 32, true, 0};
    case WEIGHT_Q5_0: return (struct shape){32, 16, false, 16};
    case WEIGHT_Q5_1:
    case WEIGHT_Q5_K: return (struct shape){32, 16, true, 0};
    case WEIGHT_MXFP4: return (struct shape){32, 16, false, 12};
    case WEIGHT_Q2_K: return (struct shape){16, 16, true, 0};
    case WEIGHT_Q3_K: return (struct shape){16, 8, false, 4};
    case WEIGHT_Q6_K: return (struct shape){16, 8, false, 32};
    case WEIGHT_Q8_0:
    case WEIGHT_Q8_K:
    case WEIGHT_IQ4_NL:
    case WEIGHT_IQ4_XS:
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
    return (struct shape){32, 0, false, 128};
}

#endif
