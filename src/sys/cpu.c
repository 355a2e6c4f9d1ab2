/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/cpu.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux, Documentation/arch/x86/xstate.rst: for all threads of the process, once and for good. */
static bool permit_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

struct cpu cpu_read(void)
{
    cpu_set_t allowed;
    struct cpu cpu = {.has = processor_read(), .cores_n = 1};
    cpu.has.amx = cpu.has.amx && permit_tiles();
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        cpu.cores_n = (unsigned)CPU_COUNT(&allowed);
    return cpu;
}
