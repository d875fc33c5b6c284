"""Measures the scan on cases and texts that others made, and writes the tables of docs/scan.md.

    quality.py SCANNER WORK DOCS [--detect-secrets FOLDER] [--trufflehog FOLDER] [--secretlint FOLDER]

SCANNER is the example `scan` of sidetone-core. WORK is where what is fetched and generated goes. It fetches gitleaks and OSV-SCALIBR
with go, and the packages below with pip; the folders are checkouts of projects whose packages hold no tests. False findings are
measured on text that is there: the sources of the crates of Cargo.lock, Python's library and /usr/share/doc.
"""

import argparse
import ast
import collections
import json
import pathlib
import random
import shutil
import subprocess
import sys
import zlib

import held_out
import ordinary

GITLEAKS = "github.com/zricethezav/gitleaks/v8"
GITLEAKS_VERSION = "v8.30.1"
PYTHON_PACKAGES = ["faker==40.1.0", "cylestio-monitor==0.1.2", "pyyaml", "email-validator==2.4.0", "publicsuffixlist"]
# Least ordinary text that says anything, in bytes.
LEAST_TEXT = 20_000_000
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


# Cases of detect-secrets that we leave alone on purpose.
DESIGN = {
    "artifactory_test": "placeholders (`AP6xxxxxxxxxx`)",
    "aws_key_test": "placeholders (`AKIAZZZZZZZZZZZZZZZZ`)",
    "basic_auth_test": "the password `password`",
    "discord_test": "account numbers that are none in base64",
    "gitlab_token_test": "words (`helloworld`)",
    "high_entropy_strings_test": "strings that are only random",
    "ip_public_test": "addresses of hosts",
    "jwt_test": "no signature: nobody takes it for a credential",
    "npm_test": "placeholders (`npm_xxxxxxxxxxx`)",
    "private_key_test": "no key in the armour",
    "slack_test": "placeholders (`Txxxxxxxx`)",
    "square_oauth_test": "a sequence (`ABCDEFGHIJK`)",
    "twilio_test": "placeholders (`SKxxxxxxxx`)",
}


def run(*command, cwd=None, **more):
    print("$", " ".join(map(str, command)), flush=True)
    return subprocess.run(command, cwd=cwd, check=True, **more)


def secrets_in(scanner, rules, texts):
    """Whether each text holds a credential, a card or an account number for the scanner."""
    def is_secret(finding):
        rule = rules[finding["rule"]]
        return rule["category"] == "credential" or rule["name"] in ("payment-card", "iban")
    return [any(map(is_secret, of["findings"])) for of in scanned(scanner, [{"text": text} for text in texts])]


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
        # What an interrupted run has left is of no use.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
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
        with open(folder / "dumped", "wb") as to:
            run(folder / "dump", "out.toml", cwd=folder / "out", stderr=to)
        (folder / "dumped").rename(cases)
    return binary, [json.loads(line) for line in cases.read_text().splitlines()]


