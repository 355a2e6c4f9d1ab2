/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Python writes them.  A double is expanded to its exact decimal digits, so every rounding is right. */
#include "core/codec/decimal.h"
#include "template/render.h"

#include <string.h>

enum { LIMBS_MAX = 90, DIGITS_MAX = 9 * LIMBS_MAX, BASE = 1000000000 };

/* 0.d1 d2 d3 ... times 10^point, without leading or trailing zeros; n 0 for zero. */
struct digits {
    uint8_t d[DIGITS_MAX];
    size_t n;
    int point;
    bool negative;
};

static size_t multiply(uint32_t *limbs, size_t n, uint32_t factor)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < n; i++) {
        carry += (uint64_t)limbs[i] * factor;
        limbs[i] = (uint32_t)(carry % BASE);
        carry /= BASE;
    }
    if (carry != 0)
        limbs[n++] = (uint32_t)carry;
    return n;
}

/* Times factor (at most 5) to the power, which may be below 0: then nothing. */
static size_t multiply_power(uint32_t *limbs, size_t n, uint32_t factor, int power)
{
    while (power > 0) {
        uint32_t product = 1;
        for (int i = 0; i < 12 && power > 0; i++, power--)
            product *= factor;
        n = multiply(limbs, n, product);
    }
    return n;
}

static void strip(struct digits *out)
{
    size_t zeros = 0;
    while (zeros < out->n && out->d[zeros] == 0)
        zeros++;
    memmove(out->d, out->d + zeros, out->n - zeros);
    out->n -= zeros;
    out->point -= (int)zeros;
    while (out->n > 0 && out->d[out->n - 1] == 0)
        out->n--;
    out->point = out->n == 0 ? 0 : out->point;
}

/* real is finite: mantissa times 2^exponent; for a negative exponent mantissa times 5^-exponent has the digits. */
static void expand(struct digits *out, double real)
{
    uint32_t limbs[LIMBS_MAX] = {0};
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (exponent == 0 ? 0 : (uint64_t)1 << 52);
    exponent = (exponent == 0 ? 1 : exponent) - 1075;
    limbs[0] = (uint32_t)(mantissa % BASE);
    limbs[1] = (uint32_t)(mantissa / BASE);
    size_t n = 2;
    n = multiply_power(limbs, n, 2, exponent);
    n = multiply_power(limbs, n, 5, -exponent);
    out->negative = bits >> 63 != 0;
    out->n = 9 * n;
    out->point = (int)out->n + (exponent < 0 ? exponent : 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t limb = limbs[n - 1 - i];
        for (size_t j = 9; j-- > 0; limb /= 10)
            out->d[9 * i + j] = (uint8_t)(limb % 10);
    }
    strip(out);
}

/* One more in the last of n places. */
static void step_up(struct digits *x)
{
    size_t i = x->n;
    while (i > 0 && x->d[i - 1] == 9)
        x->d[--i] = 0;
    if (i > 0) {
        x->d[i - 1]++;
    } else {
        memmove(x->d + 1, x->d, x->n++);
        x->d[0] = 1;
        x->point++;
    }
}

/* Rounds to the first places digits, ties to even.  places may be 0 or below. */
static void round_to(struct digits *x, int places)
{
    if (places >= (int)x->n)
        return;
    if (places < 0) {
        x->n = 0;
        x->point = 0;
        return;
    }
    size_t kept = (size_t)places;
    bool more = x->d[kept] > 5 || (x->d[kept] == 5 && x->n > kept + 1);
    bool tie = x->d[kept] == 5 && x->n == kept + 1;
    bool odd = kept > 0 && x->d[kept - 1] % 2 == 1;
    x->n = kept;
    if (more || (tie && odd))
        step_up(x);
    strip(x);
}

static size_t put_exponent(char *out, int exponent)
{
    size_t n = 0;
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    unsigned magnitude = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (magnitude >= 100)
        out[n++] = (char)('0' + magnitude / 100);
    out[n++] = (char)('0' + magnitude / 10 % 10);
    out[n++] = (char)('0' + magnitude % 10);
    return n;
}

