"""The relatives of BERT in BERT's words: configs and tensors of a checkpoint under the names that make-model-fixtures.py's bert() reads.

Of a name it knows it makes BERT's; what BERT has not (a projection of the embeddings, a bias by distance, a head for whole texts)
gets a name of its own: bert.embeddings.projection, bert.distance_bias, class.dense, class.out.
"""
import re

import torch

LAYER = "bert.encoder.layer."
# (model types, pattern, replacement)
NAMES = [
    ("roberta xlm-roberta camembert", r"^roberta\.", "bert."),
    ("roberta xlm-roberta camembert mpnet", r"^lm_head\.(bias|decoder)", r"cls.predictions.\1"),
    ("roberta xlm-roberta camembert mpnet", r"^lm_head\.dense", "cls.predictions.transform.dense"),
    ("roberta xlm-roberta camembert mpnet", r"^lm_head\.layer_norm", "cls.predictions.transform.LayerNorm"),
    ("roberta xlm-roberta camembert mpnet electra", r"^classifier\.dense", "class.dense"),
    ("roberta xlm-roberta camembert mpnet electra", r"^classifier\.out_proj", "class.out"),
    ("distilbert", r"^distilbert\.(transformer\.)?", "bert."),
    ("distilbert", r"^bert\.layer\.", LAYER),
    ("distilbert", r"attention\.q_lin", "attention.self.query"),
    ("distilbert", r"attention\.k_lin", "attention.self.key"),
    ("distilbert", r"attention\.v_lin", "attention.self.value"),
    ("distilbert", r"attention\.out_lin", "attention.output.dense"),
    ("distilbert", r"sa_layer_norm", "attention.output.LayerNorm"),
    ("distilbert", r"ffn\.lin1", "intermediate.dense"),
    ("distilbert", r"ffn\.lin2", "output.dense"),
    ("distilbert", r"output_layer_norm", "output.LayerNorm"),
    ("distilbert", r"^vocab_transform", "cls.predictions.transform.dense"),
    ("distilbert", r"^vocab_layer_norm", "cls.predictions.transform.LayerNorm"),
    ("distilbert", r"^vocab_projector\.bias", "cls.predictions.bias"),
    ("distilbert", r"^vocab_projector", "cls.predictions.decoder"),
    ("distilbert", r"^pre_classifier", "class.dense"),
    ("electra", r"^electra\.", "bert."),
    ("electra", r"^bert\.embeddings_project", "bert.embeddings.projection"),
    ("electra", r"^generator_predictions", "cls.predictions.transform"),
    ("electra", r"^generator_lm_head\.bias", "cls.predictions.bias"),
    ("electra", r"^generator_lm_head", "cls.predictions.decoder"),
    ("albert", r"^albert\.", "bert."),
    ("albert", r"^bert\.encoder\.embedding_hidden_mapping_in", "bert.embeddings.projection"),
    ("albert", r"^bert\.pooler\.", "class.dense."),
    ("albert", r"attention\.(query|key|value)", r"attention.self.\1"),
    ("albert", r"attention\.(dense|LayerNorm)", r"attention.output.\1"),
    ("albert", r"\.ffn\.", ".intermediate.dense."),
    ("albert", r"\.ffn_output\.", ".output.dense."),
    ("albert", r"full_layer_layer_norm", "output.LayerNorm"),
    ("albert", r"^predictions\.(dense|LayerNorm)", r"cls.predictions.transform.\1"),
    ("albert", r"^predictions\.", "cls.predictions."),
    ("mpnet", r"^mpnet\.", "bert."),
    ("mpnet", r"^bert\.encoder\.relative_attention_bias", "bert.distance_bias"),
    ("mpnet", r"attention\.attn\.q\.", "attention.self.query."),
    ("mpnet", r"attention\.attn\.k\.", "attention.self.key."),
    ("mpnet", r"attention\.attn\.v\.", "attention.self.value."),
    ("mpnet", r"attention\.attn\.o\.", "attention.output.dense."),
    ("mpnet", r"attention\.LayerNorm", "attention.output.LayerNorm"),
]
KEYS = {"n_layers": "num_hidden_layers", "n_heads": "num_attention_heads", "dim": "hidden_size", "hidden_dim": "intermediate_size",
        "activation": "hidden_act"}
TYPES = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "electra", "albert", "mpnet")


def config(c):
    """What bert() reads of a config, and under "relative" what it would not find there."""
    t = c["model_type"]
    out = {KEYS.get(k, k) if t == "distilbert" else k: v for k, v in c.items()}
    if t == "bert":
        return out
    if t == "distilbert":
        out["layer_norm_eps"] = 1e-12
    if t == "albert":
        out["num_hidden_layers"] = c["num_hidden_layers"] * c.get("inner_group_num", 1)
    out.setdefault("hidden_act", "gelu_new" if t == "albert" else "gelu")
    out["head_act"] = out["hidden_act"] if t in ("distilbert", "albert") else "gelu"
    out["class_act"] = {"distilbert": "relu", "electra": "gelu"}.get(t, "tanh")
    if t in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        out["padding"] = 1 if t == "mpnet" else c.get("pad_token_id", 1)
    return out


def tensors(c, stored):
    """A checkpoint's tensors under BERT's names; a layer that others share is there for each of them."""
    t, out = c["model_type"], {}
    for name, a in stored.items():
        for types, pattern, to in NAMES:
            if t in types.split():
                name = re.sub(pattern, to, name)
        if t == "distilbert" or t == "albert" and "SequenceClassification" in c["architectures"][0]:
            name = re.sub(r"^classifier\.", "class.out.", name) if "TokenClassification" not in c["architectures"][0] else name
        out[name] = a
    if t != "albert":
        return out
    depth, passes = c.get("inner_group_num", 1), c["num_hidden_layers"]
    whole = {n: a for n, a in out.items() if "albert_layer_groups" not in n}
    for l in range(passes * depth):
        group = int(l // depth / (passes / c.get("num_hidden_groups", 1)))
        p = f"bert.encoder.albert_layer_groups.{group}.albert_layers.{l % depth}."
        whole |= {LAYER + f"{l}." + n.removeprefix(p): a for n, a in out.items() if n.startswith(p)}
    return whole


def shapes(c):
    """Of the library's own class, names and shapes of what a checkpoint holds; a decoder is the word embeddings."""
    import transformers
    with torch.device("meta"):
        model = getattr(transformers, c["architectures"][0])(transformers.AutoConfig.for_model(**c))
    named = {name: tuple(a.shape) for name, a in model.state_dict().items()}
    return {n: s for n, s in named.items() if not next(iter(tensors(c, {n: s})), "").startswith("cls.predictions.decoder")}


def positions(c, ids):
    """Rows of the position table: 0, 1, ... or those behind the padding token's, which has its own."""
    if "padding" not in c:
        return torch.arange(len(ids))
    mask = (ids != c["padding"]).long()
    return mask.cumsum(0) * mask + c["padding"]


def buckets(T):
    """Of MPNet: row of its table for key j as query i sees it."""
    import math
    n = torch.arange(T)[:, None] - torch.arange(T)[None]
    out = (n < 0).long() * 16
    n = n.abs()
    far = 8 + (torch.log(n.clamp(min=1).float() / 8) / math.log(128 / 8) * 8).long()
    return out + torch.where(n < 8, n, far.clamp(max=15))
