#!/usr/bin/env python3
"""Files of torch.save(), for the reader of them.

    scripts/outside/make-torch-fixtures.py            writes fixtures/torch/*

kinds.bin has every kind of tensor: element i, row by row, is i / 2 (i for integers, i odd for booleans), however it lies in its
storage. nested.bin keeps its tensors under "state_dict", before-1.6.bin is in the format that is no zip archive, and tiny-gpt2/
holds the weights of fixtures/tiny-gpt2 in two shards, lm_head.weight tied. Needs PyTorch.
"""
import collections
import json
import math
import os
import shutil
import struct

import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
OUT = os.path.join(ROOT, "torch")
REALS = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "f64": torch.float64}
WHOLE = {"i64": torch.int64, "i32": torch.int32, "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8, "u16": torch.uint16}


def halves(*shape, dtype=torch.float32):
    return (torch.arange(math.prod(shape), dtype=torch.float64) / 2).reshape(shape).to(dtype)


def kinds():
    t = collections.OrderedDict()
    for name, dtype in REALS.items():
        t[name] = halves(2, 3, dtype=dtype)
    for name, dtype in WHOLE.items():
        t[name] = torch.arange(6).reshape(2, 3).to(dtype)
    t["bool"] = torch.arange(6).reshape(2, 3) % 2 == 1
    t["scalar"] = halves(1)[0]
    t["empty"] = torch.zeros(0, 5)
    t["parameter"] = torch.nn.Parameter(halves(4))
    t["transposed"] = halves(3, 5).t().contiguous().t()
    t["permuted"] = halves(2, 3, 4).permute(2, 0, 1).contiguous().permute(1, 2, 0)
    t["every_second"] = torch.stack([halves(4), torch.full((4,), -1.0)], 1)[:, 0]
    t["in_the_middle"] = torch.cat([torch.full((3,), -1.0), halves(2, 2).flatten(), torch.full((2,), -1.0)])[3:7].reshape(2, 2)
    t["ones"] = halves(6).reshape(6, 1, 1).transpose(1, 2)
    t["tied"] = t["f32"]
    t["row_of_tied"] = t["f32"][0]
    for name in ("transposed", "permuted", "every_second"):
        assert not t[name].is_contiguous()
    return t


def load(path):
    types = {"F32": torch.float32}
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(n))
        data = f.read()
    head.pop("__metadata__", None)
    return {k: torch.frombuffer(bytearray(data[v["data_offsets"][0]:v["data_offsets"][1]]), dtype=types[v["dtype"]]).reshape(v["shape"]) for k, v in head.items()}


def tiny_gpt2():
    source, out = os.path.join(ROOT, "tiny-gpt2"), os.path.join(OUT, "tiny-gpt2")
    os.makedirs(out, exist_ok=True)
    for name in ("config.json", "vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copy(os.path.join(source, name), out)
    weights = {"transformer." + k: torch.nn.Parameter(v) if v.dim() else v for k, v in load(os.path.join(source, "model.safetensors")).items()}
    weights["lm_head.weight"] = weights["transformer.wte.weight"]
    names, where = list(weights), {}
    for i in range(2):
        file = f"pytorch_model-{i + 1:05}-of-00002.bin"
        part = [n for n in names if (n.startswith("transformer.h.1")) == (i == 1)]
        torch.save(collections.OrderedDict((n, weights[n]) for n in part), os.path.join(out, file))
        where.update({n: file for n in part})
    with open(os.path.join(out, "pytorch_model.bin.index.json"), "w") as f:
        json.dump({"metadata": {"total_size": 0}, "weight_map": where}, f, indent=2)
        f.write("\n")


def main():
    os.makedirs(OUT, exist_ok=True)
    t = kinds()
    torch.save(t, os.path.join(OUT, "kinds.bin"))
    torch.save(t, os.path.join(OUT, "protocol-4.bin"), pickle_protocol=4)
    torch.save({"epoch": 3, "rate": 0.5, "best": None, "losses": [1.5, 2.5], "args": {"name": "x", "big": 2**40, "less": -2}, "state_dict": {"a": halves(3)}},
               os.path.join(OUT, "nested.bin"))
    torch.save({"a": halves(3)}, os.path.join(OUT, "before-1.6.bin"), _use_new_zipfile_serialization=False)
    tiny_gpt2()


main()
