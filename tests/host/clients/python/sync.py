"""Makes calls with the stock `openai` package, one after the other: CALLS times a plain one and a streamed one."""

import os
import sys

from openai import OpenAI

client = OpenAI(default_headers={"x-test-pid": str(os.getpid())}, max_retries=0)
for _ in range(int(sys.argv[1])):
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hello"}])
    print(answer.id, flush=True)
    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    print([chunk.id for chunk in stream][-1], flush=True)
