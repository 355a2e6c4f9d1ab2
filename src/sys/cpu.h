/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor and the kernel together allow. */
#ifndef SYS_CPU_H
#define SYS_CPU_H

#include "core/base/processor.h"
#include <stdbool.h>

struct cpu {
    struct processor has; /* amx: the kernel permitted it to this process and its threads, not to programs it starts */
    unsigned cores_n;     /* processors this process may run on; at least 1 */
};

/* Asks the processor; where it has AMX, asks the kernel for permission with a call that a sandbox may forbid, so before
 * that. */
struct cpu cpu_read(void);

#endif
