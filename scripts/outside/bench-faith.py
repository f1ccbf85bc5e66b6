#!/usr/bin/env python3
"""Integrated gradients of one text by atlas, by PyTorch and by Captum, in turns.

    scripts/outside/bench-faith.py [--threads N] [--turns N] [--tokens T] BUILD MODEL_DIR

MODEL_DIR is a BERT with a language-model head: build/bench/bert-base, which
`scripts/bench.sh --models BUILD bert-base` makes. The target is the log-probability of a token at
the last position, the way has 64 nodes from embeddings of zero. PyTorch is what a careful hand
writes: all nodes in one batch, autograd to them alone, the vocabulary at the target's position
only. Captum has the same function and the best of some batch sizes.

Prints CSV: best seconds of each, and atlas's divided by them. Needs torch, captum and safetensors.
"""
import argparse
import json
import os
import subprocess
import time

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import IntegratedGradients
from safetensors.torch import load_file

NODES, TOKEN = 64, 7
BATCHES = (8, 16, 32, 64)


class Model:
    """What log-probability TOKEN has at the last position, from word embeddings (B,T,C)."""

    def __init__(self, directory):
        with open(os.path.join(directory, "config.json"), encoding="utf-8") as f:
            self.c = json.load(f)
        self.w = load_file(os.path.join(directory, "model.safetensors"))

    def linear(self, name, x):
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], self.c["layer_norm_eps"])

    def words(self, tokens):
        ids = (1000 + torch.arange(tokens) * 7919) % self.c["vocab_size"]
        return self.w["bert.embeddings.word_embeddings.weight"][ids]

    def layer(self, x, p):
        B, T, C = x.shape
        q, k, v = (self.linear(p + "attention.self." + n, x).view(B, T, self.c["num_attention_heads"], -1).transpose(1, 2)
                   for n in ("query", "key", "value"))
        context = ((q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)
        mid = self.norm(p + "attention.output.LayerNorm", self.linear(p + "attention.output.dense", context) + x)
        act = F.gelu(self.linear(p + "intermediate.dense", mid))
        return self.norm(p + "output.LayerNorm", self.linear(p + "output.dense", act) + mid)

    def __call__(self, words):
        e = "bert.embeddings."
        x = words + self.w[e + "position_embeddings.weight"][:words.shape[1]] + self.w[e + "token_type_embeddings.weight"][0]
        x = self.norm(e + "LayerNorm", x)
        for i in range(self.c["num_hidden_layers"]):
            x = self.layer(x, f"bert.encoder.layer.{i}.")
        t = F.gelu(self.linear("cls.predictions.transform.dense", x[:, -1]))
        t = self.norm("cls.predictions.transform.LayerNorm", t)
        logits = t @ self.w[e + "word_embeddings.weight"].T + self.w["cls.predictions.bias"]
        return logits.log_softmax(-1)[:, TOKEN]


def by_hand(model, words):
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    at = torch.tensor((nodes + 1) / 2, dtype=torch.float32)[:, None, None]
    points = (at * words).requires_grad_()
    grad = torch.autograd.grad(model(points).sum(), points)[0]
    return (torch.tensor(weights / 2, dtype=torch.float32)[:, None, None] * grad).sum(0).mul(words).sum(-1)


def by_captum(model, words, batch):
    ig = IntegratedGradients(model, multiply_by_inputs=True)
    return ig.attribute(words[None], torch.zeros_like(words)[None], n_steps=NODES, method="gausslegendre",
                        internal_batch_size=batch)[0].sum(-1)


def seconds(f, *args):
    start = time.perf_counter()
    f(*args)
    return time.perf_counter() - start


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--threads", type=int, default=os.cpu_count())
    args.add_argument("--turns", type=int, default=3)
    args.add_argument("--tokens", type=int, default=32)
    args.add_argument("build")
    args.add_argument("model")
    args = args.parse_args()
    torch.set_num_threads(args.threads)
    model = Model(args.model)
    words = model.words(args.tokens)
    difference = (by_hand(model, words) - by_captum(model, words, 32)).abs().max().item()
    if difference > 1e-4:
        raise SystemExit(f"bench-faith: PyTorch and Captum differ by {difference}")
    best = {}
    atlas = [os.path.join(args.build, "tests/bench/bench_faith"), args.model, str(args.threads), "1", str(args.tokens)]
    for _ in range(args.turns):
        line = subprocess.run(atlas, check=True, capture_output=True, text=True).stdout.splitlines()[1].split(",")
        turn = {"forward": float(line[2]), "atlas": float(line[3]), "pytorch": seconds(by_hand, model, words)}
        turn["captum"] = min(seconds(by_captum, model, words, batch) for batch in BATCHES)
        best = {key: min(value, best.get(key, value)) for key, value in turn.items()}
    print("tokens,nodes,forward_s,atlas_s,pytorch_s,captum_s,of_pytorch,of_captum")
    print(f"{args.tokens},{NODES},{best['forward']:.3f},{best['atlas']:.3f},{best['pytorch']:.3f},{best['captum']:.3f},"
          f"{best['atlas'] / best['pytorch']:.3f},{best['atlas'] / best['captum']:.3f}")


if __name__ == "__main__":
    main()
