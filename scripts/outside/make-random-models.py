#!/usr/bin/python3
"""fixtures/random-bert and random-gpt2: models as they are before training.

usage: scripts/outside/make-random-models.py
Weights are normal with a deviation of 0.1, so that at a width of 32 the scores of attention scatter as those
of BERT base do at 0.02 and 768, by about 0.3; biases are 0. Vocabularies are those of tiny-bert and tiny-gpt2.
Nothing such a model does is more than chance. Needs numpy; seeded.
"""
import json
import os
import shutil
import struct

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
C, H, L, F, P = 32, 4, 3, 64, 32


def save(folder, config, tensors, source, files):
    folder = os.path.join(ROOT, folder)
    os.makedirs(folder, exist_ok=True)
    head, blobs, offset = {}, [], 0
    for name, a in tensors.items():
        raw = a.astype(np.float16).tobytes()
        head[name] = {"dtype": "F16", "shape": list(a.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        blobs.append(raw)
    header = json.dumps(head, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(header)) + header + b"".join(blobs))
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    for file in files:
        shutil.copy(os.path.join(ROOT, source, file), os.path.join(folder, file))


def bert(rng, V):
    def dense(name, n, m):
        return {name + ".weight": rng.normal(0, 0.1, (n, m)), name + ".bias": np.zeros(n)}

    def norm(name):
        return {name + ".weight": np.ones(C), name + ".bias": np.zeros(C)}

    t = {"bert.embeddings.%s_embeddings.weight" % k: rng.normal(0, 0.1, (n, C))
         for k, n in (("word", V), ("position", P), ("token_type", 2))}
    t.update(norm("bert.embeddings.LayerNorm"))
    for i in range(L):
        at = "bert.encoder.layer.%d." % i
        for part in ("query", "key", "value"):
            t.update(dense(at + "attention.self." + part, C, C))
        t.update(dense(at + "attention.output.dense", C, C))
        t.update(norm(at + "attention.output.LayerNorm"))
        t.update(dense(at + "intermediate.dense", F, C))
        t.update(dense(at + "output.dense", C, F))
        t.update(norm(at + "output.LayerNorm"))
    return t


def gpt2(rng, V):
    def conv(name, n, m):
        return {name + ".weight": rng.normal(0, 0.1, (n, m)), name + ".bias": np.zeros(m)}

    def norm(name):
        return {name + ".weight": np.ones(C), name + ".bias": np.zeros(C)}

    t = {"wte.weight": rng.normal(0, 0.1, (V, C)), "wpe.weight": rng.normal(0, 0.1, (P, C))}
    for i in range(L):
        at = "h.%d." % i
        t.update(norm(at + "ln_1"))
        t.update(conv(at + "attn.c_attn", C, 3 * C))
        t.update(conv(at + "attn.c_proj", C, C))
        t.update(norm(at + "ln_2"))
        t.update(conv(at + "mlp.c_fc", C, 4 * C))
        t.update(conv(at + "mlp.c_proj", 4 * C, C))
    t.update(norm("ln_f"))
    return t


def config_of(source, **changes):
    with open(os.path.join(ROOT, source, "config.json")) as f:
        return dict(json.load(f), **changes)


def main():
    rng = np.random.default_rng(51)
    c = config_of("tiny-bert", hidden_size=C, num_hidden_layers=L, num_attention_heads=H, intermediate_size=F,
                  max_position_embeddings=P, architectures=["BertModel"])
    save("random-bert", c, bert(rng, c["vocab_size"]), "tiny-bert", ["vocab.txt", "tokenizer_config.json"])
    c = config_of("tiny-gpt2", n_embd=C, n_layer=L, n_head=H, n_ctx=P, n_positions=P, architectures=["GPT2Model"])
    save("random-gpt2", c, gpt2(rng, c["vocab_size"]), "tiny-gpt2",
         ["vocab.json", "merges.txt", "tokenizer_config.json"])


main()
