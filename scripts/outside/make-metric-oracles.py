#!/usr/bin/python3
"""Numbers for the unit tests of lib/analysis's matrix measures, by numpy and scipy.

Usage: scripts/outside/make-metric-oracles.py fixtures/oracle/metrics

Maps are softmaxes of random scores, stored with nine digits, which is exact for float32; every
measure is computed in double from the stored values. Format: see tests/unit/oracle.h.
"""
import sys
import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import gammaln, xlogy


def attention(rng, T, causal, sharpness):
    s = rng.normal(0, sharpness, (T, T))
    if causal:
        s[np.triu_indices(T, 1)] = -np.inf
    e = np.exp(s - s.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True)).astype(np.float32)


def metrics(A, causal, cls):
    T = len(A)
    limit = np.float32(1 / T)
    d = A.astype(np.float64)
    cells = A[np.tril_indices(T)] if causal else A.ravel()
    rows = d[1:] if causal and T > 1 else d
    entropy = -xlogy(d, d)[A > np.float32(1e-10)].sum()
    ceiling = 1.0 if T < 2 else gammaln(T + 1) if causal else T * np.log(T)
    q25, q50, q75 = np.quantile(cells.astype(np.float64), [0.25, 0.5, 0.75])
    balance = np.nan if not cls else 0.0 if T < 2 else d[:, 0].sum() / d.sum()
    i, j = np.indices(d.shape)
    seen = j <= i if causal else np.full(d.shape, True)
    distance = (d * np.abs(i - j))[seen].sum() / d[seen].sum()
    return [rows.max(), rows.max(1).mean(), entropy, entropy / ceiling, (cells < limit).mean(),
            q25, q50, q75, cells.astype(np.float64).std(), balance, distance, entropy / len(rows)]


def rollout(maps):
    R = np.eye(maps.shape[-1])
    out = []
    for A in maps.astype(np.float64):
        M = 0.5 * A + 0.5 * np.eye(len(A))
        R = M / M.sum(1, keepdims=True) @ R
        out.append(R)
    return np.array(out)


def head_scores(A, causal, marks):
    """The seven scores; marks (T) bits syntax, semantics, punctuation, entity."""
    d = A.astype(np.float64)
    T = len(d)
    mass = [d[:, (marks >> b & 1) == 1].sum() / d.sum() for b in range(4)]
    i, j = np.indices(d.shape)
    far = (np.abs(i - j) >= 5) & ((j <= i) | (not causal))
    rows = slice(1 if causal and T > 1 else 0, None)
    return [mass[0], mass[1], d[rows, 0].mean(), mass[2], mass[3],
            d[far].mean() if far.any() else np.nan, np.diag(d)[rows].mean()]


def patterns(A, causal, ids):
    d = A.astype(np.float64)
    duplicate, induction = [], []
    for i, t in enumerate(ids):
        copies = [j for j in range(i) if ids[j] == t]
        if copies:
            duplicate.append(d[i, copies].sum())
        after = [j + 1 for j in copies if j + 1 < i]
        if after:
            induction.append(d[i, after].sum())
    return [np.diag(d, -1).mean(), np.nan if causal else np.diag(d, 1).mean(), np.mean(duplicate), np.mean(induction)]


def isa(maps, sent_of, n):
    mean = maps.astype(np.float64).mean(0)
    member = np.array([sent_of == s for s in range(n)], dtype=np.float64)
    return member @ mean @ member.T / np.maximum(member.sum(1), 1)[:, None]


def main():
    rng = np.random.default_rng(20)
    with open(sys.argv[1] + "/maps.txt", "w") as f:
        def put(name, values):
            values = np.asarray(values)
            digits = 9 if values.dtype == np.float32 else 17
            print(name, values.size, file=f)
            print(" ".join("%.*g" % (digits, v) for v in values.ravel()), file=f)

        for T, causal, cls, sharp in [(1, 0, 1, 1), (1, 1, 0, 1), (2, 0, 1, 1), (2, 1, 0, 1), (3, 0, 1, 2),
                                      (7, 1, 0, 3), (13, 0, 0, 0.1), (16, 0, 1, 8), (41, 1, 0, 1), (40, 0, 1, 4)]:
            A = attention(rng, T, causal, sharp)
            name = "T%d_%d%d" % (T, causal, cls)
            put(name + "/map", A)
            put(name + "/metrics", metrics(A, causal, cls))
            marks = rng.integers(0, 16, T)
            ids = rng.integers(0, 6, T)
            put(name + "/marks", marks)
            put(name + "/scores", head_scores(A, causal, marks))
            put(name + "/ids", ids)
            if T > 7:
                put(name + "/patterns", patterns(A, causal, ids))
        maps = np.array([attention(rng, 9, False, 2) for _ in range(3)])
        put("stack/maps", maps)
        put("stack/flow_change", [jensenshannon(np.maximum(maps[0].ravel().astype(np.float64), 1e-10),
                                                np.maximum(maps[2].ravel().astype(np.float64), 1e-10))])
        put("stack/mean", maps.astype(np.float64).mean(0))
        put("stack/col", maps[0] / (maps[0].astype(np.float64).sum(0) + 1e-8))
        put("stack/rollout", rollout(maps))
        sent_of = np.array([-1, 0, 0, 1, 1, 1, -1, 3, -1])
        put("stack/isa_mean", isa(maps, sent_of, 4))
        put("stack/isa_last", isa(maps[2:], sent_of, 4))


main()