def python_with(work):
    """A Python with the packages that cases and a peer come from."""
    python, holds = work / "venv/bin/python", work / "venv/holds"
    if not (holds.exists() and holds.read_text() == " ".join(PYTHON_PACKAGES)):
        run(sys.executable, "-m", "venv", "--clear", work / "venv")
        run(python, "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES)
        holds.write_text(" ".join(PYTHON_PACKAGES))
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
    parse = argparse.ArgumentParser(prog="cargo xtask scan-quality")
    for name in ("scanner", "work", "docs"):
        parse.add_argument(name, type=pathlib.Path, help=argparse.SUPPRESS)
    for name in ("detect-secrets", "trufflehog", "secretlint"):
        parse.add_argument(f"--{name}", metavar="FOLDER", help=f"a checkout of {name}, whose packages hold no tests")
    asked = parse.parse_args()
    here = pathlib.Path(__file__).parent
    scanner, work, docs = asked.scanner.absolute(), asked.work.absolute(), asked.docs.absolute()
    extra = asked.detect_secrets
    work.mkdir(parents=True, exist_ok=True)
    for program in ("go", "cargo"):
        if not shutil.which(program):
            sys.exit(f"scan-quality needs `{program}` in PATH: it builds the peers with it")
    python = python_with(work)
    binary, cases = gitleaks(work, here / "validate.go")
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

    # Cases that the rules weren't written with.
    section, unseen = held_out.report(
        work, here / "cases.go", {name: folder for name in ("trufflehog", "secretlint") if (folder := getattr(asked, name))},
        lambda texts: secrets_in(scanner, rules, texts),
    )
    out += ["### Cases that the rules weren't written with", "", *section]
    for name, case in unseen:
        missed[f"{name} {case['detector']}"].append(case["text"])

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
            f"{sum(row[1] for row in table.values())} of {sum(row[0] for row in table.values())} that it flags are found. The rest are left alone on purpose.", "",
            "| test | flagged there | found | the others are | not flagged there | found |", "| --- | --- | --- | --- | --- | --- |",
            *(f"| `{module}` | {row[0]} | {row[1]} | {DESIGN.get(module, '') if row[1] < row[0] else ''} | {row[2]} | {row[3]} |" for module, row in sorted(table.items())), "",
        ]

    # False findings.
    shutil.rmtree(work / "texts", ignore_errors=True)
    texts = [{"kind": kind, "path": str(path)} for kind, path in ordinary.ordinary(docs.parent.parent, work)]
    said = scanned(scanner, texts)
    size, severities, by_rule = collections.Counter(), collections.Counter(), collections.Counter()
    mails = []
    for of in said:
        size[of["kind"]] += of["bytes"]
        for finding in of["findings"]:
            by_rule[finding["rule"]] += 1
            if finding["rule"] == "email-address":
                mails.append((of["kind"], (of["path"], finding["start"], finding["end"])))
            else:
                severities[of["kind"], finding["severity"]] += 1
    if sum(size.values()) < LEAST_TEXT:
        sys.exit(f"only {sum(size.values()) / 1e6:.0f} MB of ordinary text are on this machine, 20 are needed: run `cargo fetch`, or install documentation (/usr/share/doc)")
    judged = collections.Counter()
    for (kind, _), verdict in zip(mails, ordinary.addresses(python, [place for _, place in mails])):
        judged[verdict] += 1
        severities[kind, "mail" if verdict == "an address" else "false mail"] += 1
    report = work / "gitleaks.json"
    run(binary, "dir", "--no-banner", "--exit-code", "0", "--report-format", "json", "--report-path", report, work / "texts", stderr=subprocess.DEVNULL)
    theirs = collections.Counter()
    for finding in json.loads(report.read_text()):
        theirs[next(kind for kind in ordinary.SHARE if f"/texts/{kind}/" in finding["File"])] += 1
    lines = "".join(json.dumps(of) + "\n" for of in texts)
    cylestio = collections.Counter()
    for line in subprocess.run([python, "-c", CYLESTIO], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines():
        of = json.loads(line)
        cylestio[of["kind"]] += sum(count for rule, count in of["found"].items() if rule != "email")
    everything = sum(size.values())
    def row(name, kinds):
        of = sum(size[kind] for kind in kinds)
        high, medium, low, mail, wrong = (sum(severities[kind, severity] for kind in kinds) for severity in ("high", "medium", "low", "mail", "false mail"))
        return (f"| {name} | {of / 1e6:.1f} | {per_mb(high, of)} | {per_mb(high + medium + low + wrong, of)} | {per_mb(wrong, of)} | {per_mb(mail, of)} "
                f"| {per_mb(sum(theirs[kind] for kind in kinds), of)} | {per_mb(sum(cylestio[kind] for kind in kinds), of)} |")
    out += [
        "### Findings in ordinary text", "",
        f"{everything / 1e6:.0f} MB of installed packages, which hold no secrets of anybody: every finding counts as false, also those that are what they look like "
        "(an example key in a manual, a telephone number in a licence), but e-mail addresses that are ones (lists of authors, change logs). Which are is said by "
        "`email-validator` and a public suffix of ICANN's, both of PyPI; hosts that are kept for examples, SSH remotes and users of URLs are none.", "",
        "| text | MB | high a MB | all severities a MB | of them e-mail addresses that are none | e-mail addresses that are ones a MB | gitleaks a MB | Cylestio a MB, without e-mail |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(kind, [kind]) for kind in ordinary.SHARE), row("together", list(ordinary.SHARE)), "",
        "E-mail addresses, as judged: " + ", ".join(f"{verdict} {count}" for verdict, count in judged.most_common()) + ".", "",
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


try:
    main()
except subprocess.CalledProcessError as failed:
    sys.exit(f"scan-quality stops: `{' '.join(map(str, failed.cmd))[:200]}` ended with {failed.returncode}. It needs go and pip with their package registries.")
