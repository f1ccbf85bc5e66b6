#!/usr/bin/env python3
"""Tiny BERT and GPT-2 checkpoints of odd sizes, and what PyTorch makes of them in double precision.

    scripts/outside/make-model-fixtures.py            writes fixtures/tiny-*/ and fixtures/oracle/forward/*.safetensors
    scripts/outside/make-model-fixtures.py small      writes fixtures/small/models/atlas-{bert,bias,tagger}

Every checkpoint shows one or more ways in which real ones differ: prefix or none, gamma/beta, tied or stored decoder, mask
buffers, half precision, shards, no heads. The oracle is computed from the weights as stored, after rounding to their type.
Queries and keys are sharpened, so that maps are far from uniform. Needs PyTorch (Debian: python3-torch); seeded, so a second
run writes the same bytes.

The small models have the names, vocabulary, heads and shards of the built-in ones, and random weights: for tests of the command
line that need real sentences, but no model that has learned. Their embeddings have few values, so that git keeps them small.
"""
import json
import math
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import relatives  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
ORACLE = os.path.join(ROOT, "oracle", "forward")


# ---- safetensors

def encode(a, dtype):
    """Bytes of array a as dtype, and the values that a reader gets back."""
    if dtype == "BF16":
        u = a.astype(np.float32).view(np.uint32)
        h = ((u + 0x7fff + (u >> 16 & 1)) >> 16).astype(np.uint16)
        return h.tobytes(), (h.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    b = a.astype({"F16": np.float16, "F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64}[dtype])
    return b.tobytes(), b.astype(np.float64)


def save(path, tensors, metadata=None, skew=0):
    """tensors: name -> (array, dtype). Data start skew bytes past a multiple of 8; writers keep that 0, readers must not count on it."""
    head, blobs, offset = {}, [], 0
    if metadata:
        head["__metadata__"] = metadata
    for name, (a, dtype) in tensors.items():
        raw, _ = encode(a, dtype)
        head[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        blobs.append(raw)
    h = json.dumps(head, separators=(",", ":")).encode()
    h += b" " * ((skew - len(h)) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(h)) + h + b"".join(blobs))


def save_json(path, doc):
    with open(path, "w") as f:
        json.dump(doc, f, indent=2)
        f.write("\n")


# ---- the two models, from a dict of double tensors under the hub's names

def norm(w, name, x, eps):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps)


def gelu(x, form):
    if form == "gelu":
        return F.gelu(x)
    if form == "relu":
        return torch.relu(x)
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def heads(x, H):
    return x.reshape(len(x), H, -1).transpose(0, 1)


def attend(q, k, v, H, scale, is_causal, got, bias=0):
    q, k, v = heads(q, H), heads(k, H), heads(v, H)
    s = q @ k.transpose(1, 2) * scale + bias
    if is_causal:
        s = s.masked_fill(torch.ones_like(s[0], dtype=torch.bool).triu(1), -math.inf)
    a = s.softmax(-1)
    c = a @ v
    for key, value in zip(("attentions", "queries", "keys", "values", "context"), (a, q, k, v, c)):
        got[key].append(value)
    return c.transpose(0, 1).reshape(len(s[0]), -1)


def bert(c, w, ids, segments):
    """Layer by layer lists, then heads. Of a relative: what relatives.py makes of its config and tensors."""
    def lin(name, x):
        return x @ w[name + ".weight"].T + w[name + ".bias"]
    got = {k: [] for k in ("attentions", "queries", "keys", "values", "context", "mid", "ffn_act", "hidden_states")}
    H, eps, act = c["num_attention_heads"], c.get("layer_norm_eps", 1e-12), c["hidden_act"]
    e = "bert.embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][relatives.positions(c, ids)]
    if e + "token_type_embeddings.weight" in w:
        x = x + w[e + "token_type_embeddings.weight"][segments]
    x = norm(w, e + "LayerNorm", x, eps)
    if e + "projection.weight" in w:
        x = lin(e + "projection", x)
    got["hidden_states"].append(x)
    bias = w["bert.distance_bias.weight"][relatives.buckets(len(ids))].permute(2, 0, 1) if "bert.distance_bias.weight" in w else 0
    for l in range(c["num_hidden_layers"]):
        p = f"bert.encoder.layer.{l}."
        a = attend(*(lin(p + "attention.self." + n, x) for n in ("query", "key", "value")), H, 1 / math.sqrt(x.shape[1] // H), False, got, bias)
        mid = norm(w, p + "attention.output.LayerNorm", lin(p + "attention.output.dense", a) + x, eps)
        act_out = gelu(lin(p + "intermediate.dense", mid), act)
        x = norm(w, p + "output.LayerNorm", lin(p + "output.dense", act_out) + mid, eps)
        for key, value in (("mid", mid), ("ffn_act", act_out), ("hidden_states", x)):
            got[key].append(value)
    got = {k: torch.stack(v) for k, v in got.items()}
    got["final_hidden"] = x
    if "cls.predictions.bias" in w:
        t = norm(w, "cls.predictions.transform.LayerNorm", gelu(lin("cls.predictions.transform.dense", x), c.get("head_act", act)), eps)
        decoder = w.get("cls.predictions.decoder.weight", w[e + "word_embeddings.weight"])
        got["logits"] = t @ decoder.T + w["cls.predictions.bias"]
    if "cls.seq_relationship.weight" in w:
        got["next_sentence"] = lin("cls.seq_relationship", torch.tanh(lin("bert.pooler.dense", x[:1]))).softmax(-1)[0, :1]
    if "class.out.weight" in w:
        form = {"tanh": torch.tanh, "relu": torch.relu, "gelu": F.gelu}[c["class_act"]]
        got["classes"] = lin("class.out", form(lin("class.dense", x[:1])))[0]
    return got


def gpt2(c, w, ids):
    def conv(name, x):
        return x @ w[name + ".weight"] + w[name + ".bias"]
    got = {k: [] for k in ("attentions", "queries", "keys", "values", "context", "mid", "ffn_act", "hidden_states")}
    H, C, eps = c["n_head"], c["n_embd"], c["layer_norm_epsilon"]
    root = 1 / math.sqrt(C // H)
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][:len(ids)]
    got["hidden_states"].append(x)
    for l in range(c["n_layer"]):
        p = f"transformer.h.{l}."
        q, k, v = conv(p + "attn.c_attn", norm(w, p + "ln_1", x, eps)).split(C, -1)
        # atlas moves any scale other than 1 / sqrt(D) into the queries it shows
        scale = (root if c.get("scale_attn_weights", True) else 1.0) / (l + 1 if c.get("scale_attn_by_inverse_layer_idx") else 1)
        a = attend(q * (scale / root), k, v, H, root, True, got)
        mid = x + conv(p + "attn.c_proj", a)
        act_out = gelu(conv(p + "mlp.c_fc", norm(w, p + "ln_2", mid, eps)), "gelu_new")
        x = mid + conv(p + "mlp.c_proj", act_out)
        for key, value in (("mid", mid), ("ffn_act", act_out), ("hidden_states", x)):
            got[key].append(value)
    got = {k: torch.stack(v) for k, v in got.items()}
    got["final_hidden"] = norm(w, "transformer.ln_f", x, eps)
    got["logits"] = got["final_hidden"] @ w.get("lm_head.weight", w["transformer.wte.weight"]).T
    return got


# ---- random weights

NORMS = ("LayerNorm.", ".ln_", "layer_norm.")
SHARP = ("query", "key", "c_attn", "q_lin", "k_lin", "attn.q.", "attn.k.", "relative_attention_bias")


def draw(g, name, shape):
    x = torch.randn(shape, generator=g, dtype=torch.float64)
    if name.endswith("weight") and any(s in name for s in NORMS):
        return 1 + 0.2 * x
    if name.endswith(".bias"):
        return 0.1 * x
    if any(s in name for s in SHARP):
        return 0.55 * x
    return 0.35 * x


def bert_shapes(c, mlm=True, labels=0):
    C, I, V = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    s = {}
    def dense(name, o, i):
        s[name + ".weight"], s[name + ".bias"] = (o, i), (o,)
    def ln(name):
        s[name + ".weight"] = s[name + ".bias"] = (C,)
    e = "bert.embeddings."
    s[e + "word_embeddings.weight"] = (V, C)
    s[e + "position_embeddings.weight"] = (c["max_position_embeddings"], C)
    s[e + "token_type_embeddings.weight"] = (c["type_vocab_size"], C)
    ln(e + "LayerNorm")
    for l in range(c["num_hidden_layers"]):
        p = f"bert.encoder.layer.{l}."
        for n in ("query", "key", "value"):
            dense(p + "attention.self." + n, C, C)
        dense(p + "attention.output.dense", C, C)
        ln(p + "attention.output.LayerNorm")
        dense(p + "intermediate.dense", I, C)
        dense(p + "output.dense", C, I)
        ln(p + "output.LayerNorm")
    if mlm:
        dense("bert.pooler.dense", C, C)
        s["cls.predictions.bias"] = (V,)
        dense("cls.predictions.transform.dense", C, C)
        ln("cls.predictions.transform.LayerNorm")
        dense("cls.seq_relationship", 2, C)
    if labels:
        dense("classifier", labels, C)
    return s


def gpt2_shapes(c, labels=0):
    C, I = c["n_embd"], c.get("n_inner") or 4 * c["n_embd"]
    s = {"transformer.wte.weight": (c["vocab_size"], C), "transformer.wpe.weight": (c["n_positions"], C)}
    def conv(name, i, o):
        s[name + ".weight"], s[name + ".bias"] = (i, o), (o,)
    def ln(name):
        s[name + ".weight"] = s[name + ".bias"] = (C,)
    for l in range(c["n_layer"]):
        p = f"transformer.h.{l}."
        ln(p + "ln_1")
        conv(p + "attn.c_attn", C, 3 * C)
        conv(p + "attn.c_proj", C, C)
        ln(p + "ln_2")
        conv(p + "mlp.c_fc", C, I)
        conv(p + "mlp.c_proj", I, C)
    ln("transformer.ln_f")
    if labels:
        s["classifier.weight"], s["classifier.bias"] = (labels, C), (labels,)
    return s


def bert_config(**kw):
    return dict(model_type="bert", architectures=["BertForPreTraining"], hidden_act="gelu", layer_norm_eps=1e-12, type_vocab_size=2, pad_token_id=0) | kw


def gpt2_config(V, **kw):
    return dict(model_type="gpt2", architectures=["GPT2LMHeadModel"], activation_function="gelu_new", layer_norm_epsilon=1e-5, n_ctx=16, n_positions=16,
                vocab_size=V, bos_token_id=V - 1, eos_token_id=V - 1) | kw


# ---- tokenizers, so that the tiny models also run from text

def write_wordpiece(d, V):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz.,!?") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
    pieces += ["the", "cat", "sat", "##ing", "on", "mat"]
    with open(os.path.join(d, "vocab.txt"), "w") as f:
        f.write("\n".join((pieces + [f"[unused{i}]" for i in range(V)])[:V]) + "\n")
    save_json(os.path.join(d, "tokenizer_config.json"), {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})


def write_bpe(d, V):
    """The 256 byte symbols in GPT-2's own alphabet, a few merges, and the end-of-text token last."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    merges = ["t h", "th e", "Ġ the", "a t", "c at", "Ġ cat", "Ġ s", "Ġs at"]
    vocab = alphabet + [m.replace(" ", "") for m in merges]
    vocab += [f"<unused{i}>" for i in range(V - len(vocab) - 1)] + ["<|endoftext|>"]
    with open(os.path.join(d, "vocab.json"), "w") as f:
        json.dump({p: i for i, p in enumerate(vocab)}, f, ensure_ascii=False)
        f.write("\n")
    with open(os.path.join(d, "merges.txt"), "w") as f:
        f.write("#version: 0.2\n" + "\n".join(merges) + "\n")
    save_json(os.path.join(d, "tokenizer_config.json"), {"tokenizer_class": "GPT2Tokenizer"})


# ---- one checkpoint and its oracle

def texts(c, g):
    """Token ids of 1, 2, 5 and 9 tokens; BERT's longer ones have a second segment."""
    V = c["vocab_size"]
    for T in (1, 2, 5, 9):
        ids = torch.randint(0, V, (T,), generator=g)
        segments = (torch.arange(T) >= (T + 1) // 2).long() if c.get("type_vocab_size", 0) > 1 and T >= 5 else torch.zeros(T, dtype=torch.long)
        if "padding" in c:  # in one text, where positions pass it by
            ids[ids == c["padding"]] = 5
            if T == 5:
                ids[2] = c["padding"]
        yield T, ids, segments


def labels_of(c, w, x):
    logits = x @ w["classifier.weight"].T + w["classifier.bias"]
    names = list(c["id2label"].values())
    if c.get("problem_type") == "multi_label_classification":
        return logits.sigmoid()
    groups = [n.split(":")[0] if ":" in n else "" for n in names]
    out = torch.zeros_like(logits)
    for group in dict.fromkeys(groups):
        at = [i for i, n in enumerate(groups) if n == group]
        out[:, at] = logits[:, at].softmax(-1)
    return out


def make(name, c, shapes, seed, dtype="F32", rename=lambda n: n, extra=None, shards=1, skew=0, vector_dtype=None, write_tokenizer=None):
    d = os.path.join(ROOT, name)
    os.makedirs(d, exist_ok=True)
    g = torch.Generator().manual_seed(seed)
    stored, w = {}, {}
    for n, shape in shapes.items():
        t = vector_dtype if vector_dtype and len(shape) == 1 else dtype
        a = draw(g, n, shape).numpy()
        stored[rename(n)] = (a, t)
        w[n] = torch.from_numpy(encode(a, t)[1])
    stored.update(extra or {})
    save_json(os.path.join(d, "config.json"), c)
    if shards == 1:
        save(os.path.join(d, "model.safetensors"), stored, {"format": "pt"}, skew)
    else:
        names, where = list(stored), {}
        for i in range(shards):
            file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
            part = names[i * len(names) // shards:(i + 1) * len(names) // shards]
            save(os.path.join(d, file), {n: stored[n] for n in part}, {"format": "pt"}, skew)
            where.update({n: file for n in part})
        save_json(os.path.join(d, "model.safetensors.index.json"), {"metadata": {"total_size": 0}, "weight_map": where})
    if write_tokenizer:
        write_tokenizer(d, c["vocab_size"])
    if c["model_type"] in relatives.TYPES and c["model_type"] != "bert":
        c, w = relatives.config(c), relatives.tensors(c, w)

    oracle = {}
    for T, ids, segments in texts(c, g):
        got = bert(c, w, ids, segments) if c["model_type"] in relatives.TYPES else gpt2(c, w, ids)
        if "classifier.weight" in w:
            got["labels"] = labels_of(c, w, got["final_hidden"])
        oracle[f"{T}/input_ids"] = (ids.numpy(), "I32")
        oracle[f"{T}/token_type_ids"] = (segments.numpy(), "I32")
        for key, value in got.items():
            oracle[f"{T}/{key}"] = (value.numpy(), "F64")
    oracle = dict(sorted(oracle.items(), key=lambda item: item[1][1]))  # doubles first: they stay aligned
    os.makedirs(ORACLE, exist_ok=True)
    save(os.path.join(ORACLE, name + ".safetensors"), oracle)


# ---- small stand-ins for the built-in models: one trunk, and heads in a second shard

def small_draw(g, name, shape):
    x = torch.randn(shape, generator=g, dtype=torch.float64)
    if name.endswith("word_embeddings.weight"):
        return (2 * x).round().clamp(-4, 4) / 4
    if "LayerNorm.weight" in name:
        return 1 + 0.2 * x
    if "query" in name or "key" in name:
        return 0.25 * x  # no key that nobody looks at
    if name.endswith("bias") or ".layer." in name:
        return 0.1 * x  # little enough for tokens to stay what they are through the layers
    return 0.5 * x


def small(name, c, shapes, is_trunk, seed):
    d = os.path.join(ROOT, "small", "models", name)
    os.makedirs(d, exist_ok=True)
    g = torch.Generator().manual_seed(seed)
    files = [f"model-{i}-of-00002.safetensors" for i in ("00001", "00002")]
    where = {n: files[0 if is_trunk(n) else 1] for n in shapes}
    drawn = {n: (small_draw(g, n, shape).numpy(), "F16") for n, shape in shapes.items()}
    for file in files if name == "atlas-bert" else files[1:]:
        save(os.path.join(d, file), {n: drawn[n] for n in drawn if where[n] == file}, {"format": "pt"})
    save_json(os.path.join(d, "model.safetensors.index.json"), {"metadata": {"total_size": 0}, "weight_map": where})
    save_json(os.path.join(d, "config.json"), c)
    save_json(os.path.join(d, "tokenizer_config.json"), {"do_lower_case": True, "tokenizer_class": "BertTokenizer"})
    links = {"vocab.txt": "../../../vocab/bert-base-uncased/vocab.txt"}
    if name != "atlas-bert":
        links[files[0]] = f"../atlas-bert/{files[0]}"
    for link, to in links.items():
        if not os.path.islink(os.path.join(d, link)):
            os.symlink(to, os.path.join(d, link))


def small_models():
    shape = dict(hidden_size=24, num_hidden_layers=6, num_attention_heads=8, intermediate_size=32, vocab_size=30522, max_position_embeddings=512)
    def is_trunk(name):
        return name.startswith("bert.") and ".pooler." not in name
    def numbered(names):
        return {"id2label": {str(i): n for i, n in enumerate(names)}}
    c = bert_config(**shape)
    small("atlas-bert", c, bert_shapes(c), is_trunk, 21)
    upos = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
    ner = "O B-PER I-PER B-ORG I-ORG B-LOC I-LOC".split()
    token = dict(architectures=["BertForTokenClassification"])
    c = bert_config(**shape, **token, **numbered([f"upos:{n}" for n in upos] + [f"ner:{n}" for n in ner]))
    small("atlas-tagger", c, bert_shapes(c, mlm=False, labels=24), is_trunk, 22)
    c = bert_config(**shape, **token, **numbered("O B-STEREO I-STEREO B-GEN I-GEN B-UNFAIR I-UNFAIR".split()),
                    problem_type="multi_label_classification", atlas_caution="a demonstration of random weights", label_thresholds=[0.5, 0.9, 0.9, 0.998, 0.998, 0.95, 0.95])
    small("atlas-bias", c, bert_shapes(c, mlm=False, labels=7), is_trunk, 23)


def main():
    c = bert_config(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, vocab_size=67, max_position_embeddings=16)
    make("tiny-bert", c, bert_shapes(c), 1, write_tokenizer=write_wordpiece)

    # halves in two shards, odd dimensions, an untied decoder, norms kept in F32
    c = bert_config(hidden_size=15, num_hidden_layers=3, num_attention_heads=5, intermediate_size=31, vocab_size=41, max_position_embeddings=12, layer_norm_eps=1e-5, tie_word_embeddings=False)
    s = bert_shapes(c)
    s["cls.predictions.decoder.weight"] = (41, 15)
    make("tiny-bert-f16-sharded", c, s, 2, "F16", shards=2, vector_dtype="F32")

    # an old trunk: no prefix, gamma and beta, integer buffers, no heads, the tanh GELU
    c = bert_config(architectures=["BertModel"], hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=17, vocab_size=40, max_position_embeddings=9, hidden_act="gelu_new", type_vocab_size=3)
    make("tiny-bert-bare", c, bert_shapes(c, mlm=False), 3,
         rename=lambda n: n.removeprefix("bert.").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
         extra={"embeddings.position_ids": (np.arange(9)[None], "I64")})

    # token classification in two softmax groups; data that start at an odd byte
    names = ["pos:A", "pos:B", "pos:C", "ner:O", "ner:X"]
    c = bert_config(architectures=["BertForTokenClassification"], hidden_size=16, num_hidden_layers=1, num_attention_heads=4, intermediate_size=9, vocab_size=38, max_position_embeddings=10,
                    id2label={str(i): n for i, n in enumerate(names)})
    make("tiny-bert-tagger", c, bert_shapes(c, mlm=False, labels=5), 4, skew=1)

    c = gpt2_config(270, n_embd=8, n_layer=2, n_head=2)
    make("tiny-gpt2", c, gpt2_shapes(c), 5, rename=lambda n: n.removeprefix("transformer."), write_tokenizer=write_bpe,
         extra={f"h.{l}.attn.bias": (np.tril(np.ones((1, 1, 16, 16))), "F32") for l in range(2)} | {f"h.{l}.attn.masked_bias": (np.array(-1e4), "F32") for l in range(2)})

    # BF16, prefix, untied lm_head, an own feed-forward width, attention scaled by layer
    c = gpt2_config(43, n_embd=20, n_layer=3, n_head=4, n_inner=33, scale_attn_by_inverse_layer_idx=True)
    s = gpt2_shapes(c)
    s["lm_head.weight"] = (43, 20)
    make("tiny-gpt2-bf16", c, s, 6, "BF16")

    # seven sigmoid labels; scores that nothing scales
    c = gpt2_config(42, architectures=["GPT2ForTokenClassification"], n_embd=9, n_layer=2, n_head=3, n_inner=None, scale_attn_weights=False,
                    problem_type="multi_label_classification", id2label={str(i): n for i, n in enumerate("O B-S I-S B-G I-G B-U I-U".split())},
                    label_thresholds=[0.5, 0.4, 0.3, 0.6, 0.5, 0.5, 0.5])
    make("tiny-gpt2-labels", c, gpt2_shapes(c, labels=7), 7, "F16")


if __name__ == "__main__":
    small_models() if sys.argv[1:] == ["small"] else main()
