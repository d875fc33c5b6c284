"""A TLS client that asks for chat completions, each on a connection of its own, all at once. Waits for a line on its standard
input before it begins, prints a JSON line for each connection, and ends with its standard input.

usage: client.py PORT CERTIFICATE COUNT REQUEST_BYTES RESPONSE_BYTES [PREFIX]"""
import hashlib, json, os, socket, ssl, sys, threading

port, count, sent_size, size = int(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
prefix = sys.argv[6] if len(sys.argv) > 6 else "call"
context = ssl.create_default_context(cafile=sys.argv[2])
lock = threading.Lock()
start = threading.Event()


def ask(number):
    name = "%s-%d" % (prefix, number)
    text = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": ""}], "user": name}
    # Each body has a length of its own, so that connections can be told apart by their bytes alone.
    text["messages"][0]["content"] = "x" * max(0, sent_size + number - len(json.dumps(text)))
    body = json.dumps(text).encode()
    start.wait()
    sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    head = ("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:%d\r\ncontent-type: application/json\r\nx-name: %s\r\n"
            "x-size: %d\r\ncontent-length: %d\r\n\r\n" % (port, name, size + number, len(body))).encode()
    sock.sendall(head)
    sock.sendall(body)  # one SSL_write
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise SystemExit("no answer")
        data += more
    end = data.index(b"\r\n\r\n") + 4
    length = int(data[:end].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    data = bytearray(data)
    while len(data) < end + length:
        more = sock.recv(1 << 20)
        if not more:
            raise SystemExit("a short answer")
        data += more
    sock.close()
    with lock:
        print(json.dumps({"name": name, "request": hashlib.sha256(body).hexdigest(), "request_bytes": len(body),
                          "response": hashlib.sha256(data[end:]).hexdigest(), "response_bytes": length,
                          "written": len(head) + len(body), "read": len(data)}), flush=True)


threading.stack_size(256 * 1024)
threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
for thread in threads:
    thread.start()
print("ready %d" % os.getpid(), flush=True)
sys.stdin.readline()
start.set()
for thread in threads:
    thread.join()
print("done", flush=True)
sys.stdin.read()
