/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/unicode.h"

#include "engine/tokenizer/unicode_tables.h"

#include <stdbool.h>

/* Bytes of the character that starts with this byte; 0 when none does. */
static size_t len_of_first(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t unicode_char_len(const uint8_t *bytes, size_t len)
{
    size_t wanted = len == 0 ? 0 : len_of_first(bytes[0]);
    if (wanted == 0 || wanted > len)
        return 0;
    if (wanted == 1)
        return 1;
    /* Unicode, table 3-7: the second byte's range depends on the first */
    uint8_t low = bytes[0] == 0xe0 ? 0xa0 : bytes[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = bytes[0] == 0xed ? 0x9f : bytes[0] == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < wanted; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return wanted;
}

uint32_t unicode_next(const uint8_t *text, size_t end, size_t *at)
{
    static const uint8_t first_mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const uint8_t *bytes = text + *at;
    if (bytes[0] < 0x80) {
        (*at)++;
        return bytes[0];
    }
    size_t len = unicode_char_len(bytes, end - *at);
    if (len == 0) {
        (*at)++;
        return UNICODE_REPLACEMENT;
    }
    uint32_t code = bytes[0] & first_mask[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    *at += len;
    return code;
}

size_t unicode_write(uint8_t out[static 4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
    out[0] = (uint8_t)((0xf00 >> len & 0xff) | code);
    return len;
}

/* The category's number and the bit for Han. */
static uint32_t category_of(uint32_t code)
{
    size_t low = 0;
    size_t high = unicode_categories_n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (unicode_categories[middle] >> 8 <= code)
            low = middle;
        else
            high = middle;
    }
    return unicode_categories[low] & 0xff;
}

static uint32_t ascii_traits(uint32_t code)
{
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z')
        return UNICODE_ASCII_LETTER | (code < 'a' ? UNICODE_LU : UNICODE_LL);
    if (code >= '0' && code <= '9')
        return UNICODE_ASCII_DIGIT | UNICODE_ND;
    if (code == ' ')
        return UNICODE_SPACE | UNICODE_REST;
    if (code < ' ' || code == 0x7f) {
        uint32_t space = code >= '\t' && code <= '\r' ? UNICODE_SPACE : 0;
        return UNICODE_CONTROL | space | (code == '\r' || code == '\n' ? UNICODE_NEWLINE : 0);
    }
    if (code == '`')
        return UNICODE_ASCII_MARK | UNICODE_S | UNICODE_BACKTICK;
    if (code == '_')
        return UNICODE_ASCII_MARK | UNICODE_PC;
    bool symbol =
        code == '$' || code == '+' || (code >= '<' && code <= '>') || code == '^' || code == '|' || code == '~';
    return UNICODE_ASCII_MARK | (symbol ? UNICODE_S : UNICODE_P_OTHER);
}

uint32_t unicode_traits(uint32_t code)
{
    /* in the order of unicode_generate.py: Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp
     * Cc Cf Cs Co Cn */
    static const uint32_t of_category[30] = {
        UNICODE_LU,      UNICODE_LL,      UNICODE_LT,      UNICODE_LM,      UNICODE_LO,      UNICODE_MN,
        UNICODE_MC_ME,   UNICODE_MC_ME,   UNICODE_ND,      UNICODE_NL_NO,   UNICODE_NL_NO,   UNICODE_PC,
        UNICODE_P_OTHER, UNICODE_P_OTHER, UNICODE_P_OTHER, UNICODE_P_OTHER, UNICODE_P_OTHER, UNICODE_P_OTHER,
        UNICODE_S,       UNICODE_S,       UNICODE_S,       UNICODE_S,       UNICODE_REST,    UNICODE_REST,
        UNICODE_REST,    UNICODE_CONTROL, UNICODE_CONTROL, UNICODE_CONTROL, UNICODE_CONTROL, UNICODE_REST};
    enum { ZS = 22, ZP = 24 };
    if (code < 0x80)
        return ascii_traits(code);
    uint32_t category = category_of(code);
    uint32_t number = category & 0x7f;
    uint32_t traits = of_category[number] | ((category & 0x80) != 0 ? UNICODE_HAN : 0);
    return (number >= ZS && number <= ZP) || code == 0x85 ? traits | UNICODE_SPACE : traits;
}

uint32_t unicode_lower_of(uint32_t code)
{
    size_t low = 0;
    size_t high = unicode_lower_n / 3;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint32_t *range = unicode_lower + 3 * middle;
        uint32_t last = range[1] >> 2;
        if (code < range[0])
            high = middle;
        else if (code > last)
            low = middle + 1;
        else
            return (code - range[0]) % (range[1] & 3) == 0 ? code + range[2] : code;
    }
    return code;
}
