#!/usr/bin/python3
"""Scores of texts, pairs and StereoSet items by the tiny models, from PyTorch in double precision.

    scripts/outside/make-score-oracles.py            writes fixtures/oracle/scores.json

One forward pass per masked token, as the definitions say; the models are those of
scripts/outside/make-model-fixtures.py, read back from fixtures/tiny-bert and fixtures/tiny-gpt2.
"""
import difflib
import importlib.util
import json
import math
import os
import string
import struct

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "fixtures")
spec = importlib.util.spec_from_file_location("models", os.path.join(HERE, "make-model-fixtures.py"))
models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(models)


def load(name, prefix):
    """config and weights (double, under the hub's names with prefix)."""
    folder = os.path.join(FIXTURES, name)
    with open(os.path.join(folder, "config.json")) as f:
        config = json.load(f)
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    head = json.loads(raw[8:8 + n])
    weights = {}
    for key, t in head.items():
        if key == "__metadata__":
            continue
        a, b = t["data_offsets"]
        x = np.frombuffer(raw[8 + n + a:8 + n + b], np.float32).reshape(t["shape"])
        key = key if key.startswith((prefix, "cls.", "lm_head.")) else prefix + key
        weights[key] = torch.from_numpy(x.astype(np.float64))
    return config, weights


class WordPiece:
    def __init__(self):
        with open(os.path.join(FIXTURES, "tiny-bert", "vocab.txt")) as f:
            self.vocab = {p.rstrip("\n"): i for i, p in enumerate(f)}
        self.pieces = {i: p for p, i in self.vocab.items()}

    def __call__(self, text):
        """ids and the number of each piece's word; [MASK] may stand in the text."""
        for mark in [*string.punctuation, "[MASK]"]:
            if mark not in "[]":
                text = text.replace(mark, f" {mark} ")
        ids, words = [], []
        for w, word in enumerate(text.split()):
            start = 0
            while word == "[MASK]" or start < len(word):
                end = len(word)
                while word != "[MASK]" and ("##" if start else "") + word[start:end] not in self.vocab:
                    end -= 1
                ids.append(self.vocab[("##" if start else "") + word[start:end]])
                words.append(w)
                start = end
                if word == "[MASK]":
                    break
        return ids, words


class Bpe:
    def __init__(self):
        with open(os.path.join(FIXTURES, "tiny-gpt2", "vocab.json")) as f:
            self.vocab = json.load(f)
        with open(os.path.join(FIXTURES, "tiny-gpt2", "merges.txt")) as f:
            self.merges = [tuple(line.split()) for line in f.read().split("\n")[1:] if line]

    def __call__(self, text):
        """ASCII letters and spaces only: words with the space in front, merged by rank."""
        out = []
        for word in text.replace(" ", " Ġ").split(" "):
            parts = list(word)
            for a, b in self.merges:
                i = 0
                while i + 1 < len(parts):
                    if (parts[i], parts[i + 1]) == (a, b):
                        parts[i:i + 2] = [a + b]
                    i += 1
            out += [self.vocab[p] for p in parts]
        return out


tokenizer, bpe = WordPiece(), Bpe()
CLS, SEP, MASK = (tokenizer.vocab[t] for t in ("[CLS]", "[SEP]", "[MASK]"))
END = bpe.vocab["<|endoftext|>"]
bert_config, bert_weights = load("tiny-bert", "bert.")
gpt2_config, gpt2_weights = load("tiny-gpt2", "transformer.")


def bert_run(ids, segments=None):
    segments = torch.tensor(segments or [0] * len(ids))
    return models.bert(bert_config, bert_weights, torch.tensor(ids), segments)


def gpt2_log_p(ids):
    return models.gpt2(gpt2_config, gpt2_weights, torch.tensor(ids))["logits"].log_softmax(-1)


def masked(text, kind="original"):
    """ln p of every piece, one pass for each."""
    pieces, words = tokenizer(text)
    ids, out = [CLS, *pieces, SEP], []
    for i, (piece, word) in enumerate(zip(pieces, words)):
        x = list(ids)
        for j, other in enumerate(words):
            if j == i or other == word and (kind == "whole" or kind == "l2r" and j > i):
                x[j + 1] = MASK
        out.append(bert_run(x)["logits"].log_softmax(-1)[i + 1, piece].item())
    return out


