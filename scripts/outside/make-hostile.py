#!/usr/bin/python3
"""make-hostile.py - write fixtures/hostile: files with one fault each.

Every file is sound but for what its name says. Standard library only; the output is the same
bytes every time. The messages they must give are listed in tests/unit/test_safetensors.c and
test_textfile.c.
"""
import json
import os
import struct

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures", "hostile")


def write(name, data):
    path = os.path.join(ROOT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def tensor(begin, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def file(header, data_bytes, length=None):
    """header: a dict, or the bytes of one; length: what to claim instead of the truth."""
    if not isinstance(header, bytes):
        header = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + bytes(data_bytes)


def one(**changes):
    """A header with one good tensor of 8 bytes, changed."""
    entry = tensor(0, 8, [2])
    for key, value in changes.items():
        if value is None:
            del entry[key]
        else:
            entry[key] = value
    return {"a": entry}


good = file(one(), 8)
raw = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}%s}'
two = {"a": tensor(0, 8, [2]), "b": tensor(8, 16, [2])}

SAFETENSORS = {
    "empty": b"",
    "four-bytes": good[:4],
    "length-zero": struct.pack("<Q", 0),
    "header-beyond-file": file(one(), 8, length=10000),
    "header-over-100-mb": file(one(), 8, length=100000001),
    "header-length-max": file(one(), 8, length=2**64 - 1),
    "header-cut": good[:30],
    "not-json": file(b'{"a":{"dtype":"F32"', 8),
    "not-an-object": file([1, 2], 0),
    "not-safetensors": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
    "nested-deep": file(b'{"a":' + b"[" * 5000, 0),
    "name-not-utf8": file(raw.replace(b'"a"', b'"\xe9"') % b"", 8),
    "name-with-nul": file(raw.replace(b'"a"', b'"a\\u0000b"') % b"", 8),
    "name-with-newline": file({"a\nb\x1b[31m": tensor(0, 8, [3])}, 8),
    "duplicate-key": file(raw % b',"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}', 8),
    "entry-not-object": file({"a": 7}, 0),
    "meta-not-object": file(dict(one(), __metadata__=[]), 8),
    "meta-not-string": file(dict(one(), __metadata__={"format": 1}), 8),
    "dtype-unknown": file(one(dtype="Q4"), 8),
    "dtype-missing": file(one(dtype=None), 8),
    "dtype-number": file(one(dtype=32), 8),
    "shape-missing": file(one(shape=None), 8),
    "shape-text": file(one(shape="2"), 8),
    "shape-negative": file(one(shape=[-2]), 8),
    "shape-fraction": file(one(shape=[2.5]), 8),
    "shape-overflow": file(one(shape=[2**33, 2**33]), 8),
    "shape-overflow-bytes": file(one(shape=[2**62]), 8),
    "shape-nine-dimensions": file(one(shape=[1] * 8 + [2]), 8),
    "bytes-too-few": file(one(shape=[3]), 8),
    "bytes-too-many": file(one(shape=[1]), 8),
    "bytes-of-another-dtype": file(one(dtype="F16"), 8),
    "offsets-missing": file(one(data_offsets=None), 8),
    "offsets-three": file(one(data_offsets=[0, 4, 8]), 8),
    "offsets-negative": file(one(data_offsets=[-8, 0]), 8),
    "offsets-swapped": file(one(data_offsets=[8, 0]), 8),
    "offsets-beyond-file": file(one(data_offsets=[1000, 1008]), 8),
    "offsets-huge": file(one(data_offsets=[0, 10**30]), 8),
    "offsets-overlap": file(dict(two, b=tensor(4, 12, [2])), 12),
    "offsets-same-place": file(dict(two, b=tensor(0, 8, [2])), 8),
    "hole-at-start": file({"a": tensor(4, 12, [2])}, 12),
    "hole-between": file(dict(two, b=tensor(12, 20, [2])), 20),
    "data-cut": file(two, 15),
    "data-left-over": file(two, 17),
    "no-data": file(two, 0),
}

INDEX = "model.safetensors.index.json"


def index(weight_map):
    return json.dumps({"metadata": {"total_size": 16}, "weight_map": weight_map}, indent=2).encode()


first, second = file({"a": tensor(0, 8, [2])}, 8), file({"b": tensor(0, 8, [2])}, 8)
good_pair = {"1.safetensors": first, "2.safetensors": second}
good_map = {"a": "1.safetensors", "b": "2.safetensors"}

SHARDS = {
    "parent": dict(good_pair, **{INDEX: index(dict(good_map, b="../2.safetensors"))}),
    "dotdot": dict(good_pair, **{INDEX: index(dict(good_map, b=".."))}),
    "subfolder": dict(good_pair, **{INDEX: index(dict(good_map, b="x/2.safetensors"))}),
    "absolute": dict(good_pair, **{INDEX: index(dict(good_map, b="/etc/passwd"))}),
    "name-number": dict(good_pair, **{INDEX: index(dict(good_map, b=2))}),
    "missing": {"1.safetensors": first, INDEX: index(good_map)},
    "tensor-elsewhere": dict(good_pair, **{INDEX: index({"a": "2.safetensors", "b": "1.safetensors"})}),
    "tensor-twice": dict(good_pair, **{"2.safetensors": file(two, 16), INDEX: index(good_map)}),
    "shard-cut": dict(good_pair, **{"2.safetensors": second[:-1], INDEX: index(good_map)}),
    "no-map": dict(good_pair, **{INDEX: b'{"metadata": {}}'}),
    "map-not-object": dict(good_pair, **{INDEX: b'{"weight_map": "1.safetensors"}'}),
    "index-not-json": dict(good_pair, **{INDEX: index(good_map)[:-4]}),
    "pickle-only": {"pytorch_model.bin": SAFETENSORS["not-safetensors"]},
}

TEXT = {
    "latin1.txt": "caf\u00e9 au lait\n".encode("latin-1"),
    "utf16.txt": "text\n".encode("utf-16-le"),
    "overlong.txt": b"slash \xc0\xaf\n",
    "surrogate.txt": b"half \xed\xa0\x80 pair\n",
    "cut.txt": "ends in the middle of \u20ac".encode()[:-1],
    "nul.txt": b"zero\0byte\n",
    "beyond.txt": b"above the last code point \xf4\x90\x80\x80\n",
}

for name, data in SAFETENSORS.items():
    write(f"safetensors/{name}.safetensors", data)
for folder, files in SHARDS.items():
    for name, data in files.items():
        write(f"shards/{folder}/{name}", data)
for name, data in TEXT.items():
    write(f"text/{name}", data)
