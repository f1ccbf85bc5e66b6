#!/usr/bin/env python3
"""Attributions of the tiny models by PyTorch in double precision, and how they agree with attention.

    scripts/outside/make-faith-oracles.py            writes fixtures/oracle/faith.txt

For each model, text and target (what `atlas faith` is asked, see CASES): the value, integrated gradients with 8 Gauss-Legendre nodes
from the baseline at every position (held against Captum's), gradient x input, leave-one-out by a column that no query sees and by
the mask token, Chefer's relevance at the row that the head looks at, and AttnLRP by the rules of make-gradient-oracles.py.
For the first target of a model also rho, p (counted over all orders), q, Jaccard and rank-biased overlap of the attention that each
head's tokens receive with the sizes of the integrated gradients, and the comprehensiveness and sufficiency of their order at
ERASER's shares. Nothing is random.
"""
import contextlib
import importlib.machinery
import importlib.util
import itertools
import json
import math
import os
import sys
from unittest import mock

import numpy as np
import torch
from captum.attr import IntegratedGradients
from scipy.stats import false_discovery_control, rankdata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("oracles", os.path.join(HERE, "make-gradient-oracles.py"))
oracles = importlib.util.module_from_spec(importlib.util.spec_from_loader("oracles", loader))
loader.exec_module(oracles)
fx = oracles.fx

OUT = os.path.join(fx.ROOT, "oracle", "faith.txt")
NODES, TOP = 8, 5
SHARES = (1, 5, 10, 20, 50)
# model, ids ("[CLS] the cat [MASK] on the mat [SEP]", "the cat sat the cat", "a cat sat."), special tokens, baseline, targets
CASES = [
    ("tiny-bert", [2, 61, 62, 4, 65, 61, 66, 3], (0, 3, 7), 0, ("token", "contrast", "likelihood", "class", "pooled_norm")),
    ("tiny-gpt2", [257, 261, 263, 258, 261], (), 269, ("token", "contrast", "likelihood")),
    ("tiny-detector", [0, 30, 19, 29, 31, 27], (), 41, ("label", "class")),
]


class Points(oracles.Words):
    """Rows that are not looked up."""
    points = None

    def __getitem__(self, ids):
        if isinstance(ids, torch.Tensor) and ids.ndim == 1 and Points.points is not None:
            self.rows = Points.points if Points.points.requires_grad else Points.points.clone().requires_grad_()
            return self.rows
        return super().__getitem__(ids)


def hiding(attend, hidden):
    """attend() for queries that do not see some keys; one that sees nothing has an empty context."""
    def with_columns(q, k, v, H, scale, is_causal, got, bias=0):
        q, k, v = fx.heads(q, H), fx.heads(k, H), fx.heads(v, H)
        s = q @ k.transpose(1, 2) * scale + bias
        blind = torch.zeros_like(s[0], dtype=torch.bool)
        blind[:, list(hidden)] = True
        if is_causal:
            blind |= torch.ones_like(blind).triu(1)
        a = s.masked_fill(blind, -math.inf).softmax(-1).nan_to_num(0.0)
        c = a @ v
        for key, value in zip(("attentions", "queries", "keys", "values", "context"), (a, q, k, v, c)):
            got[key].append(value)
        return c.transpose(0, 1).reshape(len(s[0]), -1)
    return with_columns if hidden else attend


class Model:
    def __init__(self, name):
        d = os.path.join(fx.ROOT, name)
        with open(os.path.join(d, "config.json")) as f:
            self.c = json.load(f)
        self.w = oracles.weights(d, self.c)
        self.is_causal = self.c["model_type"] == "gpt2"
        self.table = self.w["transformer.wte.weight" if self.is_causal else "bert.embeddings.word_embeddings.weight"]

    def run(self, ids, points=None, hidden=()):
        ids = torch.tensor(ids)
        Points.points = points
        with mock.patch.object(oracles, "Words", Points), mock.patch.object(fx, "attend", hiding(fx.attend, hidden)):
            return oracles.forward(self.c, self.w, ids, torch.zeros_like(ids))


