/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AMX: a row of a tile of sums is a token, its 16 columns are the rows of a group.  Few tokens, and what
 * is left over of many, go to AVX-512, which gives the same bits. */
#include "engine/kernel/amx.h"

#include "engine/kernel/amx_tiles.h"
#include "engine/kernel/avx512.h"
#include "engine/kernel/avx512_lanes.h"

enum {
    LINE = 4 * FORMAT_ROWS,
    TOKENS = 16,     /* rows of a tile */
    TOKENS_MIN = 12, /* fewer are not worth a tile; by count of instructions, never timed */
    TILES = 4,       /* of sums, numbered from 0 */
    INPUT = 4,       /* the first of two tiles of input */
    WEIGHTS = 6,     /* the first of two tiles of weights */
    PACKED = 128,    /* columns of BF16 input that are packed at once */
    PREFETCH = 4096, /* bytes ahead of BF16 weights */
};

/* For products of tokens_n tokens, input_len bytes of each at once. */
static void configure(size_t tokens_n, size_t input_len)
{
    struct tile_config c = {.palette = 1};
    for (size_t i = 0; i < WEIGHTS + 2; i++) {
        c.row_len[i] = (uint16_t)(i == INPUT || i == INPUT + 1 ? input_len : LINE);
        c.rows[i] = (uint8_t)(i < WEIGHTS ? tokens_n : input_len / 4);
    }
    tiles_configure(&c);
}

/* ---- codes ---- */

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
            configure(now, block);
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

/* ---- BF16 ---- */

/* out: BF16 [tokens, 32]; takes step columns of each token, which hold BF16 values, and leaves out the lower halves. */
static void pack(uint16_t *out, const float *x, size_t x_stride, size_t step, size_t tokens_n)
{
    static const uint16_t upper[2 * FORMAT_ROWS] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                                    33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    const __m512i which = load_bytes(upper);
    uint32_t columns = (uint32_t)((1ULL << step) - 1);
    for (size_t t = 0; t < tokens_n; t++) {
        __m512i first = _mm512_maskz_loadu_epi32((__mmask16)columns, x + t * x_stride);
        __m512i second = _mm512_maskz_loadu_epi32((__mmask16)(columns >> 16), x + t * x_stride + FORMAT_ROWS);
        _mm512_storeu_si512(out + t * FORMAT_BLOCK, _mm512_permutex2var_epi16(first, which, second));
    }
}

/* Up to four groups of tokens, one tile of weights; at: where the groups' tiles of input stand. */
__attribute__((always_inline)) static inline void
multiply_groups(const uint8_t *w, uint16_t packed[TILES][PACKED * TOKENS], size_t at, size_t groups_n)
{
    tile_load(WEIGHTS, w, LINE);
    tile_load(INPUT, packed[0] + at, LINE);
    tile_dot_bf16(0, INPUT, WEIGHTS);
    if (groups_n > 1) {
        tile_load(INPUT + 1, packed[1] + at, LINE);
        tile_dot_bf16(1, INPUT + 1, WEIGHTS);
    }
    if (groups_n > 2) {
        tile_load(INPUT, packed[2] + at, LINE);
        tile_dot_bf16(2, INPUT, WEIGHTS);
    }
    if (groups_n > 3) {
        tile_load(INPUT + 1, packed[3] + at, LINE);
        tile_dot_bf16(3, INPUT + 1, WEIGHTS);
    }
}

__attribute__((always_inline)) static inline void load_sums(const float *y, size_t y_stride, size_t groups_n)
{
    size_t stride = y_stride * sizeof *y;
    tile_load(0, y, stride);
    if (groups_n > 1)
        tile_load(1, y + TOKENS * y_stride, stride);
    if (groups_n > 2)
        tile_load(2, y + 2 * TOKENS * y_stride, stride);
    if (groups_n > 3)
        tile_load(3, y + 3 * TOKENS * y_stride, stride);
}

