#!/usr/bin/python3
"""make-hostile-torch.py - write fixtures/hostile/torch: files as torch.save() writes them, with one fault each.

Standard library only; the pickles are put together opcode by opcode. The same bytes every time. The messages they must give are
listed in tests/unit/test_torch_file.c.
"""
import os
import pickle
import shutil
import struct
import zipfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures", "hostile", "torch")
ENTRY, END = b"PK\x01\x02", b"PK\x05\x06"
REBUILD = "torch._utils _rebuild_tensor_v2"


def name(n):
    return b"c" + n.replace(" ", "\n").encode() + b"\n"


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return b"X" + struct.pack("<I", len(s)) + s


def whole(i):
    return b"J" + struct.pack("<i", i) if -2**31 <= i < 2**31 else b"\x8a\x08" + struct.pack("<q", i)


def many(*items):
    return b"(" + b"".join(items) + b"t"


def sizes(values):
    return many(*(whole(v) for v in values))


def storage(kind="torch FloatStorage", key="0", n=6, word="storage"):
    return many(text(word), name(kind), text(key), text("cpu"), whole(n)) + b"Q"


def tensor(call=REBUILD, offset=0, shape=(2, 3), stride=(3, 1), where=None, **kw):
    args = many(where or storage(**kw), whole(offset), sizes(shape), sizes(stride), b"\x89", name("collections OrderedDict") + b")R")
    return name(call) + args + b"R"


def items(*pairs):
    return b"}(" + b"".join(text(k) + v for k, v in pairs) + b"u"


def pickled(body, protocol=2):
    return b"\x80" + bytes([protocol]) + body + b"."


def archive(path, pickle_bytes, members=None, method=zipfile.ZIP_STORED, root="archive/", zip64=False):
    with zipfile.ZipFile(path, "w", method) as z:
        for n, data in ([(root + "data.pkl", pickle_bytes)] if pickle_bytes is not None else []) + (members or [(root + "data/0", bytes(24))]):
            info = zipfile.ZipInfo(n)
            info.compress_type = method
            with z.open(info, "w", force_zip64=zip64) as f:
                f.write(data)


def write(file, body=None, **kw):
    path = os.path.join(OUT, file + ".bin")
    archive(path, None if body is None else pickled(body), **kw)
    return path


def patch(path, find, replace, last=False):
    with open(path, "rb") as f:
        data = f.read()
    i = data.rfind(find) if last else data.find(find)
    assert i >= 0 and len(find) == len(replace), path
    with open(path, "wb") as f:
        f.write(data[:i] + replace + data[i + len(find):])


def overwrite(path, record, offset, bytes_):
    """In the last record of a kind."""
    with open(path, "r+b") as f:
        data = f.read()
        f.seek(data.rfind(record) + offset)
        f.write(bytes_)


def cut(path, n):
    with open(path, "r+b") as f:
        f.truncate(os.path.getsize(path) - n)


def one(**kw):
    return items(("a", tensor(**kw)))


def pickles():
    write("runs-system", name("posix system") + many(text("touch /tmp/atlas-was-here")) + b"R")
    write("runs-eval", name("builtins eval") + many(text("1")) + b"R")
    write("runs-by-stack", text("os") + text("system") + b"\x93")
    write("numpy-array", name("numpy.core.multiarray _reconstruct") + b")R")
    write("module-object", name("torch.nn.modules.linear Linear") + b")\x81")
    write("quantised", items(("a", name("torch._utils _rebuild_qtensor") + b")R")))
    write("sparse", items(("a", name("torch._utils _rebuild_sparse_tensor") + b")R")))
    write("calls-a-string", text("x") + b")R")
    write("dict-of-numbers", name("collections OrderedDict") + b"(K\x01tR")
    write("storage-as-tensor", items(("a", name("torch FloatStorage") + b")R")))
    write("list-at-the-top", b"](" + tensor() + b"e")
    write("name-is-number", b"}K\x01" + tensor() + b"s")
    write("two-of-one-name", items(("a", tensor()), ("a", tensor())))
    write("name-with-nul", items((b"a\0b", tensor())))
    write("name-not-utf8", items((b"\xe9", tensor())))
    write("string-too-long", b"X\xff\xff\xff\xffabc")
    write("memo-huge", b"}r\xff\xff\xff\xff")
    write("memo-empty", b"h\x05")
    write("no-mark", b"K\x01t")
    write("marks-deep", b"(" * 5000)
    write("stack-empty", b"\x85")
    write("odd-items", b"}(K\x01u")
    write("two-values", b"K\x01K\x02")
    write("integer-of-nine-bytes", b"\x8a\x09" + bytes(9))
    write("opcode-unknown", b"}\xff")
    write("opcode-of-protocol-0", b"S'os'\n")
    archive(os.path.join(OUT, "protocol-9.bin"), b"\x80\x09}.")
    archive(os.path.join(OUT, "pickle-cut.bin"), pickled(one())[:-20])


