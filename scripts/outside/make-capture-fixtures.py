#!/usr/bin/python3
"""Captures of maps that no softmax made, or that one made of nothing: fixtures/captures.

usage: scripts/outside/make-capture-fixtures.py
Each folder gets a capture.safetensors as `atlas run` would lay it out; standard library only.
"""
import json
import os
import struct

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "captures")


def write(name, family, heads):
    """heads (H,T,T) of one layer; the words are w0 w1 ..., [CLS] in front for bert."""
    T = len(heads[0])
    words = ["w%d" % i for i in range(T)]
    if family == "bert":
        words[0] = "[CLS]"
    cells = [w for head in heads for row in head for w in row]
    maps = struct.pack("<%df" % len(cells), *cells)
    ids = struct.pack("<%di" % T, *range(T))
    meta = {"model": "handmade", "text": " ".join(w for w in words if w[0] == "w"), "tokens": json.dumps(words)}
    if family:
        meta["family"] = family
    header = json.dumps({
        "__metadata__": meta,
        "attentions": {"dtype": "F32", "shape": [1, len(heads), T, T], "data_offsets": [0, len(maps)]},
        "input_ids": {"dtype": "I32", "shape": [T], "data_offsets": [len(maps), len(maps) + len(ids)]},
    }).encode()
    header += b" " * (-len(header) % 8)
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "capture.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(header)) + header + maps + ids)


def constant(T, w):
    return [[w] * T for _ in range(T)]


def even_causal(T):
    return [[1 / (i + 1) if j <= i else 0.0 for j in range(T)] for i in range(T)]


def main():
    write("even-causal", "gpt2", [even_causal(8), even_causal(8)])
    ahead = even_causal(8)
    ahead[2][6] = 0.9
    write("ahead", "gpt2", [even_causal(8), ahead])
    write("half-rows", None, [constant(4, 0.125), constant(4, 0.25)])
    identity = [[float(i == j) for j in range(12)] for i in range(12)]
    write("small-sums", "bert", [constant(12, 0.0), constant(12, 1e-42), constant(12, 1 / 24), identity])


main()
