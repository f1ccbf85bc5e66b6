/*
 * quadrature.h - where to look at a function, and with what weight, to know its integral.
 */
#ifndef STATS_QUADRATURE_H
#define STATS_QUADRATURE_H

#include <stddef.h>

/*
 * at_gauss_legendre - nodes and weights on [0, 1]: exact for polynomials up to degree 2 n - 1.
 *
 * Source    roots of the Legendre polynomial by Newton's method from Tricomi's first guess;
 *           weights 1 / ((1 - x^2) P'(x)^2) for [0, 1].
 * Shapes    x, w (n), x ascending; n > 0.
 */
void at_gauss_legendre(double *x, double *w, size_t n);

#endif
