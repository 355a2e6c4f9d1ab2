/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/reason.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static void append(struct reason *why, const char *text, size_t len)
{
    size_t used = strlen(why->text);
    size_t room = REASON_SIZE - 1 - used;
    bool cut = len > room;
    memcpy(why->text + used, text, cut ? room : len);
    why->text[cut ? REASON_SIZE - 1 : used + len] = '\0';
    if (cut)
        memcpy(why->text + REASON_SIZE - 4, "...", 3);
}

void reason_add(struct reason *why, const char *text)
{
    if (why != NULL)
        append(why, text, strlen(text));
}

void reason_set(struct reason *why, const char *piece, ...)
{
    va_list pieces;
    if (why == NULL)
        return;
    why->text[0] = '\0';
    va_start(pieces, piece);
    for (const char *p = piece; p != NULL; p = va_arg(pieces, const char *))
        append(why, p, strlen(p));
    va_end(pieces);
}

void reason_add_u64(struct reason *why, uint64_t value)
{
    char digits[20];
    size_t first = sizeof digits;
    if (why == NULL)
        return;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    append(why, digits + first, sizeof digits - first);
}

static const char hex_digits[] = "0123456789abcdef";

/* escaped: also these printable characters. */
static void append_escaped(struct reason *why, const uint8_t *byte, size_t len, const char *escaped)
{
    for (size_t i = 0; i < len && i < REASON_SIZE; i++) {
        char escape[4] = {'\\', 'x', hex_digits[byte[i] >> 4], hex_digits[byte[i] & 15]};
        bool plain = byte[i] >= 0x20 && byte[i] < 0x7f && strchr(escaped, byte[i]) == NULL;
        char one = (char)byte[i];
        append(why, plain ? &one : escape, plain ? 1 : sizeof escape);
    }
}

void reason_add_quoted(struct reason *why, const void *bytes, size_t len)
{
    if (why == NULL)
        return;
    append(why, "\"", 1);
    append_escaped(why, bytes, len, "\"\\");
    append(why, "\"", 1);
}

void reason_add_shown(struct reason *why, const void *bytes, size_t len)
{
    if (why != NULL)
        append_escaped(why, bytes, len, "\\");
}

void reason_add_hex(struct reason *why, const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    if (why == NULL)
        return;
    for (size_t i = 0; i < len && i < REASON_SIZE; i++) {
        char pair[2] = {hex_digits[byte[i] >> 4], hex_digits[byte[i] & 15]};
        append(why, pair, sizeof pair);
    }
}
