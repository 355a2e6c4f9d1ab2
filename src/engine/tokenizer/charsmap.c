/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/charsmap.h"

#include "core/base/reader.h"

#include <string.h>

enum { UNIT_LEN = 4, ROOT = 0 };

static enum status malformed(struct reason *why)
{
    reason_set(why, "tokenizer: the character map is not whole", NULL);
    return STATUS_MALFORMED;
}

enum status charsmap_open(struct tokenizer_charsmap *m, const struct gguf *g, struct reason *why)
{
    static const char key[] = "tokenizer.ggml.precompiled_charsmap";
    const struct gguf_value *value = gguf_value_find(g, key);
    struct reader r;
    *m = (struct tokenizer_charsmap){0};
    if (value == NULL)
        return STATUS_OK;
    if (value->type != GGUF_ARRAY || (value->element != GGUF_U8 && value->element != GGUF_I8))
        return malformed(why);
    if (value->elements_n == 0)
        return STATUS_OK;
    reader_init(&r, value->bytes.bytes, value->bytes.len);
    uint32_t units_len = reader_u32le(&r);
    m->units = reader_bytes(&r, units_len);
    m->units_n = units_len / UNIT_LEN;
    m->texts_len = reader_left(&r) > UINT32_MAX ? 0 : (uint32_t)reader_left(&r);
    m->texts = reader_bytes(&r, m->texts_len);
    if (reader_end(&r) != STATUS_OK || units_len % UNIT_LEN != 0 || m->units_n == 0 || m->texts_len == 0 ||
        m->texts[m->texts_len - 1] != '\0') {
        *m = (struct tokenizer_charsmap){0};
        return malformed(why);
    }
    return STATUS_OK;
}

/* The unit at place; false when it lies outside. */
static bool unit_at(uint32_t *unit, const struct tokenizer_charsmap *m, uint32_t place)
{
    if (place >= m->units_n)
        return false;
    const uint8_t *bytes = m->units + (size_t)place * UNIT_LEN;
    *unit = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return true;
}

static uint32_t offset_of(uint32_t unit)
{
    return (unit >> 10) << ((unit & 1U << 9) >> 6);
}

/* A child's label; the highest bit is set in units that hold values, which have none. */
static uint32_t label_of(uint32_t unit)
{
    return unit & (1U << 31 | 0xff);
}

static bool has_value(uint32_t unit)
{
    return (unit >> 8 & 1) != 0;
}

enum status charsmap_find(const struct tokenizer_charsmap *m, const uint8_t **out, size_t *out_len, size_t *known_len,
                          const uint8_t *text, size_t len)
{
    uint32_t unit;
    uint32_t value = 0;
    *out = NULL;
    *out_len = *known_len = 0;
    if (m->units_n == 0)
        return STATUS_OK;
    if (!unit_at(&unit, m, ROOT))
        return STATUS_MALFORMED;
    uint32_t place = offset_of(unit);
    for (size_t i = 0; i < len && text[i] != 0; i++) {
        place ^= text[i];
        if (!unit_at(&unit, m, place))
            return STATUS_MALFORMED;
        if (label_of(unit) != text[i])
            break;
        place ^= offset_of(unit);
        if (!has_value(unit))
            continue;
        if (!unit_at(&unit, m, place))
            return STATUS_MALFORMED;
        value = unit & ~(1U << 31);
        *known_len = i + 1;
    }
    if (*known_len == 0)
        return STATUS_OK;
    if (value >= m->texts_len) {
        *known_len = 0;
        return STATUS_MALFORMED;
    }
    const uint8_t *end = memchr(m->texts + value, '\0', m->texts_len - value); /* the last byte is NUL */
    *out = m->texts + value;
    *out_len = (size_t)(end - *out);
    return STATUS_OK;
}
