/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/base64.h"

#include "core/base/constant_time.h"

#include <stdbool.h>

/* All ones when lo <= c <= hi, else 0; all three below 2^31. */
static uint32_t inside(uint32_t c, uint32_t lo, uint32_t hi)
{
    return (((c - lo) | (hi - c)) >> 31) - 1;
}

/* Characters for the values 62 and 63. */
static uint32_t char_62(enum base64_kind kind)
{
    return kind == BASE64_URL ? '-' : '+';
}

static uint32_t char_63(enum base64_kind kind)
{
    return kind == BASE64_URL ? '_' : '/';
}

static char char_of(enum base64_kind kind, uint32_t value)
{
    uint32_t c = (inside(value, 0, 25) & (value + 'A')) | (inside(value, 26, 51) & (value - 26 + 'a')) |
                 (inside(value, 52, 61) & (value - 52 + '0')) | (inside(value, 62, 62) & char_62(kind)) |
                 (inside(value, 63, 63) & char_63(kind));
    return (char)c;
}

/* The value of a character; *bad gets bits set when c is none. */
static uint32_t value_of(enum base64_kind kind, uint32_t c, uint32_t *bad)
{
    uint32_t upper = inside(c, 'A', 'Z');
    uint32_t lower = inside(c, 'a', 'z');
    uint32_t digit = inside(c, '0', '9');
    uint32_t is_62 = inside(c, char_62(kind), char_62(kind));
    uint32_t is_63 = inside(c, char_63(kind), char_63(kind));
    *bad |= ~(upper | lower | digit | is_62 | is_63);
    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) | (is_62 & 62) | (is_63 & 63);
}

size_t base64_text_len(enum base64_kind kind, size_t len)
{
    size_t rest = len % 3;
    if (rest == 0)
        return len / 3 * 4;
    return len / 3 * 4 + (kind == BASE64_URL ? rest + 1 : 4);
}

void base64_write(enum base64_kind kind, char *out, const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        size_t group = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)byte[i] << 16;
        if (group > 1)
            bits |= (uint32_t)byte[i + 1] << 8;
        if (group > 2)
            bits |= byte[i + 2];
        for (uint32_t k = 0; k <= group; k++)
            out[at++] = char_of(kind, bits >> (18 - 6 * k) & 63);
        for (size_t k = group; kind == BASE64_STANDARD && k < 3; k++)
            out[at++] = '=';
    }
    out[at] = '\0';
}

/* Characters of text that carry bits; false when no byte string has text of this length and padding. */
static bool count_digits(size_t *digits_n, enum base64_kind kind, const char *text, size_t text_len)
{
    *digits_n = text_len;
    if (kind == BASE64_URL)
        return text_len % 4 != 1;
    if (text_len % 4 != 0)
        return false;
    for (int i = 0; i < 2 && *digits_n != 0 && text[*digits_n - 1] == '='; i++)
        *digits_n -= 1;
    return true;
}

enum status base64_parse(enum base64_kind kind, uint8_t *out, size_t out_capacity, size_t *out_len, const char *text,
                         size_t text_len)
{
    enum status status = STATUS_MALFORMED;
    uint32_t bad = 0, bits = 0;
    size_t digits_n, len;
    *out_len = 0;
    if (!count_digits(&digits_n, kind, text, text_len))
        goto out;
    len = digits_n / 4 * 3 + (digits_n % 4 == 0 ? 0 : digits_n % 4 - 1);
    status = STATUS_LIMIT;
    if (len > out_capacity)
        goto out;
    for (size_t i = 0, at = 0; i < digits_n; i++) {
        bits = bits << 6 | value_of(kind, (uint8_t)text[i], &bad);
        if (i % 4 != 0)
            out[at++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    /* bits of the last character that belong to no byte */
    bad |= bits & (digits_n % 4 == 2 ? 15U : digits_n % 4 == 3 ? 3U : 0U);
    status = bad == 0 ? STATUS_OK : STATUS_MALFORMED;
    *out_len = bad == 0 ? len : 0;
out:
    if (status != STATUS_OK && out_capacity != 0)
        wipe(out, out_capacity);
    return status;
}
