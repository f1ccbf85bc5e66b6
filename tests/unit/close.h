/*
 * close.h - the one numeric assertion of the unit tests, on top of cmocka.
 */
#ifndef UNIT_CLOSE_H
#define UNIT_CLOSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * ASSERT_CLOSE - every |got[i] - want[i]| <= atol + rtol * |want[i]|; NaN equals NaN only.
 *
 * A failure prints the worst index, both values and the relative squared error of the array.
 */
#define ASSERT_CLOSE(got, want, n, atol, rtol)                                                     \
    assert_close_f((got), (want), (n), (atol), (rtol), __FILE__, __LINE__)
#define ASSERT_CLOSE_D(got, want, n, atol, rtol)                                                   \
    assert_close_d((got), (want), (n), (atol), (rtol), __FILE__, __LINE__)
#define ASSERT_NEAR(got, want, atol) assert_near((got), (want), (atol), __FILE__, __LINE__)

/* got float, want double: the reference is the more precise side. */
void assert_close_f(const float *got, const double *want, size_t n, double atol, double rtol,
                    const char *file, int line);
void assert_close_d(const double *got, const double *want, size_t n, double atol, double rtol,
                    const char *file, int line);
void assert_near(double got, double want, double atol, const char *file, int line);

#endif