class Target:
    """Copies of a text (the masked token of each) and what they add to a number."""
    def __init__(self, model, ids, special, kind):
        self.m, self.ids, self.kind, T = model, ids, kind, len(ids)
        self.at = T - 1 if model.is_causal else ids.index(4) if 4 in ids else None
        self.copies, self.label = [None], None
        if kind in ("token", "contrast"):
            logits = model.run(ids)[0]["logits"][self.at]
            order = logits.argsort(descending=True).tolist()
            self.token, self.foil = order[0], order[5] if kind == "contrast" else None
        if kind == "class" and model.is_causal:
            self.label = fx.labels_of(model.c, model.w, model.run(ids)[0]["final_hidden"])[-1].argmax()
        if kind == "likelihood" and not model.is_causal:
            self.copies = [t for t in range(T) if t not in special]
        self.rows = {"token": [self.at], "contrast": [self.at], "class": [T - 1 if model.is_causal else 0], "label": range(T), "pooled_norm": range(T)}.get(kind)

    def rows_of(self, copy):
        return self.rows or (range(len(self.ids) - 1) if copy is None else [copy])

    def value(self, got, copy, ids, hidden=()):
        h, m = got["final_hidden"], self.m
        seen = [t for t in range(len(ids)) if t not in hidden]
        if self.kind == "pooled_norm":
            return h[seen].mean(0).norm()
        if self.kind == "label":  # all but O
            return fx.labels_of(m.c, m.w, h)[seen, 1:].sum()
        if self.kind == "class" and "classifier.weight" in m.w:  # as one of whole texts, whose classes do not exclude each other
            return fx.labels_of(m.c, m.w, h)[-1, self.label].log()
        if self.kind == "class":
            pooled = oracles.squash(h[0] @ m.w["bert.pooler.dense.weight"].T + m.w["bert.pooler.dense.bias"])
            return (pooled @ m.w["cls.seq_relationship.weight"].T + m.w["cls.seq_relationship.bias"]).log_softmax(-1)[0]
        p = got["logits"].log_softmax(-1)
        if self.kind == "likelihood":
            return p[copy, self.ids[copy]] if copy is not None else sum(p[t, self.ids[t + 1]] for t in range(len(ids) - 1))
        return p[self.at, self.token] - (p[self.at, self.foil] if self.foil is not None else 0.0)

    def __call__(self, ids=None, hidden=(), points=None):
        """The number; points (T,C) in place of the embeddings."""
        total = 0.0
        for copy in self.copies:
            own = list(ids or self.ids)
            at = points
            if copy is not None:
                own[copy] = 4
                if at is not None:
                    at = torch.stack([self.m.table[4] if t == copy else at[t] for t in range(len(own))])
            total = total + self.value(self.m.run(own, at, hidden)[0], copy, own, hidden)
        return total

    def gradient(self, points):
        points = points.clone().requires_grad_()
        return torch.autograd.grad(self(points=points), points)[0]


def integrated(target, x, base):
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    d = sum(w / 2 * target.gradient(base + (n + 1) / 2 * (x - base)) for n, w in zip(nodes, weights))
    ours = ((x - base) * d).sum(-1)
    peer = IntegratedGradients(lambda b: torch.stack([target(points=row) for row in b]))
    theirs = peer.attribute(x[None], base[None], n_steps=NODES, method="gausslegendre")[0].sum(-1)
    assert torch.allclose(ours, theirs.detach(), rtol=1e-5, atol=1e-7)  # its nodes are floats
    return ours


def relevance(target):
    scores = torch.zeros(len(target.ids), dtype=torch.float64)
    for copy in target.copies:
        ids = list(target.ids)
        if copy is not None:
            ids[copy] = 4
        got, on_way, _ = target.m.run(ids)
        maps = on_way["attentions"]
        grads = torch.autograd.grad(target.value(got, copy, ids), maps)
        R = torch.eye(len(ids), dtype=torch.float64)
        for a, g in zip(maps, grads):
            R = R + (a * g).clamp(min=0).mean(0) @ R
        scores += R[list(target.rows_of(copy))].mean(0).detach()
    return scores