static size_t put_scientific(char *out, const struct digits *x)
{
    size_t n = 0;
    if (x->negative)
        out[n++] = '-';
    out[n++] = (char)('0' + x->d[0]);
    if (x->n > 1)
        out[n++] = '.';
    for (size_t i = 1; i < x->n; i++)
        out[n++] = (char)('0' + x->d[i]);
    return n + put_exponent(out + n, x->point - 1);
}

static char digit_at(const struct digits *x, int place)
{
    return (char)('0' + (place >= 0 && place < (int)x->n ? x->d[place] : 0));
}

static size_t put_fixed(char *out, const struct digits *x, unsigned decimals)
{
    size_t n = 0;
    if (x->negative)
        out[n++] = '-';
    if (x->point <= 0)
        out[n++] = '0';
    for (int i = 0; i < x->point; i++)
        out[n++] = digit_at(x, i);
    if (decimals > 0)
        out[n++] = '.';
    for (unsigned i = 0; i < decimals; i++)
        out[n++] = digit_at(x, x->point + (int)i);
    return n;
}

static bool reads_back(const struct digits *x, double real)
{
    char text[NUMBER_TEXT_MAX];
    double back;
    return x->n > 0 && decimal_double(&back, text, put_scientific(text, x)) == STATUS_OK &&
           memcmp(&back, &real, sizeof real) == 0;
}

/* Whether exact, cut after kept digits, is nearer to the next number up than to the one down. */
static bool up_is_nearer(const struct digits *exact, size_t kept)
{
    return kept < exact->n && (exact->d[kept] > 5 || (exact->d[kept] == 5 && exact->n > kept + 1));
}

/* The fewest digits that read back as real; of these the nearest. */
static void shorten(struct digits *x, double real)
{
    for (size_t places = 1; places < 18; places++) {
        struct digits down = *x, up;
        if (places >= x->n)
            return;
        down.n = places;
        up = down;
        step_up(&up);
        strip(&down);
        strip(&up);
        bool down_reads = reads_back(&down, real), up_reads = reads_back(&up, real);
        if (!down_reads && !up_reads)
            continue;
        *x = up_reads && (!down_reads || up_is_nearer(x, places)) ? up : down;
        return;
    }
}

static bool is_special(char *out, double real, size_t *len)
{
    const char *name = real != real ? "nan" : real - real != real - real ? (real > 0 ? "inf" : "-inf") : NULL;
    if (name == NULL)
        return false;
    *len = strlen(name);
    memcpy(out, name, *len);
    return true;
}

size_t number_float(char out[static NUMBER_TEXT_MAX], double real)
{
    struct digits x;
    size_t n;
    if (is_special(out, real, &n))
        return n;
    expand(&x, real);
    shorten(&x, real);
    if (x.n > 0 && (x.point <= -4 || x.point > 16))
        return put_scientific(out, &x);
    unsigned decimals = (int)x.n > x.point ? (unsigned)((int)x.n - x.point) : 1;
    return put_fixed(out, &x, decimals);
}

size_t number_fixed(char out[static NUMBER_TEXT_MAX], double real, unsigned decimals)
{
    struct digits x;
    size_t n;
    if (is_special(out, real, &n))
        return n;
    decimals = decimals > 60 ? 60 : decimals;
    expand(&x, real);
    bool negative = x.negative;
    round_to(&x, x.point + (int)decimals);
    x.negative = negative;
    return put_fixed(out, &x, decimals);
}

size_t number_integer(char out[static NUMBER_TEXT_MAX], int64_t integer)
{
    char reversed[24];
    size_t n = 0, len = 0;
    uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do {
        reversed[n++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (integer < 0)
        out[len++] = '-';
    while (n > 0)
        out[len++] = reversed[--n];
    return len;
}
