/*
 * decimal.h - numbers as text, for tables with millions of them.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>

enum { AT_DECIMAL_MAX = 32 }; /* room for either, with the NUL */

/*
 * at_decimal_real - v with 9 significant digits, byte for byte what "%.9g" prints.
 *
 * Correctly rounded, ties to even. out has AT_DECIMAL_MAX bytes; answers the length.
 * Edge      NaN and infinities print as snprintf() prints them.
 */
size_t at_decimal_real(char *out, double v);

/* at_decimal_int - what "%lld" prints. */
size_t at_decimal_int(char *out, long long v);

#endif
