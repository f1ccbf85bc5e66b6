#!/usr/bin/python3
"""Numbers for test_sensitivity.c, computed outside atlas: scipy and numpy.

usage: scripts/outside/make-sensitivity-oracles.py
writes fixtures/oracle/sensitivity.txt: traits of 2 heads on both texts of 24 items, and what the
tests and correlations of each trait come to, with terms as units (all signs are listed). The format
is that of tests/unit/oracle.h.
"""
import itertools
import os

import numpy as np
from scipy import stats

ITEMS, HEADS, TRAITS, CATEGORIES, TERMS = 24, 2, 22, 3, 12  # every term of one category
OUT = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "oracle", "sensitivity.txt")


def omega2(x, group):
    """(SS_between - (k-1) MS_within) / (SS_total + MS_within), from the definition."""
    groups = [x[group == g] for g in np.unique(group)]
    k, n = len(groups), len(x)
    total = ((x - x.mean()) ** 2).sum()
    between = sum(len(g) * (g.mean() - x.mean()) ** 2 for g in groups)
    within = (total - between) / (n - k)
    return (between - (k - 1) * within) / (total + within)


def bh(p):
    """Benjamini and Hochberg's q; NaN takes no part."""
    p = np.asarray(p)
    q = np.full(len(p), np.nan)
    there = np.flatnonzero(~np.isnan(p))
    order = there[np.argsort(p[there])]
    least = 1.0
    for rank in range(len(order), 0, -1):
        least = min(least, p[order[rank - 1]] * len(order) / rank)
        q[order[rank - 1]] = least
    return q


def flips(u):
    """Two-sided p of a sum over all signs of its parts."""
    u = np.array([v for v in u if v])
    sums = np.abs(np.array(list(itertools.product((-1, 1), repeat=len(u)))) @ u)
    return (sums >= abs(u.sum()) - 1e-9 * np.abs(u).sum()).mean()


def by_term(values, term):
    return [values[term == t].sum() for t in np.unique(term)]


def rank_products(x, y):
    a, b = stats.rankdata(x), stats.rankdata(y)
    return (a - a.mean()) * (b - b.mean())


def record(f, name, values):
    values = np.ravel(np.asarray(values, dtype=float))
    f.write("%s %d\n" % (name, len(values)))
    f.write(" ".join("%.17g" % v for v in values) + "\n")


def deciles(x, y):
    """Bins between the unique deciles, closed above, as pandas.qcut(duplicates="drop") has them."""
    edges = np.unique(np.quantile(x, np.linspace(0, 1, 11)))
    place = np.clip(np.searchsorted(edges, x, side="left"), 1, len(edges) - 1)
    rows = [(np.sum(place == k), x[place == k].mean(), y[place == k].mean(), y[place == k].std())
            for k in range(1, len(edges)) if np.any(place == k)]
    return np.array(rows)


def main():
    rng = np.random.default_rng(11)
    group, term = np.arange(ITEMS) % CATEGORIES, np.arange(ITEMS) % TERMS
    bias, margin = rng.normal(0, 1, ITEMS), rng.normal(1, 1, ITEMS)
    anti = rng.uniform(0.1, 0.9, (ITEMS, HEADS, TRAITS)).astype(np.float32)
    shift = rng.normal(0.02, 0.1, (ITEMS, HEADS, TRAITS)) + 0.05 * group[:, None, None]
    stereo = (anti + shift).astype(np.float32)
    stereo[:, :, 3] = anti[:, :, 3] * np.float32(1 + 1e-6)  # rounding only: no difference
    stereo[:5, :, 7] = np.nan                               # not defined for some items
    anti[:, 1, 5] = np.round(anti[:, 1, 5], 1)              # ties
    stereo[:, 1, 5] = np.round(stereo[:, 1, 5], 1)
    rows = []
    for h in range(HEADS):
        for t in range(TRAITS):
            a, b = stereo[:, h, t].astype(float), anti[:, h, t].astype(float)
            there = ~np.isnan(a)
            a, b = a[there], b[there]
            d = a - b
            if t == 3:
                rows.append([len(d), a.mean(), b.mean(), 0, 0] + [np.nan] * 6)
                continue
            d32 = d.astype(np.float32).astype(float)
            of = term[there]
            d[np.abs(d) <= 1e-5 * np.maximum(np.abs(a), np.abs(b))] = 0
            size = np.round(np.abs(d[d != 0]), 6)  # ties that floats split are ties
            paired = flips(by_term(np.sign(d[d != 0]) * stats.rankdata(size), of[d != 0]))
            middle = (a + b) / 2
            rows.append([len(d), a.mean(), b.mean(), d.mean(), d.std(), paired,
                         omega2(d32, group[there]),
                         stats.spearmanr(d, bias[there])[0],
                         flips(by_term(rank_products(d, bias[there]), of)),
                         stats.spearmanr(middle, margin[there])[0],
                         flips(by_term(rank_products(middle, margin[there]), of))])
    rows = np.array(rows)
    x = np.concatenate([rng.normal(0, 1, 40), np.zeros(12)])
    y = 0.5 * x + rng.normal(0, 1, 52)
    with open(OUT, "w") as f:
        record(f, "stereo", stereo)
        record(f, "anti", anti)
        record(f, "category", group)
        record(f, "term", term)
        record(f, "bias", bias)
        record(f, "margin", margin)
        record(f, "effects", rows)
        record(f, "rho_bias_q", bh(rows[:, 8]))
        record(f, "rho_margin_q", bh(rows[:, 10]))
        record(f, "decile_x", x)
        record(f, "decile_y", y)
        record(f, "deciles", deciles(x, y))
        record(f, "line", np.polyfit(x, y, 1))


main()
