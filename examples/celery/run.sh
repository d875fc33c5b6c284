#!/usr/bin/env bash
# Runs the example from beginning to end; README.md says what it shows. Exit code 0 and one line of totals when every call was seen as it was.
#
#   examples/celery/run.sh            TASKS=200 examples/celery/run.sh
#
# Set SIDETONE, MOCK_LLM_SERVER or PYTHON to use programs that are there already, and WORK to keep the logs.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"

if [ "$(id -u)" != 0 ]; then
    echo "run.sh: needs root, for a private /etc/hosts, port 443 and the probes" >&2
    exit 2
fi
for tool in redis-server openssl unshare setpriv; do
    command -v "$tool" >/dev/null || { echo "run.sh: needs $tool" >&2; exit 2; }
done
if [ -z "${SIDETONE:-}" ] || [ -z "${MOCK_LLM_SERVER:-}" ]; then
    cargo build --quiet --release --manifest-path "$root/Cargo.toml" -p sidetone-cli -p sidetone-host-tests --bin sidetone --bin mock-llm-server
    folder="${CARGO_TARGET_DIR:-$root/target}/release"
    SIDETONE="${SIDETONE:-$folder/sidetone}"
    MOCK_LLM_SERVER="${MOCK_LLM_SERVER:-$folder/mock-llm-server}"
fi
if [ -z "${PYTHON:-}" ]; then
    venv="${CARGO_TARGET_DIR:-$root/target}/celery-example"
    if [ ! -e "$venv/installed" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --requirement "$root/tests/host/clients/python/requirements.txt"
        touch "$venv/installed"
    fi
    PYTHON="$venv/bin/python"
fi
if [ -z "${WORK:-}" ]; then
    WORK="$(mktemp -d)"
    trap 'rm -rf "$WORK"' EXIT
fi
export SIDETONE MOCK_LLM_SERVER
"$PYTHON" "$here/drive.py" "$WORK"
