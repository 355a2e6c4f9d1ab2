/* SPDX-License-Identifier: Apache-2.0 */
/* Which vector instructions the processor has and the kernel saves the registers of: CPUID and XGETBV, no system call.
 */
#ifndef CORE_BASE_PROCESSOR_H
#define CORE_BASE_PROCESSOR_H

#include <stdbool.h>

struct processor {
    bool avx2;        /* AVX2, FMA and F16C */
    bool avx512_vnni; /* AVX-512 F, BW, VL, DQ and VNNI */
    bool amx;         /* AMX-TILE, AMX-INT8 and AMX-BF16, with eight tiles of 1 KiB */
};

/* Linux kills a process that uses AMX without having asked for it (arch_prctl): amx alone is no permission.  Source:
 * Intel SDM, volume 2, CPUID, and volume 1, 13.3. */
struct processor processor_read(void);

#endif
