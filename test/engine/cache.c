/* SPDX-License-Identifier: Apache-2.0 */
/* NUM-44: what the KV cache keeps of keys and values, and where it stands. */
#include "tap.h"

#include "engine/cache.h"
#include "engine/numerics.h"

#include <math.h>

enum { HEAD_DIM = 40, HEADS = 2, LAYERS = 2, PAGES = 2 };

static float key_at(uint32_t position, uint32_t d)
{
    return sinf((float)(position * 41 + d)) * (d == 7 ? 100.0f : 1.0f);
}

static float value_at(uint32_t position, uint32_t d)
{
    return cosf((float)(position * 17 + d * 3));
}

static float read_pair(const uint8_t *group, size_t len, size_t row, size_t column)
{
    uint16_t half;
    memcpy(&half, group + row / 16 * len + ((column / 2 * 16 + row % 16) * 2 + column % 2) * 2, 2);
    return f32_from_bits((uint32_t)half << 16);
}

static float read_single(const uint8_t *group, size_t len, size_t row, size_t column)
{
    float x;
    memcpy(&x, group + row / 16 * len + (column * 16 + row % 16) * 4, 4);
    return x;
}

/* Largest distance of what is read from what was written, in units of the largest magnitude of its 32 columns. */
static float worst(const struct cache *c, uint32_t layer, uint32_t head, uint8_t *scratch)
{
    float off = 0.0f;
    size_t len;
    float (*read)(const uint8_t *, size_t, size_t, size_t) = c->type == CACHE_F32 ? read_single : read_pair;
    for (uint32_t d = 0; d < HEAD_DIM; d++)
        for (uint32_t p = 0; p < CACHE_PAGE; p++) {
            const uint8_t *keys = cache_keys(c, 1, layer, head, scratch, &len);
            off = fmaxf(off, fabsf(read(keys, len, p, d) - key_at(p + layer, d)) / (d < 32 ? 100.0f : 1.0f));
            const uint8_t *values = cache_values(c, 1, layer, head, scratch, &len);
            off = fmaxf(off, fabsf(read(values, len, d, p) - value_at(p + head, d)));
        }
    return off;
}

static bool page_is_zero(const struct cache *c, uint32_t page)
{
    for (size_t i = 0; i < c->page_len; i++)
        if (c->pages[page * c->page_len + i] != 0)
            return false;
    return true;
}

static void test_type(enum cache_type type, float tolerance, const char *name)
{
    const struct model m = {.layers_n = LAYERS, .kv_heads_n = HEADS, .head_dim = HEAD_DIM};
    struct cache c;
    float key[HEAD_DIM], value[HEAD_DIM];
    float off = 0.0f;
    cache_shape(&c, &m, type, PAGES);
    c.pages = aligned_alloc(64, PAGES * ((c.page_len + 63) / 64 * 64));
    uint8_t *scratch = aligned_alloc(64, c.scratch_len + 64);
    memset(c.pages, 0, PAGES * c.page_len);
    for (uint32_t layer = 0; layer < LAYERS; layer++)
        for (uint32_t head = 0; head < HEADS; head++)
            for (uint32_t p = 0; p < CACHE_PAGE; p++) {
                for (uint32_t d = 0; d < HEAD_DIM; d++) {
                    key[d] = key_at(p + layer, d);
                    value[d] = value_at(p + head, d);
                }
                cache_write(&c, 1, layer, head, p, key, value);
            }
    for (uint32_t layer = 0; layer < LAYERS; layer++)
        for (uint32_t head = 0; head < HEADS; head++)
            off = fmaxf(off, worst(&c, layer, head, scratch));
    check(off <= tolerance, "NUM-44: %s: what is read is within %g of what was kept", name, (double)off);
    check(page_is_zero(&c, 0), "%s: no other page was written", name);
    key[3] = NAN;
    value[5] = -INFINITY;
    size_t len;
    cache_write(&c, 1, 0, 0, 9, key, value);
    float k = (type == CACHE_F32 ? read_single : read_pair)(cache_keys(&c, 1, 0, 0, scratch, &len), len, 9, 3);
    float v = (type == CACHE_F32 ? read_single : read_pair)(cache_values(&c, 1, 0, 0, scratch, &len), len, 5, 9);
    check(k == 0.0f && v == 0.0f, "NUM-44: %s: what is not finite is kept as 0", name);
    for (uint32_t p = 0; p < CACHE_PAGE; p++)
        cache_erase(&c, 1, p);
    check(page_is_zero(&c, 1), "%s: erased positions leave nothing", name);
    free(scratch);
    free(c.pages);
}

int main(void)
{
    test_type(CACHE_F32, 0.0f, "F32");
    test_type(CACHE_BF16, 0.004f, "BF16");
    test_type(CACHE_Q8, 0.0079f, "Q8");
    return tap_done();
}
