"""Measures the scan on cases and texts that others made, and writes the tables of docs/scan.md.

    quality.py SCANNER WORK VALIDATE_GO DOCS [--detect-secrets FOLDER]

SCANNER is the example `scan` of sidetone-core. WORK is where what is fetched and generated goes. It needs go and python3 with their
package registries, and text to measure false findings on: the sources of crates, Python's library and /usr/share/doc.
"""

import ast
import collections
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import zlib

GITLEAKS = "github.com/zricethezav/gitleaks/v8"
GITLEAKS_VERSION = "v8.30.1"
PYTHON_PACKAGES = ["faker==40.1.0", "cylestio-monitor==0.1.2", "pyyaml"]
# Megabytes of each kind of ordinary text.
SHARE = {"code": 12, "documentation": 12, "prose": 12}
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

# gitleaks' rules that have no place here: files that a scan of texts doesn't see, and values that only their surroundings make
# secret.
NOT_OURS = {
    "pkcs12-file": "a file, not a text",
    "kubernetes-secret-yaml": "any value under `kind: Secret`",
    "nuget-config-password": "any password in NuGet's XML",
    "hashicorp-tf-password": "any password in Terraform",
    "freemius-secret-key": "any value of `secret_key` in PHP",
    "generic-api-key": "see our own row: ours asks for more",
}
# Whose positives were drawn without a checksum: gitleaks doesn't check any.
CHECKED = {
    "github-pat", "github-oauth", "github-app-token", "github-refresh-token", "npm-access-token", "gitlab-pat-routable",
    "gitlab-runner-authentication-token-routable", "age-secret-key",
}


def run(*command, cwd=None, **more):
    print("$", " ".join(map(str, command)), flush=True)
    return subprocess.run(command, cwd=cwd, check=True, **more)


def scanned(scanner, lines):
    """What the scanner says of each of these objects."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    out = subprocess.run([scanner], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.decode().splitlines()]


def gitleaks(work, validate):
    """The cases of gitleaks' rules, and gitleaks itself."""
    folder = work / "gitleaks"
    binary, cases = folder / "gitleaks", folder / "cases.jsonl"
    if not (binary.exists() and cases.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "go.mod").exists():
            run("go", "mod", "init", "quality", cwd=folder)
        run("go", "get", f"{GITLEAKS}@{GITLEAKS_VERSION}", cwd=folder)
        run("go", "build", "-mod=mod", "-o", binary, GITLEAKS, cwd=folder)
        module = run("go", "list", "-m", "-f", "{{.Dir}}", GITLEAKS, cwd=folder, stdout=subprocess.PIPE).stdout.decode().strip()
        copy = folder / "copy"
        run("cp", "-r", module, copy)
        run("chmod", "-R", "u+w", copy)
        run("cp", validate, copy / "cmd/generate/config/utils/validate.go")
        run("go", "build", "-o", folder / "dump", "./cmd/generate/config", cwd=copy)
        (folder / "out/rules").mkdir(parents=True, exist_ok=True)
        run("cp", copy / "cmd/generate/config/rules/config.tmpl", folder / "out/rules")
        with open(cases, "wb") as to:
            run(folder / "dump", "out.toml", cwd=folder / "out", stderr=to)
    return binary, [json.loads(line) for line in cases.read_text().splitlines()]


