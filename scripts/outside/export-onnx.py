#!/usr/bin/python3
"""Write a BERT or GPT-2 checkpoint as an ONNX model that returns all its attention maps.

    scripts/outside/export-onnx.py [--states] MODEL_DIR FILE.onnx

For scripts/bench-peers: token ids (1,T) in, the maps (L,1,H,T,T) out, in one array as atlas keeps them. With --states the
last hidden states (1,T,C) come too, as from any export of a whole model, whoever runs it for its maps or not; without,
what only they need is left out, as atlas leaves it out. Needs PyTorch.
"""
import json
import math
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def load(path):
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(n))
    data = np.memmap(path, np.uint8, "r", 8 + n)
    return {k: torch.from_numpy(np.array(data[v["data_offsets"][0]:v["data_offsets"][1]].view(np.float32).reshape(v["shape"])))
            for k, v in head.items() if k != "__metadata__" and v["dtype"] == "F32"}


class Model(torch.nn.Module):
    def __init__(self, config, weights, wants_states):
        super().__init__()
        self.c, self.w, self.wants_states = config, weights, wants_states
        self.causal = config["model_type"] == "gpt2"
        self.heads = config["n_head"] if self.causal else config["num_attention_heads"]
        self.width = config["n_embd"] if self.causal else config["hidden_size"]  # a constant of the graph, unlike x.shape

    def norm(self, name, x, eps):
        gain = self.w[name + ".weight"]
        return F.layer_norm(x, tuple(gain.shape), gain, self.w[name + ".bias"], eps)

    def attend(self, q, k, v):
        B, T, C = q.shape[0], q.shape[1], self.width
        q, k, v = (x.view(B, T, self.heads, C // self.heads).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(C // self.heads)
        if self.causal:
            i = torch.arange(T)
            scores = torch.where(i[:, None] >= i[None, :], scores, torch.tensor(-1e9))
        a = scores.softmax(-1)
        return a, (a @ v).transpose(1, 2).reshape(B, T, C)

    def bert(self, ids):
        eps, e = self.c.get("layer_norm_eps", 1e-12), "bert.embeddings."
        linear = lambda name, x: F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])
        x = self.w[e + "word_embeddings.weight"][ids] + self.w[e + "position_embeddings.weight"][torch.arange(ids.shape[1])]
        x = self.norm(e + "LayerNorm", x + self.w[e + "token_type_embeddings.weight"][0], eps)
        maps = []
        for l in range(self.c["num_hidden_layers"]):
            p = f"bert.encoder.layer.{l}."
            a, y = self.attend(*(linear(p + "attention.self." + n, x) for n in ("query", "key", "value")))
            maps.append(a)
            x = self.norm(p + "attention.output.LayerNorm", x + linear(p + "attention.output.dense", y), eps)
            y = linear(p + "output.dense", F.gelu(linear(p + "intermediate.dense", x)))
            x = self.norm(p + "output.LayerNorm", x + y, eps)
        return torch.stack(maps), x

    def gpt2(self, ids):
        eps = self.c["layer_norm_epsilon"]
        p = "transformer." if "transformer.wte.weight" in self.w else ""
        linear = lambda name, x: x @ self.w[name + ".weight"] + self.w[name + ".bias"]
        x = self.w[p + "wte.weight"][ids] + self.w[p + "wpe.weight"][torch.arange(ids.shape[1])]
        maps = []
        for l in range(self.c["n_layer"]):
            h = f"{p}h.{l}."
            a, y = self.attend(*linear(h + "attn.c_attn", self.norm(h + "ln_1", x, eps)).split(self.width, -1))
            maps.append(a)
            x = x + linear(h + "attn.c_proj", y)
            y = linear(h + "mlp.c_fc", self.norm(h + "ln_2", x, eps))
            y = 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y.pow(3))))
            x = x + linear(h + "mlp.c_proj", y)
        return torch.stack(maps), self.norm(p + "ln_f", x, eps)

    def forward(self, ids):
        maps, states = self.gpt2(ids) if self.causal else self.bert(ids)
        return (maps, states) if self.wants_states else maps


def main():
    wants_states = sys.argv[1:2] == ["--states"]
    arguments = sys.argv[1 + wants_states:]
    if len(arguments) != 2:
        sys.exit(__doc__)
    directory, out = arguments
    with open(os.path.join(directory, "config.json")) as f:
        config = json.load(f)
    model = Model(config, load(os.path.join(directory, "model.safetensors")), wants_states).eval()
    axes = {"ids": {1: "T"}, "maps": {3: "T", 4: "T"}}
    if wants_states:
        axes["states"] = {1: "T"}
    with torch.no_grad():
        torch.onnx.export(model, (torch.arange(16)[None] + 100,), out, input_names=["ids"],
                          output_names=[name for name in axes if name != "ids"], dynamic_axes=axes, opset_version=14,
                          do_constant_folding=True)


if __name__ == "__main__":
    main()
