/* SPDX-License-Identifier: Apache-2.0 */
/* value = digits * 10^exponent.  Small cases are one exact multiplication or division.  Otherwise the value is a
 * fraction N / M of two big integers, whose quotient is worked out bit by bit with an exact remainder. */
#include "core/codec/decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    DIGITS_MAX = 800, /* 768 decide every double; one more stands for all that follow */
    LIMBS_N = 128,    /* 4096 bits: 10^1125 < 2^3738, and a shift by one */
};

struct decimal {
    uint8_t digits[DIGITS_MAX]; /* 0 to 9; the first is not 0 */
    size_t digits_n;
    int64_t exponent; /* of ten, for the last digit */
    bool negative;
};

struct big {
    uint32_t limb[LIMBS_N]; /* least significant first */
    size_t n;               /* limbs in use; the highest is not 0 */
};

static void big_mul_add(struct big *b, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        b->limb[b->n++] = (uint32_t)carry;
}

static void big_mul_pow10(struct big *b, int64_t power)
{
    for (; power >= 9; power -= 9)
        big_mul_add(b, 1000000000, 0);
    for (; power > 0; power--)
        big_mul_add(b, 10, 0);
}

static int64_t big_bits(const struct big *b)
{
    return b->n == 0 ? 0 : (int64_t)b->n * 32 - __builtin_clz(b->limb[b->n - 1]);
}

static void big_shift_left(struct big *b, int64_t bits)
{
    for (; bits >= 16; bits -= 16)
        big_mul_add(b, 1U << 16, 0);
    big_mul_add(b, 1U << bits, 0);
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (size_t i = a->n; i > 0; i--) {
        if (a->limb[i - 1] != b->limb[i - 1])
            return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
    }
    return 0;
}

/* a -= b, where a >= b. */
static void big_subtract(struct big *a, const struct big *b)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < a->n; i++) {
        uint64_t taken = (i < b->n ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < taken;
        a->limb[i] = (uint32_t)(a->limb[i] - taken);
    }
    while (a->n != 0 && a->limb[a->n - 1] == 0)
        a->n--;
}

/* Takes one digit; those beyond DIGITS_MAX only leave a mark that the value is not a tie. */
static void add_digit(struct decimal *d, uint8_t digit, bool after_point)
{
    if (d->digits_n == 0 && digit == 0) {
        d->exponent -= after_point;
        return;
    }
    if (d->digits_n < DIGITS_MAX) {
        d->digits[d->digits_n++] = digit;
        d->exponent -= after_point;
        return;
    }
    if (digit != 0)
        d->digits[DIGITS_MAX - 1] |= 1;
    d->exponent += !after_point;
}

static bool take_digits(struct decimal *d, const char **at, const char *end, bool after_point)
{
    const char *first = *at;
    for (; *at != end && **at >= '0' && **at <= '9'; (*at)++)
        add_digit(d, (uint8_t)(**at - '0'), after_point);
    return *at != first;
}

static bool take_exponent(struct decimal *d, const char **at, const char *end)
{
    int64_t exponent = 0;
    bool negative = *at != end && **at == '-';
    if (*at != end && (**at == '+' || **at == '-'))
        (*at)++;
    const char *first = *at;
    for (; *at != end && **at >= '0' && **at <= '9'; (*at)++) {
        if (exponent < ((int64_t)1 << 58)) /* no text is long enough to make up for it */
            exponent = exponent * 10 + (**at - '0');
    }
    d->exponent += negative ? -exponent : exponent;
    return *at != first;
}

static bool read_decimal(struct decimal *d, const char *text, size_t text_len)
{
    const char *at = text, *end = text + text_len;
    memset(d, 0, sizeof *d);
    d->negative = at != end && *at == '-';
    at += d->negative;
    bool leading_zero = at != end && *at == '0';
    const char *first = at;
    if (!take_digits(d, &at, end, false) || (leading_zero && at - first > 1))
        return false;
    if (at != end && *at == '.') {
        at++;
        if (!take_digits(d, &at, end, true))
            return false;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        at++;
        if (!take_exponent(d, &at, end))
            return false;
    }
    while (d->digits_n > 0 && d->digits[d->digits_n - 1] == 0) {
        d->digits_n--;
        d->exponent++;
    }
    return at == end;
}

/* At most 15 digits and 10^22 are exact doubles, so one operation rounds once (Clinger 1990). */
static bool exact_double(double *out, const struct decimal *d)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->digits_n > 15 || d->exponent > 22 || d->exponent < -22)
        return false;
    uint64_t integer = 0;
    for (size_t i = 0; i < d->digits_n; i++)
        integer = integer * 10 + d->digits[i];
    *out = (double)integer;
    if (d->exponent < 0)
        *out /= powers[-d->exponent];
    else
        *out *= powers[d->exponent];
    return true;
}

/* mantissa * 2^exponent with 53 bits at most, put together without rounding. */
static double join_double(uint64_t mantissa, int64_t exponent)
{
    uint64_t bits = mantissa;
    double out;
    if (mantissa >> 52 != 0)
        bits = (mantissa & (((uint64_t)1 << 52) - 1)) | (uint64_t)(exponent + 1075) << 52;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* The quotient of n and m, 2^-1080 < n / m < 2^1030, rounded to nearest, ties to even.  Changes both. */
static double divide(struct big *n, struct big *m)
{
    int64_t exponent = big_bits(n) - big_bits(m); /* n / m is within [2^(exponent - 1), 2^(exponent + 1)) */
    big_shift_left(exponent < 0 ? n : m, exponent < 0 ? -exponent : exponent);
    if (big_compare(n, m) < 0) {
        big_shift_left(n, 1);
        exponent--;
    }
    /* now m <= n < 2 m and the value is n / m * 2^exponent; a subnormal has fewer than 53 bits */
    int64_t bits_n = exponent >= -1022 ? 53 : 53 - (-1022 - exponent);
    uint64_t mantissa = 0;
    for (int64_t i = 0; i < bits_n; i++) {
        bool one = big_compare(n, m) >= 0;
        if (one)
            big_subtract(n, m);
        mantissa = mantissa << 1 | one;
        big_shift_left(n, 1);
    }
    int half = bits_n < 0 ? -1 : big_compare(n, m); /* what is left, against half a unit */
    mantissa += half > 0 || (half == 0 && (mantissa & 1) != 0);
    if (mantissa >> 53 != 0) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent > 1023)
        return (double)INFINITY;
    return join_double(mantissa, (exponent < -1022 ? -1022 : exponent) - 52);
}

enum status decimal_double(double *out, const char *text, size_t text_len)
{
    struct decimal d;
    double magnitude = 0;
    *out = 0;
    if (!read_decimal(&d, text, text_len))
        return STATUS_MALFORMED;
    int64_t tens = d.exponent + (int64_t)d.digits_n; /* 10^(tens - 1) <= value < 10^tens */
    if (d.digits_n != 0 && tens > 309)
        return STATUS_MALFORMED;
    if (d.digits_n != 0 && tens > -325 && !exact_double(&magnitude, &d)) {
        struct big n = {.n = 0}, m = {.limb = {1}, .n = 1};
        for (size_t i = 0; i < d.digits_n; i++)
            big_mul_add(&n, 10, d.digits[i]);
        big_mul_pow10(&n, d.exponent);
        big_mul_pow10(&m, -d.exponent);
        magnitude = divide(&n, &m);
        if (magnitude > DBL_MAX)
            return STATUS_MALFORMED;
    }
    *out = d.negative ? -magnitude : magnitude;
    return STATUS_OK;
}
