#!/usr/bin/env python3
"""What removing each head of the tiny models does, by PyTorch in double precision.

    scripts/outside/make-ablation-oracles.py            writes fixtures/oracle/ablation/*.safetensors

For the text of 9 tokens of fixtures/oracle/forward and the target ln p(token 7) - ln p(token 11) at token 4, every head removed by
itself, to zero and to its mean over the text:

    <mode>/change, <mode>/impact, <mode>/kl        (L,H): see lib/session/head_effects.h
    dla/<component>, dla/sum                        direct logit attribution of the same contrast, autograd through the residual
                                                    stream with what norms divide by held fast and attention and feed-forward cut off
    patch                                           (L,H): gradient at each head's context, times what it is when tokens come in
                                                    reverse order less what it is

Needs PyTorch; nothing is random.
"""
import importlib.machinery
import importlib.util
import json
import os
from unittest import mock

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("gradients", os.path.join(HERE, "make-gradient-oracles.py"))
gr = importlib.util.module_from_spec(importlib.util.spec_from_loader("gradients", loader))
loader.exec_module(gr)
fx = gr.fx
OUT = os.path.join(fx.ROOT, "oracle", "ablation")
T, AT, TOKEN, FOIL = 9, 4, 7, 11


def run(c, w, ids, segments):
    return fx.bert(c, w, ids, segments) if c["model_type"] == "bert" else fx.gpt2(c, w, ids)


def without(layer, head, mode):
    """attend() of fx that loses one head of one layer."""
    calls = [0]

    def attend(q, k, v, H, scale, is_causal, got):
        x = original(q, k, v, H, scale, is_causal, got)
        calls[0] += 1
        if calls[0] - 1 != layer:
            return x
        D = x.shape[1] // H
        part = x[:, head * D:(head + 1) * D]
        x = x.clone()
        x[:, head * D:(head + 1) * D] = part.mean(0) if mode == "mean" else 0
        return x
    original = fx.attend
    return mock.patch.object(fx, "attend", attend)


def contrast(got):
    p = got["logits"].log_softmax(-1)
    return p[AT, TOKEN] - p[AT, FOIL]


def effects(c, w, ids, segments, L, H):
    plain = run(c, w, ids, segments)
    p = plain["logits"].log_softmax(-1)
    out = {}
    for mode in "zero", "mean":
        a = np.zeros((3, L, H))
        for l in range(L):
            for h in range(H):
                with without(l, h, mode):
                    got = run(c, w, ids, segments)
                q = got["logits"].log_softmax(-1)
                cos = torch.nn.functional.cosine_similarity(plain["final_hidden"], got["final_hidden"], dim=-1)
                a[:, l, h] = contrast(got) - contrast(plain), 1 - cos.mean(), (p.exp() * (p - q)).sum(-1).mean()
        for key, part in zip(("change", "impact", "kl"), a):
            out[f"{mode}/{key}"] = (part, "F64")
    return out


