#!/usr/bin/env python3
"""A text in windows, by transformers in double precision and numpy, from the words of lib/text/windows.h and the manuals.

    scripts/outside/make-window-oracles.py         writes fixtures/oracle/windows.json

The tiny models read the text in windows of 16 positions, 6 tokens apart. For each model: the window that owns each token, the mean
greatest weight of every head (mean over rows of their windows' values), the attention ratio of a few tokens over the rows that windows
own, attention between sentences (null: never whole in one window), and of GPT-2 the probability of every token.
"""
import json
import os

import numpy as np
import torch
from transformers import AutoTokenizer, BertForPreTraining, GPT2LMHeadModel

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
TEXT = "The cat sat. It did! A dog ran. The cat sat on the mat, and a dog ran to the park."
N, M = 16, 6
FLAGGED = [2, 5, 9, 14]


def owner(t, starts, size, causal):
    best, most = None, -1
    for k, first in enumerate(starts):
        before, behind = t - first, first + size - 1 - t
        if before < 0 or behind < 0:
            continue
        if causal and (k == 0 or before >= size - M):
            return k
        if not causal and min(before, behind) > most:
            best, most = k, min(before, behind)
    return best


def sentences(tokens):
    """Runs of tokens up to a full stop or an exclamation mark."""
    out, run = [], []
    for i, token in enumerate(tokens):
        if token in ("[CLS]", "[SEP]"):
            continue
        run.append(i)
        if token in (".", "!"):
            out.append(run)
            run = []
    return out


def between(a, b, maps, held, own):
    best, cell = -1, None
    for k, m in enumerate(maps):
        if not set(a) | set(b) <= set(held[k]):
            continue
        n_owned = sum(own[i] == k for i in a)
        if n_owned > best:
            at = held[k].index
            best, cell = n_owned, float(m.mean((0, 1))[np.ix_([at(i) for i in a], [at(i) for i in b])].sum(1).mean())
    return cell


def oracle(name, model, causal):
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(ROOT, name))
    model = model.from_pretrained(os.path.join(ROOT, name), attn_implementation="eager").double().eval()
    ids = tokenizer(TEXT)["input_ids"]
    tokens = tokenizer.convert_ids_to_tokens(ids)
    around = 0 if causal else 1
    n_text, size = len(ids) - 2 * around, N - 2 * around
    starts = list(range(0, max(n_text - size, 0), M)) + [n_text - size]
    own = [0] * around + [owner(t, starts, size, causal) for t in range(n_text)] + [len(starts) - 1] * around
    held = [list(range(around)) + list(range(s + around, s + around + size)) + list(range(len(ids) - around, len(ids))) for s in starts]
    maps, p = [], [None] * len(ids)
    for k, positions in enumerate(held):
        with torch.no_grad():
            out = model(torch.tensor([[ids[i] for i in positions]]), output_attentions=True)
        maps.append(torch.stack(out.attentions)[:, 0].numpy())
        if causal:
            probability = torch.softmax(out.logits[0], -1)
            for at, i in enumerate(positions[1:]):
                if own[i] == k:
                    p[i] = float(probability[at, ids[i]])
    weight = np.array([own.count(k) for k in range(len(starts))], float)
    rows = slice(1 if causal else 0, None)
    confidence = sum(w * m[:, :, rows].max(3).mean(2) for w, m in zip(weight, maps)) / weight.sum()
    drawn, even = np.zeros(confidence.shape), 0.0
    for k, m in enumerate(maps):
        flagged = [at for at, i in enumerate(held[k]) if i in FLAGGED]
        for at, i in enumerate(held[k]):
            if own[i] == k:
                drawn += m[:, :, at, flagged].sum(-1)
                even += len(flagged) / N
    runs = sentences([t.replace("Ġ", "") for t in tokens])
    return {"ids": ids, "owner": own, "confidence_avg": confidence.ravel().tolist(), "bar": (drawn / even).ravel().tolist(),
            "isa": [[between(a, b, maps, held, own) for b in runs] for a in runs], "p": p}


def main():
    out = {"text": TEXT, "positions": N, "stride": M, "flagged": FLAGGED,
           "tiny-bert": oracle("tiny-bert", BertForPreTraining, False), "tiny-gpt2": oracle("tiny-gpt2", GPT2LMHeadModel, True)}
    with open(os.path.join(ROOT, "oracle", "windows.json"), "w", encoding="utf-8") as f:
        json.dump(out, f, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
