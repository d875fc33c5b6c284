"""The Flask producer: takes orders by HTTPS and puts them in the queue."""

import os

from flask import Flask, request

from tasks import ask

app = Flask(__name__)


@app.post("/tasks")
def order():
    """Queues a task for each element of the body."""
    for task in request.get_json():
        ask.delay(task["number"], task["stream"], task["gzip"])
    return {"queued": len(request.get_json())}, 202


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), ssl_context=(os.environ["CERTIFICATE"], os.environ["KEY"]))
