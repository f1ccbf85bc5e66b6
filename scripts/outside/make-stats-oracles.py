#!/usr/bin/python3
"""Numbers for the unit tests of lib/stats, by numpy, scipy and scikit-learn.

Usage: scripts/outside/make-stats-oracles.py fixtures/oracle/stats

Format: see tests/unit/oracle.h. Numbers are written so that they read back exactly; tables are
rounded to few digits first.
"""
import itertools
import sys
import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import silhouette_samples
from sklearn.preprocessing import StandardScaler


def main():
    rng = np.random.default_rng(7)
    f = open(sys.argv[1] + "/tables.txt", "w")

    def put(name, values):
        values = np.asarray(values, dtype=np.float64)
        print(name, values.size, file=f)
        print(" ".join(repr(float(v)) for v in values.ravel()), file=f)

    # Groups that overlap, as the scores of heads do; three sizes for the map and the clusters.
    for name, n, groups in [("small", 36, 3), ("medium", 144, 5), ("large", 240, 6)]:
        centre = rng.normal(0, 2, (groups, 7))
        d = (centre[rng.integers(0, groups, n)] + rng.normal(0, 1, (n, 7))).round(4)
        put(name + "/x", d)
        put(name + "/standard", StandardScaler().fit_transform(d))
        p = PCA(3, svd_solver="full").fit(d)
        axes = p.components_.copy()
        scores = p.transform(d)
        for k in range(3):
            if axes[k, np.abs(axes[k]).argmax()] < 0:
                axes[k], scores[:, k] = -axes[k], -scores[:, k]
        put(name + "/pca_scores", scores)
        put(name + "/pca_axes", axes)
        put(name + "/pca_ratio", p.explained_variance_ratio_)
        put(name + "/inertia", [KMeans(k, n_init=10, random_state=42).fit(d).inertia_ for k in range(2, 9)])
        labels = KMeans(groups, n_init=10, random_state=42).fit_predict(d)
        labels[labels == labels.max()] = 0
        labels[5] = labels.max() + 1  # a cluster of one
        put(name + "/label", labels)
        put(name + "/silhouette", silhouette_samples(d, labels))
        t = TSNE(2, perplexity=min(30, n - 1), init="pca", method="exact", learning_rate="auto", random_state=42)
        y = t.fit_transform(d)
        put(name + "/tsne", [t.kl_divergence_, trustworthiness(d, y, n_neighbors=5)])
    wide = rng.normal(0, 1, (20, 64)).round(4)
    p = PCA(2, svd_solver="full").fit(wide)
    put("wide/x", wide)
    put("wide/pca_ratio", p.explained_variance_ratio_)
    put("wide/pca_scores_abs", np.abs(p.transform(wide)))

    a, b = rng.random((2, 50)).round(3).astype(np.float32).astype(np.float64)  # read as float32
    put("js/a", a)
    put("js/b", b)
    put("js/distance", [jensenshannon(a, b)])
    for n in (5, 9, 10, 12, 60):
        x = rng.normal(0, 1, n).round(1)
        y = (x + rng.normal(0, 2, n)).round(0)
        s = stats.spearmanr(x, y)
        put("spearman%d/x" % n, x)
        put("spearman%d/y" % n, y)
        p = s.pvalue
        if n <= 9:
            rx, ry = (stats.rankdata(v) - (n + 1) / 2 for v in (x, y))
            null = np.array([rx[list(order)] @ ry for order in itertools.permutations(range(n))])
            p = np.mean(np.abs(null) >= abs(rx @ ry) - 1e-9)
        put("spearman%d/result" % n, [s.correlation, p])
    t = np.array([0.001, 0.5, 1.0, 2.0, 5.0, 30.0])
    put("student/t", t)
    put("student/df", [1, 2, 3, 10, 100, 1000])
    put("student/p", [[2 * stats.t.sf(v, df) for v in t] for df in (1, 2, 3, 10, 100, 1000)])


main()
