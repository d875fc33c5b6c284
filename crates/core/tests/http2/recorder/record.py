#!/usr/bin/env python3
"""Records HTTP/2 connections between other implementations: `record.py [NAME...]`, see ../README.md.

A relay stands between client and server (plain text, prior knowledge) and writes down which bytes went which way. What is
expected comes from the logs that client and server write themselves.
"""

import base64
import gzip
import hashlib
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
CAPTURES = HERE.parent / "captures"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "hyper" / "target"))


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def chat(number, stream, words=30):
    random.seed(number)
    text = " ".join(random.choice(["tone", "side", "line", "voice", "ear", "piece", "wörd"]) for _ in range(words))
    return json.dumps({"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": text}]})


def answer(number, words=30):
    random.seed(1000 + number)
    text = " ".join(random.choice(["the", "line", "works", "you", "hear", "yourself"]) for _ in range(words))
    return json.dumps({"id": f"chatcmpl-{number}", "object": "chat.completion", "model": "gpt-4o-mini-2024-07-18",
                       "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 30 + number, "completion_tokens": words, "total_tokens": 30 + number + words}})


def events(number, count):
    for index in range(count):
        delta = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "model": "gpt-4o-mini-2024-07-18",
                 "choices": [{"index": 0, "delta": {"content": f" {number}.{index}"}, "finish_reason": None}]}
        yield f"data: {json.dumps(delta)}\n\n"
    yield "data: [DONE]\n\n"


def call(number, chunks, body=None, status=200, kind="application/json", path="/v1/chat/completions", more=None, **rest):
    headers = {"authorization": "Bearer sk-test", "user-agent": "recorder/1"}
    if body is not None:
        headers["content-type"] = "application/json"
    return {"id": f"call-{number}", "method": "GET" if body is None else "POST", "path": f"{path}?n={number}",
            "headers": headers, "body": b64(body) if body is not None else None, "status": status,
            "response_headers": {"content-type": kind, "openai-processing-ms": str(100 + number), **(more or {})},
            "chunks": [b64(chunk) for chunk in chunks], "delay_ms": rest.pop("delay_ms", 0), "trailers": None,
            "hints": False, "cancel_after": None, **rest}


def calls():
    sse = dict(kind="text/event-stream", delay_ms=5)
    zipped = gzip.compress(answer(5, 200).encode(), mtime=0)
    busy = json.dumps({"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}})
    return [
        [call(1, [json.dumps({"object": "list", "data": []})], path="/v1/models")],
        [call(2, [answer(2)], chat(2, False))],
        [call(3, events(3, 8), chat(3, True), **sse), call(4, events(4, 8), chat(4, True), **sse)],
        [call(5, [zipped], chat(5, False), more={"content-encoding": "gzip"}, hints=True)],
        [call(6, [busy], chat(6, False), status=429, more={"retry-after": "1"})],
        [call(7, events(7, 40), chat(7, True), cancel_after=600, **sse), call(8, events(8, 6), chat(8, True), **sse)],
        [call(9, [answer(9)], chat(9, False), trailers={"x-checksum": "abc", "server-timing": "total;dur=1"})],
        [call(10, [answer(10)], chat(10, False, 300)), call(11, [answer(11, 200)], chat(11, False)),
         call(12, events(12, 5), chat(12, True), **sse)],
        [call(13, [answer(13)], chat(13, False))],
    ]


def large():
    random.seed(7)
    long = chat(21, False, 12_000)
    return [[call(20, [answer(20)], chat(20, False))], [call(21, [answer(21, 15_000)], long), call(22, [answer(22)], chat(22, False))],
            [call(23, [answer(23)], chat(23, False))]]


PEERS = {
    "go": [str(TARGET / "peer-go")],
    "node": ["node", str(HERE / "node" / "peer.js")],
    "hyper": [str(TARGET / "debug" / "peer")],
}


class Relay:
    """Passes one connection on and keeps what went each way, in the order in which it was seen."""

    def __init__(self, port):
        self.port, self.pieces, self.lock = port, [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = threading.Thread(target=self.pump, args=(1, server, client), daemon=True)
        other.start()
        self.pump(0, client, server)

    def pump(self, flow, source, sink):
        try:
            while data := source.recv(32768):
                with self.lock:
                    self.pieces.append((flow, data))
                    sink.sendall(data)
        except OSError:
            pass
        finally:
            try:
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass


def log_of(path):
    return {entry["path"]: entry for entry in map(json.loads, path.read_text().splitlines())}


def expected(client, server):
    """What both ends say of each call, by path; where both wrote a log they must agree."""
    told = []
    for path in sorted(client or server, key=lambda path: int(path.split("=")[-1]) if "=" in path else 0):
        ours, theirs = (client or server)[path], (server or client).get(path)
        assert theirs, path
        cancelled = "cancelled" in (ours["outcome"], theirs["outcome"])
        for key in ("method", "status", "request"):
            assert (ours[key] or "") == (theirs[key] or ""), (path, key)
        assert cancelled or ours["response"] == theirs["response"], path
        request, response = base64.b64decode(ours["request"] or ""), base64.b64decode(ours["response"] or "")
        told.append({"method": ours["method"], "path": path, "status": ours["status"], "is_cancelled": cancelled,
                     "request": {"bytes": len(request), "sha256": hashlib.sha256(request).hexdigest()},
                     # Of a cancelled call: what the client had read when it cancelled, the beginning of what went by.
                     "response": {"bytes": len(response), "sha256": hashlib.sha256(response).hexdigest()}})
    return told


def save(name, relay, told):
    with relay.lock:
        pieces = list(relay.pieces)
    assert pieces and told
    with open(CAPTURES / f"{name}.h2", "wb") as file:
        for flow, data in pieces:
            file.write(struct.pack(">BI", flow, len(data)) + data)
    (CAPTURES / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"{name}: {len(pieces)} pieces, {sum(len(data) for _, data in pieces)} bytes, {len(told)} calls")


def peers(name, client, server, plan, folder):
    plan_path, client_log, server_log = folder / "plan.json", folder / "client", folder / "server"
    plan_path.write_text(json.dumps(plan))
    serving = subprocess.Popen([*PEERS[server], "server", plan_path, server_log], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    relay = Relay(int(serving.stdout.readline()))
    subprocess.run([*PEERS[client], "client", plan_path, client_log, str(relay.own)], check=True, timeout=60)
    finish(serving)
    save(name, relay, expected(log_of(client_log), log_of(server_log)))


def finish(serving):
    try:
        serving.communicate(b"\n", timeout=5)
    except subprocess.TimeoutExpired:
        serving.kill()


def nghttpd(folder, *options):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = subprocess.Popen(["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", str(folder), *options, str(port)])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return serving, port
        except OSError:
            threading.Event().wait(0.05)
    raise SystemExit("nghttpd doesn't listen")


def documents(folder, count):
    """Files that nghttpd serves; what it answers to a path is the file."""
    for number in range(1, count + 1):
        (folder / f"{number}.json").write_text(answer(number, 20 * number))
    return [f"/{number}.json" for number in range(1, count + 1)]


def nghttp_nghttpd(name, folder):
    paths = documents(folder, 6)
    body = folder / "request"
    body.write_text(chat(1, False))
    serving, port = nghttpd(folder, "--padding=40", "--trailer=x-checksum: abc", "--push=/1.json=/2.json")
    relay = Relay(port)
    subprocess.run(["nghttp", "-n", "--padding=60", "--continuation", "--trailer=x-sum: 1", "-H", "authorization: Bearer sk-test",
                    "--header-table-size=8192", "-d", body, *[f"http://127.0.0.1:{relay.own}{path}" for path in paths]],
                   check=True, timeout=60)
    serving.terminate()
    serving.wait()
    told = {path: {"method": "POST", "status": 200, "outcome": "complete", "request": b64(body.read_bytes()),
                   "response": b64((folder / path[1:]).read_bytes())} for path in paths}
    save(name, relay, expected(told, None))


def nghttp_with(server, *options):
    return lambda name, folder: nghttp_client(name, folder, server, options)


def nghttp_client(name, folder, server, options):
    """The client sends the same fields with each call, so all get the same answer; paths differ."""
    one = call(1, events(1, 6), chat(1, True), kind="text/event-stream", delay_ms=3)
    plan_path, server_log, body = folder / "plan.json", folder / "server", folder / "request"
    plan_path.write_text(json.dumps([[one]]))
    body.write_bytes(base64.b64decode(one["body"]))
    serving = subprocess.Popen([*PEERS[server], "server", plan_path, server_log], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    relay = Relay(int(serving.stdout.readline()))
    urls = [f"http://127.0.0.1:{relay.own}/v1/chat/completions?n={number}" for number in range(1, 6)]
    subprocess.run(["nghttp", "-n", "--padding=20", "-H", "x-request-id: call-1", "-H", "authorization: Bearer sk-test",
                    *options, "-d", body, *urls], check=True, timeout=60)
    finish(serving)
    save(name, relay, expected(None, log_of(server_log)))


def hyper_nghttpd(name, folder):
    paths = documents(folder, 5)
    plan = [[dict(call(number, [], chat(number, False)), path=path) for number, path in enumerate(paths[:3], 1)],
            [dict(call(number, [], chat(number, False)), path=path) for number, path in enumerate(paths[3:], 4)]]
    plan_path, client_log = folder / "plan", folder / "client"
    plan_path.write_text(json.dumps(plan))
    serving, port = nghttpd(folder, "--padding=16", "--encoder-header-table-size=256", "--header-table-size=128")
    relay = Relay(port)
    subprocess.run([*PEERS["hyper"], "client", plan_path, client_log, str(relay.own)], check=True, timeout=60)
    serving.terminate()
    serving.wait()
    client = log_of(client_log)
    for path, entry in client.items():
        assert base64.b64decode(entry["response"]) == (folder / path[1:]).read_bytes(), path
    save(name, relay, expected(client, None))


RECORDINGS = {
    **{f"{client}-{server}": (lambda client, server: lambda name, folder: peers(name, client, server, calls(), folder))(client, server)
       for client in PEERS for server in PEERS},
    "go-node-large": lambda name, folder: peers(name, "go", "node", large(), folder),
    "hyper-go-large": lambda name, folder: peers(name, "hyper", "go", large(), folder),
    "nghttp-nghttpd": nghttp_nghttpd,
    "nghttp-go": nghttp_with("go", "--header-table-size=512", "--no-rfc7540-pri"),
    "nghttp-node": nghttp_with("node", "--header-table-size=0", "--header-table-size=4096"),
    "hyper-nghttpd": hyper_nghttpd,
}


def main():
    subprocess.run(["cargo", "build", "--quiet"], cwd=HERE / "hyper", check=True)
    subprocess.run(["go", "build", "-o", PEERS["go"][0], "."], cwd=HERE / "go", check=True)
    CAPTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or RECORDINGS:
        with tempfile.TemporaryDirectory() as folder:
            RECORDINGS[name](name, pathlib.Path(folder))


if __name__ == "__main__":
    main()
