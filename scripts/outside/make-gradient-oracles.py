#!/usr/bin/env python3
"""Gradients of the tiny models by PyTorch's autograd in double precision.

    scripts/outside/make-gradient-oracles.py            writes fixtures/oracle/backward/*.safetensors

For each text of 5 and 9 tokens of fixtures/oracle/forward and each target that the model has a head for (model/target.h):

    tokens    ln p(token 7 at T // 2) - ln p(token 11 at the last position) / 2
    contrast  ln p(token 7) - ln p(token 11), both at T // 2
    labels    p(label 1 at 0) + 2 p(label 4 at the last position)
    classes   ln p(class 1) of the next-sentence head, or of the head for whole texts
    pooled    length of the mean final hidden state

its value, and its gradient at the final hidden states, the input of every layer, the word embeddings, every map and every head's
context. The same under "lrp-contrast" and so on by the rules of AttnLRP (Achtibat et al. 2024), relevance over value, for all but
classes. Needs PyTorch; nothing is random.
"""
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import struct
import sys
from unittest import mock

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("fixtures", os.path.join(HERE, "make-model-fixtures.py"))
fx = importlib.util.module_from_spec(importlib.util.spec_from_loader("fixtures", loader))
loader.exec_module(fx)

OUT = os.path.join(fx.ROOT, "oracle", "backward")
TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I32": np.int32, "I64": np.int64}


def load(path):
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(n))
        data = f.read()
    out = {}
    for k, v in head.items():
        if k == "__metadata__":
            continue
        raw = data[slice(*v["data_offsets"])]
        if v["dtype"] == "BF16":
            a = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            a = np.frombuffer(raw, TYPES[v["dtype"]])
        out[k] = a.reshape(v["shape"])
    return out


def weights(d, c):
    """A checkpoint's tensors in double, under the names that fx.bert() and fx.gpt2() know."""
    stored = {}
    for f in sorted(os.listdir(d)):
        if f.endswith(".safetensors"):
            stored |= load(os.path.join(d, f))
    if c["model_type"] != "bert" and c["model_type"] in fx.relatives.TYPES:
        return fx.relatives.tensors(c, {n: torch.from_numpy(a.astype(np.float64)) for n, a in stored.items()})
    prefix = "bert." if c["model_type"] == "bert" else "transformer."
    out = {}
    for n, a in stored.items():
        n = n.replace(".gamma", ".weight").replace(".beta", ".bias")
        if not n.startswith((prefix, "cls.", "classifier.", "lm_head.")):
            n = prefix + n
        out[n] = torch.from_numpy(a.astype(np.float64))
    return out


class Words:
    """The table of word embeddings, of which one look-up gives a leaf that has a gradient; a tied decoder sees the table."""

    def __init__(self, table):
        self.table, self.T, self.rows = table, table.T, None

    def __getitem__(self, ids):
        self.rows = self.table[ids].clone().requires_grad_()
        return self.rows


def forward(c, w, ids, segments):
    """The pass, and what was on its way: lists by layer under fx's names, and the word embeddings."""
    is_bert = c["model_type"] in fx.relatives.TYPES
    words = Words(w["bert.embeddings.word_embeddings.weight" if is_bert else "transformer.wte.weight"])
    w = w | {"bert.embeddings.word_embeddings.weight": words, "transformer.wte.weight": words}
    lists, stack = [], torch.stack

    def record(v, *args):
        lists.append(list(v))
        return stack(v, *args)
    with mock.patch.object(torch, "stack", record):
        got = fx.bert(fx.relatives.config(c), w, ids, segments) if is_bert else fx.gpt2(c, w, ids)
    keys = list(got)[:len(lists)]  # the stacked ones come first
    return got, dict(zip(keys, lists)), words.rows


def half(a, b):
    """a @ b that gives half of what comes back to each."""
    return (a @ b.detach() + a.detach() @ b) / 2


