/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model.h"

uint64_t model_products_n(const struct model *m)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < m->layers_n; i++) {
        const struct model_layer *l = &m->layers[i];
        const struct matrix *all[] = {&l->query, &l->key,    &l->value,       &l->output,    &l->gate,       &l->up,
                                      &l->down,  &l->router, &l->shared_gate, &l->shared_up, &l->shared_down};
        const struct matrix *experts[] = {&l->experts_gate, &l->experts_up, &l->experts_down};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            n += (uint64_t)all[k]->rows_n * all[k]->columns_n;
        for (size_t k = 0; k < sizeof experts / sizeof experts[0] && m->experts_n != 0; k++)
            n += (uint64_t)experts[k]->rows_n / m->experts_n * experts[k]->columns_n * m->experts_used_n;
    }
    return n;
}
