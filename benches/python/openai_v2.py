"""What opentelemetry-instrumentation-openai-v2 costs on its own client: python openai_v2.py plain|off|full URL ROUNDS

Prints one JSON object: CPU microseconds of a call and of a chunk of a stream (medians over the rounds), and what came
out, so that whoever reads it can tell that the telemetry was made.
"""

import json
import os
import statistics
import sys
import time

MODE, URL, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
CALLS, STREAMS = 100, 5
MESSAGES = [
    {"role": "system", "content": "You are terse."},
    {"role": "user", "content": "Say something about the sea."},
]
made = {"spans": 0, "logs": 0, "tokens": None, "model": None}

if MODE != "plain":
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true" if MODE == "full" else "false"
    from opentelemetry import _logs, metrics, trace
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

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

    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()

from openai import OpenAI

client = OpenAI(base_url=URL, api_key="none")


def call():
    return client.chat.completions.create(model="gpt-4o-mini", temperature=0.5, messages=MESSAGES)


def stream():
    chunks = 0
    for _ in client.chat.completions.create(
        model="gpt-4o-mini",
        temperature=0.5,
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
    ):
        chunks += 1
    return chunks


def cpu_us(work, times):
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e6


for _ in range(20):
    call()
chunks = stream()
of_calls = [cpu_us(call, CALLS) for _ in range(ROUNDS)]
of_streams = [cpu_us(stream, STREAMS) / chunks for _ in range(ROUNDS)]
if MODE != "plain":
    tracers.force_flush()
    loggers.force_flush()
print(
    json.dumps(
        {
            "call_us": statistics.median(of_calls),
            "chunk_us": statistics.median(of_streams),
            "chunks": chunks,
            "calls": 20 + 1 + ROUNDS * (CALLS + STREAMS),
            **made,
        }
    )
)
