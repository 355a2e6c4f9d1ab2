/* SPDX-License-Identifier: Apache-2.0 */
/* Products of codes with one token, for all types: codes go from the weights to the multiplication without a panel
 * between.  A kernel file includes this after expand.h and after it has defined
 *   row_sums     the sums of 16 rows, with load and store
 *   shape_of     .block: columns with one scale, 16 or 32
 *   add_lines    adds columns [4 first, 4 last) of a block, which share a scale, to sums (NUM-20) */
#ifndef ENGINE_KERNEL_GEMV_H
#define ENGINE_KERNEL_GEMV_H

enum { AHEAD = 1 << 15 }; /* bytes from what is used to what is asked for */

/* y: [16] += the product of a group of n columns; see kernels.h. */
__attribute__((always_inline)) static inline void gemv(float *y, enum weight_type type, const struct weight_group *g,
                                                       size_t n, const struct codes_input *in, size_t room)
{
    struct panel p; /* its scales and minima alone */
    row_sums sums = load(y);
    size_t len = (size_t)layout_group_len(type, FORMAT_SUPER) / (FORMAT_SUPER / FORMAT_BLOCK); /* of a block */
    const uint8_t *ahead = g->field[0] + AHEAD;
    for (size_t column = 0; column < n; column += FORMAT_SUPER) {
        size_t slot = column / FORMAT_SUPER * room;
        size_t blocks_n = (n - column < FORMAT_SUPER ? n - column : FORMAT_SUPER) / FORMAT_BLOCK;
        struct block at = {
            .g = g, .column = column, .p = &p, .q = in->q + slot * FORMAT_SUPER, .in = in->scales + slot};
        expand_scales(&p, type, g, column, blocks_n * FORMAT_BLOCK);
        for (; at.index < blocks_n; at.index++, at.q += FORMAT_BLOCK, ahead += len) {
            for (size_t i = 0; i < len; i += LINE)
                _mm_prefetch((const char *)(ahead + i), _MM_HINT_T1);
            if (shape_of(type).block == 32) {
                sums = add_lines(sums, type, &at, 0, 8);
            } else {
                sums = add_lines(sums, type, &at, 0, 4);
                sums = add_lines(sums, type, &at, 4, 8);
            }
        }
    }
    store(y, sums);
}

static void gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                       const struct codes_input *in, size_t room)
{
    switch (type) { /* a constant type makes each a loop of its own */
    case WEIGHT_Q4_0: gemv(y, WEIGHT_Q4_0, g, n, in, room); break;
    case WEIGHT_Q4_1: gemv(y, WEIGHT_Q4_1, g, n, in, room); break;
    case WEIGHT_Q5_0: gemv(y, WEIGHT_Q5_0, g, n, in, room); break;
    case WEIGHT_Q5_1: gemv(y, WEIGHT_Q5_1, g, n, in, room); break;
    case WEIGHT_Q8_0: gemv(y, WEIGHT_Q8_0, g, n, in, room); break;
    case WEIGHT_Q2_K: gemv(y, WEIGHT_Q2_K, g, n, in, room); break;
    case WEIGHT_Q3_K: gemv(y, WEIGHT_Q3_K, g, n, in, room); break;
    case WEIGHT_Q4_K: gemv(y, WEIGHT_Q4_K, g, n, in, room); break;
    case WEIGHT_Q5_K: gemv(y, WEIGHT_Q5_K, g, n, in, room); break;
    case WEIGHT_Q6_K: gemv(y, WEIGHT_Q6_K, g, n, in, room); break;
    case WEIGHT_Q8_K: gemv(y, WEIGHT_Q8_K, g, n, in, room); break;
    case WEIGHT_IQ4_NL: gemv(y, WEIGHT_IQ4_NL, g, n, in, room); break;
    case WEIGHT_IQ4_XS: gemv(y, WEIGHT_IQ4_XS, g, n, in, room); break;
    case WEIGHT_MXFP4: gemv(y, WEIGHT_MXFP4, g, n, in, room); break;
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16:
    case WEIGHT_TYPES_N: break;
    }
}

#endif
