"""Ordinary text for quality.py, and whether what looks like an e-mail address in it is one."""

import hashlib
import json
import os
import pathlib
import subprocess

# Megabytes of each kind of ordinary text.
SHARE = {"code": 12, "documentation": 12, "prose": 12}
# Longest file that is taken, in bytes.
LONGEST = 1 << 20
NO_TEXT = {".gz", ".png", ".pdf", ".svg", ".jpg", ".gif", ".bz2", ".xz"}


def crates(root):
    """The folders of the crates that Cargo.lock names: the same text on each machine that has the same lock file."""
    said = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], cwd=root, stdout=subprocess.PIPE, check=True).stdout
    packages = json.loads(said)["packages"]
    return sorted(pathlib.Path(package["manifest_path"]).parent for package in packages if package["source"])


def files(folders, endings):
    for folder in folders:
        for path in folder.rglob("*"):
            if path.name.endswith(endings) and path.suffix not in NO_TEXT and path.is_file() and not path.is_symlink():
                if path.stat().st_size < LONGEST:
                    # By a hash of the name without what differs between machines, so that the order is no order of the alphabet.
                    yield hashlib.sha256(str(path.relative_to(folder.parent)).encode()).hexdigest(), path


def ordinary(root, work):
    """Copies of ordinary text, the same ones each time on the same machine: kind, path."""
    registry = crates(root)
    library = [pathlib.Path(os.__file__).parent]
    sources = {
        "code": [(registry, (".rs",)), (library, (".py",))],
        "documentation": [(registry, (".md",)), (library, (".rst", ".md", ".txt")), ([pathlib.Path("/usr/share/perl")], (".pod",))],
        "prose": [([pathlib.Path("/usr/share/doc")], ("",))],
    }
    for kind, of in sources.items():
        left = SHARE[kind] * 1_000_000
        for name, path in sorted(found for folders, endings in of for found in files(folders, endings)):
            data = path.read_bytes()
            if b"\0" in data:
                continue
            to = work / "texts" / kind / f"{name[:16]}{path.suffix or '.txt'}"
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(data)
            yield kind, to
            left -= len(data)
            if left < 0:
                break


# Says of each address whether it is one: by the package `email-validator`, and a public suffix that ICANN knows, of the package
# `publicsuffixlist`. What stands around it says that it isn't: an SSH remote, the user of a URL.
JUDGE = r"""
import json, re, sys
from email_validator import EmailNotValidError, validate_email
from publicsuffixlist import PublicSuffixList
suffixes = PublicSuffixList(only_icann=True, accept_unknown=False)
reserved = re.compile(r"(^|\.)(example\.(com|net|org|edu)|example|invalid|test|localhost|local|domain\.com|foo\.com|bar\.com|email\.com)$")
def judged(of):
    before, text, after = of["before"], of["text"], of["after"]
    host = text.rpartition("@")[2].lower()
    if re.search(r"(://|//)[^\s/]*$", before):
        return "the user of a URL"
    if re.match(r":[A-Za-z~]", after) or re.match(r"git@", text):
        return "an SSH remote"
    if reserved.search(host):
        return "a host for examples"
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return "not valid"
    if not suffixes.privatesuffix(host):
        return "no public suffix"
    return "an address"
for line in sys.stdin:
    print(json.dumps(judged(json.loads(line))))
"""


def addresses(python, findings):
    """For each of (path, start, end) of a finding: what the judge says it is."""
    lines = []
    for path, start, end in findings:
        data = pathlib.Path(path).read_bytes().decode(errors="replace").encode()
        part = lambda of: of.decode(errors="replace")
        lines.append(json.dumps({"before": part(data[max(0, start - 200):start]), "text": part(data[start:end]), "after": part(data[end:end + 20])}))
    said = subprocess.run([python, "-c", JUDGE], input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in said.decode().splitlines()]
