#!/usr/bin/env python3
"""Writes a first corpus for each fuzz target from recorded connections and cases: `seed.py [CORPUS]`."""

import glob
import json
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
CORPUS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "fuzz" / "corpus")


def save(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def step(operation, data=b""):
    return struct.pack(">BH", operation, len(data)) + data


def pieces_of(path):
    data = path.read_bytes()
    while data:
        flow, length = struct.unpack(">BI", data[:5])
        yield flow, data[5:5 + length]
        data = data[5 + length:]


def connection(name, target, script):
    save(target, name, b"\x07" + script)
    for flags in (0, 3, 4):
        save("connection", f"{name}-{flags}", bytes([flags, 7]) + script)


def http2():
    for path in sorted((ROOT / "crates/core/tests/http2/captures").glob("*.h2")):
        pieces = [(flow, data[at:at + 60000]) for flow, data in pieces_of(path) for at in range(0, len(data), 60000)]
        if sum(len(data) for _, data in pieces) > 20000:
            continue
        connection(path.stem, "http2", b"".join(step(flow, data) for flow, data in pieces))
        middle = pieces[len(pieces) // 3:]
        connection(f"{path.stem}-late", "http2", b"".join(step(flow, data) for flow, data in middle))
        gap = b"".join(struct.pack(">BH", 4 | flow, min(len(data), 65535)) if index % 7 == 3 else step(flow, data)
                       for index, (flow, data) in enumerate(pieces))
        connection(f"{path.stem}-gap", "http2", gap)
        for wanted in (0, 1):
            blocks = list(blocks_of(b"".join(data for flow, data in pieces if flow == wanted)))
            for join in (0, 2):
                save("hpack", f"{path.stem}-{wanted}-{join}", bytes([join]) + b"".join(bytes([len(block)]) + block for block in blocks if len(block) < 256))


def blocks_of(data):
    at = 24 if data.startswith(b"PRI") else 0
    while at + 9 <= len(data):
        length, kind, flags = int.from_bytes(data[at:at + 3], "big"), data[at + 3], data[at + 4]
        if kind == 1 and not flags & 0x28:
            yield data[at + 9:at + 9 + length]
        at += 9 + length


def cases():
    for folder in sorted((ROOT / "conformance" / "cases").iterdir()):
        request = next(iter(folder.glob("request.*")), None)
        response = next(iter(folder.glob("response.*")), None)
        if not request or not response:
            continue
        body, answer = request.read_bytes(), response.read_bytes()
        is_stream = response.suffix == ".sse"
        path = b"/v1/completions" if folder.name.startswith("completions") else b"/v1/chat/completions"
        asks = (b"POST " + path + b" HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body)
        if is_stream:
            save("sse", folder.name, b"\xff\x07\x00" + answer)
            save("sse", f"{folder.name}-gap", b"\x40\x03\x09" + answer)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(event) + 2, event + b"\n\n") for event in answer.split(b"\n\n") if event)
            says = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-Sum: 1\r\n\r\n"
        else:
            says = (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                    + str(len(answer)).encode() + b"\r\n\r\n" + answer)
        if len(asks) + len(says) < 20000:
            connection(folder.name, "http1", step(0, asks) + step(1, says) + step(0, asks) + step(1, says[:-9]) + struct.pack(">BH", 5, 9))
    close = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"
    get = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    connection("close", "http1", step(0, get + get) + step(1, close) + struct.pack(">BH", 7, 0))
    up = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nabc"
    connection("upgrade", "http1", step(0, get) + step(1, up))


def limits():
    """What comes close to the limits of HTTP/1, for runs with a large -max_len."""
    get = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n20"
    for size in (0xffff, 0x10000, 0x10001):
        chunk = b"%x;%s\r\n%s\r\n0\r\n\r\n" % (size, b"e" * 4080, b"x" * size)
        parts = b"".join(step(1, chunk[at:at + 60000]) for at in range(0, len(chunk), 60000))
        connection(f"chunk-{size:x}", "http1", step(0, get) + step(1, chunked) + struct.pack(">BH", 5, 9) + parts + step(0, get))
        fields = b"".join(b"a%d: %s\r\n" % (at, b"y" * 1000) for at in range((size - 300) // 1010))
        rest = size - len(fields) - len(b"HTTP/1.1 200 OK\r\nb: \r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\n" + fields + b"b: " + b"z" * rest + b"\r\n\r\n"
        connection(f"head-{size:x}", "http1", step(0, get) + step(1, head[:60000]) + step(1, head[60000:]) + step(0, get))
    event = b"data: " + b"x" * 60000 + b"\n\n"
    save("sse", "limit", b"\xff\x1f\x00" + event + event)


def encodings():
    for which, ending in enumerate(("gz", "deflate", "br", "zst")):
        for path in (ROOT / "crates/core/tests/encoded").glob(f"*.{ending}"):
            save("encoding", path.name, bytes([which, 5]) + path.read_bytes())


def files():
    """Small programs and libraries of this machine, if it has a compiler or Go."""
    source = CORPUS / "x.c"
    CORPUS.mkdir(parents=True, exist_ok=True)
    source.write_text("int SSL_read(void*s,void*b,int n){return n;}int SSL_write(void*s,void*b,int n){return n+1;}"
                      "int gnutls_record_recv(void*s){return 1;}const char v[]=\"OpenSSL 3.0.19 1 Jan 2026\";")
    for name, flags in (("lib.so", ["-shared", "-fPIC"]), ("lib-s.so", ["-shared", "-fPIC", "-s"])):
        out = CORPUS / "recognise" / name
        out.parent.mkdir(exist_ok=True)
        subprocess.run(["cc", "-O1", "-nostdlib", *flags, "-o", out, source], check=False)
    source.unlink()
    for number in range(6):
        head = bytearray(struct.pack("=6QQ2I4I", 1, 2, 7, 9, 40, 5, 0, 11, 12, 1000, 5, 3, 0))
        head[80:83] = bytes([number, 5, number])
        save("record", f"kind-{number}", bytes(head) + bytes(104))


http2()
cases()
limits()
encodings()
files()
print({folder.name: len(list(folder.iterdir())) for folder in sorted(CORPUS.iterdir()) if folder.is_dir()})