def tensors():
    write("offset-out", one(offset=1))
    write("offset-negative", one(offset=-1))
    write("shape-out", one(shape=(3, 3)))
    write("shape-negative", one(shape=(-2, 3)))
    write("shape-overflow", one(shape=(2**40, 2**40)))
    write("shape-nine-dimensions", one(shape=(1,) * 9, stride=(1,) * 9))
    write("shape-is-list", items(("a", name(REBUILD) + many(storage(), whole(0), b"]", b"]") + b"R")))
    write("stride-out", one(stride=(4, 1)))
    write("stride-overflow", one(stride=(2**62, 2**62)))
    write("stride-missing", one(stride=(1,)))
    write("stride-zero", one(shape=(1000, 1000), stride=(0, 0)))
    write("storage-missing", one(key="7"))
    write("storage-elsewhere", one(key="../data.pkl"))
    write("storage-key-long", one(key="k" * 70))
    write("storage-short", one(n=7))
    write("storage-huge", one(n=2**62))
    write("storage-of-words", one(word="module"))
    write("storage-of-another-class", one(kind="collections OrderedDict"))
    write("storage-not-persistent", items(("a", tensor(where=b"K\x01"))))
    write("no-type", one(kind="torch.storage UntypedStorage"))


def archives():
    good = one()
    write("compressed", good, method=zipfile.ZIP_DEFLATED)
    overwrite(write("storage-compressed", good), ENTRY, 10, b"\x08")
    overwrite(write("encrypted", good), ENTRY, 8, b"\x01")
    write("no-pickle", None)
    archive(os.path.join(OUT, "two-pickles.bin"), pickled(good), members=[("other/data.pkl", b"x"), ("archive/data/0", bytes(24))])
    archive(os.path.join(OUT, "big-endian.bin"), pickled(good), members=[("archive/byteorder", b"big"), ("archive/data/0", bytes(24))])
    cut(write("cut", good), 30)
    cut(write("cut-by-one", good), 1)
    patch(write("pickle-damaged", good), b"torch\nFloat", b"torch\nfloat")
    patch(write("entry-damaged", good), b"PK\x01\x02", b"PK\x01\x03")
    patch(write("header-damaged", good), b"PK\x03\x04", b"PK\x03\x05")
    patch(write("member-elsewhere", good), b"archive/data/0", b"archive/data/1")  # in the local header only
    overwrite(write("sizes-too-large", good), ENTRY, 20, struct.pack("<II", 2**31, 2**31))
    overwrite(write("sizes-differ", good), ENTRY, 24, struct.pack("<I", 25))
    overwrite(write("entries-too-many", good), END, 8, struct.pack("<HH", 60000, 60000))
    overwrite(write("directory-outside", good), END, 16, struct.pack("<I", 2**31))
    with open(write("end-64-outside", good), "r+b") as f:
        data = f.read()
        at = data.rfind(END)
        f.seek(0)
        f.write(data[:at] + b"PK\x06\x07" + struct.pack("<IQI", 0, 2**60, 1) + data[at:])
    archive(os.path.join(OUT, "member-twice.bin"), pickled(good), members=[("archive/data/0", bytes(24)), ("archive/data/1", bytes(24))])
    patch(os.path.join(OUT, "member-twice.bin"), b"archive/data/1", b"archive/data/0", last=True)
    for file, data in (("empty", b""), ("text", b"weights\n"), ("bare-pickle", pickle.dumps({"a": 1}, 2)), ("only-PK", b"PK\x03\x04")):
        with open(os.path.join(OUT, file + ".bin"), "wb") as f:
            f.write(data)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    pickles()
    tensors()
    archives()


main()
