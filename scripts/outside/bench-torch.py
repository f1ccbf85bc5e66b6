#!/usr/bin/env python3
"""Times of one pass in PyTorch, for scripts/bench-peers.

    scripts/outside/bench-torch.py [--compile] maps|whole MODEL_DIR THREADS

Answers every number of tokens that it reads with the milliseconds of one pass, without what compiling takes. The module is
the one that export-onnx.py exports. Needs PyTorch; with --compile a C++ compiler too.
"""
import importlib.util
import json
import os
import sys
import time

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    is_compiled = sys.argv[1:2] == ["--compile"]
    kind, directory, threads = sys.argv[1 + is_compiled:]
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("export_onnx", os.path.join(HERE, "export-onnx.py"))
    export = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(export)
    torch.set_num_threads(int(threads))
    with open(os.path.join(directory, "config.json")) as f:
        config = json.load(f)
    model = export.Model(config, export.load(os.path.join(directory, "model.safetensors")), kind == "whole").eval()
    run = torch.compile(model, dynamic=False) if is_compiled else model
    seen = set()
    with torch.inference_mode():
        for line in sys.stdin:
            T = int(line)
            ids = torch.tensor([[1000 + i * 7919 % 19000 for i in range(T)]])
            if T not in seen:
                seen.add(T)
                run(ids)
            start = time.perf_counter()
            run(ids)
            print(f"{(time.perf_counter() - start) * 1e3:.3f}", flush=True)


main()