def orders_p(a, b):
    """Share of all orders of b whose |rho| is at least as large."""
    a, b = rankdata(a), rankdata(b)
    a, b = a - a.mean(), b - b.mean()
    every = np.array(list(itertools.permutations(b))) @ a
    return np.mean(abs(every) >= abs(a @ b) - 1e-9)


def agreement(a, b):
    a, b = abs(a), abs(b)
    k = min(TOP, len(a))
    tops = [list(np.argsort(-v, kind="stable")[:k]) for v in (a, b)]
    both = len(set(tops[0]) & set(tops[1]))
    rbo = 0.1 * sum(0.9 ** (d - 1) * len(set(tops[0][:d]) & set(tops[1][:d])) / d for d in range(1, k + 1))
    return np.corrcoef(rankdata(a), rankdata(b))[0, 1], orders_p(a, b), both / (2 * k - both), rbo


def curves(target, scores, special):
    content = [t for t in range(len(scores)) if t not in special]
    order = sorted(content, key=lambda t: -scores[t])
    whole, comprehensiveness, sufficiency = target().item(), [], []
    for share in SHARES:
        k = math.ceil(share * len(content) / 100)
        comprehensiveness.append(whole - target(hidden=order[:k]).item())
        sufficiency.append(whole - target(hidden=order[k:]).item())
    return comprehensiveness, sufficiency


def main():
    out = []
    def put(name, values):
        values = np.atleast_1d(np.asarray(values, float)).ravel()
        out.append(f"{name} {len(values)}\n" + " ".join(f"{v:.15g}" for v in values) + "\n")
    for name, ids, special, pad, kinds in CASES:
        model, T = Model(name), len(ids)
        put(f"{name}/ids", ids)
        for kind in kinds:
            target, case = Target(model, ids, special, kind), f"{name}/{kind}"
            x, base, value = model.table[ids], model.table[[pad] * T], target().detach()
            put(f"{case}/value", value)
            if kind in ("token", "contrast"):
                put(f"{case}/tokens", [target.token] + ([target.foil] if target.foil is not None else []))
            ig = integrated(target, x, base)
            put(f"{case}/ig", ig)
            put(f"{case}/residual", abs(ig.sum() - (value - target(points=base).detach())) /
                max(abs(value - target(points=base).detach()), abs(ig).sum()))
            put(f"{case}/gradient_x_input", (x * target.gradient(x)).sum(-1))
            put(f"{case}/leave_one_out", [(value - target(hidden=[t]).detach()).item() for t in range(T)])
            if not model.is_causal:
                put(f"{case}/leave_one_out_mask", [(value - target(ids=ids[:t] + [4] + ids[t + 1:]).detach()).item() for t in range(T)])
            put(f"{case}/relevance", relevance(target))
            with oracles.attnlrp():
                put(f"{case}/attnlrp", (x * target.gradient(x)).sum(-1))
            if kind != kinds[0]:
                continue
            got, _, _ = model.run(ids)
            maps = torch.stack(list(got["attentions"])).detach().flatten(0, 1)
            seen = torch.arange(T, 0, -1) if model.is_causal else T
            rows = [agreement(a.numpy(), ig.numpy()) for a in maps.sum(1) / seen]
            for i, column in enumerate(("rho", "p", "jaccard", "rbo")):
                put(f"{case}/heads/{column}", [r[i] for r in rows])
            put(f"{case}/heads/q", false_discovery_control([r[1] for r in rows]))
            for column, values in zip(("comprehensiveness", "sufficiency"), curves(target, ig.numpy(), special)):
                put(f"{case}/curves/{column}", values)
    with open(OUT, "w") as f:
        f.writelines(out)


if __name__ == "__main__":
    main()
