/*
 * decimal.c - see decimal.h.
 *
 * A double is m * 2^e. Scaled by 10^k so that nine digits stand before the point it is
 * m * 5^k * 2^(e+k), and for k up to 27 the product m * 5^k fits 128 bits: the nine digits and
 * what is cut off are exact, and rounding is one comparison. Weights, scores and coordinates lie
 * in that range; everything else goes to snprintf().
 */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { DIGITS = 9, MAX_POWER = 27 };

#define TEN_TO_9 1000000000u

static const uint64_t power_of_5[MAX_POWER + 1] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625u,
    30517578125u,
    152587890625u,
    762939453125u,
    3814697265625u,
    19073486328125u,
    95367431640625u,
    476837158203125u,
    2384185791015625u,
    11920928955078125u,
    59604644775390625u,
    298023223876953125u,
    1490116119384765625u,
    7450580596923828125u,
};

/* m * 2^e scaled by 10^(DIGITS - 1 - exponent), rounded to an integer, ties to even. */
static uint64_t scaled(uint64_t m, int e, int exponent)
{
    int k = DIGITS - 1 - exponent, shift = -(e + k);
    wide product = (wide)m * power_of_5[k], half = (wide)1 << (shift - 1);
    wide rest = product & ((half << 1) - 1);
    uint64_t q = (uint64_t)(product >> shift);

    return q + (rest > half || (rest == half && q % 2 == 1));
}

/* Nine digits of a positive v and its decimal exponent; false when v is out of range. */
static bool nine_digits(uint64_t *digits_out, int *exponent_out, double v)
{
    int e, exponent;
    uint64_t m, q;

    if (!(v >= 1e-18 && v < 9.99999999e8)) /* both with room for a rounding to the next power */
        return false;
    m = (uint64_t)(frexp(v, &e) * 0x1p53);
    exponent = (int)floor((e - 1) * 0.30102999566398120); /* of the power of two below v */
    q = scaled(m, e - 53, exponent);
    if (q >= TEN_TO_9)
        q = scaled(m, e - 53, ++exponent);
    if (q == TEN_TO_9) {
        q /= 10;
        exponent++;
    }
    *digits_out = q;
    *exponent_out = exponent;
    return true;
}

size_t at_decimal_real(char *out, double v)
{
    char digits[DIGITS], *p = out;
    int exponent, n = DIGITS;
    uint64_t q;

    if (!nine_digits(&q, &exponent, fabs(v)))
        return (size_t)snprintf(out, AT_DECIMAL_MAX, "%.9g", v);
    for (int i = DIGITS; i-- > 0; q /= 10)
        digits[i] = (char)('0' + q % 10);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (v < 0)
        *p++ = '-';
    if (exponent < -4) {
        *p++ = digits[0];
        if (n > 1)
            *p++ = '.';
        memcpy(p, digits + 1, (size_t)n - 1);
        p += n - 1;
        memcpy(p, "e-", 2);
        p[2] = (char)('0' + -exponent / 10);
        p[3] = (char)('0' + -exponent % 10);
        p += 4;
    } else if (exponent < 0) {
        memcpy(p, "0.000", 5); /* as many of the zeros as there are places before the digits */
        p += 1 - exponent;
        memcpy(p, digits, (size_t)n);
        p += n;
    } else {
        for (int i = 0; i < n || i <= exponent; i++) {
            if (i == exponent + 1)
                *p++ = '.';
            *p++ = digits[i]; /* beyond n but before the point they are zeros */
        }
    }
    *p = '\0';
    return (size_t)(p - out);
}

size_t at_decimal_int(char *out, long long v)
{
    unsigned long long u = v < 0 ? -(unsigned long long)v : (unsigned long long)v;
    char digits[AT_DECIMAL_MAX], *p = digits + sizeof digits;
    size_t n;

    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    n = (size_t)(digits + sizeof digits - p);
    memcpy(out, p, n);
    out[n] = '\0';
    return n;
}
