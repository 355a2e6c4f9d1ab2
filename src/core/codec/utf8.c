/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/utf8.h"

/* RFC 3629 section 4: by the first byte, how many bytes follow and what the second may be. */
static const struct {
    uint8_t first_lo, first_hi, tail_n, second_lo, second_hi;
} forms[] = {
    {0x00, 0x7f, 0, 0x00, 0x00}, {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

size_t utf8_char_len(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (bytes[0] < forms[i].first_lo || bytes[0] > forms[i].first_hi)
            continue;
        size_t tail_n = forms[i].tail_n;
        if (tail_n >= len)
            return 0;
        if (tail_n != 0 && (bytes[1] < forms[i].second_lo || bytes[1] > forms[i].second_hi))
            return 0;
        for (size_t k = 2; k <= tail_n; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
        }
        return tail_n + 1;
    }
    return 0;
}

size_t utf8_write(uint8_t out[static 4], uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    size_t tail_n = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(lead[tail_n] | code_point >> (6 * tail_n));
    for (size_t k = 1; k <= tail_n; k++)
        out[k] = (uint8_t)(0x80 | (code_point >> (6 * (tail_n - k)) & 0x3f));
    return tail_n + 1;
}
