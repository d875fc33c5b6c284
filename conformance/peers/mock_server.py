"""Answers like an OpenAI-style API with the recorded bytes of the cases.

    python3 mock_server.py CASES_DIR [CASES_DIR ...]        # prints "READY PORT" and serves until it is stopped

The first segment of the path is the case: base_url is http://127.0.0.1:PORT/CASE/v1. What is sent isn't looked at. Of
meta.json it knows path, status, headers, response_file, write_size and the fault cut_after_body. Standard library only.
"""

import http.server
import json
import pathlib
import re
import socket
import sys
import time

# Between two events of a stream, and between two pieces of a body that is written in pieces.
EVENT_PAUSE, PIECE_PAUSE = 0.005, 0.0002
NO_SUCH_CASE = b'{"error":{"message":"no such case","type":"mock","param":null,"code":null}}'
FOLDERS = [pathlib.Path(folder) for folder in sys.argv[1:]]


def case_folder(name):
    return next((folder / name for folder in FOLDERS if (folder / name / "meta.json").is_file()), None)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mock", ""

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return "Tue, 14 Nov 2023 22:13:20 GMT"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        match = re.match(r"^/([^/?]+)(/v1/[^?]*)", self.path)
        folder = case_folder(match[1]) if match else None
        meta = json.loads((folder / "meta.json").read_text()) if folder else {}
        if not folder or match[2] != meta["path"]:
            self.answer(404, {"content-type": "application/json"}, NO_SUCH_CASE)
            return
        body = (folder / meta["response_file"]).read_bytes()
        if meta["response_file"].endswith(".sse"):
            self.stream(meta, body)
        else:
            self.answer(meta["status"], meta["headers"], body)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, meta, body):
        self.send_response(meta["status"])
        for name, value in meta["headers"].items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        size = meta.get("write_size")
        if size:
            pieces, pause = [body[at : at + size] for at in range(0, len(body), size)], PIECE_PAUSE
        else:
            pieces, pause = [piece for piece in re.split(rb"(?<=\n\n)", body) if piece], EVENT_PAUSE
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
                time.sleep(pause)
            if meta.get("fault") == "cut_after_body":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        except OSError:  # the client went away
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that went away is nothing to tell
            super().handle_error(request, client_address)


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print("READY", server.server_address[1], flush=True)
    server.serve_forever()
