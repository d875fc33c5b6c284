"""What the Python peers share: reading a case, making its call, and writing what was told as a golden file.

Called by `cargo xtask golden` as SCRIPT VARIANT on|off OUT_DIR CASES_DIR PORT, with the mock server on PORT.
"""

import gc
import json
import pathlib
import sys

# Where the mock server seems to listen, in every golden file.
GOLDEN_PORT = 18181
# Nothing listens there.
REFUSED = "http://127.0.0.1:1/v1"
TIME = "<time>"

VARIANT, CONTENT, OUT, CASES = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
PORT = int(sys.argv[5])
CONTENT_ON = CONTENT == "on"


def cases():
    """Every case: its name, its meta.json and its request."""
    for folder in sorted(CASES.iterdir()):
        if (folder / "meta.json").is_file():
            yield folder.name, json.loads((folder / "meta.json").read_text()), json.loads((folder / "request.json").read_text())


def base_url(name, meta):
    return REFUSED if meta["fault"] == "connection_refused" else f"http://127.0.0.1:{PORT}/{name}/v1"


def make_call(client, meta, request):
    """Makes the call with the client, as an application would. Gives how many items of a stream were read, and the exception."""
    function, items, exception = client, 0, None
    for name in meta["sdk_call"].split("."):
        function = getattr(function, name)
    try:
        answer = function(**request)
        if meta["stream"]:
            for _ in answer:
                items += 1
                if meta.get("client_action", "").startswith("break_after_2") and items == 2:
                    answer.close()
                    break
    except Exception as error:
        exception = type(error).__name__
    answer = None
    gc.collect()
    return {"items_read": items, "exception": exception}


def typed(value):
    """A value with its type."""
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": GOLDEN_PORT if value == PORT else value}
    if isinstance(value, float):
        return {"double": value}
    if isinstance(value, str):
        return {"string": at_golden_port(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if value is None:
        return {"null": None}
    if isinstance(value, (list, tuple)):
        return {"array": [typed(item) for item in value]}
    if hasattr(value, "items"):
        return {"kvlist": {key: typed(item) for key, item in value.items()}}
    return {"other:" + type(value).__name__: str(value)}


def at_golden_port(text):
    return text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{GOLDEN_PORT}")


def write(name, document):
    OUT.mkdir(parents=True, exist_ok=True)
    head = {"case": name, "variant": VARIANT, "content": CONTENT}
    (OUT / f"{name}.json").write_text(json.dumps({**head, **document}, indent=1, ensure_ascii=False))
