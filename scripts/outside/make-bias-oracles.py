#!/usr/bin/python3
"""Numbers for tests of lib/stats and lib/analysis, computed outside atlas: scipy, numpy, difflib.

usage: scripts/outside/make-bias-oracles.py
writes fixtures/oracle/{rank_tests,effects,diff,stereoset,crows_round,clusters}.json
"""
import csv
import difflib
import itertools
import json
import math
import os

import numpy as np
from scipy import stats

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "oracle")


def save(name, value):
    with open(os.path.join(OUT, name), "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def signed_rank_by_listing(d):
    """p of the signed-rank test by listing all signs, ties included: the definition."""
    d = [x for x in d if x != 0]
    ranks = stats.rankdata(np.abs(d))
    total = ranks.sum()
    plus = sum(r for r, x in zip(ranks, d) if x > 0)
    low = min(plus, total - plus)
    hits = 0
    for signs in itertools.product((0, 1), repeat=len(d)):
        s = sum(r for r, b in zip(ranks, signs) if b)
        hits += s <= low + 1e-9
    return low, min(1.0, 2 * hits / 2 ** len(d))


def wilcoxon_cases(rng):
    for n, decimals in ((6, None), (12, None), (40, None), (80, None), (120, 1), (300, None)):
        d = rng.normal(0.2, 1, n)
        d = d if decimals is None else np.round(d, decimals)
        mode = "exact" if n <= 50 else "approx"
        r = stats.wilcoxon(d, mode=mode, zero_method="wilcox", correction=False)
        yield {"kind": "wilcoxon", "x": d.tolist(), "statistic": r.statistic, "p": r.pvalue}
    for n in (5, 9, 14):
        d = rng.integers(-3, 5, n).astype(float)
        s, p = signed_rank_by_listing(d)
        yield {"kind": "wilcoxon", "x": d.tolist(), "statistic": s, "p": p}


def mann_whitney_cases(rng):
    for n, m, decimals in ((3, 4, None), (8, 20, None), (7, 7, None), (30, 40, None), (25, 12, 0),
                           (200, 150, 1)):
        x, y = rng.normal(0, 1, n), rng.normal(0.4, 1, m)
        if decimals is not None:
            x, y = np.round(x, decimals), np.round(y, decimals)
        method = "exact" if min(n, m) <= 8 else "asymptotic"
        r = stats.mannwhitneyu(x, y, alternative="two-sided", method=method)
        yield {"kind": "mann_whitney", "x": x.tolist(), "y": y.tolist(), "statistic": r.statistic,
               "p": r.pvalue}


def kruskal_cases(rng):
    for sizes, decimals in (((5, 6, 7), None), ((40, 30, 20, 50), None), ((10, 12), 0),
                            ((242, 976, 78, 827), 2)):
        groups = [rng.normal(0.1 * i, 1, s) for i, s in enumerate(sizes)]
        if decimals is not None:
            groups = [np.round(g, decimals) for g in groups]
        r = stats.kruskal(*groups)
        yield {"kind": "kruskal", "x": np.concatenate(groups).tolist(),
               "group": [i for i, s in enumerate(sizes) for _ in range(s)],
               "statistic": r.statistic, "p": r.pvalue}


def tail_cases():
    for df in (1, 2, 3, 7, 50, 200):
        for x in (0.01, 0.5, 2.0, df, 3.0 * df, 20.0 * df):
            yield {"kind": "chi2", "x": [x, df], "p": stats.chi2.sf(x, df)}
    for z in (0.0, 0.3, 1.0, 1.96, 3.5, 8.0, 20.0):
        yield {"kind": "normal", "x": [z], "p": 2 * stats.norm.sf(z)}
    for p in (1e-8, 0.01, 0.3, 0.5, 0.975, 0.999):
        yield {"kind": "normal_quantile", "x": [p], "p": stats.norm.ppf(p)}
    for k, n in ((0, 0), (0, 5), (3, 10), (5, 10), (400, 900), (1000, 2123)):
        p = stats.binomtest(k, n, 0.5).pvalue if n else 1.0
        yield {"kind": "sign", "x": [k, n], "p": p}


def wilson(k, n, z):
    """The formula in double; its algebra is that of every textbook."""
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [centre - half, centre + half]


def interval_cases():
    for k, n in ((0, 10), (10, 10), (3, 10), (53, 100), (1127, 2123), (42, 78)):
        yield {"kind": "wilson", "x": [k, n, 1.96], "interval": wilson(k, n, 1.96)}
        z = stats.norm.ppf(0.975)
        ci = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        yield {"kind": "wilson", "x": [k, n, z], "interval": [ci.low, ci.high]}


def bh(p):
    """Benjamini and Hochberg by the definition, q_i = min over j >= i of p_(j) m / j."""
    order = np.argsort(p, kind="stable")
    m = len(p)
    q = np.minimum.accumulate((np.array(p)[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    out = np.empty(m)
    out[order] = np.minimum(q, 1)
    return out.tolist()


def bh_cases(rng):
    for p in ([0.04], [0.01, 0.02, 0.03, 0.04], [0.9, 0.01, 0.01, 0.5, 0.03, 1.0],
              rng.uniform(0, 1, 40).tolist(), (rng.uniform(0, 1, 60) ** 4).tolist()):
        yield {"kind": "bh", "x": p, "q": bh(p)}


def effect_cases(rng):
    """eta2, omega2, epsilon2 from an F test of scipy: an independent route to the same shares."""
    for sizes, shift in (((5, 6, 7), 0.5), ((100, 30, 60, 80), 0.2), ((20, 20), 0.0)):
        groups = [rng.normal(3 + shift * i, 1, s).astype(np.float32).astype(float)
                  for i, s in enumerate(sizes)]
        f = stats.f_oneway(*groups).statistic
        k, n = len(sizes), sum(sizes)
        yield {"x": np.concatenate(groups).tolist(), "k": k,
               "group": [i for i, s in enumerate(sizes) for _ in range(s)],
               "eta2": f * (k - 1) / (f * (k - 1) + n - k),
               "omega2": (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n),
               "epsilon2": (k - 1) * (f - 1) / ((k - 1) * f + n - k)}


def diff_cases(rng):
    """Equal blocks of difflib.SequenceMatcher, the aligner of CrowS-Pairs' published code."""
    pairs = [([], []), ([1], [1]), ([1, 2, 3], [4, 5, 6]), ([1, 2, 3, 4], [1, 9, 3, 4]),
             ([1, 2, 1, 2, 1], [2, 1, 2, 1, 2]), ([101, 7, 7, 7, 102], [101, 7, 7, 102])]
    for n in (5, 12, 30, 80):
        for alphabet in (2, 6, 30):
            a = rng.integers(0, alphabet, n).tolist()
            b = rng.integers(0, alphabet, max(1, n + int(rng.integers(-3, 4)))).tolist()
            pairs.append((a, b))
            c = list(a)
            c[n // 2:n // 2 + 2] = [99]
            pairs.append((a, c))
    for a, b in pairs:
        blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()[:-1]
        yield {"a": a, "b": b, "blocks": [list(m) for m in blocks]}


def percent(items, is_macro):
    """ss, lms, icat of (target, stereo, anti, unrelated) rows: the published definition."""
    terms = {}
    for target, s, a, u in items:
        terms.setdefault(target if is_macro else "", []).append((s > a, s > u, a > u))
    ss = np.mean([100 * np.mean([x[0] for x in v]) for v in terms.values()])
    lms = np.mean([100 * np.mean([x[1:] for x in v]) for v in terms.values()])
    return [ss, lms, lms * min(ss, 100 - ss) / 50]


def stereoset_cases():
    folder = os.path.join(OUT, "..", "data", "stereoset")
    with open(os.path.join(folder, "stereoset_dev_en.json")) as f:
        data = json.load(f)["data"]
    for model in ("official-bert-base-cased.json", "official-gpt2.json"):
        with open(os.path.join(folder, model)) as f:
            score = {x["id"]: x["score"] for part in json.load(f).values() for x in part}
        rows = []
        for part, items in data.items():
            for item in items:
                by = {x["gold_label"]: score[x["id"]] for x in item["sentences"]}
                rows.append((part, item["bias_type"], item["target"], by["stereotype"],
                             by["anti-stereotype"], by["unrelated"]))
        yield from stereoset_file(model, rows, True)
    for model in ("reference-bert-base-uncased.csv", "reference-gpt2.csv"):
        with open(os.path.join(folder, model)) as f:
            rows = [("intersentence", r["category"], r["target"], float(r["stereo"]),
                     float(r["anti"]), float(r["unrelated"])) for r in csv.DictReader(f)]
        yield from stereoset_file(model, rows, False)


def stereoset_file(model, rows, is_macro):
    categories = sorted({r[1] for r in rows})
    parts = ["", "intrasentence", "intersentence"] if is_macro else ["intersentence"]
    for part in parts:
        for category in [""] + categories:
            items = [r[2:] for r in rows if part in ("", r[0]) and category in ("", r[1])]
            yield {"file": model, "part": part, "category": category, "macro": is_macro,
                   "n": len(items), "values": percent(items, is_macro)}


def round_cases(rng):
    values = [0.0005, 0.0015, -1.0005, 2.675, -12.3455, 1e-9, -0.0004999, 123456.7895]
    for x in values + rng.normal(0, 50, 200).tolist():
        yield [x, round(x, 3)]


def newcombe(e, f, g, h):
    """Method 10 of Newcombe 1998, step by step; (36, 12, 2, 0) is in his table: 0.0569, 0.3404."""
    n = e + f + g + h
    l1, u1 = stats.binomtest(e + f, n).proportion_ci(0.95, method="wilson")
    l2, u2 = stats.binomtest(e + g, n).proportion_ci(0.95, method="wilson")
    p1, p2, product = (e + f) / n, (e + g) / n, (e + f) * (g + h) * (e + g) * (f + h)
    top = e * h - f * g
    top = top - n / 2 if top > n / 2 else 0 if top >= 0 else top
    phi = top / math.sqrt(product) if product else 0
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    return [p1 - p2 - math.sqrt(down), p1 - p2 + math.sqrt(up)]


def clustered_wilson(hits, n, is_macro):
    hits, n = np.array(hits, float), np.array(n, float)
    w = np.ones(len(n)) / len(n) if is_macro else n / n.sum()
    p = (w * hits / n).sum()
    v = (w ** 2 * (hits / n - p) ** 2).sum() * len(n) / (len(n) - 1)
    trials = p * (1 - p) / v if v > 1e-15 else 1 / (w ** 2 / n).sum()
    return wilson(p * trials, trials, stats.t.ppf(0.975, len(n) - 1))


def flips(x):
    """Share of all signings whose sum is as far from 0, and that of the most extreme one."""
    x = np.array([v for v in x if v])
    sums = np.abs(np.array(list(itertools.product((-1, 1), repeat=len(x)))) @ x)
    far, size = abs(x.sum()), np.abs(x).sum()
    return [float((sums >= far - 1e-9 * size).mean()), float((sums >= size - 1e-9 * size).mean())]


def signed_ranks(d, cluster):
    ranks = np.sign(d) * stats.rankdata(np.abs(d))
    return flips([ranks[cluster == c].sum() for c in np.unique(cluster)])


def rank_products(x, y, cluster):
    a, b = stats.rankdata(x), stats.rankdata(y)
    u = (a - a.mean()) * (b - b.mean())
    return flips([u[cluster == c].sum() for c in np.unique(cluster)])


def cluster_cases(rng):
    for counts in ((36, 12, 2, 0), (53, 16, 8, 9), (5, 0, 0, 0), (0, 5, 0, 0), (1, 1, 7, 12), (0, 0, 0, 9)):
        yield {"kind": "newcombe", "x": counts, "want": newcombe(*counts)}
    for hits, n in (([60, 70], [100, 100]), ([3, 5, 9, 0], [10, 9, 9, 4]), ([5, 5, 5], [10, 10, 10]),
                    ([9, 9], [9, 9]), ([0, 0, 0], [4, 5, 6]), ([2.5, 3], [4, 7])):
        for is_macro in (0, 1):
            yield {"kind": "wilson", "x": hits, "y": n, "macro": is_macro,
                   "want": clustered_wilson(hits, n, is_macro)}
    for x in ([1.0], [1, 2, -3], [0.1, 0.2, 0.3, 0, -0.6], rng.normal(0.5, 1, 9).tolist(),
              rng.integers(-3, 6, 12).tolist()):
        yield {"kind": "flip", "x": x, "want": flips(x)}
    for n, k in ((30, 6), (40, 11)):
        cluster, d, y = rng.integers(0, k, n), rng.normal(0.4, 1, n), rng.normal(0, 1, n)
        common = {"x": d.tolist(), "y": y.tolist(), "cluster": cluster.tolist(), "k": k}
        yield {"kind": "signed_rank", "want": signed_ranks(d, cluster), **common}
        yield {"kind": "spearman", "want": rank_products(d, y, cluster), **common}
    for df in (1, 2, 7, 40):
        for p in (0.001, 0.3, 0.5, 0.9, 0.975, 0.9999):
            yield {"kind": "student_quantile", "x": [p, df], "want": [stats.t.ppf(p, df)]}


def main():
    rng = np.random.default_rng(20)
    cases = list(itertools.chain(wilcoxon_cases(rng), mann_whitney_cases(rng), kruskal_cases(rng),
                                 tail_cases(), interval_cases(), bh_cases(rng)))
    save("rank_tests.json", cases)
    save("effects.json", list(effect_cases(rng)))
    save("diff.json", list(diff_cases(rng)))
    save("stereoset.json", list(stereoset_cases()))
    save("crows_round.json", list(round_cases(rng)))
    save("clusters.json", list(cluster_cases(rng)))


if __name__ == "__main__":
    main()
