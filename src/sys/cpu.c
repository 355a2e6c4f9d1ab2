/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/cpu.h"

#include <sched.h>

struct cpu cpu_read(void)
{
    cpu_set_t allowed;
    struct cpu cpu = {.cores_n = 1};
    __builtin_cpu_init();
    /* these ask XGETBV too: whether the kernel saves the registers */
    cpu.avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    cpu.avx512_vnni = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
                      __builtin_cpu_supports("avx512vnni") != 0;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        cpu.cores_n = (unsigned)CPU_COUNT(&allowed);
    return cpu;
}
