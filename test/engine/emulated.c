/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rig.h"
#include "sys/cpu.h"

/* src/engine/kernel/avx512.c, built with test/emulated/avx512.h under another name. */
extern const struct kernels kernels_emulated;

size_t rig_kernels_emulated(const struct kernels *kernels[static RIG_KERNELS_MAX])
{
    static struct kernels named;
    struct cpu cpu = cpu_read();
    size_t n = rig_kernels(kernels);
    if (cpu.avx512_vnni || !cpu.avx2)
        return n;
    named = kernels_emulated;
    named.name = "avx512 (emulated)";
    kernels[n] = &named;
    return n + 1;
}