__attribute__((always_inline)) static inline void store_sums(float *y, size_t y_stride, size_t groups_n)
{
    size_t stride = y_stride * sizeof *y;
    tile_store(y, stride, 0);
    if (groups_n > 1)
        tile_store(y + TOKENS * y_stride, stride, 1);
    if (groups_n > 2)
        tile_store(y + 2 * TOKENS * y_stride, stride, 2);
    if (groups_n > 3)
        tile_store(y + 3 * TOKENS * y_stride, stride, 3);
}

/* n columns, step of them at once, for groups_n <= 4 groups of tokens_n tokens. */
static void bf16_groups(float *y, size_t y_stride, const uint8_t *w, size_t n, size_t step, const float *x,
                        size_t x_stride, size_t groups_n, size_t tokens_n)
{
    _Alignas(64) uint16_t packed[TILES][PACKED * TOKENS]; /* [groups][columns / 32, tokens, 32] */
    load_sums(y, y_stride, groups_n);
    for (size_t at = 0; at < n; at += PACKED) {
        size_t end = n - at < PACKED ? n - at : PACKED;
        for (size_t g = 0; g < groups_n; g++)
            for (size_t i = 0; i < end; i += step)
                pack(packed[g] + i * TOKENS, x + g * TOKENS * x_stride + at + i, x_stride, step, tokens_n);
        for (size_t i = 0; i < end; i += step, w += step / 2 * LINE) {
            for (size_t line = 0; line < step / 2; line++)
                _mm_prefetch((const char *)(w + PREFETCH + line * LINE), _MM_HINT_T0);
            multiply_groups(w, packed, i * TOKENS, groups_n);
        }
    }
    store_sums(y, y_stride, groups_n);
}

/* The same for any number of groups. */
static void bf16_columns(float *y, size_t y_stride, const uint8_t *w, size_t n, size_t step, const float *x,
                         size_t x_stride, size_t groups_n, size_t tokens_n)
{
    configure(tokens_n, step * 2);
    for (size_t g = 0; g < groups_n; g += TILES)
        bf16_groups(y + g * TOKENS * y_stride, y_stride, w, n, step, x + g * TOKENS * x_stride, x_stride,
                    groups_n - g < TILES ? groups_n - g : TILES, tokens_n);
}

/* NUM-23: the last columns, if fewer than 32, have tiles of their own shape; zeros in the place of the missing ones
 * would give some zeros another sign. */
static void bf16_tokens(float *y, size_t y_stride, const uint8_t *w, size_t n, const float *x, size_t x_stride,
                        size_t groups_n, size_t tokens_n)
{
    size_t last = n % FORMAT_BLOCK;
    size_t others = n - last;
    if (others != 0)
        bf16_columns(y, y_stride, w, others, FORMAT_BLOCK, x, x_stride, groups_n, tokens_n);
    if (last != 0)
        bf16_columns(y, y_stride, w + others / 2 * LINE, last, last, x + others, x_stride, groups_n, tokens_n);
}

void amx_dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                  size_t tokens_n)
{
    size_t left = tokens_n % TOKENS;
    size_t t = tokens_n - left;
    if (t != 0)
        bf16_tokens(y, y_stride, group, n, x, x_stride, t / TOKENS, TOKENS);
    if (left >= TOKENS_MIN) {
        bf16_tokens(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, 1, left);
        t = tokens_n;
    }
    if (t != 0)
        tiles_release();
    if (t < tokens_n)
        avx512_dot_bf16(y + t * y_stride, y_stride, group, n, x + t * x_stride, x_stride, tokens_n - t);
}

/* ---- the processor's own speed ---- */

uint64_t amx_multiply(size_t rounds)
{
    configure(TOKENS, LINE);
    for (size_t i = 0; i < rounds; i++) {
        tile_dot_int8(0, INPUT, WEIGHTS);
        tile_dot_int8(1, INPUT, WEIGHTS);
        tile_dot_int8(2, INPUT, WEIGHTS);
        tile_dot_int8(3, INPUT, WEIGHTS);
    }
    tiles_release();
    return (uint64_t)rounds * TILES * TOKENS * FORMAT_ROWS * LINE;
}
