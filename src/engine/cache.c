/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cache.h"

#include "engine/numerics.h"

#include <string.h>

enum { SCALED = 32 }; /* columns with one scale (CACHE_Q8) */

static const char *const type_names[] = {[CACHE_BF16] = "bf16", [CACHE_Q8] = "q8", [CACHE_F32] = "f32"};

const char *cache_type_name(enum cache_type type)
{
    return type_names[type];
}

enum status cache_type_find(enum cache_type *type, const char *name)
{
    for (unsigned i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum cache_type)i;
            return STATUS_OK;
        }
    *type = CACHE_BF16;
    return STATUS_NOT_FOUND;
}

static size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static size_t element_len(enum cache_type type)
{
    return type == CACHE_F32 ? 4 : type == CACHE_BF16 ? 2 : 1;
}

static size_t scales_n(const struct cache *c)
{
    return (c->head_dim + SCALED - 1) / SCALED;
}

void cache_shape(struct cache *c, const struct model *m, enum cache_type type, uint32_t pages_n)
{
    *c = (struct cache){.type = type,
                        .layers_n = m->layers_n,
                        .heads_n = m->kv_heads_n,
                        .head_dim = m->head_dim,
                        .head_room = (uint32_t)round_up(m->head_dim, FORMAT_ROWS),
                        .pages_n = pages_n};
    size_t each = element_len(type);
    c->values_at = round_up((size_t)CACHE_PAGE * c->head_dim * each, LAYOUT_ALIGN);
    c->scales_at = c->values_at + (size_t)CACHE_PAGE * c->head_room * each;
    c->head_len = c->scales_at + (type == CACHE_Q8 ? 2 * scales_n(c) * CACHE_PAGE * sizeof(float) : 0);
    c->page_len = c->head_len * c->heads_n * c->layers_n;
    c->scratch_len = type == CACHE_Q8 ? round_up((size_t)CACHE_PAGE * c->head_room * 2, LAYOUT_ALIGN) : 0;
}

static uint8_t *head_of(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head)
{
    return c->pages + page * c->page_len + ((size_t)layer * c->heads_n + head) * c->head_len;
}

/* Index of an element whose row is interleaved with 15 others and whose column with one other (BF16), or none (F32). */
static size_t paired(size_t row, size_t column, size_t columns_n)
{
    return row / FORMAT_ROWS * FORMAT_ROWS * columns_n + (column / 2 * FORMAT_ROWS + row % FORMAT_ROWS) * 2 +
           column % 2;
}

static size_t single(size_t row, size_t column, size_t columns_n)
{
    return row / FORMAT_ROWS * FORMAT_ROWS * columns_n + column * FORMAT_ROWS + row % FORMAT_ROWS;
}

/* What cannot be a weight of a product is kept as 0: a zero weight times it would not be zero. */
static float finite(float x)
{
    return (f32_bits(x) & 0x7f800000) == 0x7f800000 ? 0.0f : x;
}

static uint16_t bf16_bits(float x)
{
    return (uint16_t)(f32_bits(f32_round_bf16(x)) >> 16);
}

/* NUM-44: a block of SCALED columns as int8; the scale is 0 where all are tiny. */
static float quantise(int8_t *q, const float *x, size_t n)
{
    float largest = 0.0f;
    for (size_t i = 0; i < n; i++) {
        float size = finite(x[i]) < 0.0f ? -finite(x[i]) : finite(x[i]);
        largest = size > largest ? size : largest;
    }
    float inverse = largest >= 0x1p-100f ? 127.0f / largest : 0.0f;
    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t)((finite(x[i]) * inverse + EXP_ROUND) - EXP_ROUND);
    return largest >= 0x1p-100f ? largest / 127.0f : 0.0f;
}

static void write_q8(const struct cache *c, uint8_t *at, uint32_t position, const float *x, bool values)
{
    float *scales = (float *)(void *)(at + c->scales_at) + (values ? scales_n(c) * CACHE_PAGE : 0);
    uint8_t *codes = at + (values ? c->values_at : 0);
    int8_t q[SCALED];
    for (size_t first = 0; first < c->head_dim; first += SCALED) {
        size_t n = c->head_dim - first < SCALED ? c->head_dim - first : SCALED;
        scales[first / SCALED * CACHE_PAGE + position] = quantise(q, x + first, n);
        for (size_t i = 0; i < n; i++)
            codes[values ? paired(first + i, position, CACHE_PAGE) : paired(position, first + i, c->head_dim)] =
                (uint8_t)q[i];
    }
}

