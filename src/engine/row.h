/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a matrix as numbers: the embedding of a token.  Private to the engine. */
#ifndef ENGINE_ROW_H
#define ENGINE_ROW_H

#include "engine/kernel/kernels.h"

/* row: columns_n floats; the value of a code is (code - offset) times its scale, less the minimum, each rounded once
 * (NUM-10). */
void row_read(const struct kernels *k, float *row, const struct matrix *m, const uint8_t *weights, size_t index);

#endif
