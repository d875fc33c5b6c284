"""Golden files of the Python instrumentations that speak OpenTelemetry: spans, log records and metrics of every case.

See cases.py for the arguments. Spans, logs and metrics go to exporters in memory; a span `parent` of the application is
open around each call.
"""

import json
import os

from cases import CONTENT_ON, TIME, VARIANT, base_url, cases, make_call, typed, write

STABILITY, CAPTURE = "OTEL_SEMCONV_STABILITY_OPT_IN", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
SPAN_AND_EVENT = "SPAN_AND_EVENT" if CONTENT_ON else "NO_CONTENT"
TRACELOOP = {"TRACELOOP_TRACE_CONTENT": str(CONTENT_ON).lower(), "TRACELOOP_METRICS_ENABLED": "true"}
# Everything that openinference can hide of what was said: the values and messages of both sides, tools, prompts, vectors.
HIDDEN = ("INPUTS", "OUTPUTS", "LLM_TOOLS", "PROMPTS", "CHOICES", "EMBEDDINGS_TEXT", "EMBEDDINGS_VECTORS")
ENVIRONMENT = {
    "v2": {CAPTURE: str(CONTENT_ON).lower()},
    "latest_v2": {STABILITY: "gen_ai_latest_experimental", CAPTURE: SPAN_AND_EVENT},
    "latest": {STABILITY: "gen_ai_latest_experimental", CAPTURE: SPAN_AND_EVENT},
    "v1_indexed": TRACELOOP,
    "v1_newest": TRACELOOP,
    "openinference": {} if CONTENT_ON else {f"OPENINFERENCE_HIDE_{what}": "true" for what in HIDDEN},
}
os.environ.update(ENVIRONMENT[VARIANT])
os.environ["OTEL_SERVICE_NAME"] = "conformance"

from opentelemetry import _logs, metrics, trace  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider  # noqa: E402
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

SPANS, LOGS = InMemorySpanExporter(), InMemoryLogRecordExporter()
DELTA = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}
METRICS = InMemoryMetricReader(preferred_temporality=DELTA)
tracers, loggers, meters = TracerProvider(), LoggerProvider(), MeterProvider(metric_readers=[METRICS])
tracers.add_span_processor(SimpleSpanProcessor(SPANS))
loggers.add_log_record_processor(SimpleLogRecordProcessor(LOGS))
trace.set_tracer_provider(tracers)
metrics.set_meter_provider(meters)
_logs.set_logger_provider(loggers)

if VARIANT in ("v2", "latest_v2"):
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
elif VARIANT in ("v1_indexed", "v1_newest"):
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor
elif VARIANT == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor
else:
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

OpenAIInstrumentor().instrument(tracer_provider=tracers, meter_provider=meters, logger_provider=loggers)

import openai  # noqa: E402

PARENT_SCOPE = "conformance.parent"
MEASURED = ("time_to_first_chunk", "time_per_output_chunk", "time_to_first_token", "time_to_generate", "streaming_time")


def attributes(values):
    told = {}
    for key, value in sorted((values or {}).items()):
        if any(measured in key for measured in MEASURED):
            told[key] = {next(iter(typed(value))): TIME}
        elif key == "exception.stacktrace":
            told[key] = {"string": "<stacktrace>"}
        else:
            told[key] = typed(value)
    return told


def scope(of):
    return {"name": of.name, "version": of.version or "", "schema_url": of.schema_url or ""} if of else None


def spans():
    """The spans in the order in which they began, and what their ids are called."""
    finished = SPANS.get_finished_spans()
    parent = next(span for span in finished if span.name == "parent" and span.instrumentation_scope.name == PARENT_SCOPE)
    rest = sorted((span for span in finished if span is not parent), key=lambda span: span.start_time)
    ids = {parent.context.span_id: "parent"} | {span.context.span_id: f"span{at}" for at, span in enumerate(rest)}
    told = [
        {
            "id": ids[span.context.span_id],
            "parent": ids.get(span.parent.span_id) if span.parent else None,
            "same_trace": span.context.trace_id == parent.context.trace_id,
            "name": span.name,
            "kind": span.kind.name,
            "status": {"code": span.status.status_code.name, "description": typed(span.status.description or "")["string"] or None},
            "attributes": attributes(span.attributes),
            "events": [{"name": event.name, "attributes": attributes(event.attributes)} for event in span.events],
            "scope": scope(span.instrumentation_scope),
        }
        for span in rest
    ]
    return told, ids, parent.context.trace_id


def logs(ids, trace_id):
    return [
        {
            "event_name": record.log_record.event_name,
            "severity": getattr(record.log_record.severity_number, "name", None),
            "severity_text": record.log_record.severity_text,
            "span": ids.get(record.log_record.span_id),
            "same_trace": record.log_record.trace_id == trace_id,
            "timestamp_set": bool(record.log_record.timestamp),
            "body": typed(record.log_record.body),
            "attributes": attributes(record.log_record.attributes),
            "scope": scope(record.instrumentation_scope),
        }
        for record in LOGS.get_finished_logs()
    ]


def points():
    told, read = [], METRICS.get_metrics_data()
    for resource in read.resource_metrics if read else []:
        for scoped in resource.scope_metrics:
            for metric in scoped.metrics:
                told.extend(point(metric, scoped.scope, value) for value in metric.data.data_points)
    return sorted(told, key=lambda point: (point["name"], json.dumps(point["attributes"], sort_keys=True)))


def point(metric, of, value):
    told = {
        "name": metric.name,
        "unit": metric.unit,
        "description": metric.description,
        "type": type(metric.data).__name__,
        "attributes": attributes(value.attributes),
        "scope": scope(of),
    }
    if not hasattr(value, "explicit_bounds"):
        return {**told, "value": value.value}
    told |= {"bounds": list(value.explicit_bounds), "count": value.count}
    return told if metric.unit == "s" else {**told, "sum": value.sum, "min": value.min, "max": value.max}


tracer = trace.get_tracer(PARENT_SCOPE)
for name, meta, request in cases():
    SPANS.clear()
    LOGS.clear()
    METRICS.get_metrics_data()
    client = openai.OpenAI(api_key="sk-mock", base_url=base_url(name, meta), max_retries=0, timeout=10)
    with tracer.start_as_current_span("parent"):
        seen = make_call(client, meta, request)
    told, ids, trace_id = spans()
    write(name, {"client": seen, "spans": told, "logs": logs(ids, trace_id), "metrics": points()})
