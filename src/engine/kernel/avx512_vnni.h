/* SPDX-License-Identifier: Apache-2.0 */
/* The innermost instruction of products with codes. */
#ifndef ENGINE_KERNEL_AVX512_VNNI_H
#define ENGINE_KERNEL_AVX512_VNNI_H

#include "engine/numerics.h"

/* sums + the four unsigned bytes of each lane of w times the four signed bytes at q.  In assembly because compilers
 * load the broadcast by itself, which doubles the instructions of the innermost loop. */
static inline __m512i dot4(__m512i sums, __m512i w, const int8_t *q)
{
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(w), "m"(*(const int32_t *)(const void *)q));
    return sums;
}

#endif