def linear_norm(w, name, x, eps):
    root = (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt().detach()
    return (x - x.mean(-1, keepdim=True)) / root * w[name + ".weight"] + w[name + ".bias"]


def direct(c, w, ids, segments, L, H):
    """Each component's part of the contrast: gradient at where it enters the residual stream, no way but the stream, times it."""
    is_bert = c["model_type"] == "bert"
    C, D = (c["hidden_size"], c["hidden_size"] // H) if is_bert else (c["n_embd"], c["n_embd"] // H)
    plain = run(c, w, ids, segments)
    eps = c["layer_norm_eps"] if is_bert else c["layer_norm_epsilon"]
    parts, leaves = {}, []

    def leaf(v):
        v = v.detach().clone().requires_grad_()
        leaves.append(v)
        return v
    ctx = plain["context"]  # (L,H,T,D)
    if is_bert:
        x = leaf(plain["hidden_states"][0][AT])
        parts["embedding"] = [(x, x.detach())]
        for l in range(L):
            n = f"bert.encoder.layer.{l}."
            W, b = w[n + "attention.output.dense.weight"], w[n + "attention.output.dense.bias"]
            heads = [leaf(ctx[l, h, AT] @ W[:, h * D:(h + 1) * D].T) for h in range(H)]
            bias = leaf(b)
            y = linear_norm(w, n + "attention.output.LayerNorm", x + sum(heads) + bias, eps)
            real = y.detach()
            f = fx.gelu(real @ w[n + "intermediate.dense.weight"].T + w[n + "intermediate.dense.bias"], c["hidden_act"])
            f = leaf(f @ w[n + "output.dense.weight"].T + w[n + "output.dense.bias"])
            x = linear_norm(w, n + "output.LayerNorm", y + f, eps)
            parts[f"heads{l}"] = [(v, v.detach()) for v in heads]
            parts[f"bias{l}"] = [(bias, b)]
            parts[f"ffn{l}"] = [(f, f.detach())]
        n = "cls.predictions.transform."
        g = fx.gelu(x @ w[n + "dense.weight"].T + w[n + "dense.bias"], c["hidden_act"])
        top = linear_norm(w, n + "LayerNorm", g, eps)
        U = w.get("cls.predictions.decoder.weight", w["bert.embeddings.word_embeddings.weight"])
    else:
        x = leaf(plain["hidden_states"][0][AT])
        parts["embedding"] = [(x, x.detach())]
        for l in range(L):
            n = f"transformer.h.{l}."
            W, b = w[n + "attn.c_proj.weight"], w[n + "attn.c_proj.bias"]
            heads = [leaf(ctx[l, h, AT] @ W[h * D:(h + 1) * D]) for h in range(H)]
            bias = leaf(b)
            x = x + sum(heads) + bias
            f = leaf(plain["hidden_states"][l + 1][AT] - x.detach())
            x = x + f
            parts[f"heads{l}"] = [(v, v.detach()) for v in heads]
            parts[f"bias{l}"] = [(bias, b)]
            parts[f"ffn{l}"] = [(f, f.detach())]
        top = linear_norm(w, "transformer.ln_f", x, eps)
        U = w.get("lm_head.weight", w["transformer.wte.weight"])
    logit = top @ (U[TOKEN] - U[FOIL])
    grads = dict(zip(map(id, leaves), torch.autograd.grad(logit, leaves)))
    value = {k: np.array([float(grads[id(v)] @ x0) for v, x0 in ps]) for k, ps in parts.items()}
    return {"dla/embedding": (value["embedding"], "F64"),
            "dla/head": (np.stack([value[f"heads{l}"] for l in range(L)]), "F64"),
            "dla/attention_bias": (np.concatenate([value[f"bias{l}"] for l in range(L)]), "F64"),
            "dla/ffn": (np.concatenate([value[f"ffn{l}"] for l in range(L)]), "F64"),
            "dla/logit": (contrast(plain).detach().numpy().reshape(1), "F64")}


def patch(c, w, ids, segments):
    got, on_way, _ = gr.forward(c, w, ids, segments)
    grads = torch.autograd.grad(contrast(got), on_way["context"])
    other = run(c, w, ids.flip(0), segments)["context"]
    return {"patch": (np.stack([((other[l] - a.detach()) * g).sum((1, 2)).numpy()
                                for l, (a, g) in enumerate(zip(on_way["context"], grads))]), "F64")}


def main():
    os.makedirs(OUT, exist_ok=True)
    for name in "tiny-bert", "tiny-gpt2":
        d = os.path.join(fx.ROOT, name)
        with open(os.path.join(d, "config.json")) as f:
            c = json.load(f)
        w, texts = gr.weights(d, c), gr.load(os.path.join(fx.ORACLE, name + ".safetensors"))
        ids, segments = (torch.from_numpy(texts[f"{T}/{k}"].astype(np.int64)) for k in ("input_ids", "token_type_ids"))
        L, H = run(c, w, ids, segments)["attentions"].shape[:2]
        oracle = effects(c, w, ids, segments, L, H) | direct(c, w, ids, segments, L, H) | patch(c, w, ids, segments)
        fx.save(os.path.join(OUT, name + ".safetensors"), oracle)
        print(name, {k: np.round(v[0].ravel()[:4], 5) for k, v in oracle.items()})
        print(sum(oracle["dla/" + k][0].sum() for k in ("embedding", "head", "attention_bias", "ffn")), oracle["dla/logit"][0])


if __name__ == "__main__":
    main()
