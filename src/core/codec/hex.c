/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/hex.h"

#include "core/base/constant_time.h"

#include <stdbool.h>

/* All ones when lo <= c <= hi, else 0; all three below 2^31. */
static uint32_t inside(uint32_t c, uint32_t lo, uint32_t hi)
{
    return (((c - lo) | (hi - c)) >> 31) - 1;
}

static char digit_of(uint32_t nibble)
{
    return (char)('0' + nibble + (inside(nibble, 10, 15) & ('a' - '0' - 10)));
}

/* The value of a digit; *bad gets bits set when c is none. */
static uint32_t value_of(uint32_t c, uint32_t *bad)
{
    uint32_t decimal = inside(c, '0', '9');
    uint32_t letter = inside(c | 0x20, 'a', 'f');
    *bad |= ~(decimal | letter);
    return (decimal & (c - '0')) | (letter & ((c | 0x20) - 'a' + 10));
}

void hex_write(char *out, const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digit_of(byte[i] >> 4);
        out[2 * i + 1] = digit_of(byte[i] & 15);
    }
    out[2 * len] = '\0';
}

enum status hex_parse(uint8_t *out, size_t out_len, const char *text, size_t text_len)
{
    bool length_fits = text_len % 2 == 0 && text_len / 2 == out_len;
    uint32_t bad = length_fits ? 0 : 1;
    for (size_t i = 0; length_fits && i < out_len; i++) {
        uint32_t high = value_of((uint8_t)text[2 * i], &bad);
        uint32_t low = value_of((uint8_t)text[2 * i + 1], &bad);
        out[i] = (uint8_t)(high << 4 | low);
    }
    if (bad == 0)
        return STATUS_OK;
    wipe(out, out_len);
    return STATUS_MALFORMED;
}
