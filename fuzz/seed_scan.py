#!/usr/bin/env python3
"""Writes a first corpus for `scan` and `redact` from the cases of the scan's tests: `seed_scan.py [CORPUS]`."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent
CORPUS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "fuzz" / "corpus")
PIECES = ["JQQJ9", "+AStAAAA", '"auth":"dTpw', "1.AaAa.Ag", "00D1!", "apiKey: ", "MTA.", "FFFFNRAL", "AKIA", "sk-proj-", "%2D", "\\u002d", "\\\\u002d", "Z2xwYXQt", ".ey", "://a:b@", "curl -u a:b", "1 2 3 ", "+1 ", "![](http://a?", "-----BEGIN PRIVATE KEY-----", "token = "]

for target in ("scan", "redact"):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate((ROOT / "crates/core/tests/scan/positives.jsonl").read_text().splitlines()):
        if number % 3 == 0:
            (folder / f"case-{number}").write_text(json.loads(line)["text"])
    for number, piece in enumerate(PIECES):
        (folder / f"piece-{number}").write_text(piece * 9)