def causal(text, bos):
    ids = bpe(text)
    if bos == "prepend":
        log_p = gpt2_log_p([END, *ids])
        return [log_p[i, t].item() for i, t in enumerate(ids)]
    log_p = gpt2_log_p(ids)
    first = gpt2_log_p([END])[0, ids[0]].item() if bos == "apart" else None
    return [first] + [log_p[i, t].item() for i, t in enumerate(ids[1:])]


def official_masked(context, sentence):
    """Mean of p over the pieces of the word at BLANK, filled in from left to right."""
    at = [i for i, w in enumerate(context.split(" ")) if "BLANK" in w][-1]
    word = sentence.split(" ")[at].translate(str.maketrans("", "", string.punctuation))
    pieces, total = tokenizer(word)[0], 0.0
    for k, piece in enumerate(pieces):
        done = "".join(tokenizer.pieces[p].removeprefix("##") for p in pieces[:k])
        ids = [CLS, *tokenizer(context.replace("BLANK", done + "[MASK]"))[0], SEP]
        total += bert_run(ids)["logits"].softmax(-1)[ids.index(MASK), piece].item()
    return total / len(pieces)


def official_next(context, sentence):
    a, b = tokenizer(context)[0], tokenizer(sentence)[0]
    return bert_run([CLS, *a, SEP, *b, SEP], [0] * (len(a) + 2) + [1] * (len(b) + 1))["next_sentence"][0].item()


def official_causal(sentence):
    log2 = [x / math.log(2) for x in causal(sentence, "apart")]
    return 2 ** (sum(log2) / len(log2))


def pair(a, b, tokens):
    """Sums over the shared, differing or all pieces of both sentences."""
    ids = [[CLS, *tokenizer(t)[0], SEP] for t in (a, b)]
    shared = [[], []]
    for x, y, n in difflib.SequenceMatcher(None, *ids, autojunk=False).get_matching_blocks():
        shared[0] += range(x, x + n)
        shared[1] += range(y, y + n)
    out = []
    for k, text in enumerate((a, b)):
        log_p = [None, *masked(text), None]
        keep = {"shared": shared[k][1:-1], "full": range(1, len(log_p) - 1),
                "diff": [i for i in range(len(log_p)) if i not in shared[k]]}[tokens]
        out.append(sum(log_p[i] for i in keep))
    return out


def main():
    texts = ["the cat sat on the mat.", "the cat sating on mats!", "a", "dogs sat."]
    plain = ["the cat sat", "cat", "that mat", "the the cat at"]
    items = [("the cat BLANK on mat", ["the cat sating on mat", "the cat sat on mat", "the cat zz on mat"]),
             ("BLANK sat.", ["dogs sat.", "cats, sat.", "mat sat."])]
    follow = [("the cat sat.", ["the mat.", "on a mat", "q z"])]
    pairs = [("the cat sat on mat.", "the dog sat on mat."), ("cats sat", "cat sating"), ("a cat", "b cat")]
    after = [("the cat", ["sat", "at", "mat"])]
    out = {
        "masked": [{"text": t, "kind": k, "log_p": masked(t, k)} for t in texts for k in ("original", "l2r", "whole")],
        "causal": [{"text": t, "bos": b, "log_p": causal(t, b)} for t in plain for b in ("none", "prepend", "apart")],
        "official_masked": [{"context": c, "sentences": s, "scores": [official_masked(c, x) for x in s]} for c, s in items],
        "official_next": [{"context": c, "sentences": s, "scores": [official_next(c, x) for x in s]} for c, s in follow],
        "official_causal": [{"context": "", "sentences": plain[:3], "scores": [official_causal(t) for t in plain[:3]]}],
        "reference_masked": [{"context": c, "sentences": s, "scores": [float(np.mean(masked(c + " " + x))) for x in s]}
                             for c, s in follow],
        "reference_causal": [{"context": c, "sentences": s, "scores": [float(np.mean(causal(c + " " + x, "none")[1:])) for x in s]}
                             for c, s in after],
        "conditional_causal": [{"context": c, "sentences": s,
                                "scores": [float(np.mean(causal(c + " " + x, "none")[len(bpe(c)):])) for x in s]}
                               for c, s in after],
        "pairs": [{"a": a, "b": b, "tokens": t, "scores": pair(a, b, t)} for a, b in pairs for t in ("shared", "diff", "full")],
    }
    with open(os.path.join(FIXTURES, "oracle", "scores.json"), "w") as f:
        json.dump(out, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
