"""Makes calls with the stock `openai` package, one after the other.

sync.py [STEP]..., a STEP being `plain`, `stream` or `other` (no LLM call). Without any, each line of standard input is one.
"""

import os
import sys

from openai import NotFoundError, OpenAI

client = OpenAI(default_headers={"x-test-pid": str(os.getpid())}, max_retries=0)
messages = [{"role": "user", "content": "hello"}]


def plain():
    return client.chat.completions.create(model="gpt-4o", messages=messages).id


def stream():
    options = {"include_usage": True}
    chunks = client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, stream=True, stream_options=options
    )
    return [chunk.id for chunk in chunks][-1]


def other():
    try:
        return client.models.list()
    except NotFoundError:  # the mock has no models
        return None


for step in sys.argv[1:] or map(str.strip, sys.stdin):
    print(f"{step}: {globals()[step]()}", flush=True)
