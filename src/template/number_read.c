/* SPDX-License-Identifier: Apache-2.0 */
/* Texts read as Python's int() and float() read them. */
#include "core/codec/decimal.h"
#include "template/function.h"
#include "template/render.h"

/* The text without space around it and underscores in it; false when it is too long or has an underscore out of place.
 */
static bool clean(char *out, size_t capacity, size_t *out_len, struct value text)
{
    size_t first = 0, end = text.len, n = 0;
    while (first < end && character_is_space(text.as.text[first]))
        first++;
    while (end > first && character_is_space(text.as.text[end - 1]))
        end--;
    for (size_t i = first; i < end; i++) {
        char c = (char)text.as.text[i];
        if (c == '_' && (i == first || i + 1 == end || text.as.text[i - 1] == '_'))
            return false;
        if (c == '_')
            continue;
        if (n == capacity)
            return false;
        out[n++] = c;
    }
    *out_len = n;
    return n > 0;
}

static int64_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* A prefix such as 0x, where the base allows it. */
static size_t prefix_len(const char *digits, size_t n, int64_t base)
{
    if (n < 3 || digits[0] != '0')
        return 0;
    char letter = (char)(digits[1] | 0x20);
    return (base == 16 && letter == 'x') || (base == 8 && letter == 'o') || (base == 2 && letter == 'b') ? 2 : 0;
}

bool text_integer(struct value text, int64_t base, int64_t *integer)
{
    char digits[80];
    size_t n;
    *integer = 0;
    if (base < 2 || base > 36 || !clean(digits, sizeof digits, &n, text))
        return false;
    bool negative = digits[0] == '-';
    size_t i = negative || digits[0] == '+';
    i += prefix_len(digits + i, n - i, base);
    if (i == n)
        return false;
    for (; i < n; i++) {
        int64_t digit = digit_of(digits[i]);
        if (digit >= base || __builtin_mul_overflow(*integer, base, integer) ||
            __builtin_add_overflow(*integer, negative ? -digit : digit, integer))
            return false;
    }
    return true;
}

/* Digits without leading zeros, "0" for none; returns how many were read. */
static size_t copy_digits(char *out, size_t *n, const char *from, size_t from_n, bool keep_zeros)
{
    size_t i = 0, start = *n;
    for (; i < from_n && from[i] >= '0' && from[i] <= '9'; i++) {
        if (keep_zeros || from[i] != '0' || *n > start)
            out[(*n)++] = from[i];
    }
    if (*n == start)
        out[(*n)++] = '0';
    return i;
}

/* Rewritten in the grammar that decimal_double reads. */
bool text_real(struct value text, double *real)
{
    char given[300], canonical[310];
    size_t n, i, out = 0, digits;
    if (!clean(given, sizeof given, &n, text))
        return false;
    i = given[0] == '-' || given[0] == '+';
    if (given[0] == '-')
        canonical[out++] = '-';
    digits = copy_digits(canonical, &out, given + i, n - i, false);
    i += digits;
    if (i < n && given[i] == '.') {
        canonical[out++] = '.';
        size_t fraction = copy_digits(canonical, &out, given + i + 1, n - i - 1, true);
        i += 1 + fraction;
        digits += fraction;
    }
    if (digits > 0 && i < n && (given[i] == 'e' || given[i] == 'E')) {
        canonical[out++] = 'e';
        i++;
        if (i < n && (given[i] == '-' || given[i] == '+'))
            canonical[out++] = given[i++];
        size_t exponent = copy_digits(canonical, &out, given + i, n - i, true);
        if (exponent == 0)
            return false;
        i += exponent;
    }
    return digits > 0 && i == n && decimal_double(real, canonical, out) == STATUS_OK;
}
