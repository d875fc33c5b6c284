"""The Celery application: a task asks the model, as any application would. Nothing here knows of sidetone."""

import os

import redis
from celery import Celery
from openai import OpenAI

REDIS = os.environ["REDIS_URL"]

app = Celery("example", broker=REDIS)
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False

done = redis.Redis.from_url(REDIS)
clients = {}


def client(gzip):
    """One client for each process and each coding, made when it is first needed: after the fork."""
    key = (os.getpid(), gzip)
    if key not in clients:
        headers = {"x-test-pid": str(os.getpid()), "accept-encoding": "gzip" if gzip else "identity"}
        clients[key] = OpenAI(default_headers=headers, max_retries=0, timeout=60)
    return clients[key]


@app.task
def ask(number, stream, gzip):
    """Asks one question; the mock server's log gets the task's number and this process's id with it."""
    messages = [{"role": "user", "content": f"What is {number} times two?"}]
    options = {"stream_options": {"include_usage": True}} if stream else {}
    try:
        answer = client(gzip).chat.completions.create(
            model="gpt-4o-mini" if stream else "gpt-4o",
            messages=messages,
            stream=stream,
            extra_headers={"x-test-task": str(number)},
            **options,
        )
        usage = [chunk.usage for chunk in answer if chunk.usage][-1] if stream else answer.usage
        outcome = f"{usage.prompt_tokens}+{usage.completion_tokens}"
    except Exception as error:  # the driver says which task failed, and why
        outcome = f"failed: {error!r}"
    done.rpush("done", f"{number} {outcome}")
