#!/usr/bin/env python3
"""Classes and embeddings of whole texts, by transformers in double precision and numpy.

    scripts/outside/make-class-oracles.py          writes fixtures/oracle/classes.json

For each tiny classifier the logits of two texts with their softmax and sigmoid.
For tiny-bert the vector of a text in every pooling mode, by the definitions in sentence-transformers.
"""
import json
import os

import numpy as np
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
CLASSIFIERS = ("tiny-electra-classes",)
TEXTS = "the cat sat", "the dog"


def classes(name):
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(ROOT, name))
    model = AutoModelForSequenceClassification.from_pretrained(os.path.join(ROOT, name), attn_implementation="eager").double().eval()
    out = []
    for text in TEXTS:
        with torch.no_grad():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
        out.append({"logit": logits.tolist(), "softmax": torch.softmax(logits, -1).tolist(), "sigmoid": torch.sigmoid(logits).tolist()})
    return out


def embeddings():
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(ROOT, "tiny-bert"))
    model = AutoModel.from_pretrained(os.path.join(ROOT, "tiny-bert"), attn_implementation="eager").double().eval()
    out = []
    for text in TEXTS:
        with torch.no_grad():
            x = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        n = np.arange(1, len(x) + 1)
        out.append({"cls": x[0], "max": x.max(0), "mean": x.mean(0), "mean_sqrt_len": x.sum(0) / np.sqrt(len(x)),
                    "weightedmean": (x * n[:, None]).sum(0) / n.sum(), "lasttoken": x[-1]})
    cosine = {k: float(out[0][k] @ out[1][k] / np.linalg.norm(out[0][k]) / np.linalg.norm(out[1][k])) for k in out[0]}
    return {"values": {k: v.tolist() for k, v in out[0].items()}, "norm": {k: float(np.linalg.norm(v)) for k, v in out[0].items()},
            "cosine": cosine}


def main():
    out = {"texts": TEXTS, "classes": {name: classes(name) for name in CLASSIFIERS}, "embedding": embeddings()}
    with open(os.path.join(ROOT, "oracle", "classes.json"), "w", encoding="utf-8") as f:
        json.dump(out, f)
        f.write("\n")


if __name__ == "__main__":
    main()
