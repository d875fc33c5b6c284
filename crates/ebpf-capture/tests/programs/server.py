"""A TLS server that answers chat completions and counts every byte. Prints its port; writes one JSON line for each exchange and
one for each connection to LOG. Ends with its standard input.

usage: server.py CERTIFICATE KEY LOG"""
import hashlib, json, os, socket, ssl, sys, threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
log = open(sys.argv[3], "w", buffering=1)
lock = threading.Lock()


def note(**facts):
    with lock:
        log.write(json.dumps(facts) + "\n")


def completion(number, size):
    head = {
        "id": "chatcmpl-%s" % number, "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18",
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ""}}],
    }
    text = json.dumps(head)
    head["choices"][0]["message"]["content"] = "y" * max(0, size - len(text))
    return json.dumps(head).encode()


def serve(plain):
    try:
        sock = context.wrap_socket(plain, server_side=True)
    except OSError:
        return
    read = written = 0
    name = None
    try:
        while True:
            data = b""
            while b"\r\n\r\n" not in data:
                more = sock.recv(65536)
                if not more:
                    return
                read += len(more)
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
            length = int(fields.get("content-length", 0))
            body = bytearray(body)
            while len(body) < length:
                more = sock.recv(1 << 20)
                if not more:
                    return
                read += len(more)
                body += more
            name = fields.get("x-name")
            path = lines[0].split()[1]
            answer = completion(name, int(fields.get("x-size", "0"))) if "completions" in path else b"{}"
            head = (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req-%s\r\ncontent-length: %d\r\n\r\n"
                    % ((name or "").encode(), len(answer)))
            sock.sendall(head)
            written += len(head)
            sock.sendall(answer)  # one SSL_write
            written += len(answer)
            note(kind="exchange", name=name, request=hashlib.sha256(body).hexdigest(), request_bytes=len(body),
                 response=hashlib.sha256(answer).hexdigest(), response_bytes=len(answer))
    except OSError:
        pass
    finally:
        note(kind="connection", name=name, read=read, written=written)
        sock.close()


listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listener.getsockname()[1], os.getpid(), flush=True)


def accept():
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=serve, args=(plain,), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
