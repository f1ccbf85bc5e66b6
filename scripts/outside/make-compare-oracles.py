#!/usr/bin/python3
"""Numbers for what `atlas compare` is made of, by numpy, scipy and scikit-learn.

Usage: scripts/outside/make-compare-oracles.py fixtures/oracle/compare

Format: see tests/unit/oracle.h. CKA is computed in float64 by way of U-centred Gram matrices
(Szekely and Rizzo 2014), not by the expanded sum that atlas uses.
"""
import itertools
import sys
import numpy as np
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import adjusted_rand_score


def u_centred(x):
    k = x @ x.T
    n = len(k)
    np.fill_diagonal(k, 0)
    k = k - k.sum(0) / (n - 2) - k.sum(1)[:, None] / (n - 2) + k.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(k, 0)
    return k / np.sqrt(n * (n - 3))


def cka(batches):
    xy = sum((u_centred(x) * u_centred(y)).sum() for x, y in batches)
    xx = sum((u_centred(x) ** 2).sum() for x, _ in batches)
    yy = sum((u_centred(y) ** 2).sum() for _, y in batches)
    return xy / np.sqrt(xx * yy)


def main():
    rng = np.random.default_rng(18)
    f = open(sys.argv[1] + "/tables.txt", "w")

    def put(name, values):
        values = np.asarray(values, dtype=np.float64)
        print(name, values.size, file=f)
        print(" ".join(repr(float(v)) for v in values.ravel()), file=f)

    def rows(n, c):
        return (rng.normal(0, 1, (n, c)) + 5).round(3).astype(np.float32).astype(np.float64)

    for n in (4, 9, 30):
        x = rows(n, 6)
        y = (x[:, :4] * 2 + rng.normal(0, 1, (n, 4))).round(3).astype(np.float32).astype(np.float64)
        put(f"cka{n}/x", x)
        put(f"cka{n}/y", y)
        put(f"cka{n}/value", [cka([(x, y)])])
    a, b = (rows(7, 6), rows(7, 4)), (rows(12, 6), rows(12, 4))
    for name, (x, y) in [("first", a), ("second", b)]:
        put(f"batches/{name}/x", x)
        put(f"batches/{name}/y", y)
    put("batches/value", [cka([a, b])])

    for r, c in [(1, 1), (5, 5), (4, 9), (9, 4), (30, 30)]:
        cost = rng.random((r, c)).round(3)
        i, k = linear_sum_assignment(cost)
        put(f"assign{r}x{c}/cost", cost)
        put(f"assign{r}x{c}/total", [cost[i, k].sum()])

    for name, (u, v) in {
        "random": (rng.integers(0, 4, 40), rng.integers(0, 3, 40)),
        "renamed": ([0, 0, 1, 2, 2], [5, 5, 3, 9, 9]),
        "one": ([1, 1, 1], [2, 2, 2]),
        "apart": ([0, 1, 2], [2, 0, 1]),
        "against": ([0, 0, 1, 1], [0, 1, 0, 1]),
    }.items():
        put(f"rand/{name}/a", u)
        put(f"rand/{name}/b", v)
        put(f"rand/{name}/value", [adjusted_rand_score(u, v)])

    for n in (2, 7, 12):
        d = rng.normal(0.4, 1, n).round(2)
        null = np.array([abs(np.dot(s, d)) for s in itertools.product((1, -1), repeat=n)])
        put(f"flip{n}/d", d)
        put(f"flip{n}/p", [np.mean(null >= abs(d.sum()) - 1e-9)])
    d = rng.normal(0.2, 1, 40).round(2)
    t = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=200000, random_state=1)
    put("flip40/d", d)
    put("flip40/p", [t.pvalue])

    for name, (r, c) in {"square": (9, 9), "wide": (5, 37)}.items():
        p, q = (rng.dirichlet(np.full(c, 0.3), r).astype(np.float32).astype(np.float64) for _ in "pq")
        q[0] = p[0]
        put(f"js/{name}/p", p)
        put(f"js/{name}/q", q)
        put(f"js/{name}/distance", [np.sqrt(np.mean([jensenshannon(x, y) ** 2 for x, y in zip(p, q)]))])
    p = rng.dirichlet(np.ones(8)).round(4).astype(np.float32).astype(np.float64)
    q = (p * (1 + rng.normal(0, 1e-4, 8))).astype(np.float32).astype(np.float64)
    m = (p + q) / 2
    e = (p - q) / (p + q)
    put("js/near/p", p)
    put("js/near/q", q)
    put("js/near/distance", [np.sqrt(np.sum(m * (e**2 / 2 + e**4 / 12)))])


main()
