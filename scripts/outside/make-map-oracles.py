#!/usr/bin/env python3
"""Maps of how layers mix their tokens, by PyTorch in double precision from their definitions, and max-flows by scipy.

    scripts/outside/make-map-oracles.py            writes fixtures/oracle/mixing/*.safetensors

For each text of 1, 5 and 9 tokens of fixtures/oracle/forward, maps (L,T,T) of every method of lib/analysis/mixing.h but flow, and under
scores/ what each says for position T // 2. flow.safetensors has means (L,T,T) of random layers, with and without a causal mask, one of
few large weights, and the flow between all pairs by scipy.sparse.csgraph.maximum_flow on integers in units of 2^-30. Seeded.
"""
import importlib.machinery
import importlib.util
import json
import os
import sys

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("gradients", os.path.join(HERE, "make-gradient-oracles.py"))
gr = importlib.util.module_from_spec(importlib.util.spec_from_loader("gradients", loader))
loader.exec_module(gr)
fx = gr.fx

OUT = os.path.join(fx.ROOT, "oracle", "mixing")
PRODUCTS = "norm_residual", "norm_residual_ln", "value_zeroing", "alti"


class Layer:
    """One layer of either family as functions of its heads' values."""

    def __init__(self, c, w, got, l):
        self.is_bert, self.w = c["model_type"] in fx.relatives.TYPES, w
        self.x, self.a, self.v = got["hidden_states"][l], got["attentions"][l], got["values"][l]
        if self.is_bert:
            self.p, self.eps, self.act = f"bert.encoder.layer.{l}.", c.get("layer_norm_eps", 1e-12), c["hidden_act"]
            self.o, self.ln = w[self.p + "attention.output.dense.weight"].T, self.p + "attention.output.LayerNorm"
            self.o_bias = w[self.p + "attention.output.dense.bias"]
        else:
            self.p, self.eps = f"transformer.h.{l}.", c["layer_norm_epsilon"]
            self.o, self.ln = w[self.p + "attn.c_proj.weight"], self.p + "ln_2"
            self.o_bias = w[self.p + "attn.c_proj.bias"]

    def attend(self, v):
        """What the heads read of values v (H,T,D), through the output projection, without its bias."""
        return (self.a @ v).transpose(0, 1).reshape(len(self.x), -1) @ self.o

    def output(self, v):
        s, w, p = self.attend(v) + self.o_bias + self.x, self.w, self.p
        normed = fx.norm(w, self.ln, s, self.eps)
        if self.is_bert:
            inner = fx.gelu(normed @ w[p + "intermediate.dense.weight"].T + w[p + "intermediate.dense.bias"], self.act)
            return fx.norm(w, p + "output.LayerNorm", inner @ w[p + "output.dense.weight"].T + w[p + "output.dense.bias"] + normed, self.eps)
        inner = fx.gelu(normed @ w[p + "mlp.c_fc.weight"] + w[p + "mlp.c_fc.bias"], "gelu_new")
        return s + inner @ w[p + "mlp.c_proj.weight"] + w[p + "mlp.c_proj.bias"]

    def maps(self):
        T, only = len(self.x), []
        for j in range(T):
            v = torch.zeros_like(self.v)
            v[:, j] = self.v[:, j]
            only.append(self.attend(v))
        parts = torch.stack(only, 1)  # (i, j, C)
        mixed = parts + torch.eye(T, dtype=torch.float64)[:, :, None] * self.x[:, None]
        s = self.attend(self.v) + self.o_bias + self.x
        assert torch.allclose(mixed.sum(1) + self.o_bias, s)
        std = (s.var(-1, unbiased=False) + self.eps).sqrt()
        g = (mixed - mixed.mean(-1, keepdim=True)) / std[:, None, None] * self.w[self.ln + ".weight"]
        y, t = (fx.norm(self.w, self.ln, s, self.eps), g) if self.is_bert else (s, mixed)
        near = (y.abs().sum(-1)[:, None] - (y[:, None] - t).abs().sum(-1)).clamp(min=0)
        whole, zeroed = self.output(self.v), []
        for j in range(T):
            v = self.v.clone()
            v[:, j] = 0
            zeroed.append(1 - torch.cosine_similarity(self.output(v), whole, dim=-1))
        zeroed = torch.stack(zeroed, 1)
        return {"attention": self.a.mean(0), "norm": parts.norm(dim=-1), "norm_residual": mixed.norm(dim=-1),
                "norm_residual_ln": g.norm(dim=-1), "alti": near / near.sum(-1, keepdim=True),
                "value_zeroing": zeroed / zeroed.sum(-1, keepdim=True)}


