"""hub_server.py FOLDER [OPTION...] - a small model hub on 127.0.0.1 for fetch_model.bats.

Serves FOLDER/<path> as /<path>, with ranges. Prints its port, writes every request to
FOLDER/../requests. Options, each a fault or a habit of a real hub:

    cut=NAME     the connection breaks in the middle of NAME, but only the first time
    lie=NAME     the length announced for NAME is one more than what follows
    swap=NAME    the bytes of NAME are others than its announced digest
    store        *.safetensors are redirected to another path that refuses HEAD
    moved=A:B    requests for model A are redirected to model B
    private      nothing without the token "secret"
"""
import hashlib
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
options = sys.argv[2:]
log = open(os.path.join(folder, "..", "requests"), "w", buffering=1)
already_cut = set()


def has(option, name):
    return f"{option}={name}" in options


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, **headers):
        self.send_response(code)
        headers.setdefault("Content_Length", "0")
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()

    def find(self):
        """The bytes asked for, or None when the request is answered already."""
        path = self.path
        if "private" in options and self.headers.get("Authorization") != "Bearer secret":
            return self.answer(401)
        for option in options:
            if option.startswith("moved="):
                old, new = option[6:].split(":")
                if path.startswith(f"/{old}/"):
                    return self.answer(307, Location=f"/{new}" + path[len(old) + 1:])
        in_store = path.startswith("/store/")
        file = os.path.join(folder, path[len("/store/"):] if in_store else path[1:].replace("/c0ffee/", "/main/"))
        if in_store and self.command == "HEAD":
            return self.answer(403)
        if not os.path.isfile(file):
            return self.answer(404)
        with open(file, "rb") as f:
            data = f.read()
        if "store" in options and not in_store and file.endswith(".safetensors"):
            return self.answer(302, Location="/store/" + os.path.relpath(file, folder),
                               X_Linked_Size=str(len(data)), X_Linked_ETag='"%s"' % hashlib.sha256(data).hexdigest(),
                               X_Repo_Commit="c0ffee")
        return data

    def do_HEAD(self):
        log.write(f"HEAD {self.path}\n")
        data = self.find()
        if data is not None:
            self.answer(200, Content_Length=str(len(data) + has("lie", os.path.basename(self.path))), X_Repo_Commit="c0ffee",
                        ETag='"%s"' % hashlib.sha1(data).hexdigest())

    def do_GET(self):
        wanted = self.headers.get("Range", "")
        log.write(f"GET {self.path} {wanted}".rstrip() + "\n")
        data = self.find()
        if data is None:
            return
        name = os.path.basename(self.path)
        if has("swap", name):
            data = bytes(b ^ 1 for b in data)
        start = int(wanted[len("bytes="):-1]) if wanted else 0
        if start >= len(data) > 0:
            return self.answer(416)
        rest = data[start:]
        headers = {"Content_Length": str(len(rest))}
        if wanted:
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.answer(206 if wanted else 200, **headers)
        if has("cut", name) and name not in already_cut:
            already_cut.add(name)
            rest = rest[:len(rest) // 2]
            self.close_connection = True
        self.wfile.write(rest)


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
print(server.server_port, flush=True)
server.serve_forever()
