#!/usr/bin/env python3
"""Tiny checkpoints of BERT's relatives, and what PyTorch makes of them in double precision.

    scripts/outside/make-family-fixtures.py [NAME ...]   writes fixtures/tiny-*/, fixtures/oracle/forward/*.safetensors
                                                         and fixtures/oracle/families.json

Names and shapes of the tensors are those of the library's own classes, and what make-model-fixtures.py's bert() makes of the weights is
held against those classes, eager and in double: maps, states, logits, classes, and the gradients at the word embeddings. The gradients
of everything else are then those of make-gradient-oracles.py. families.json has what the library's tokenizers answer. Prints the largest differences. Needs PyTorch and transformers; seeded.
"""
import importlib.machinery
import importlib.util
import json
import os
import sys

import torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True


def module(name, file):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(HERE, file))
    m = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(m)
    return m


fx = module("fixtures", "make-model-fixtures.py")
oracles = module("oracles", "make-gradient-oracles.py")


# ---- tokenizers

def write_roberta(d, V):
    """Four special tokens, the bytes, a few merges, the mask; the rows behind them are of no token."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    merges = ["t h", "th e", "Ġ the", "a t", "c at", "Ġ cat", "Ġ s", "Ġs at"]
    vocab = ["<s>", "<pad>", "</s>", "<unk>"] + alphabet + [m.replace(" ", "") for m in merges] + ["<mask>"]
    assert len(vocab) < V
    with open(os.path.join(d, "vocab.json"), "w") as f:
        json.dump({p: i for i, p in enumerate(vocab)}, f, ensure_ascii=False)
        f.write("\n")
    with open(os.path.join(d, "merges.txt"), "w") as f:
        f.write("#version: 0.2\n" + "\n".join(merges) + "\n")
    fx.save_json(os.path.join(d, "tokenizer_config.json"), {"tokenizer_class": "RobertaTokenizer", "mask_token": {
        "__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}})


def write_unigram(d, V):
    """What ALBERT's tokenizer.json says, with few pieces."""
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
    pieces = [("<pad>", 0.0), ("<unk>", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[MASK]", 0.0)]
    words = ["▁", "▁the", "▁cat", "▁sat", "▁on", "▁mat", "s", "at", "the", "."] + list("abcdefghijklmnopqrstuvwxyz,7")
    seen = {}
    for i, w in enumerate(words):
        seen.setdefault(w, -1.0 - 0.25 * i)
    pieces += list(seen.items())
    assert len(pieces) < V
    t = tokenizers.Tokenizer(models.Unigram(pieces, 1, False))
    t.normalizer = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
                                         normalizers.StripAccents(), normalizers.Lowercase(),
                                         normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    t.decoder = decoders.Metaspace("▁", "always")
    t.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
    t.add_special_tokens(["<pad>", "<unk>", "[CLS]", "[SEP]", tokenizers.AddedToken("[MASK]", lstrip=True, normalized=False)])
    t.save(os.path.join(d, "tokenizer.json"), pretty=False)
    fx.save_json(os.path.join(d, "tokenizer_config.json"), {
        "tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "<pad>", "unk_token": "<unk>",
        "bos_token": "[CLS]", "eos_token": "[SEP]", "mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True, "rstrip": False,
                                                                   "normalized": False, "single_word": False}})


def write_mpnet(d, V):
    """BERT's pieces between RoBERTa's special tokens."""
    pieces = ["<s>", "<pad>", "</s>", "[UNK]"] + list("abcdefghijklmnopqrstuvwxyz.,!?7") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
    pieces += ["the", "cat", "sat", "on", "mat", "<mask>"]
    with open(os.path.join(d, "vocab.txt"), "w") as f:
        f.write("\n".join(pieces) + "\n")
    assert len(pieces) <= V
    fx.save_json(os.path.join(d, "tokenizer_config.json"), {"do_lower_case": True, "tokenizer_class": "MPNetTokenizer", "unk_token": "[UNK]", "mask_token": {
        "__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}})


TEXTS = [("the cat sat on {mask}.", None), ("The cat, 7 mats", "a {mask} on  the mat")]


def tokens(name):
    """What the library's tokenizer makes of texts and pairs."""
    t = transformers.AutoTokenizer.from_pretrained(os.path.join(fx.ROOT, name))
    out = []
    for text, pair in TEXTS:
        text, pair = (x and x.format(mask=t.mask_token) for x in (text, pair))
        got = t(text, pair, return_token_type_ids=True)
        out.append({"text": text, "pair": pair, "ids": got.input_ids, "segments": got.token_type_ids})
    return out


# ---- the library's model

def library_model(c):
    config = transformers.AutoConfig.for_model(**c)
    config._attn_implementation = "eager"
    torch.set_default_dtype(torch.float64)
    try:
        return getattr(transformers, c["architectures"][0])(config).eval()
    finally:
        torch.set_default_dtype(torch.float32)


def shapes_of(model):
    """Of what save_pretrained() writes: a tensor under two names once."""
    seen, out = set(), {}
    for name, a in model.state_dict().items():
        at = a.data_ptr()
        if at in seen:
            continue
        seen.add(at)
        out[name] = tuple(a.shape)
    return out


def largest(a, b):
    return float((a - b).abs().max()) if a.numel() else 0.0


def hold_against(name, c, model):
    """The library's numbers beside the oracle's."""
    d = os.path.join(fx.ROOT, name)
    w = {k: torch.from_numpy(a.astype("float64")) for k, a in oracles.load(os.path.join(d, "model.safetensors")).items()}
    left = model.load_state_dict(w, strict=False)
    assert not left.unexpected_keys, left
    model.tie_weights()
    texts, worst = oracles.load(os.path.join(fx.ORACLE, name + ".safetensors")), {}
    relative = fx.relatives.config(c)
    for T in (1, 2, 5, 9):
        ids, segments = (torch.from_numpy(texts[f"{T}/{k}"].astype("int64")) for k in ("input_ids", "token_type_ids"))
        extra = {"token_type_ids": segments[None]} if c.get("type_vocab_size") else {}
        with torch.no_grad():
            got = model(input_ids=ids[None], output_attentions=True, output_hidden_states=True, **extra)
        pairs = {"attentions": torch.cat(got.attentions), "hidden_states": torch.cat(got.hidden_states)}
        if hasattr(got, "logits"):
            pairs["classes" if f"{T}/classes" in texts else "logits"] = got.logits[0]
        for key, value in pairs.items():
            worst[key] = max(worst.get(key, 0.0), largest(value, torch.from_numpy(texts[f"{T}/{key}"].copy())))
        if not hasattr(got, "logits"):
            continue
        words = model.get_input_embeddings()(ids).detach().requires_grad_()
        if "padding" in relative:
            extra["position_ids"] = fx.relatives.positions(relative, ids)[None]
        p = model(inputs_embeds=words[None], **extra).logits[0].log_softmax(-1)
        key, value = ("classes", p[1]) if p.dim() == 1 else ("tokens", p[T // 2, 7] - p[T - 1, 11] / 2)
        asked, _, own = oracles.forward(c, oracles.weights(d, c), ids, segments)
        want = dict(oracles.targets(c, {}, asked, T))[key]
        difference = largest(torch.autograd.grad(value, words)[0], torch.autograd.grad(want, own)[0])
        worst["gradient of " + key] = max(worst.get("gradient of " + key, 0.0), difference)
    print(name + ": " + ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))
    assert all(v < 1e-12 for v in worst.values())


ALL = {}


def family(name, c, seed, **make):
    ALL[name] = (c, seed, make)


LABELS = {"id2label": {"0": "low", "1": "middle", "2": "high"}}

# halves; more rows of words than tokens; one segment
family("tiny-roberta", dict(model_type="roberta", architectures=["RobertaForMaskedLM"], hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                            intermediate_size=18, vocab_size=272, max_position_embeddings=34, type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="gelu",
                            pad_token_id=1, bos_token_id=0, eos_token_id=2), 31, dtype="F16", write_tokenizer=write_roberta)
# one layer of one head, of an odd width; a head for whole texts; padding that is another token
family("tiny-camembert-classes", dict(model_type="camembert", architectures=["CamembertForSequenceClassification"], hidden_size=7, num_hidden_layers=1,
                                      num_attention_heads=1, intermediate_size=11, vocab_size=31, max_position_embeddings=14, type_vocab_size=1,
                                      layer_norm_eps=1e-5, hidden_act="gelu_new", pad_token_id=3, **LABELS), 32, dtype="BF16")
# a generator: embeddings narrower than the layers
family("tiny-electra", dict(model_type="electra", architectures=["ElectraForMaskedLM"], hidden_size=9, embedding_size=5, num_hidden_layers=2,
                            num_attention_heads=3, intermediate_size=14, vocab_size=69, max_position_embeddings=34, type_vocab_size=2,
                            layer_norm_eps=1e-12, hidden_act="gelu", pad_token_id=0), 33, write_tokenizer=fx.write_wordpiece)
# a discriminator's trunk: embeddings as wide as the layers; classes that do not exclude each other
family("tiny-electra-classes", dict(model_type="electra", architectures=["ElectraForSequenceClassification"], hidden_size=6, embedding_size=6,
                                    num_hidden_layers=1, num_attention_heads=1, intermediate_size=7, vocab_size=70, max_position_embeddings=20,
                                    type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu_new", pad_token_id=0, **LABELS), 34, dtype="F16",
       write_tokenizer=fx.write_wordpiece)
# two groups of two layers in three passes; embeddings wider than the layers
family("tiny-albert", dict(model_type="albert", architectures=["AlbertForMaskedLM"], hidden_size=8, embedding_size=10, num_hidden_layers=3, num_hidden_groups=2,
                           inner_group_num=2, num_attention_heads=2, intermediate_size=13, vocab_size=47, max_position_embeddings=35, type_vocab_size=2,
                           layer_norm_eps=1e-12, hidden_act="gelu_new", pad_token_id=0, bos_token_id=2, eos_token_id=3), 35, write_tokenizer=write_unigram)
# one layer for all, one head; a projection that changes no width
family("tiny-albert-classes", dict(model_type="albert", architectures=["AlbertForSequenceClassification"], hidden_size=5, embedding_size=5,
                                   num_hidden_layers=2, num_hidden_groups=1, inner_group_num=1, num_attention_heads=1, intermediate_size=8, vocab_size=30,
                                   max_position_embeddings=12, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu", pad_token_id=0, bos_token_id=2,
                                   eos_token_id=3, **LABELS), 36, dtype="BF16")
# no segments, its own keys, an activation of its own before the classes
family("tiny-distilbert", dict(model_type="distilbert", architectures=["DistilBertForMaskedLM"], dim=8, n_layers=2, n_heads=2, hidden_dim=15, vocab_size=68,
                               max_position_embeddings=34, activation="gelu", sinusoidal_pos_embds=False, pad_token_id=0), 37, dtype="F16",
       write_tokenizer=fx.write_wordpiece)
family("tiny-distilbert-classes", dict(model_type="distilbert", architectures=["DistilBertForSequenceClassification"], dim=7, n_layers=1, n_heads=1,
                                       hidden_dim=9, vocab_size=29, max_position_embeddings=11, activation="relu", pad_token_id=0, **LABELS), 38)
# a bias by distance, which all layers share
family("tiny-mpnet", dict(model_type="mpnet", architectures=["MPNetForMaskedLM"], hidden_size=9, num_hidden_layers=2, num_attention_heads=3, intermediate_size=14,
                          vocab_size=72, max_position_embeddings=36, layer_norm_eps=1e-5, hidden_act="gelu", relative_attention_num_buckets=32, pad_token_id=1,
                          bos_token_id=0, eos_token_id=2), 39, write_tokenizer=write_mpnet)
family("tiny-mpnet-classes", dict(model_type="mpnet", architectures=["MPNetForSequenceClassification"], hidden_size=6, num_hidden_layers=1, num_attention_heads=1,
                                  intermediate_size=8, vocab_size=28, max_position_embeddings=13, layer_norm_eps=1e-5, hidden_act="gelu_new", pad_token_id=1,
                                  bos_token_id=0, eos_token_id=2, **LABELS), 40, dtype="BF16")


def main():
    for name, (c, seed, make) in ALL.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        model = library_model(c)
        fx.make(name, c, shapes_of(model), seed, **make)
        hold_against(name, c, model)
    has_tokenizer = [n for n in ALL if "write_tokenizer" in ALL[n][2] and os.path.exists(os.path.join(fx.ROOT, n))]
    fx.save_json(os.path.join(fx.ROOT, "oracle", "families.json"), {n: tokens(n) for n in has_tokenizer})


if __name__ == "__main__":
    main()
