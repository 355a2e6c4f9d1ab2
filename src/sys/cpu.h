/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor and the kernel together allow. */
#ifndef SYS_CPU_H
#define SYS_CPU_H

#include <stdbool.h>

struct cpu {
    bool avx2;        /* AVX2, FMA and F16C */
    bool avx512_vnni; /* AVX-512 F, BW, VL, DQ and VNNI */
    unsigned cores_n; /* processors this process may run on; at least 1 */
};

/* Asks the processor; flags are false when the kernel does not save the registers. */
struct cpu cpu_read(void);

#endif
