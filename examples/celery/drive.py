"""Starts everything, has the tasks done, and compares what `sidetone agent` saw with what the mock server answered.

Run it by run.sh, which prepares what it needs.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import redis
from openai import DefaultHttpxClient

HERE = Path(__file__).parent
WORK = Path(sys.argv[1])
TASKS = int(os.environ.get("TASKS", 2000))
AT_ONCE = int(os.environ.get("AT_ONCE", 50))
WORKERS = int(os.environ.get("WORKERS", 3))
CHILDREN = int(os.environ.get("CHILDREN", 17))
TASKS_PER_CHILD = os.environ.get("TASKS_PER_CHILD")
NAME = os.environ.get("NAME", "api.openai.com")
# Any address of the loopback network, so that port 443 is free.
ADDRESS = os.environ.get("ADDRESS", "127.1.43.7")
PATIENCE = 120
# The agent's times come from the monotonic clock, the server's from the wall clock.
CLOCKS_APART = 0.010

started = []


def start(what, command, **options):
    """Starts a program that ends with this one; what it prints goes to a file."""
    log = WORK / f"{what}.out"
    with open(log, "wb") as out:
        guarded = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
        process = subprocess.Popen(guarded, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **options)
    process.what, process.log = what, log
    started.append(process)
    return process


def wait_for(process, what, holds):
    """Waits until it holds, as long as the process runs."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{process.what}: {what}: not before {process.poll()}; it said:\n{process.log.read_text()[-4000:]}")
        time.sleep(0.02)