def python_with(work):
    """A Python with the packages that cases and a peer come from."""
    python = work / "venv/bin/python"
    if not python.exists():
        run(sys.executable, "-m", "venv", work / "venv")
        run(python, "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES)
    return python


def encoded(value, alphabet, width):
    digits = ""
    while value:
        value, digit = divmod(value, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(width, alphabet[0])


def bech32(human, data):
    """Written from the pseudo-code of BIP 173."""
    check = 1
    values = [ord(x) >> 5 for x in human] + [0] + [ord(x) & 31 for x in human] + data + [0] * 6
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= generator if top >> bit & 1 else 0
    check ^= 1
    return "".join(BECH32[x] for x in data + [check >> 5 * (5 - i) & 31 for i in range(6)])


def checked_tokens(count):
    """Tokens of vendors that publish a checksum: (rule, token)."""
    draw = random.Random(7)
    def letters(alphabet, length):
        return "".join(draw.choice(alphabet) for _ in range(length))
    for _ in range(count):
        for rule, prefix in [
            ("github-pat", "ghp_"), ("github-oauth", "gho_"), ("github-app-token", "ghs_"), ("github-app-token", "ghu_"),
            ("github-refresh-token", "ghr_"), ("npm-access-token", "npm_"),
        ]:
            body = letters(BASE62, 30)
            yield rule, prefix + body + encoded(zlib.crc32(body.encode()), BASE62, 6)
        for rule, prefix in [("gitlab-pat-routable", "glpat-"), ("gitlab-runner-authentication-token-routable", "glrt-t1_")]:
            payload = letters(BASE62 + "-_", draw.randint(27, 60))
            token = f"{prefix}{payload}.{encoded(len(payload), BASE36, 2)}"
            yield rule, token + encoded(zlib.crc32(token.encode()), BASE36, 7)
        yield "age-secret-key", "AGE-SECRET-KEY-1" + bech32("age-secret-key-", [draw.randrange(32) for _ in range(52)]).upper()


def altered(token, draw):
    """With one letter or digit other than it was, behind the prefix."""
    places = [at for at in range(10, len(token)) if token[at].isalnum()]
    at = draw.choice(places)
    of = "0123456789" if token[at].isdigit() else BECH32.upper() if token.startswith("AGE") else "ABCDEFGHJKMNPQRSTUVWXYZ" if token[at].isupper() else "abcdefghjkmnpqrstuvwxyz"
    return token[:at] + draw.choice([letter for letter in of if letter != token[at]]) + token[at + 1:]


PERSONAL = """
import json, random
from faker import Faker
Faker.seed(11); random.seed(11)
locales = ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "sv_SE"]
for locale in locales:
    fake = Faker(locale)
    for _ in range(120):
        for rule, text in [("payment-card", fake.credit_card_number(random.choice(["visa16", "mastercard", "amex", "discover", "diners"]))), ("email-address", fake.free_email()), ("iban", fake.iban())]:
            print(json.dumps({"rule": rule, "value": text}))
us = Faker("en_US")
for _ in range(500):
    number = us.basic_phone_number()
    if not number.isdigit():
        print(json.dumps({"rule": "phone-number", "value": number}))
    print(json.dumps({"rule": "phone-number", "value": "+1" + "".join(c for c in number if c.isdigit())}))
    print(json.dumps({"rule": "phone-number", "value": "+49 " + us.numerify("%## %#######")}))
"""
SENTENCES = ["{}", "My number is {}, thanks.", '{{"value": "{}"}}', "value={}\n", "Please use <{}> from now on."]


def detect_secrets(folder):
    """What the tests of detect-secrets' detectors say of lines, by reading their tables: (module, line, flagged)."""
    for path in sorted(pathlib.Path(folder, "tests/plugins").glob("*_test.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "parametrize" and len(node.args) == 2):
                continue
            for row in getattr(node.args[1], "elts", []):
                try:
                    row = ast.literal_eval(row)
                except ValueError:
                    continue
                if isinstance(row, str):
                    yield path.stem, row, True
                elif isinstance(row, tuple) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], bool):
                    yield path.stem, row[0], row[1]


def ordinary(work):
    """Copies of ordinary text, the same ones each time on the same machine: kind, path."""
    home = pathlib.Path.home()
    library = pathlib.Path(os.__file__).parent
    roots = {
        "code": [(home / ".cargo/registry/src", (".rs",)), (library, (".py",))],
        "documentation": [(home / ".cargo/registry/src", (".md",)), (library, (".rst", ".md", ".txt")), (pathlib.Path("/usr/share/perl"), (".pod",))],
        "prose": [(pathlib.Path("/usr/share/doc"), ("",))],
    }
    for kind, sources in roots.items():
        files = []
        for root, endings in sources:
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink() and path.name.endswith(endings) and path.stat().st_size < 1 << 20:
                    if path.suffix not in {".gz", ".png", ".pdf", ".svg", ".jpg", ".gif", ".bz2", ".xz"}:
                        files.append((hashlib.sha256(str(path).encode()).hexdigest(), path))
        left = SHARE[kind] * 1_000_000
        for name, path in sorted(files):
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


CYLESTIO = """
import json, pathlib, re, sys, yaml, cylestio_monitor
rules = yaml.safe_load((pathlib.Path(cylestio_monitor.__file__).parent / "config/default_config.yaml").read_text())
words = rules["security"]["suspicious_keywords"] + rules["security"]["dangerous_keywords"]
patterns = [(p["name"], re.compile(p["regex"])) for p in rules["data_masking"]["patterns"]]
for line in sys.stdin:
    of = json.loads(line)
    text = pathlib.Path(of["path"]).read_text(errors="replace")
    upper = " ".join(text.split()).upper()
    found = {w: upper.count(w) for w in words}
    found.update({name: sum(1 for _ in p.finditer(text)) for name, p in patterns})
    print(json.dumps({"kind": of["kind"], "found": found}))
"""


def per_mb(count, size):
    return f"{count / size * 1e6:.2f}"


def main():
    scanner, work, validate, docs = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
    extra = sys.argv[6] if sys.argv[5:6] == ["--detect-secrets"] else None
    work.mkdir(parents=True, exist_ok=True)
    python = python_with(work)
    binary, cases = gitleaks(work, validate)
    rules = {rule["name"]: rule for rule in json.loads(run(scanner, "--rules", stdout=subprocess.PIPE).stdout)}
    out = []

    # Recall.
    rows = collections.defaultdict(lambda: [0, 0, 0])
    missed = collections.defaultdict(list)
    positives = [case for case in cases if case["kind"] == "positive" and case["rule"] not in NOT_OURS and case["rule"] not in CHECKED]
    draw = random.Random(3)
    tokens = list(checked_tokens(40))
    personal = [json.loads(line) for line in run(python, "-c", PERSONAL, stdout=subprocess.PIPE).stdout.decode().splitlines()]
    for rule, token in tokens:
        positives.append({"rule": rule, "text": draw.choice(SENTENCES).format(token)})
    for of in personal:
        positives.append({"rule": of["rule"], "text": draw.choice(SENTENCES).format(of["value"])})
    for case, said in zip(positives, scanned(scanner, positives)):
        row = rows[case["rule"]]
        found = [finding["rule"] for finding in said["findings"] if rules[finding["rule"]]["category"] in ("credential", "personal_data")]
        row[0] += 1
        row[1] += bool(found)
        row[2] += case["rule"] in found
        if not found:
            missed[case["rule"]].append(case["text"])
    total, found = sum(row[0] for row in rows.values()), sum(row[1] for row in rows.values())
    whole = sum(row[1] == row[0] for row in rows.values())
    below = {rule: row for rule, row in rows.items() if row[1] < 0.99 * row[0]}
    out += [
        "### Recall", "",
        f"{found} of {total} positives are found ({found / total:.2%}); {whole} of {len(rows)} rules find all of theirs, {len(rows) - len(below)} at least 99 %.", "",
        "| rule | positives | found | under this name |", "| --- | --- | --- | --- |",
        *(f"| `{rule}` | {row[0]} | {row[1] / row[0]:.1%} | {row[2] / row[0]:.1%} |" for rule, row in sorted(rows.items())), "",
    ]

    # Wrong checksums.
    wrong = [(rule, altered(token, draw)) for rule, token in tokens for _ in range(5)]
    for of in personal:
        if of["rule"] in ("payment-card", "iban"):
            wrong.append((of["rule"], altered(of["value"], draw) if of["rule"] == "iban" else of["value"][:-1] + str((int(of["value"][-1]) + draw.randint(1, 9)) % 10)))
    drawn = [(case["rule"], case["text"]) for case in cases if case["kind"] == "positive" and case["rule"] in CHECKED]
    said = scanned(scanner, [{"text": text} for _, text in wrong + drawn])
    reported = collections.Counter()
    tried = collections.Counter()
    for (rule, _), of in zip(wrong + drawn, said):
        tried[rule] += 1
        reported[rule] += any(finding["rule"] == rule or rules[finding["rule"]]["category"] == "credential" for finding in of["findings"])
    out += [
        "### Wrong checksums", "",
        f"{sum(reported.values())} of {sum(tried.values())} with a wrong checksum are reported ({sum(reported.values()) / sum(tried.values()):.2%}).", "",
        "| rule | with a wrong checksum | reported |", "| --- | --- | --- |",
        *(f"| `{rule}` | {count} | {reported[rule] / count:.1%} |" for rule, count in sorted(tried.items())), "",
    ]

    if extra:
        lines = list(detect_secrets(extra))
        said = scanned(scanner, [{"text": line} for _, line, _ in lines])
        table = collections.defaultdict(lambda: [0, 0, 0, 0])
        for (module, line, flagged), of in zip(lines, said):
            row = table[module]
            row[0 if flagged else 2] += 1
            row[1 if flagged else 3] += any(rules[finding["rule"]]["category"] == "credential" for finding in of["findings"])
            if flagged and not any(rules[finding["rule"]]["category"] == "credential" for finding in of["findings"]):
                missed["detect-secrets " + module].append(line)
        out += [
            "### The cases of detect-secrets", "",
            "| test | flagged there | found | not flagged there | found |", "| --- | --- | --- | --- | --- |",
            *(f"| `{module}` | {row[0]} | {row[1]} | {row[2]} | {row[3]} |" for module, row in sorted(table.items())), "",
        ]

    # False findings.
    texts = [{"kind": kind, "path": str(path)} for kind, path in ordinary(work)]
    said = scanned(scanner, texts)
    size, severities, by_rule = collections.Counter(), collections.Counter(), collections.Counter()
    for of in said:
        size[of["kind"]] += of["bytes"]
        for finding in of["findings"]:
            by_rule[finding["rule"]] += 1
            severities[of["kind"], finding["severity"]] += 1
            severities[of["kind"], "mail"] += finding["rule"] == "email-address"
    report = work / "gitleaks.json"
    run(binary, "dir", "--no-banner", "--exit-code", "0", "--report-format", "json", "--report-path", report, work / "texts", stderr=subprocess.DEVNULL)
    theirs = collections.Counter()
    for finding in json.loads(report.read_text()):
        theirs[next(kind for kind in SHARE if f"/texts/{kind}/" in finding["File"])] += 1
    lines = "".join(json.dumps(of) + "\n" for of in texts)
    cylestio = collections.Counter()
    for line in subprocess.run([python, "-c", CYLESTIO], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines():
        of = json.loads(line)
        cylestio[of["kind"]] += sum(count for rule, count in of["found"].items() if rule != "email")
    everything = sum(size.values())
    def row(name, kinds):
        of = sum(size[kind] for kind in kinds)
        high, medium, low, mail = (sum(severities[kind, severity] for kind in kinds) for severity in ("high", "medium", "low", "mail"))
        return (f"| {name} | {of / 1e6:.1f} | {per_mb(high, of)} | {per_mb(high + medium + low - mail, of)} | {per_mb(mail, of)} "
                f"| {per_mb(sum(theirs[kind] for kind in kinds), of)} | {per_mb(sum(cylestio[kind] for kind in kinds), of)} |")
    out += [
        "### Findings in ordinary text", "",
        f"{everything / 1e6:.0f} MB of installed packages, which hold no secrets of anybody: every finding counts as false, also those that are what they look like "
        "(an example key in a manual, a telephone number in a licence). E-mail addresses stand apart: those in lists of authors are addresses.", "",
        "| text | MB | high a MB | all severities a MB, without e-mail | e-mail addresses a MB | gitleaks a MB | Cylestio a MB, without e-mail |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(row(kind, [kind]) for kind in SHARE), row("together", list(SHARE)), "",
        "By rule: " + ", ".join(f"`{rule}` {count}" for rule, count in by_rule.most_common()) + ".", "",
    ]
    out += [
        "### Rules", "",
        "| rule | category | severity | begins with | source |", "| --- | --- | --- | --- | --- |",
        *(f"| `{rule['name']}` | {rule['category']} | {rule['severity']} | {'`' + rule['prefix'] + '`' if rule['prefix'] else ''} | {rule['source']} |" for rule in rules.values()), "",
        "Rules of gitleaks that have no counterpart here: " + ", ".join(f"`{rule}` ({why})" for rule, why in sorted(NOT_OURS.items())) + ".", "",
    ]
    begin, end = "<!-- quality: written by cargo xtask scan-quality -->\n", "<!-- /quality -->"
    page = docs.read_text()
    before, rest = page.split(begin)
    _, after = rest.split(end)
    docs.write_text(before + begin + "\n" + "\n".join(out) + "\n" + end + after)
    for rule, lines in sorted(missed.items()):
        print("missed", rule, len(lines), repr(lines[0][:160]))
    print("\n".join(line for line in out if not line.startswith("| `")))


main()
