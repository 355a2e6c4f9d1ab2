/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernel/kernels.h"

#include <string.h>

const struct kernels *kernels_choose(const char *name, bool has_avx2, bool has_avx512_vnni)
{
    bool best = strcmp(name, "best") == 0;
    if (has_avx512_vnni && (best || strcmp(name, kernels_avx512.name) == 0))
        return &kernels_avx512;
    if (has_avx2 && (best || strcmp(name, kernels_avx2.name) == 0))
        return &kernels_avx2;
    if (best || strcmp(name, kernels_scalar.name) == 0)
        return &kernels_scalar;
    return NULL;
}
