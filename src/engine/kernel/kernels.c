/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernel/kernels.h"

#include <string.h>

size_t kernels_list(const struct kernels *tables[static KERNELS_N], struct processor has)
{
    size_t n = 0;
    if (has.avx512_vnni && has.amx)
        tables[n++] = &kernels_amx;
    if (has.avx512_vnni)
        tables[n++] = &kernels_avx512;
    if (has.avx2)
        tables[n++] = &kernels_avx2;
    tables[n++] = &kernels_scalar;
    return n;
}

const struct kernels *kernels_pick(const struct kernels *const *tables, size_t n, const char *name)
{
    bool best = strcmp(name, "best") == 0;
    for (size_t i = 0; i < n; i++)
        if ((best || strcmp(name, tables[i]->name) == 0) && kernels_agree(tables[i]))
            return tables[i];
    return NULL;
}

const struct kernels *kernels_choose(const char *name, struct processor has)
{
    const struct kernels *tables[KERNELS_N];
    size_t n = kernels_list(tables, has);
    return kernels_pick(tables, n, name);
}
