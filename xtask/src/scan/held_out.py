"""Cases of detectors' tests that our rules weren't written with, for quality.py: what was found of them at first, and what now."""

import collections
import json
import os
import pathlib
import re
import subprocess

SCALIBR = "github.com/google/osv-scalibr@v0.5.3"
RIPSECRETS = "0.1.11"
# Found and in all, by the rules of a commit whose author had not seen these cases: the one measurement of them that is held out.
FIRST = {
    "Veles": ("abeea4d", 303, 603),
    "TruffleHog": ("abeea4d", 901, 1531),
    "secretlint": ("abeea4d", 44, 76),
    "ripsecrets": ("2f1f003", 28, 46),
}

# Detectors whose cases no rule of ours is meant to find.
NO_RULE = {
    "common/flatjson": "a part of detectors, whose cases hold no secrets",
    "common/ntuple": "a part of detectors, whose cases hold no secrets",
    "vapid": "43 characters that nothing marks",
    "tinkkeyset": "keysets of Tink, a format of files",
    "salesforceoauth2client": "any value beside a host",
    "salesforceoauth2refresh": "any value beside a host",
    "salesforceoauth2jwt": "any value beside a host",
    "urlcreds": "passwords such as `password`, at hosts that are kept for examples",
    "http": "any cookie, and headers such as `Bearer test`",
    "no-homedir": "names of folders",
    "example": "the phrase `THIS IS SECRET`",
    "filter-comments": "the phrase `THIS IS SECRET`",
    "pattern": "expressions of the test's own",
    "gcp": "files of PKCS #12, which are no text",
    "secp256k1-privatekey": "64 hexadecimal digits, as a hash has",
}

SEQUENCES = ["abcdefghijklmnopqrstuvwxyz" * 2, "01234567890123456789", "zyxwvutsrqponmlkjihgfedcba", "9876543210", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4"]
STEPS = {of[at:at + 6] for of in SEQUENCES for at in range(len(of) - 5)}


def is_placeholder(case):
    """Whether what a case calls a secret was made up by hand: a letter six times, six that follow each other, words such as `test`."""
    for secret in case["secrets"] or [case["text"]]:
        lower = secret.lower()
        if re.search(r"(.)\1{5}", lower) or any(lower[at:at + 6] in STEPS for at in range(len(lower) - 5)):
            return True
        if re.search(r"test.*test|teste|example|fake|xxxx|(.)\1\1\1.*(.)\2\2\2|-very-nice-", lower):
            return True
    return False


def tests(work, program, folder):
    """The cases in the tests of Go below a folder."""
    build = work / "cases"
    build.mkdir(parents=True, exist_ok=True)
    (build / "main.go").write_text(program.read_text())
    (build / "go.mod").write_text("module cases\n\ngo 1.21\n")
    subprocess.run(["go", "build", "-o", "cases", "."], cwd=build, check=True)
    said = subprocess.run([build / "cases", folder], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    return [json.loads(line) for line in sorted(said)]


def veles(work, program):
    environment = dict(os.environ, GOFLAGS="-mod=mod")
    said = subprocess.run(["go", "mod", "download", "-json", SCALIBR], cwd=work, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return tests(work, program, pathlib.Path(json.loads(said)["Dir"]) / "veles/secrets")


def secretlint(folder):
    """What the rules of secretlint say of the inputs beside their snapshots."""
    for output in sorted(pathlib.Path(folder).glob("packages/@secretlint/secretlint-rule-*/test/snapshots/*/output.json")):
        rule = output.parts[-5].removeprefix("secretlint-rule-")
        inputs = [path for path in output.parent.iterdir() if path.name.startswith("input")]
        if rule.startswith("preset") or not inputs:
            continue
        text = inputs[0].read_text(errors="replace")
        messages = json.loads(output.read_text()).get("messages", [])
        secrets = [text[slice(*message["range"])] for message in messages if "range" in message]
        yield {"detector": rule, "kind": "positive" if messages else "negative", "text": text, "secrets": secrets}


def ripsecrets(work):
    """The lines of the test files of ripsecrets, a crate: one secret each."""
    build = work / "ripsecrets"
    (build / "src").mkdir(parents=True, exist_ok=True)
    (build / "src/lib.rs").write_text("")
    (build / "Cargo.toml").write_text(f'[package]\nname = "cases"\n[dependencies]\nripsecrets = "={RIPSECRETS}"\n[workspace]\n')
    said = subprocess.run(["cargo", "metadata", "--format-version", "1"], cwd=build, stdout=subprocess.PIPE, check=True).stdout
    manifest = next(package["manifest_path"] for package in json.loads(said)["packages"] if package["name"] == "ripsecrets")
    for path in sorted((pathlib.Path(manifest).parent / "test/one_per_line").iterdir()):
        for line in filter(str.strip, path.read_text().splitlines()):
            yield {"detector": path.name, "kind": "positive", "text": line, "secrets": [line]}


def report(work, program, folders, found_in):
    """The section of the page. `found_in` says of texts whether each holds a finding."""
    sources = {"Veles": veles(work, program), "ripsecrets": list(ripsecrets(work))}
    if "trufflehog" in folders:
        sources["TruffleHog"] = tests(work, program, pathlib.Path(folders["trufflehog"]) / "pkg/detectors")
    if "secretlint" in folders:
        sources["secretlint"] = list(secretlint(folders["secretlint"]))
    out = [
        "| tests of | detectors | positives | found at first (held out), by the rules of commit | found now | without placeholders and what no rule is for | of these |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    detectors, missed = {}, []
    for name, cases in sources.items():
        positives = [case for case in cases if case["kind"] == "positive"]
        found = found_in([case["text"] for case in positives])
        counted = [(case, of) for case, of in zip(positives, found) if case["detector"] not in NO_RULE and not is_placeholder(case)]
        whole = sum(of for _, of in counted)
        commit, first, all_first = FIRST[name]
        out.append(
            f"| {name} | {len({case['detector'] for case in positives})} | {len(positives)} | {first} of {all_first} ({first / all_first:.1%}, {commit}) "
            f"| {sum(found)} ({sum(found) / len(positives):.1%}) | {len(counted)} | {whole} ({whole / len(counted):.1%}) |"
        )
        missed += [(name, case) for case, of in counted if not of]
        if name == "Veles":
            for case, of in zip(positives, found):
                row = detectors.setdefault(case["detector"], [0, 0, 0, 0])
                row[0] += 1
                row[1] += of
                if not is_placeholder(case):
                    row[2] += 1
                    row[3] += of
    out += [
        "", "Each detector of Veles:", "",
        "| detector | positives | found | without placeholders | found | why not |", "| --- | --- | --- | --- | --- | --- |",
        *(f"| `{name}` | {row[0]} | {row[1]} | {row[2]} | {row[3]} | {NO_RULE.get(name, '')} |" for name, row in sorted(detectors.items())), "",
    ]
    return out, missed
