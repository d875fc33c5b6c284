"""What opentelemetry-instrumentation-openai-v2 costs on its own client: python openai_v2.py URL ROUNDS

Calls without the instrumentation, with it, and with content captured take turns, so that what disturbs the machine
disturbs all of them. Prints one JSON object: for each of the three the CPU microseconds of a call and of a chunk of a
stream, in the least disturbed of many short rounds, and what telemetry came out, so that whoever reads it can tell that
it was made.
"""

import json
import os
import sys
import time

from openai import OpenAI
from opentelemetry import _logs, metrics, trace
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

URL, ROUNDS = sys.argv[1], int(sys.argv[2])
CALLS, STREAMS, CHUNKS = 20, 1, 1000
MESSAGES = [
    {"role": "system", "content": "You are terse."},
    {"role": "user", "content": "Say something about the sea."},
]
REQUEST = {"model": "gpt-4o-mini", "temperature": 0.5, "messages": MESSAGES}
made = {"calls": 0, "spans": 0, "logs": 0, "contents": 0, "tokens": None, "model": None}


class Spans(SpanExporter):
    def export(self, spans):
        made["spans"] += len(spans)
        for span in spans:
            tokens = span.attributes.get("gen_ai.usage.input_tokens")
            if tokens is not None:
                made["tokens"] = tokens
                made["model"] = span.attributes.get("gen_ai.response.model")
        return SpanExportResult.SUCCESS


class Logs(LogRecordExporter):
    def export(self, batch):
        made["logs"] += len(batch)
        made["contents"] += sum("content" in (record.log_record.body or {}) for record in batch)
        return LogRecordExportResult.SUCCESS

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=0):
        return True


tracers = TracerProvider()
tracers.add_span_processor(BatchSpanProcessor(Spans(), max_queue_size=200000))
trace.set_tracer_provider(tracers)
metrics.set_meter_provider(MeterProvider())
loggers = LoggerProvider()
loggers.add_log_record_processor(BatchLogRecordProcessor(Logs(), max_queue_size=200000))
_logs.set_logger_provider(loggers)

client = OpenAI(base_url=URL, api_key="none")


def call():
    client.chat.completions.create(**REQUEST)


def stream():
    options = {"include_usage": True}
    chunks = sum(1 for _ in client.chat.completions.create(**REQUEST, stream=True, stream_options=options))
    assert chunks == CHUNKS, chunks


def cpu_us(work, times):
    """CPU time of the whole process, batch processors included."""
    start = time.process_time()
    for _ in range(times):
        work()
    tracers.force_flush()
    loggers.force_flush()
    return (time.process_time() - start) / times * 1e6


of = {mode: {"call_us": [], "chunk_us": []} for mode in ("plain", "off", "full")}
for _ in range(20):
    call()
for _ in range(ROUNDS):
    for mode, samples in of.items():
        os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = str(mode == "full").lower()
        instrumentor = OpenAIInstrumentor()
        if mode != "plain":
            instrumentor.instrument()
            made["calls"] += CALLS + STREAMS + 2
        call()
        samples["call_us"].append(cpu_us(call, CALLS))
        stream()
        samples["chunk_us"].append(cpu_us(stream, STREAMS) / CHUNKS)
        if mode != "plain":
            instrumentor.uninstrument()
tracers.force_flush()
loggers.force_flush()


least = {mode: {name: min(values) for name, values in samples.items()} for mode, samples in of.items()}
print(json.dumps({**least, "made": made}))