def lrp_attend(q, k, v, H, scale, is_causal, got, bias=0):
    q, k, v = fx.heads(q, H), fx.heads(k, H), fx.heads(v, H)
    s = half(q, k.transpose(1, 2)) * scale + bias
    if is_causal:
        s = s.masked_fill(torch.ones_like(s[0], dtype=torch.bool).triu(1), -torch.inf)
    a = s.softmax(-1)
    c = half(a, v)
    for key, value in zip(("attentions", "queries", "keys", "values", "context"), (a, q, k, v, c)):
        got[key].append(value)
    return c.transpose(0, 1).reshape(len(s[0]), -1)


def lrp_norm(w, name, x, eps):
    root = (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt().detach()
    return (x - x.mean(-1, keepdim=True)) / root * w[name + ".weight"] + w[name + ".bias"]


def squash(x):
    return torch.tanh(x)


@contextlib.contextmanager
def attnlrp():
    """Targets reckon with squash() of this module."""
    gelu = fx.gelu
    with mock.patch.object(fx, "attend", lrp_attend), mock.patch.object(fx, "norm", lrp_norm), \
            mock.patch.object(fx, "gelu", lambda x, form: x * (gelu(x, form) / x).detach()), \
            mock.patch.dict(globals(), {"squash": lambda x: x * (torch.tanh(x) / x).detach()}):
        yield


def targets(c, w, got, T):
    h = got["final_hidden"]
    if "logits" in got:
        p = got["logits"].log_softmax(-1)
        yield "tokens", p[T // 2, 7] - p[T - 1, 11] / 2
        yield "contrast", p[T // 2, 7] - p[T // 2, 11]
    if "classifier.weight" in w:
        p = fx.labels_of(c, w, h)
        yield "labels", p[0, 1] + 2 * p[T - 1, 4]
    if "cls.seq_relationship.weight" in w:
        pooled = squash(h[0] @ w["bert.pooler.dense.weight"].T + w["bert.pooler.dense.bias"])
        yield "classes", (pooled @ w["cls.seq_relationship.weight"].T + w["cls.seq_relationship.bias"]).log_softmax(-1)[1]
    if "classes" in got:
        yield "classes", got["classes"].log_softmax(-1)[1]
    yield "pooled", h.mean(0).norm()


def main():
    os.makedirs(OUT, exist_ok=True)
    for name in sorted(os.listdir(fx.ROOT)):
        d = os.path.join(fx.ROOT, name)
        if not os.path.exists(os.path.join(fx.ORACLE, name + ".safetensors")):
            continue
        with open(os.path.join(d, "config.json")) as f:
            c = json.load(f)
        w, texts, oracle = weights(d, c), load(os.path.join(fx.ORACLE, name + ".safetensors")), {}
        for T in (5, 9):
            ids, segments = (torch.from_numpy(texts[f"{T}/{k}"].astype(np.int64)) for k in ("input_ids", "token_type_ids"))
            for prefix, rules in ("", contextlib.nullcontext()), ("lrp-", attnlrp()):
                with rules:
                    got, on_way, words = forward(c, w, ids, segments)
                    asked = dict(targets(c, w, got, T))
                at = {"d_final": [got["final_hidden"]], "d_states": on_way["hidden_states"][:-1], "d_words": [words],
                      "d_attentions": on_way["attentions"], "d_context": on_way["context"]}
                for key, value in asked.items():
                    if prefix and key == "classes":
                        continue
                    grads = torch.autograd.grad(value, [t for ts in at.values() for t in ts], retain_graph=True)
                    oracle[f"{T}/{prefix}{key}/value"] = (value.detach().numpy().reshape(1), "F64")
                    for k, ts in at.items():
                        part, grads = grads[:len(ts)], grads[len(ts):]
                        oracle[f"{T}/{prefix}{key}/{k}"] = (torch.stack(part).numpy(), "F64")
        fx.save(os.path.join(OUT, name + ".safetensors"), oracle)


if __name__ == "__main__":
    main()
