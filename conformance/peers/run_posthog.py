"""Golden files of PostHog's AI wrapper: the events of its capture requests, for every case.

See cases.py for the arguments. The requests go to a server of this process on loopback. Content off is the client's
privacy mode. No distinct id or trace id is given, so that the wrapper makes one up.
"""

import gzip
import http.server
import json
import re
import threading

from cases import CONTENT_ON, TIME, base_url, cases, make_call, typed, write
from posthog import Posthog
from posthog.ai.openai import OpenAI

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Properties that are measured, and those that tell of the machine.
MEASURED = ("$ai_latency", "$ai_time_to_first_token")
OF_THE_MACHINE = ("$os", "$os_version", "$os_distro", "$python_runtime", "$python_version")
received = []


class Capture(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
        received.append({"method": "POST", "path": self.path, "body": json.loads(body)})
        self.send_response(200)
        self.send_header("content-length", "15")
        self.end_headers()
        self.wfile.write(b'{"status":"Ok"}')


class Names:
    """What made-up ids are called: `uuid0`, `uuid1`, … in the order in which they are met."""

    def __init__(self):
        self.ids = {}

    def put_in(self, value):
        if isinstance(value, dict):
            return {key: self.put_in(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.put_in(item) for item in value]
        if isinstance(value, str):
            return UUID.sub(lambda found: self.ids.setdefault(found[0], f"uuid{len(self.ids)}"), value)
        return value


def properties(of):
    told = {}
    for key, value in sorted(of.items()):
        value = sorted(value) if key == "$context_tags" else value  # they come in the order of a hash table
        kind = next(iter(typed(value)))
        told[key] = {kind: TIME} if key in MEASURED else {kind: "<machine>"} if key in OF_THE_MACHINE else typed(value)
    return told


def events():
    """The events of all requests, each with the request that brought it."""
    names, told = Names(), []
    for request in received:
        for event in request["body"]["batch"]:
            event = names.put_in(event)
            told.append(
                {
                    "request": f"{request['method']} {request['path']}",
                    **{key: TIME if key == "timestamp" else value for key, value in event.items() if key != "properties"},
                    "properties": properties(event["properties"]),
                }
            )
    return told


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Capture)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"http://127.0.0.1:{server.server_address[1]}"
posthog = Posthog("phc_mock", host=host, sync_mode=True, privacy_mode=not CONTENT_ON)
for name, meta, request in cases():
    received.clear()
    client = OpenAI(posthog_client=posthog, api_key="sk-mock", base_url=base_url(name, meta), max_retries=0, timeout=10)
    seen = make_call(client, meta, request)
    posthog.flush()
    write(name, {"client": seen, "spans": [], "logs": [], "metrics": [], "events": events()})
posthog.shutdown()
server.shutdown()