def scores(maps, position):
    out, T = {}, maps["attention"].shape[-1]
    out["attention"], out["norm"] = (maps[k].mean(0)[position] for k in ("attention", "norm"))
    for k in PRODUCTS:
        row = torch.eye(T, dtype=torch.float64)[position]
        for m in (maps[k] / maps[k].sum(-1, keepdim=True)).flip(0):
            row = row[row != 0] @ m[row != 0]  # a row of ALTI may be nan; it matters only when it is reached
        out[k] = row
    out["rollout"] = maps["rollout"][-1][position]
    return out


def models():
    for name in sorted(os.listdir(fx.ROOT)):
        d = os.path.join(fx.ROOT, name)
        if not os.path.exists(os.path.join(fx.ORACLE, name + ".safetensors")):
            continue
        with open(os.path.join(d, "config.json")) as f:
            c = json.load(f)
        w, texts, oracle = gr.weights(d, c), gr.load(os.path.join(fx.ORACLE, name + ".safetensors")), {}
        if c["model_type"] in fx.relatives.TYPES:
            c = fx.relatives.config(c)
        for T in (1, 5, 9):
            ids, segments = (torch.from_numpy(texts[f"{T}/{k}"].astype(np.int64)) for k in ("input_ids", "token_type_ids"))
            got = fx.bert(c, w, ids, segments) if c["model_type"] in fx.relatives.TYPES else fx.gpt2(c, w, ids)
            layers = [Layer(c, w, got, l).maps() for l in range(len(got["attentions"]))]
            maps = {k: torch.stack([layer[k] for layer in layers]) for k in layers[0]}
            r, rollout = torch.eye(T, dtype=torch.float64), []
            for a in maps["attention"]:
                r = (a + torch.eye(T)) / 2 @ r
                rollout.append(r)
            maps["rollout"] = torch.stack(rollout)
            for k, a in maps.items():
                oracle[f"{T}/{k}"] = (a.numpy(), "F64")
            for k, a in scores(maps, T // 2).items():
                oracle[f"{T}/scores/{k}"] = (a.numpy(), "F64")
        fx.save(os.path.join(OUT, name + ".safetensors"), oracle)


def flows(means):
    """Between every token behind every layer and every token of the input: (L,T,T)."""
    L, T, _ = means.shape
    dense = np.zeros(((L + 1) * T,) * 2, np.int64)
    for l in range(L):
        m = means[l].astype(np.float64) / 2 + np.eye(T) / 2
        dense[(l + 1) * T:(l + 2) * T, l * T:(l + 1) * T] = np.rint(m * 2 ** 30)
    graph = csr_matrix(dense.astype(np.int32))
    return np.array([[[maximum_flow(graph, (l + 1) * T + i, j).flow_value / 2 ** 30 for j in range(T)]
                      for i in range(T)] for l in range(L)])


def main():
    os.makedirs(OUT, exist_ok=True)
    models()
    rng, oracle = np.random.default_rng(7), {}
    for name, sharpness, is_causal in ("plain", 1, False), ("sharp", 5, False), ("causal", 2, True), ("causal_sharp", 6, True):
        s = rng.normal(size=(6, 11, 11)) * sharpness
        if is_causal:
            s += np.triu(np.full((11, 11), -np.inf), 1)
        e = np.exp(s - s.max(-1, keepdims=True))
        means = (e / e.sum(-1, keepdims=True)).astype(np.float32)
        oracle[name + "/means"], oracle[name + "/flow"] = (means, "F32"), (flows(means), "F64")
    fx.save(os.path.join(OUT, "flow.safetensors"), oracle)


if __name__ == "__main__":
    main()
