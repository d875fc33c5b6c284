"""Writes peers.tsv: what MLflow and genai-prices say that 1,000 tokens of input and 500 of output cost.

    python3 -m venv v && v/bin/pip install genai-prices==0.2.3 mlflow==3.17.2 && v/bin/python conformance/invoices/peers.py

Every model that either of them knows of the providers that we have prices of; uncached text in the standard tier, on
Friday 2026-11-20 at 02:00 UTC (DeepSeek's full price). Nothing is fetched: both have their prices with them.
"""

import datetime
import importlib.metadata
import json
import os
import pathlib
import warnings
from decimal import Decimal

os.environ["MLFLOW_MODEL_CATALOG_URI"] = ""
warnings.simplefilter("ignore")

from genai_prices import Usage, calc_price  # noqa: E402
from genai_prices.data import providers as genai_providers  # noqa: E402
from mlflow.utils import providers as mlflow  # noqa: E402

INPUT, OUTPUT = 1000, 500
AT = datetime.datetime(2026, 11, 20, 2, 0, tzinfo=datetime.timezone.utc)

# Our name, MLflow's, that of genai-prices.
PROVIDERS = [
    ("anthropic", ["anthropic"], "anthropic"),
    ("aws.bedrock", ["bedrock"], "aws"),
    ("aws.bedrock.mantle", ["bedrock_mantle"], None),
    ("azure.ai.inference", ["azure_ai"], None),
    ("azure.ai.openai", ["azure"], "azure"),
    ("cerebras", ["cerebras"], "cerebras"),
    ("cohere", ["cohere", "cohere_chat"], "cohere"),
    ("deepinfra", ["deepinfra"], None),
    ("deepseek", ["deepseek"], "deepseek"),
    ("fireworks", ["fireworks_ai", "fireworks_ai-embedding-models"], "fireworks"),
    ("gcp.gemini", ["gemini"], "google"),
    ("gcp.vertex_ai", ["vertex_ai"], "google"),
    ("groq", ["groq"], "groq"),
    ("mistral_ai", ["mistral", "codestral"], "mistral"),
    ("moonshot", ["moonshot"], "moonshotai"),
    ("openai", ["openai", "text-completion-openai"], "openai"),
    ("openrouter", ["openrouter"], "openrouter"),
    ("together", ["together_ai"], "together"),
    ("x_ai", ["xai"], "x-ai"),
]


def names(clause):
    """The names that a clause of genai-prices gives whole, or as the beginning of others."""
    kind = type(clause).__name__
    if kind == "ClauseEquals":
        yield clause.equals
    elif kind == "ClauseStartsWith":
        yield clause.starts_with
    elif kind == "ClauseOr":
        for part in clause.or_:
            yield from names(part)


def plain(number):
    text = format(Decimal(number).quantize(Decimal("1e-12")).normalize(), "f")
    return text


def of_mlflow(files, model, output):
    for file in files:
        info = mlflow._load_bundled_provider(file).get(model)
        if info and info.get("input_cost_per_token"):
            # Its own function; the name of the file in front, because it cuts off what stands before the first slash.
            costs = mlflow.cost_per_token(f"{file}/{model}", INPUT, output, file)
            return plain(repr(round(sum(costs), 12))), info.get("last_updated_at") or "-"
    return "-", "-"


def of_genai(provider, model, output):
    if not provider:
        return "-"
    try:
        usage = Usage(input_tokens=INPUT, output_tokens=output)
        price = calc_price(usage, model, provider_id=provider, genai_request_timestamp=AT)
    except (LookupError, ValueError):
        return "-"
    return plain(price.total_price)


def main():
    folder = pathlib.Path(__file__).parent
    known_to_genai = {provider.id: provider for provider in genai_providers}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("mlflow", "genai-prices"))
    rows = []
    for ours, files, genai in PROVIDERS:
        models = {}
        for file in files:
            for model, info in mlflow._load_bundled_provider(file).items():
                if info.get("mode") in ("chat", "completion", "responses", "embedding"):
                    models[model] = info["mode"]
        for model in known_to_genai[genai].models if genai else []:
            for name in names(model.match):
                models.setdefault(name, None)
        for model, mode in sorted(models.items()):
            # Who makes no output has no price of any.
            is_embedding = mode == "embedding" or "embed" in model
            output = 0 if is_embedding else OUTPUT
            figure, date = of_mlflow(files, model, output)
            row = [ours, model, str(output), figure, date, of_genai(genai, model, output)]
            if row[3] != "-" or row[5] != "-":
                rows.append("\t".join(row))
    head = [
        f"# {versions}. USD of {INPUT} tokens of input and as many of output as the column says. Written by peers.py.",
        "# provider\tmodel\toutput tokens\tmlflow\tmlflow's last_updated_at\tgenai-prices",
    ]
    (folder / "peers.tsv").write_text("\n".join(head + rows) + "\n")
    print(len(rows), "models")


main()
