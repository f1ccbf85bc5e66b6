#!/usr/bin/python3
"""Print the polynomial coefficients in lib/ops/kernel_math.h, with the error each fit leaves.

Minimax in relative error by iteratively reweighted least squares (Lawson 1961) on a Chebyshev
basis, in double precision. Needs numpy and scipy.
"""
import numpy as np
from scipy.special import erfcx


def fit(f, a, b, degree, relative_to=None, points=4001, rounds=400):
    x = (np.cos(np.linspace(0, np.pi, points)) + 1) / 2 * (b - a) + a
    y = f(x)
    weight = 1 / np.abs((relative_to or f)(x))
    basis = np.polynomial.chebyshev.chebvander((2 * x - a - b) / (b - a), degree)
    lawson = np.ones(points)
    for _ in range(rounds):
        w = np.sqrt(lawson) * weight
        c = np.linalg.lstsq(basis * w[:, None], y * w, rcond=None)[0]
        error = np.abs(basis @ c - y) * weight
        lawson *= error
        lawson /= lawson.sum()
    series = np.polynomial.Chebyshev(c, domain=[a, b]).convert(kind=np.polynomial.Polynomial)
    return series.coef, error.max()


def show(title, coefficients, error):
    print(f"{title}: relative error {error:.1e}")
    for power, c in enumerate(coefficients):
        print(f"    {np.float32(c)!r:>16}  x^{power}")


half = np.log(2) / 2 * 1.001
# e^r = 1 + r + r^2 q(r)
q = lambda r: np.where(np.abs(r) < 1e-3, 0.5 + r / 6 + r * r / 24,
                       (np.expm1(r) - r) / np.where(r == 0, 1, r * r))
show("exp: q(r), |r| <= ln 2 / 2", *fit(q, -half, half, 4))

# Q(t) = e^(-t^2/2) P(u), u = 1 / (1 + t/4): the upper tail of the normal distribution
P = lambda u: 0.5 * erfcx((1 / u - 1) * 4 / np.sqrt(2))
show("normal tail: P(u), t in [0, 6]", *fit(P, 1 / 2.5, 1, 7))
