#!/usr/bin/env python3
"""fixtures/decoders/*: one tiny random model of each family of decoders, with a tokenizer of its kind, and what transformers makes of it.

    scripts/outside/make-decoder-fixtures.py

oracle/decoders/*.safetensors have, for nine random ids, maps, states and logits in double precision (decoders.py), the gradients
of ln p(token 7) in the middle less half of ln p(token 11) at the end, and under "lrp_" the same by the rules of AttnLRP; *.json there
have the ids that the package tokenizers gives for some texts. Needs PyTorch, transformers 5 and tokenizers; seeded.
"""
import json
import os
import sys

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import decoders as dec  # noqa: E402

OUT = os.path.join(dec.fx.ROOT, "decoders")
ORACLE = os.path.join(dec.fx.ROOT, "oracle", "decoders")
V, T = 290, 9
TEXTS = ["The cat sat on the mat.", "the nurse said 1234 words\n\n  and left", "naïve café — 日本 🙂", "", " it's  the cat's mat "]
TRAINING = ["the cat sat on the mat . the nurse said that the cat sat", "it is the mat of the cat and the nurse left the cat on it"] * 4
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def train(t, special, alphabet):
    t.train_from_iterator(TRAINING, trainers.BpeTrainer(vocab_size=V, special_tokens=special, initial_alphabet=alphabet, show_progress=False))


def byte_level(special, bos=None, pattern=None, normalizer=None):
    """GPT-2's pieces of bytes, cut by its own pattern or by one of later models."""
    t = Tokenizer(models.BPE())
    if normalizer:
        t.normalizer = normalizer
    if pattern:
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    else:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    train(t, special, sorted(pre_tokenizers.ByteLevel.alphabet()))
    return begun(t, bos) if bos else t


def begun(t, bos):
    """Texts begin with this piece."""
    t.post_processor = processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos}:1 $B:1", special_tokens=[(bos, t.token_to_id(bos))])
    return t


def sentencepiece(bos):
    """LLaMA 2's and Mistral's: words begin with a mark, and what has no piece is spelled in bytes."""
    t = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    train(t, ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)], [])
    t.pre_tokenizer = None
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return begun(t, bos)


ROPE = dict(rope_theta=500.0)
MODELS = {
    "opt": (dec.opt(12, 2, 3, 20, V, 64), "F16", lambda: byte_level(["<s>", "<pad>", "</s>", "<unk>"], "</s>")),
    "gpt-neo": (dec.gpt_neo(12, 2, 2, V, 64, 4, [[["global", "local"], 1]]), "F32", lambda: byte_level(["<|endoftext|>"])),
    "gpt-neox": (dec.shaped("gpt_neox", 16, 2, 2, 21, V, 64, rotary_pct=0.5, rotary_emb_base=500, use_parallel_residual=True, bos_token_id=0, eos_token_id=0),
                 "F16", lambda: byte_level(["<|endoftext|>"])),
    "gpt-neox-serial": (dec.shaped("gpt_neox", 12, 2, 3, 17, V, 64, rotary_pct=1.0, use_parallel_residual=False, bos_token_id=0, eos_token_id=0),
                        "BF16", lambda: byte_level(["<|endoftext|>"])),
    "llama": (dec.shaped("llama", 16, 2, 4, 21, V, 64, num_key_value_heads=2, rope_theta=500000.0, bos_token_id=0,
                         rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
              "BF16", lambda: byte_level(["<|begin_of_text|>", "<|end_of_text|>"], "<|begin_of_text|>", LLAMA3)),
    "mistral": (dec.shaped("mistral", 12, 2, 3, 17, V, 64, num_key_value_heads=1, sliding_window=3, **ROPE), "F16", lambda: sentencepiece("<s>")),
    "qwen2": (dec.shaped("qwen2", 12, 3, 2, 17, V, 64, num_key_value_heads=1, tie_word_embeddings=True, use_sliding_window=True, sliding_window=4, max_window_layers=2,
                         bos_token_id=0, **ROPE), "F32", lambda: byte_level(["<|endoftext|>"], None, QWEN, normalizers.NFC())),
    "qwen3": (dec.shaped("qwen3", 12, 2, 4, 17, V, 64, num_key_value_heads=2, head_dim=8, tie_word_embeddings=True, bos_token_id=0,
                         rope_parameters=dict(rope_theta=500.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=16)),
              "F16", lambda: byte_level(["<|endoftext|>"], None, QWEN, normalizers.NFC())),
}


def main():
    os.makedirs(ORACLE, exist_ok=True)
    for seed, (name, (c, dtype, tokenizer)) in enumerate(MODELS.items(), 1):
        d = os.path.join(OUT, name)
        t = tokenizer()
        c = dict(c, vocab_size=t.get_vocab_size())
        dec.make(d, c, seed, dtype)
        t.save(os.path.join(d, "tokenizer.json"), pretty=False)
        model = dec.load(d)
        ids = torch.randint(0, c["vocab_size"], (T,), generator=torch.Generator().manual_seed(seed))
        oracle = {"input_ids": (ids.numpy(), "I32")}
        oracle |= {k: (a, "F32") for k, a in dec.states(model, ids).items()}
        oracle |= {k: (a, "F32") for k, a in dec.gradients(model, ids).items()}
        with dec.attnlrp(model):
            oracle |= {"lrp_" + k: (a, "F32") for k, a in dec.gradients(model, ids).items()}
        dec.fx.save(os.path.join(ORACLE, name + ".safetensors"), oracle)
        lines = ",\n".join(json.dumps({"text": x, "ids": t.encode(x).ids}, ensure_ascii=False) for x in TEXTS)
        with open(os.path.join(ORACLE, name + ".json"), "w") as f:
            f.write("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
