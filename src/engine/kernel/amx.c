/* SPDX-License-Identifier: Apache-2.0 */
/* Products with codes in AMX.  Few tokens, and what is left over of many, go to AVX-512, which gives the same bits. */
#include "engine/kernel/amx.h"

#include "engine/kernel/amx_shape.h"
#include "engine/kernel/avx512.h"
#include "engine/kernel/avx512_lanes.h"

/* exact: int32 [tokens, 16 rows] of one block. */
__attribute__((always_inline)) static inline void multiply_block(int32_t *exact, const uint8_t *w, const int8_t *q,
                                                                 int tile)
{
    tile_zero(tile);
    tile_load(INPUT + tile % 2, q, FORMAT_SUPER);
    tile_load(WEIGHTS + tile % 2, w, LINE);
    tile_dot_int8(tile, INPUT + tile % 2, WEIGHTS + tile % 2);
    tile_store(exact, LINE, tile);
}

/* The next blocks, at most four. */
__attribute__((always_inline)) static inline void multiply_blocks(int32_t exact[TILES][TOKENS * FORMAT_ROWS],
                                                                  const uint8_t *w, const int8_t *q, size_t block,
                                                                  size_t blocks_n)
{
    multiply_block(exact[0], w, q, 0);
    if (blocks_n > 1)
        multiply_block(exact[1], w + block * FORMAT_ROWS, q + block, 1);
    if (blocks_n > 2)
        multiply_block(exact[2], w + 2 * block * FORMAT_ROWS, q + 2 * block, 2);
    if (blocks_n > 3)
        multiply_block(exact[3], w + 3 * block * FORMAT_ROWS, q + 3 * block, 3);
}

/* NUM-20: blocks [b, b + blocks_n) of each token. */
__attribute__((always_inline)) static inline void add_blocks(float *y, size_t y_stride, const int32_t *exact,
                                                             const struct panel *p, const struct codes_scales *s,
                                                             size_t b, size_t block, bool has_min, size_t blocks_n,
                                                             size_t tokens_n)
{
    __m512 scale[TILES], min[TILES];
    for (size_t i = 0; i < blocks_n; i++) {
        scale[i] = load(p->scale[b + i]);
        min[i] = load(p->min[b + i]);
    }
    for (size_t t = 0; t < tokens_n; t++, s++, y += y_stride, exact += FORMAT_ROWS) {
        __m512 sum = load(y);
        for (size_t i = 0; i < blocks_n; i++) {
            __m512 whole = _mm512_cvtepi32_ps(load_bytes(exact + i * TOKENS * FORMAT_ROWS));
            __m512 both = _mm512_mul_ps(scale[i], _mm512_set1_ps(s->scale[(b + i) * block / FORMAT_BLOCK]));
            sum = _mm512_fmadd_ps(whole, both, sum);
            if (has_min)
                sum = _mm512_fnmadd_ps(min[i], _mm512_set1_ps(block == 16 ? s->half_bias[b + i] : s->bias[b + i]), sum);
        }
        _mm512_storeu_ps(y, sum);
    }
}

/* n columns for at most 16 tokens; w: whole numbers, not codes.  While four blocks are scaled and added, the tiles
 * multiply the next four. */
__attribute__((always_inline)) static inline void codes_tokens(float *y, size_t y_stride, const struct panel *p,
                                                               const uint8_t *w, const int8_t *q,
                                                               const struct codes_scales *s, size_t n, size_t block,
                                                               bool has_min, size_t tokens_n)
{
    _Alignas(64) int32_t exact[2][TILES][TOKENS * FORMAT_ROWS];
    size_t blocks_n = n / block;
    multiply_blocks(exact[0], w, q, block, blocks_n);
    for (size_t b = 0; b < blocks_n; b += TILES) {
        const int32_t *now = exact[b / TILES % 2][0];
        size_t next = b + TILES;
        if (next < blocks_n)
            multiply_blocks(exact[next / TILES % 2], w + next * block * FORMAT_ROWS, q + next * block, block,
                            blocks_n - next);
        if (next <= blocks_n)
            add_blocks(y, y_stride, now, p, s, b, block, has_min, TILES, tokens_n);
        for (size_t i = b; i < blocks_n && next > blocks_n; i++)
            add_blocks(y, y_stride, now + (i - b) * TOKENS * FORMAT_ROWS, p, s, i, block, has_min, 1, tokens_n);
    }
}

/* Returns how many of the tokens were done. */
__attribute__((always_inline)) static inline size_t codes_all(float *y, size_t y_stride, const struct panel *p,
                                                              const uint8_t *w, const struct codes_input *in, size_t n,
                                                              size_t block, bool has_min, size_t tokens_n)
{
    size_t shape = 0; /* tokens that the tiles are made for */
    size_t t = 0;
    while (tokens_n - t >= TOKENS_MIN) {
        size_t now = tokens_n - t < TOKENS ? tokens_n - t : TOKENS;
        if (now != shape)
            amx_configure(now, block);
        codes_tokens(y + t * y_stride, y_stride, p, w, in->q + t * FORMAT_SUPER, in->scales + t, n, block, has_min,
                     now);
        shape = now;
        t += now;
    }
    return t;
}

/* The whole numbers that codes stand for: codes less the offset, as bytes with a sign. */
static const uint8_t *whole_numbers(uint8_t *room, const uint8_t *codes, uint8_t offset, size_t len)
{
    __m512i all = _mm512_set1_epi8((char)offset);
    for (size_t i = 0; i < len && offset != 0; i += LINE)
        _mm512_storeu_si512(room + i, _mm512_sub_epi8(load_bytes(codes + i), all));
    return offset != 0 ? room : codes; /* without an offset they are below 128 */
}

void amx_dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                   const struct codes_input *in, size_t n, size_t tokens_n)
{
    _Alignas(64) uint8_t room[FORMAT_SUPER * FORMAT_ROWS];
    size_t t = 0;
    if (tokens_n >= TOKENS_MIN) {
        const uint8_t *w = whole_numbers(room, p->codes, f->code_offset, n * FORMAT_ROWS);
        if (f->block == 32 && f->has_min)
            t = codes_all(y, y_stride, p, w, in, n, 32, true, tokens_n);
        else if (f->block == 32)
            t = codes_all(y, y_stride, p, w, in, n, 32, false, tokens_n);
        else if (f->has_min)
            t = codes_all(y, y_stride, p, w, in, n, 16, true, tokens_n);
        else
            t = codes_all(y, y_stride, p, w, in, n, 16, false, tokens_n);
        tiles_release();
    }
    if (t < tokens_n)
        avx512_dot_codes(y + t * y_stride, y_stride, p, f,
                         &(struct codes_input){in->q + t * FORMAT_SUPER, in->scales + t}, n, tokens_n - t);
}
