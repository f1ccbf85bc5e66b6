"""Decoders of today as tiny random checkpoints, and what transformers makes of them: eager, in double precision.

make-decoder-fixtures.py freezes some of them; check-decoders holds all against atlas. Needs PyTorch and transformers 5.
transformers does some steps in float32 whatever the model's type is: here `torch.float32` means double while a model runs,
but for the angles of rotary positions, which are floats in every model that was trained with them (`Tensor.float`).
"""
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import sys
from unittest import mock

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("fixtures", os.path.join(HERE, "make-model-fixtures.py"))
fx = importlib.util.module_from_spec(importlib.util.spec_from_loader("fixtures", loader))
loader.exec_module(fx)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

CLASSES = {"opt": "OPT", "gpt_neo": "GPTNeo", "gpt_neox": "GPTNeoX", "llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}


def config(model_type, **keys):
    return dict(model_type=model_type, architectures=[CLASSES[model_type] + "ForCausalLM"]) | keys


def opt(C, L, H, F, V, P, **keys):
    return config("opt", hidden_size=C, num_hidden_layers=L, num_attention_heads=H, ffn_dim=F, vocab_size=V, max_position_embeddings=P,
                  word_embed_proj_dim=C, activation_function="relu", do_layer_norm_before=True, bos_token_id=2, eos_token_id=2, pad_token_id=1) | keys


def gpt_neo(C, L, H, V, P, window, types, **keys):
    return config("gpt_neo", hidden_size=C, num_layers=L, num_heads=H, vocab_size=V, max_position_embeddings=P, window_size=window,
                  attention_types=types, activation_function="gelu_new", bos_token_id=V - 1, eos_token_id=V - 1) | keys


def shaped(model_type, C, L, H, F, V, P, **keys):
    """The sizes that GPT-NeoX and all that is shaped like LLaMA call alike."""
    return config(model_type, hidden_size=C, num_hidden_layers=L, num_attention_heads=H, intermediate_size=F, vocab_size=V,
                  max_position_embeddings=P, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False) | keys


def draw(g, name, shape, width):
    """Norms and biases that do something, and attention that is far from even. Tiny models get weights that scatter as much whatever
    their width, those of true size what training starts from, with queries and keys three times that."""
    x = torch.randn(shape, generator=g, dtype=torch.float64)
    if "norm" in name or ".ln_" in name:
        return 1 + 0.2 * x if name.endswith("weight") else 0.1 * x
    if name.endswith("bias"):
        return 0.1 * x
    if width >= 256:
        return (0.06 if any(s in name for s in ("q_proj", "k_proj", "query_key_value")) else 0.02) * x
    if "embed" in name or "wte" in name or "wpe" in name:
        return 0.5 * x
    return (1.9 if any(s in name for s in ("q_proj", "k_proj", "query_key_value")) else 1.2) / width ** 0.5 * x


def shapes_of(d):
    """Names and shapes of the tensors that a checkpoint of this config.json has."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(d))
    shapes = {n: tuple(t.shape) for n, t in model.named_parameters()}
    return shapes, model.config


def make(d, c, seed, dtype="F32"):
    """config.json and model.safetensors; a tied decoder is not stored."""
    os.makedirs(d, exist_ok=True)
    fx.save_json(os.path.join(d, "config.json"), c)
    shapes, resolved = shapes_of(d)
    g = torch.Generator().manual_seed(seed)
    tensors = {}
    for n, shape in shapes.items():
        stored = n.replace("lm_head.", "embed_out.") if c["model_type"] == "gpt_neox" else n  # as published
        tensors[stored] = (draw(g, n, shape, resolved.hidden_size).numpy(), dtype)
    fx.save(os.path.join(d, "model.safetensors"), tensors, {"format": "pt"})


def load(d, dtype=torch.float64):
    model = AutoModelForCausalLM.from_pretrained(d, attn_implementation="eager", dtype=torch.float32)
    return model.to(dtype).eval()


# ---- where things are in each family

def trunk(model):
    return model.model.decoder if model.config.model_type == "opt" else model.base_model


def layers(model):
    t = trunk(model)
    return t.h if hasattr(t, "h") else t.layers


def parts(model, layer):
    """Modules: output projection of attention, norm before the feed-forward block, its last product."""
    kind = model.config.model_type
    if kind == "opt":
        return layer.self_attn.out_proj, layer.final_layer_norm, layer.fc2
    if kind == "gpt_neo":
        return layer.attn.attention.out_proj, layer.ln_2, layer.mlp.c_proj
    if kind == "gpt_neox":
        return layer.attention.dense, layer.post_attention_layernorm, layer.mlp.dense_4h_to_h
    return layer.self_attn.o_proj, layer.post_attention_layernorm, layer.mlp.down_proj


def final_norm(model):
    t = trunk(model)
    return next(getattr(t, n) for n in ("final_layer_norm", "ln_f", "norm") if getattr(t, n, None) is not None)


def forward(model, ids):
    """One text; what was on the way, by layer, as tensors that gradients can be asked of."""
    got = {k: [] for k in ("attentions", "context", "hidden_states", "mid", "ffn_act", "attended")}
    hooks = []

    def before(module, key):
        hooks.append(module.register_forward_pre_hook(lambda m, args, kwargs: got[key].append((args or tuple(kwargs.values()))[0]), with_kwargs=True))

    for layer in layers(model):
        out, norm, last = parts(model, layer)
        before(layer, "hidden_states")
        before(out, "context")
        before(norm, "mid")
        before(last, "ffn_act")
        hooks.append(out.register_forward_hook(lambda m, args, y: got["attended"].append(y)))
    before(final_norm(model), "hidden_states")
    words = model.get_input_embeddings()(ids[None]).detach().requires_grad_()
    try:
        with mock.patch.object(torch, "float32", words.dtype):
            result = model(inputs_embeds=words, output_attentions=True, use_cache=False)
    finally:
        for h in hooks:
            h.remove()
    got["attentions"] = list(result.attentions)
    if getattr(model.config, "use_parallel_residual", False):
        got["mid"] = [x + y for x, y in zip(got["hidden_states"], got["attended"])]
    norm = final_norm(model)
    with mock.patch.object(torch, "float32", words.dtype):
        got["final_hidden"] = norm(got["hidden_states"][-1])
    got["logits"] = result.logits
    got["words"] = words
    return got


def value(got, T):
    p = got["logits"][0].log_softmax(-1)
    return p[T // 2, 7] - p[T - 1, 11] / 2


# ---- the rules of AttnLRP (Achtibat et al. 2024): relevance over value in place of gradients

def half(x):
    """Half of what comes back."""
    return (x + x.detach()) / 2


def product(a, b, times):
    return (times(a, b.detach()) + times(a.detach(), b)) / 2


def lrp_eager(module, query, key, value, attention_mask, scaling, dropout=0.0, **kwargs):
    groups = getattr(module, "num_key_value_groups", 1)
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = product(query, key.transpose(2, 3), torch.matmul) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = scores.softmax(-1)
    return product(weights, value, torch.matmul).transpose(1, 2).contiguous(), weights


def lrp_neo(self, query, key, value, attention_mask=None):
    n = query.size(-2)
    scores = product(query, key.transpose(-1, -2), torch.matmul)
    scores = torch.where(self.bias[:, :, :n, :n], scores, torch.finfo(scores.dtype).min)
    weights = (scores if attention_mask is None else scores + attention_mask).softmax(-1)
    return product(weights, value, torch.matmul), weights


def lrp_layer_norm(self, x):
    root = (x.var(-1, unbiased=False, keepdim=True) + self.eps).sqrt().detach()
    return (x - x.mean(-1, keepdim=True)) / root * self.weight + self.bias


def lrp_rms_norm(self, x):
    return x / (x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon).sqrt().detach() * self.weight


class Share(torch.nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return x * (self.f(x) / x).detach()


def lrp_mlp(self, x):
    return self.down_proj(product(self.act_fn(self.gate_proj(x)), self.up_proj(x), torch.mul))


@contextlib.contextmanager
def attnlrp(model):
    kind = model.config.model_type
    source = sys.modules[type(model).__module__]
    with contextlib.ExitStack() as stack:
        def patch(*args):
            stack.enter_context(mock.patch.object(*args))
        patch(torch.nn.LayerNorm, "forward", lrp_layer_norm)
        if kind == "gpt_neo":
            patch(source.GPTNeoSelfAttention, "_attn", lrp_neo)
        else:
            patch(source, "eager_attention_forward", lrp_eager)
        for name in dir(source):
            if name.endswith("RMSNorm"):
                patch(getattr(source, name), "forward", lrp_rms_norm)
            if name.endswith("MLP") and kind not in ("gpt_neo", "gpt_neox"):
                patch(getattr(source, name), "forward", lrp_mlp)
        for module in list(model.modules()):
            for attribute in ("act", "act_fn", "activation_fn"):
                f = getattr(module, attribute, None)
                if isinstance(f, torch.nn.Module):
                    setattr(module, attribute, Share(f))
                    stack.callback(setattr, module, attribute, f)
        yield


def gradients(model, ids):
    got, T = forward(model, ids), len(ids)
    at = {"d_words": [got["words"]], "d_states": got["hidden_states"][:-1], "d_attentions": got["attentions"], "d_context": got["context"]}
    y = value(got, T)
    grads = torch.autograd.grad(y, [t for ts in at.values() for t in ts])
    out = {"value": y.detach().numpy().reshape(1)}
    for k, ts in at.items():
        some, grads = grads[:len(ts)], grads[len(ts):]
        a = torch.stack([g.reshape(t.shape) for g, t in zip(some, ts)])
        out[k] = a.squeeze(1).squeeze(0).numpy() if k == "d_words" else by_layer(a, len(ids))
    out["d_attentions"] = np.where(np.stack([t[0].detach().numpy() for t in got["attentions"]]) > 0, out["d_attentions"], 0)
    return out


def by_layer(a, T):
    """(L,1,...) or (L,T,...) to (L,...), rows of tokens flat."""
    a = a.detach()
    if a.dim() == 5:  # maps
        return a[:, 0].numpy()
    return a.reshape(len(a), T, -1).numpy()


def states(model, ids):
    """What atlas captures, in its shapes."""
    with torch.no_grad():
        got = forward(model, ids)
    T, H = len(ids), model.config.num_attention_heads
    out = {"attentions": np.stack([t[0].numpy() for t in got["attentions"]])}
    for k in ("hidden_states", "mid", "ffn_act", "context"):
        out[k] = np.stack([t.detach().reshape(T, -1).numpy() for t in got[k]])
    L = len(out["context"])
    out["context"] = out["context"].reshape(L, T, H, -1).transpose(0, 2, 1, 3)
    out["final_hidden"] = got["final_hidden"].reshape(T, -1).numpy()
    out["logits"] = got["logits"][0].numpy()
    return out
