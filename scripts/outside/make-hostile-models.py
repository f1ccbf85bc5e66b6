#!/usr/bin/env python3
"""Model directories with one fault each, under fixtures/hostile/model-*.

    scripts/outside/make-hostile-models.py

Every one must end `atlas run -m DIR` with status 1 and one line. The first, fixtures/hostile/sound-model, has no fault: it is what the
others are made from, and tests that it loads show that the fault is what is refused. Needs numpy.
"""
import copy
import json
import os
import shutil
import struct

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures", "hostile")
C, F, V, P = 4, 6, 7, 5

CONFIG = dict(model_type="bert", architectures=["BertModel"], hidden_act="gelu", hidden_size=C, num_hidden_layers=1, num_attention_heads=2,
              intermediate_size=F, vocab_size=V, max_position_embeddings=P, type_vocab_size=2)


def sound_tensors():
    t = {"embeddings.word_embeddings.weight": (V, C), "embeddings.position_embeddings.weight": (P, C), "embeddings.token_type_embeddings.weight": (2, C)}

    def dense(name, o, i):
        t[name + ".weight"], t[name + ".bias"] = (o, i), (o,)

    def norm(name):
        t[name + ".weight"] = t[name + ".bias"] = (C,)
    norm("embeddings.LayerNorm")
    p = "encoder.layer.0."
    for n in ("query", "key", "value"):
        dense(p + "attention.self." + n, C, C)
    dense(p + "attention.output.dense", C, C)
    norm(p + "attention.output.LayerNorm")
    dense(p + "intermediate.dense", F, C)
    dense(p + "output.dense", C, F)
    norm(p + "output.LayerNorm")
    rng = np.random.default_rng(1)
    return {n: ("F32", rng.standard_normal(s).astype(np.float32)) for n, s in t.items()}


def header(tensors):
    head, offset = {}, 0
    for name, (dtype, a) in tensors.items():
        head[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    return head


def save(path, tensors, head=None, length=None, cut=None):
    """A file whose header may lie: head replaces it, length is what is said of its size, cut ends the file early."""
    h = json.dumps(head or header(tensors), separators=(",", ":")).encode()
    h += b" " * (-len(h) % 8)
    data = struct.pack("<Q", len(h) if length is None else length) + h + b"".join(a.tobytes() for _, a in tensors.values())
    with open(path, "wb") as f:
        f.write(data[:cut])


def model(name, config=None, weights=True, without=(), change=None, raw_config=None, index=None, more_config=None, **kw):
    d = os.path.join(ROOT, name)
    shutil.rmtree(d, ignore_errors=True)
    os.makedirs(d)
    tensors = {n: t for n, t in sound_tensors().items() if n not in without}
    tensors.update(change or {})
    if raw_config is not None:
        with open(os.path.join(d, "config.json"), "wb") as f:
            f.write(raw_config)
    elif config is not False:
        with open(os.path.join(d, "config.json"), "w") as f:
            json.dump((config or CONFIG) | (more_config or {}), f, indent=2)
            f.write("\n")
    if index is not None:
        with open(os.path.join(d, "model.safetensors.index.json"), "w") as f:
            json.dump({"weight_map": {n: index for n in tensors}}, f)
    elif weights:
        save(os.path.join(d, "model.safetensors"), tensors, **kw)
    with open(os.path.join(d, "vocab.txt"), "w") as f:
        f.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n")


def f32(*shape):
    return ("F32", np.zeros(shape, np.float32))


def main():
    query, norm = "encoder.layer.0.attention.self.query.weight", "embeddings.LayerNorm.weight"
    good = header(sound_tensors())
    model("sound-model")
    # config.json
    model("model-no-config", config=False)
    model("model-empty-config", raw_config=b"")
    model("model-config-not-json", raw_config=b'{"model_type": "bert",')
    model("model-config-not-utf8", raw_config=b'{"model_type": "b\xffrt"}')
    model("model-config-array", raw_config=b'["bert"]\n')
    model("model-config-deep", raw_config=b"[" * 4000)
    model("model-no-type", config={k: v for k, v in CONFIG.items() if k != "model_type"})
    model("model-distilbert", more_config={"model_type": "distilbert"})
    model("model-no-width", config={k: v for k, v in CONFIG.items() if k != "hidden_size"})
    model("model-absurd-layers", more_config={"num_hidden_layers": 10**9})
    model("model-no-heads", more_config={"num_attention_heads": 0})
    model("model-negative-width", more_config={"hidden_size": -4})
    model("model-fractional-width", more_config={"hidden_size": 4.5})
    model("model-odd-heads", more_config={"num_attention_heads": 3})
    model("model-mish", more_config={"hidden_act": "mish"})
    model("model-relative-positions", more_config={"position_embedding_type": "relative_key_query"})
    model("model-no-epsilon", more_config={"layer_norm_eps": 0})
    model("model-label-gap", more_config={"id2label": {"0": "A", "5": "B"}})
    # weights against config
    model("model-no-weights", weights=False)
    model("model-missing-tensor", without=("encoder.layer.0.output.dense.bias",))
    model("model-too-few-layers", more_config={"num_hidden_layers": 3})
    model("model-other-family", config=dict(model_type="gpt2", n_embd=C, n_layer=1, n_head=2, vocab_size=V, n_positions=P))
    model("model-wrong-vocab", more_config={"vocab_size": 9})
    model("model-wrong-positions", more_config={"max_position_embeddings": 6})
    model("model-wrong-shape", change={query: f32(C, C + 1)})
    model("model-wrong-rank", change={norm: f32(1, C)})
    model("model-scalar", change={norm: f32()})
    model("model-byte-weights", change={query: ("I8", np.zeros((C, C), np.int8))})
    model("model-wrong-labels", more_config={"architectures": ["BertForTokenClassification"], "id2label": {"0": "A", "1": "B", "2": "C"}},
          change={"classifier.weight": f32(2, C), "classifier.bias": f32(2)})
    model("model-wrong-head", change={"cls.predictions.bias": f32(V + 1), "cls.predictions.transform.dense.weight": f32(C, C), "cls.predictions.transform.dense.bias": f32(C),
                                      "cls.predictions.transform.LayerNorm.weight": f32(C), "cls.predictions.transform.LayerNorm.bias": f32(C)})
    # the weights' file
    model("model-truncated", cut=900)
    model("model-header-too-long", length=1 << 62)
    model("model-header-past-end", length=10**6)
    lying = copy.deepcopy(good)
    lying[query]["data_offsets"] = [0, C * C * 4]
    model("model-overlap", head=lying)
    lying = copy.deepcopy(good)
    lying[query]["shape"] = [2**32, 2**32]
    model("model-overflowing-shape", head=lying)
    lying = copy.deepcopy(good)
    lying[norm]["data_offsets"] = [10**9, 10**9 + C * 4]
    model("model-out-of-range", head=lying)
    # shards
    model("model-shard-dotdot", index="../sound-model/model.safetensors")
    model("model-shard-missing", index="model-00001-of-00001.safetensors")


if __name__ == "__main__":
    main()
