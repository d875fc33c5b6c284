#!/usr/bin/env python3
"""Writes a first corpus for the targets of readers from the golden files of each package: `seed_read.py [CORPUS]`."""

import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).parent.parent
CORPUS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "fuzz" / "corpus")
READERS = {
    "v2": ["v2"],
    "latest": ["latest", "latest_v2"],
    "v1": ["v1_indexed", "v1_newest"],
    "openinference": ["openinference"],
    "posthog": ["posthog"],
    "vercel": ["vercel", "vercel_newest"],
}


def name(text):
    data = text.encode()[:255]
    return bytes([255, len(data)]) + data


def value(typed):
    (kind, said), = typed.items()
    if kind == "string":
        data = said.encode()[:65535]
        return struct.pack(">BH", 8, len(data)) + data
    if kind == "int":
        return struct.pack(">Bq", 3, int(said))
    if kind == "double":
        return struct.pack(">Bd", 4, 0.25 if said == "<time>" else said)
    if kind == "bool":
        return bytes([1, int(said)])
    if kind == "array":
        return bytes([12, len(said[:8])]) + b"".join(map(value, said[:8]))
    if kind == "kvlist":
        return bytes([13, len(list(said)[:8])]) + b"".join(name(key) + value(of) for key, of in list(said.items())[:8])
    return b"\0"


def fields(operation, attributes):
    return b"".join(bytes([operation]) + name(key) + value(typed) for key, typed in attributes.items())


def script(span, logs):
    status = {"UNSET": b"\x09\0", "OK": b"\x09\x01", "ERROR": b"\x09\x02" + name("failed")}
    told = b"\x08" + name(span.get("name", "")) + status[span.get("status", {}).get("code", "UNSET")]
    told += fields(0, span["attributes"])
    for tick, event in enumerate(span.get("events", [])[:9]):
        told += b"\x0a" + name(event["name"]) + bytes([tick]) + fields(11, event["attributes"])
    for tick, log in enumerate(logs[:9]):
        told += b"\x0c" + name(log["event_name"]) + bytes([201 + tick]) + fields(13, log["attributes"])
        if log.get("body"):
            told += b"\x0e" + value(log["body"])
    return told


for reader, variants in READERS.items():
    folder = CORPUS / f"read_{reader}"
    folder.mkdir(parents=True, exist_ok=True)
    for variant in variants:
        further = ROOT / "conformance/further/golden"
        golden = [ROOT / "conformance/golden" / variant, further if variant == "v2" else further / variant]
        for path in sorted(path for folder_of in golden for path in folder_of.glob("o*/*.json")):
            document = json.loads(path.read_text())
            spans = document.get("spans", [])
            spans += [{"name": event["event"], "attributes": event["properties"]} for event in document.get("events", [])]
            for number, span in enumerate(spans):
                logs = [log for log in document.get("logs", []) if log.get("span") == span.get("id")]
                seed = bytes([sum(path.stem.encode()) % 256])
                (folder / f"{variant}-{path.parent.name}-{path.stem}-{number}").write_bytes(seed + script(span, logs))
print({folder.name: len(list(folder.iterdir())) for folder in sorted(CORPUS.iterdir()) if folder.name.startswith("read_")})