void cache_write(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint32_t position,
                 const float *key, const float *value)
{
    uint8_t *at = head_of(c, page, layer, head);
    if (c->type == CACHE_Q8) {
        write_q8(c, at, position, key, false);
        write_q8(c, at, position, value, true);
        return;
    }
    for (size_t d = 0; d < c->head_dim; d++) {
        float k = finite(key[d]);
        float v = finite(value[d]);
        if (c->type == CACHE_F32) {
            memcpy(at + single(position, d, c->head_dim) * 4, &k, 4);
            memcpy(at + c->values_at + single(d, position, CACHE_PAGE) * 4, &v, 4);
        } else {
            uint16_t k_bits = bf16_bits(k);
            uint16_t v_bits = bf16_bits(v);
            memcpy(at + paired(position, d, c->head_dim) * 2, &k_bits, 2);
            memcpy(at + c->values_at + paired(d, position, CACHE_PAGE) * 2, &v_bits, 2);
        }
    }
}

static void erase_head(const struct cache *c, uint8_t *at, uint32_t position)
{
    size_t each = element_len(c->type);
    bool pairs = c->type != CACHE_F32;
    for (size_t d = 0; d < c->head_dim; d++) {
        size_t key = pairs ? paired(position, d, c->head_dim) : single(position, d, c->head_dim);
        size_t value = pairs ? paired(d, position, CACHE_PAGE) : single(d, position, CACHE_PAGE);
        memset(at + key * each, 0, each);
        memset(at + c->values_at + value * each, 0, each);
    }
    for (size_t i = 0; c->type == CACHE_Q8 && i < 2 * scales_n(c); i++)
        memset(at + c->scales_at + (i * CACHE_PAGE + position) * sizeof(float), 0, sizeof(float));
}

void cache_erase(const struct cache *c, uint32_t page, uint32_t position)
{
    for (uint32_t layer = 0; layer < c->layers_n; layer++)
        for (uint32_t head = 0; head < c->heads_n; head++)
            erase_head(c, head_of(c, page, layer, head), position);
}

/* Codes to BF16 where rows (key: positions) or pairs of columns (value: positions) have scales of their own. */
static void expand_keys(const struct cache *c, uint16_t *out, const int8_t *codes, const float *scales)
{
    for (size_t g = 0; g < CACHE_PAGE / FORMAT_ROWS; g++)
        for (size_t d = 0; d < c->head_dim; d += 2) {
            const float *s = scales + d / SCALED * CACHE_PAGE + g * FORMAT_ROWS;
            for (size_t i = 0; i < 2 * FORMAT_ROWS; i++)
                *out++ = bf16_bits((float)*codes++ * s[i / 2]);
        }
}

static void expand_values(const struct cache *c, uint16_t *out, const int8_t *codes, const float *scales)
{
    for (size_t g = 0; g < c->head_room / FORMAT_ROWS; g++)
        for (size_t p = 0; p < CACHE_PAGE; p += 2) {
            const float *s = scales + g * FORMAT_ROWS / SCALED * CACHE_PAGE + p;
            for (size_t i = 0; i < 2 * FORMAT_ROWS; i++)
                *out++ = bf16_bits((float)*codes++ * s[i % 2]);
        }
}

const uint8_t *cache_keys(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint8_t *scratch,
                          size_t *len)
{
    const uint8_t *at = head_of(c, page, layer, head);
    *len = (size_t)FORMAT_ROWS * c->head_dim * (c->type == CACHE_F32 ? 4 : 2);
    if (c->type != CACHE_Q8)
        return at;
    expand_keys(c, (uint16_t *)(void *)scratch, (const int8_t *)at, (const float *)(const void *)(at + c->scales_at));
    return scratch;
}

const uint8_t *cache_values(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint8_t *scratch,
                            size_t *len)
{
    const uint8_t *at = head_of(c, page, layer, head);
    *len = (size_t)FORMAT_ROWS * CACHE_PAGE * (c->type == CACHE_F32 ? 4 : 2);
    if (c->type != CACHE_Q8)
        return at + c->values_at;
    expand_values(c, (uint16_t *)(void *)scratch, (const int8_t *)(at + c->values_at),
                  (const float *)(const void *)(at + c->scales_at) + scales_n(c) * CACHE_PAGE);
    return scratch;
}
