"""Makes calls with the stock `openai` package at once: CALLS plain ones and CALLS streamed ones."""

import asyncio
import os
import sys

from openai import AsyncOpenAI


async def plain(client):
    answer = await client.responses.create(model="gpt-4o", input="hello")
    return answer.id


async def streamed(client):
    stream = await client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk.id async for chunk in stream][-1]


async def main(calls):
    async with AsyncOpenAI(default_headers={"x-test-pid": str(os.getpid())}, max_retries=0) as client:
        for answer in await asyncio.gather(*(call(client) for _ in range(calls) for call in (plain, streamed))):
            print(answer, flush=True)


asyncio.run(main(int(sys.argv[1])))
