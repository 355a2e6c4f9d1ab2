/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/row.h"

#include "engine/numerics.h"

static void read_codes(const struct kernels *k, float *row, const struct matrix *m, const struct weight_group *g,
                       size_t lane)
{
    const struct weight_format *f = format_of(m->type);
    struct panel p;
    for (size_t at = 0; at < m->columns_n; at += FORMAT_SUPER) {
        size_t n = m->columns_n - at < FORMAT_SUPER ? m->columns_n - at : FORMAT_SUPER;
        k->expand(&p, m->type, g, at, n);
        for (size_t i = 0; i < n; i++) {
            int code = p.codes[(i / 4 * FORMAT_ROWS + lane) * 4 + i % 4] - f->code_offset;
            float value = (float)code * p.scale[i / f->block][lane];
            row[at + i] = f->has_min ? value - p.min[i / f->block][lane] : value;
        }
    }
}

void row_read(const struct kernels *k, float *row, const struct matrix *m, const uint8_t *weights, size_t index)
{
    struct weight_group g = layout_group(m, weights, index / FORMAT_ROWS);
    size_t lane = index % FORMAT_ROWS;
    if (format_of(m->type)->class == CLASS_CODES) {
        read_codes(k, row, m, &g, lane);
        return;
    }
    for (size_t i = 0; i < m->columns_n; i++) {
        uint16_t half;
        if (m->type == WEIGHT_F32) {
            memcpy(&row[i], g.field[0] + (i * FORMAT_ROWS + lane) * 4, 4);
        } else if (m->type == WEIGHT_F16) {
            memcpy(&half, g.field[0] + (i * FORMAT_ROWS + lane) * 2, 2);
            row[i] = f32_from_finite_f16(half);
        } else {
            memcpy(&half, g.field[0] + ((i / 2 * FORMAT_ROWS + lane) * 2 + i % 2) * 2, 2);
            row[i] = f32_from_bits((uint32_t)half << 16);
        }
    }
}
