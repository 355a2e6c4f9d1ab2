/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rig.h"
#include "sys/cpu.h"

/* The two tables of src/engine/kernel/avx512.c, built with test/emulated/avx512.h under other names. */
extern const struct kernels kernels_emulated;
extern const struct kernels kernels_emulated_amx;

size_t rig_kernels_emulated(const struct kernels *kernels[static RIG_KERNELS_MAX])
{
    static struct kernels avx512, amx;
    struct cpu cpu = cpu_read();
    size_t n = rig_kernels(kernels);
    avx512 = kernels_emulated;
    avx512.name = "avx512 (emulated)";
    amx = kernels_emulated_amx;
    amx.name = "amx (emulated)";
    if (cpu.has.avx2 && !cpu.has.avx512_vnni)
        kernels[n++] = &avx512;
    if (cpu.has.avx2 && !cpu.has.amx)
        kernels[n++] = &amx;
    return n;
}
