//! The table of variables that are honoured.

use std::fmt::Write as _;

/// A variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name; `*` stands for the signal: nothing, `TRACES_`, `LOGS_` or `METRICS_`, of which the more specific wins.
    pub name: &'static str,
    /// Its values.
    pub values: &'static str,
    /// Its default.
    pub default: &'static str,
}

impl Variable {
    /// Every name that it stands for.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self.name.split_once('*') {
            Some((before, after)) => {
                ["", "TRACES_", "LOGS_", "METRICS_"].iter().map(|signal| format!("{before}{signal}{after}")).collect()
            }
            None => vec![self.name.to_owned()],
        }
    }
}

const fn variable(name: &'static str, values: &'static str, default: &'static str) -> Variable {
    Variable { name, values, default }
}

/// Every variable that is honoured. A value that can't be used is an error, except where the table says otherwise.
pub static VARIABLES: &[Variable] = &[
    variable("OTEL_SDK_DISABLED", "`true`: nothing is exported", "`false`"),
    variable(
        "OTEL_SERVICE_NAME",
        "`service.name` of the resource",
        "what the builder says, else `unknown_service:` and the program",
    ),
    variable("OTEL_RESOURCE_ATTRIBUTES", "`key=value,…`", ""),
    variable(
        "OTEL_TRACES_EXPORTER",
        "`otlp`, `console`, `none`, or a list; others that the specification knows give a warning",
        "`otlp`",
    ),
    variable("OTEL_LOGS_EXPORTER", "as for traces", "`otlp`"),
    variable("OTEL_METRICS_EXPORTER", "as for traces", "`otlp`"),
    variable(
        "OTEL_EXPORTER_OTLP_*PROTOCOL",
        "`http/protobuf`, `grpc`; one that is not compiled in, and `http/json`, give a warning and export nothing",
        "`http/protobuf`, or `grpc` if only that is compiled in",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_*ENDPOINT",
        "URL; to the general one HTTP adds `v1/traces`, `v1/logs`, `v1/metrics`. `https` over HTTP needs the TLS of the \
         application's reqwest, or feature `tls`",
        "`http://localhost:4318`, for gRPC `http://localhost:4317`",
    ),
    variable("OTEL_EXPORTER_OTLP_*HEADERS", "`name=value,…`, percent-encoded", ""),
    variable("OTEL_EXPORTER_OTLP_*COMPRESSION", "`gzip`, `none`; `zstd` gives a warning", "`none`"),
    variable("OTEL_EXPORTER_OTLP_*TIMEOUT", "milliseconds that a request with its retries may take", "10000"),
    variable("OTEL_EXPORTER_OTLP_*INSECURE", "`true`: a gRPC endpoint without scheme is `http://`", "`false`"),
    variable(
        "OTEL_EXPORTER_OTLP_*CERTIFICATE",
        "PEM file of the only authorities to trust, for `https`; over HTTP this and the next two give a warning without \
         feature `tls`",
        "the system's",
    ),
    variable("OTEL_EXPORTER_OTLP_*CLIENT_CERTIFICATE", "PEM file of the certificate to show, for `https`", ""),
    variable("OTEL_EXPORTER_OTLP_*CLIENT_KEY", "PEM file of its key, not encrypted", ""),
    variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "`cumulative`, `delta`, `lowmemory`", "`cumulative`"),
    variable(
        "OTEL_TRACES_SAMPLER",
        "`always_on`, `always_off`, `traceidratio`, `parentbased_…`; `jaeger_remote` and `xray` give a warning",
        "`parentbased_always_on`",
    ),
    variable("OTEL_TRACES_SAMPLER_ARG", "ratio, 0 to 1", "1"),
    variable("OTEL_ATTRIBUTE_COUNT_LIMIT", "most attributes of a span, of its events, of a log event", "128"),
    variable("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "longest text of an attribute, in characters", "no limit"),
    variable("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "for spans only", ""),
    variable("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "for spans only", ""),
    variable("OTEL_SPAN_EVENT_COUNT_LIMIT", "most events of a span", "128"),
    variable("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "for events of spans only", ""),
    variable("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "for log events only", ""),
    variable("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "for log events only", ""),
    variable("OTEL_BSP_SCHEDULE_DELAY", "milliseconds that a span waits for others", "5000"),
    variable("OTEL_BSP_MAX_QUEUE_SIZE", "most spans that wait or are being exported", "2048"),
    variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "most spans exported at once", "512"),
    variable("OTEL_BSP_EXPORT_TIMEOUT", "milliseconds; the shorter of this and the exporter's own counts", "30000"),
    variable("OTEL_BLRP_SCHEDULE_DELAY", "milliseconds that a log event waits for others", "1000"),
    variable("OTEL_BLRP_MAX_QUEUE_SIZE", "most log events that wait or are being exported", "2048"),
    variable("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "most log events exported at once", "512"),
    variable("OTEL_BLRP_EXPORT_TIMEOUT", "as for spans", "30000"),
    variable("OTEL_METRIC_EXPORT_INTERVAL", "milliseconds between exports of metrics", "60000"),
    variable("OTEL_METRIC_EXPORT_TIMEOUT", "as for spans", "30000"),
];

/// [`VARIABLES`] as a Markdown table.
#[must_use]
pub fn variable_table() -> String {
    let mut table = String::from("| variable | value | default |\n| --- | --- | --- |\n");
    for Variable { name, values, default } in VARIABLES {
        let name = name.replace('*', "[signal_]");
        // Writing to a String can't fail.
        let _ = writeln!(table, "| `{name}` | {values} | {default} |");
    }
    table
}