def stop(process):
    """Ends it by SIGTERM and gives its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def connects(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def main():
    begin = time.monotonic()
    # The mock server, and the place in which its name leads to it.
    server = start(
        "server",
        [os.environ["MOCK_LLM_SERVER"], "--address", ADDRESS, "--port", 443, "--name", NAME, "--gzip"]
        + ["--authority", WORK / "authority.pem", "--log", WORK / "answers.jsonl"]
        + ["--head-delay", 5, "--piece-delay", 1],
    )
    wait_for(server, "it listens", lambda: "ready" in server.log.read_text())
    (WORK / "hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n")
    place = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    place += ['mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", WORK / "hosts"]

    # The agent, on the host.
    agent = start("agent", [os.environ["SIDETONE"], "agent", "--duration", 900, "--output", WORK / "events.jsonl"])
    wait_for(agent, "it is ready", lambda: "ready" in agent.log.read_text().split("\n"))

    # Redis, the workers, the producer.
    redis_port, port = free_port(), free_port()
    queue = start("redis", ["redis-server", "--port", redis_port, "--bind", "127.0.0.1", "--save", "", "--dir", WORK])
    wait_for(queue, "it listens", lambda: connects(redis_port))
    queued = redis.Redis(port=redis_port)
    environment = dict(
        os.environ,
        REDIS_URL=f"redis://127.0.0.1:{redis_port}/0",
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=f"https://{NAME}/v1",
        SSL_CERT_FILE=str(WORK / "authority.pem"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    recycled = ["--max-tasks-per-child", TASKS_PER_CHILD] if TASKS_PER_CHILD else []
    workers = []
    for number in range(WORKERS):
        command = [*place, sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork"]
        command += ["--concurrency", CHILDREN, "-n", f"worker{number}@%h", "--loglevel", "WARNING"]
        command += ["--without-gossip", "--without-mingle", *recycled]
        workers.append(start(f"worker{number}", command, cwd=HERE, env=environment))
    certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    certificate += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    certificate += ["-keyout", WORK / "producer.key", "-out", WORK / "producer.pem"]
    subprocess.run(certificate, check=True, stderr=subprocess.DEVNULL)
    of_producer = dict(environment, PORT=str(port), CERTIFICATE=str(WORK / "producer.pem"), KEY=str(WORK / "producer.key"))
    producer = start("producer", [sys.executable, "producer.py"], cwd=HERE, env=of_producer)
    wait_for(producer, "it listens", lambda: connects(port))

    # The tasks: so many at once, each done makes room for the next. All four kinds come in turn.
    os.environ["SSL_CERT_FILE"] = str(WORK / "producer.pem")
    order = DefaultHttpxClient(base_url=f"https://127.0.0.1:{port}")
    load = time.monotonic()
    sent, outcomes = 0, {}
    while len(outcomes) < TASKS:
        room = min(AT_ONCE - (sent - len(outcomes)), TASKS - sent)
        if room:
            numbers = range(sent, sent + room)
            tasks = [{"number": n, "stream": n % 2 == 1, "gzip": n % 4 >= 2} for n in numbers]
            answer = order.post("/tasks", json=tasks)
            assert answer.status_code == 202, answer
            sent += room
        ended = queued.blpop("done", PATIENCE)
        if ended is None:
            sys.exit(f"{len(outcomes)} of {TASKS} tasks were done, then no more")
        number, outcome = ended[1].decode().split(" ", 1)
        outcomes[int(number)] = outcome
    load = time.monotonic() - load

    for process in [producer, *workers]:
        stop(process)
    code = stop(agent)
    if code:
        sys.exit(f"the agent ended with {code}; it said:\n{agent.log.read_text()[-4000:]}")
    stop(queue)
    stop(server)
    compare(outcomes, load, begin)


def compare(outcomes, load, begin):
    answers = [answer for answer in lines(WORK / "answers.jsonl")]
    requests, calls = {}, {}
    for event in lines(WORK / "events.jsonl"):
        if event["data"]["server"]["address"] != NAME:
            continue
        if event["event_type"] == "ai.request":
            requests[event["call_id"]] = event
        else:
            data = event["data"]
            key = (data["usage"]["input_tokens"], data["usage"]["output_tokens"])
            calls.setdefault(key, []).append(event)
    wrong, lost, twice, seen = [], 0, 0, 0
    for answer in answers:
        events = calls.pop((answer["input_tokens"], answer["output_tokens"]), [])
        if not events:
            lost += 1
            wrong.append(f"lost: {answer}")
            continue
        seen += 1
        twice += len(events) - 1
        wrong += [f"{what}: {answer} was seen as {event}" for event in events for what in differences(answer, event, requests, outcomes)]
    made_up = [event for events in calls.values() for event in events]
    wrong += [f"nobody answered {event}" for event in made_up]
    failed = [f"task {number}: {outcome}" for number, outcome in outcomes.items() if outcome.startswith("failed")]
    wrong += failed
    if len(answers) != TASKS:
        wrong.append(f"{len(answers)} answers to {TASKS} tasks")
    if twice:
        wrong.append(f"{twice} calls were seen again")
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    kinds = lambda name: sum(answer[name] for answer in answers)
    pids = {answer["said"].get("pid") for answer in answers}
    print(
        f"{len(answers)} calls of {len(pids)} processes answered ({kinds('is_stream')} streamed, {kinds('is_compressed')} in gzip), "
        f"{seen} seen, {lost} lost, {twice} duplicated, {len(made_up)} made up, {len(wrong)} mismatches; "
        f"{len(answers) / load:.0f} calls a second, {time.monotonic() - begin:.0f} s in all"
    )
    sys.exit(1 if wrong else 0)


def differences(answer, event, requests, outcomes):
    """What both know and do not agree in."""
    data, usage = event["data"], event["data"]["usage"]
    request = requests.get(event["call_id"])
    seconds = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    start, end = seconds(data["times"]["start"]), seconds(data["times"]["end"])
    first = data["times"]["time_to_first_token_ms"]
    facts = {
        "no record of the request": request is not None,
        "process": str(data["process"]["pid"]) == answer["said"]["pid"],
        "total": usage["total_tokens"] == answer["input_tokens"] + answer["output_tokens"],
        "the client's own count": outcomes[int(answer["said"]["task"])] == f"{usage['input_tokens']}+{usage['output_tokens']}",
        "id": data["response"]["id"] == answer["id"],
        "model": data["response"]["model"] == answer["model"],
        "outcome": data["outcome"] == "completed" and data["complete"],
        "stream": data["response"]["stream"] == answer["is_stream"],
        "order of times": start <= answer["received"] + CLOCKS_APART and start <= end,
        # A client may close once it has read the last event; the server sees that later.
        "end": answer["ended"] <= end + CLOCKS_APART or not answer["is_complete"],
        "first token": (first is not None) == answer["is_stream"],
    }
    if first is not None:
        at = start + first / 1e3
        facts["first token's time"] = answer["first_piece"] <= at + CLOCKS_APART and at <= end + 1e-6
    return [what for what, holds in facts.items() if not holds]


try:
    main()
finally:
    for process in started:
        if process.poll() is None:
            process.kill()
