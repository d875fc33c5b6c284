//! Reads the detailed text of the Collector's debug exporter and of rotel's debug log, which imitates it.
//!
//! Strings are printed raw, over several lines where they hold line breaks. A line that looks like one of the printed
//! forms ends a string only where the string so far ends in `)`: a sent text that imitates that can be misread.

use std::sync::Arc;

use super::debug_value;
use super::{Attributes, LogRecord, Metric, Point, Received, Resource, Scope, Span, SpanEvent};

/// Everything that stands in the text.
pub(super) fn read(text: &str) -> Received {
    let mut reader = Reader::default();
    for line in statements(text) {
        reader.line(&line);
    }
    reader.received
}

/// How the lines begin that the exporters print, leading blanks aside.
const BEGINNINGS: &[&str] = &[
    "-> ",
    "ResourceSpans #",
    "ResourceLog #",
    "ResourceMetrics #",
    "Resource SchemaURL:",
    "Resource attributes:",
    "ScopeSpans ",
    "ScopeLogs ",
    "ScopeMetrics ",
    "InstrumentationScope",
    "Span #",
    "Trace ID",
    "Parent ID ",
    "ID  ",
    "Name  ",
    "Kind  ",
    "TraceState ",
    "Start time",
    "End time",
    "Status code ",
    "Status message ",
    "Dropped",
    "Attributes:",
    "Events:",
    "SpanEvent #",
    "Links:",
    "SpanLink #",
    "LogRecord #",
    "ObservedTimestamp:",
    "Timestamp:",
    "SeverityText:",
    "SeverityNumber:",
    "EventName:",
    "Body:",
    "Span ID",
    "Flags:",
    "Metric #",
    "Descriptor:",
    "HistogramDataPoints #",
    "NumberDataPoints #",
    "Data point attributes:",
    "StartTimestamp:",
    "Count:",
    "Sum:",
    "Min:",
    "Max:",
    "ExplicitBounds #",
    "Buckets #",
    "Value:",
    "Exemplar",
    "{\"resource\":",
    "\u{1b}",
];

/// Lines, with those that continue a string joined to the one they belong to.
fn statements(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = strip_log_prefix(line);
        match statements.last_mut() {
            Some(last) if string_is_open(last) || !is_beginning(line) => {
                last.push('\n');
                last.push_str(line);
            }
            _ => statements.push(line.to_owned()),
        }
    }
    statements
}

fn is_beginning(line: &str) -> bool {
    let line = line.trim_start();
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

fn string_is_open(statement: &str) -> bool {
    let is_value = statement.trim_start().starts_with("-> ") || statement.starts_with("Body: ");
    let value = statement.split_once(": ").map_or("", |(_, value)| value);
    let may_hold_text = ["Str(", "Slice(", "Map("].iter().any(|kind| value.starts_with(kind));
    is_value && may_hold_text && !statement.ends_with(')')
}

/// The Collector puts `time<tab>level<tab>` before the first line of each export.
fn strip_log_prefix(line: &str) -> &str {
    let mut columns = line.splitn(3, '\t');
    match (columns.next(), columns.next(), columns.next()) {
        (Some(_), Some("info"), Some(rest)) if rest.starts_with("Resource") => rest,
        (Some(_), Some("info" | "warn" | "error"), Some(_)) => "\u{1b}",
        _ => line,
    }
}

#[derive(Clone, Copy, Default)]
enum Signal {
    #[default]
    Traces,
    Logs,
    Metrics,
}

/// What a `-> name: value` line belongs to.
#[derive(Clone, Copy, Default)]
enum Owner {
    #[default]
    Nothing,
    Resource,
    Scope,
    Record,
    SpanEvent,
    Descriptor,
}

#[derive(Default)]
struct Reader {
    received: Received,
    signal: Signal,
    owner: Owner,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if let Some(member) = line.strip_prefix("-> ") {
            self.member(indent, member);
        } else if line == "InstrumentationScope attributes:" {
            self.owner = Owner::Scope;
        } else if let Some(scope) = line.strip_prefix("InstrumentationScope ") {
            let (name, version) = scope.rsplit_once(' ').unwrap_or((scope, ""));
            let scope = Arc::make_mut(&mut self.scope);
            name.clone_into(&mut scope.name);
            version.clone_into(&mut scope.version);
        } else if let Some((heading, _)) = line.split_once(" #").filter(|_| !line.contains(':')) {
            self.heading(heading);
        } else if let Some((name, value)) = line.split_once(':') {
            self.field(name.trim_end(), value.strip_prefix(' ').unwrap_or(value));
        }
    }

    fn heading(&mut self, heading: &str) {
        self.owner = Owner::Nothing;
        match heading {
            "ResourceSpans" => self.resource(Signal::Traces),
            "ResourceLog" => self.resource(Signal::Logs),
            "ResourceMetrics" => self.resource(Signal::Metrics),
            "ScopeSpans" | "ScopeLogs" | "ScopeMetrics" => self.scope = Arc::default(),
            "Span" => self.received.spans.push(Span {
                resource: Arc::clone(&self.resource),
                scope: Arc::clone(&self.scope),
                status_code: "Unset".to_owned(), // rotel leaves the line out
                ..Span::default()
            }),
            "SpanEvent" => {
                if let Some(span) = self.received.spans.last_mut() {
                    span.events.push(SpanEvent::default());
                    self.owner = Owner::SpanEvent;
                }
            }
            "LogRecord" => self.received.logs.push(LogRecord {
                resource: Arc::clone(&self.resource),
                scope: Arc::clone(&self.scope),
                ..LogRecord::default()
            }),
            "Metric" => self.received.metrics.push(Metric {
                resource: Arc::clone(&self.resource),
                scope: Arc::clone(&self.scope),
                ..Metric::default()
            }),
            "HistogramDataPoints" | "NumberDataPoints" => {
                if let Some(metric) = self.received.metrics.last_mut() {
                    metric.points.push(Point::default());
                }
            }
            _ => {}
        }
    }

    fn resource(&mut self, signal: Signal) {
        self.signal = signal;
        self.resource = Arc::default();
        self.scope = Arc::default();
    }

    fn member(&mut self, indent: usize, member: &str) {
        let (name, value) = member.split_once(": ").unwrap_or((member, ""));
        match self.owner {
            Owner::Nothing => {}
            Owner::Descriptor => self.descriptor(name, value),
            Owner::SpanEvent if indent <= SPAN_EVENT_INDENT => {
                if let (Some(event), "Name") = (self.span_event(), name) {
                    value.clone_into(&mut event.name);
                }
            }
            _ => {
                if let Some(attributes) = self.attributes() {
                    attributes.insert(name.to_owned(), debug_value::read(value));
                }
            }
        }
    }

    fn attributes(&mut self) -> Option<&mut Attributes> {
        match (self.owner, self.signal) {
            (Owner::Resource, _) => Some(&mut Arc::make_mut(&mut self.resource).attributes),
            (Owner::Scope, _) => Some(&mut Arc::make_mut(&mut self.scope).attributes),
            (Owner::SpanEvent, _) => self.span_event().map(|event| &mut event.attributes),
            (Owner::Record, Signal::Traces) => self.received.spans.last_mut().map(|span| &mut span.attributes),
            (Owner::Record, Signal::Logs) => self.received.logs.last_mut().map(|log| &mut log.attributes),
            (Owner::Record, Signal::Metrics) => self.point().map(|point| &mut point.attributes),
            (Owner::Nothing | Owner::Descriptor, _) => None,
        }
    }

    fn span_event(&mut self) -> Option<&mut SpanEvent> {
        self.received.spans.last_mut()?.events.last_mut()
    }

    fn point(&mut self) -> Option<&mut Point> {
        self.received.metrics.last_mut()?.points.last_mut()
    }

    fn descriptor(&mut self, name: &str, value: &str) {
        let Some(metric) = self.received.metrics.last_mut() else {
            return;
        };
        match name {
            "Name" => value.clone_into(&mut metric.name),
            "Description" => value.clone_into(&mut metric.description),
            "Unit" => value.clone_into(&mut metric.unit),
            "DataType" => value.clone_into(&mut metric.kind),
            "AggregationTemporality" => metric.temporality = word(value, "AGGREGATION_TEMPORALITY_"),
            "IsMonotonic" => metric.is_monotonic = value.parse().ok(),
            _ => {}
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "Resource attributes" => self.owner = Owner::Resource,
            "Attributes" | "Data point attributes" => self.owner = Owner::Record,
            "Descriptor" => self.owner = Owner::Descriptor,
            "Events" | "Links" | "Exemplars" => self.owner = Owner::Nothing,
            "Resource SchemaURL" => value.clone_into(&mut Arc::make_mut(&mut self.resource).schema_url),
            "ScopeSpans SchemaURL" | "ScopeLogs SchemaURL" | "ScopeMetrics SchemaURL" => {
                value.clone_into(&mut Arc::make_mut(&mut self.scope).schema_url);
            }
            _ => match self.signal {
                Signal::Traces => self.span_field(name, value),
                Signal::Logs => self.log_field(name, value),
                Signal::Metrics => self.point_field(name, value),
            },
        }
    }

    fn span_field(&mut self, name: &str, value: &str) {
        let Some(span) = self.received.spans.last_mut() else {
            return;
        };
        match name {
            "Trace ID" => value.clone_into(&mut span.trace_id),
            "Parent ID" => value.clone_into(&mut span.parent_span_id),
            "ID" => value.clone_into(&mut span.span_id),
            "Name" => value.clone_into(&mut span.name),
            "Kind" => span.kind = word(value, "SPAN_KIND_"),
            "Start time" => span.start_unix_nano = unix_nano(value),
            "End time" => span.end_unix_nano = unix_nano(value),
            "Status code" => span.status_code = word(value, "STATUS_CODE_"),
            "Status message" => value.clone_into(&mut span.status_message),
            _ => {}
        }
    }

    fn log_field(&mut self, name: &str, value: &str) {
        let Some(log) = self.received.logs.last_mut() else {
            return;
        };
        match name {
            "ObservedTimestamp" => log.observed_time_unix_nano = unix_nano(value),
            "Timestamp" => log.time_unix_nano = unix_nano(value),
            "SeverityText" => value.clone_into(&mut log.severity_text),
            "SeverityNumber" => log.severity_number = number_in_parentheses(value),
            "EventName" => value.clone_into(&mut log.event_name),
            "Body" => log.body = debug_value::read(value),
            "Trace ID" => value.clone_into(&mut log.trace_id),
            "Span ID" => value.clone_into(&mut log.span_id),
            _ => {}
        }
    }

    fn point_field(&mut self, name: &str, value: &str) {
        let Some(point) = self.point() else {
            return;
        };
        match name {
            "Value" => point.value = value.parse().ok(),
            "Count" => point.count = value.parse().ok(),
            "Sum" => point.sum = value.parse().ok(),
            "Min" => point.min = value.parse().ok(),
            "Max" => point.max = value.parse().ok(),
            _ if name.starts_with("ExplicitBounds #") => point.bounds.extend(value.parse::<f64>()),
            _ if name.starts_with("Buckets #") => {
                let count = value.strip_prefix(' ').unwrap_or(value);
                point.bucket_counts.extend(count.parse::<u64>());
            }
            _ => {}
        }
    }
}

/// A span event's own fields are indented by this much, its attributes by more.
const SPAN_EVENT_INDENT: usize = 5;

/// `Client` from the Collector's `Client` and from rotel's `SPAN_KIND_CLIENT`.
fn word(value: &str, prefix: &str) -> String {
    let Some(capitals) = value.strip_prefix(prefix) else {
        return value.to_owned();
    };
    let mut letters = capitals.chars();
    letters.next().into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect()
}

/// 9 from `Info(9)`.
fn number_in_parentheses(value: &str) -> i32 {
    let inner = value.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// From rotel's plain nanoseconds or the Collector's `2023-11-14 22:13:20.123456789 +0000 UTC`.
fn unix_nano(value: &str) -> u64 {
    value.parse().ok().or_else(|| unix_nano_of_date(value)).unwrap_or(0)
}

fn unix_nano_of_date(value: &str) -> Option<u64> {
    let mut parts = value.strip_suffix(" +0000 UTC")?.split(['-', ' ', ':', '.']);
    let mut number = || parts.next()?.parse::<u64>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    let (hour, minute, second) = (number()?, number()?, number()?);
    let fraction = parts.next().unwrap_or("");
    let nanos: u64 = format!("{fraction:0<9}").parse().ok()?;
    // Days since 1970-03-01 of the proleptic Gregorian calendar, counted in years that begin in March.
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let leap_days = year_from_march / 4 - year_from_march / 100 + year_from_march / 400;
    let days = year_from_march * 365 + leap_days + (month_from_march * 153 + 2) / 5 + day - 1;
    let days = days.checked_sub(DAYS_FROM_YEAR_0_MARCH_TO_1970)?;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
}

const DAYS_FROM_YEAR_0_MARCH_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::super::Value;
    use super::*;

    const COLLECTOR: &str = include_str!("recorded/collector.txt");
    const ROTEL: &str = include_str!("recorded/rotel.txt");

    fn text(value: &str) -> Value {
        Value::Str(value.to_owned())
    }

    fn both() -> [Received; 2] {
        [read(COLLECTOR), read(ROTEL)]
    }

    #[test]
    fn spans_are_read_with_resource_scope_and_typed_attributes() {
        for received in both() {
            assert_eq!(received.spans.len(), 3);
            let span = &received.spans[0];
            assert_eq!(span.resource.schema_url, "https://example/schemas/res");
            assert_eq!(span.resource.attributes["service.name"], text("check"));
            assert_eq!(span.resource.attributes["a.list"], Value::Slice(vec![text("x"), text("y")]));
            assert_eq!(span.scope.name, "sidetone");
            assert_eq!(span.scope.version, "0.1.0");
            assert_eq!(span.scope.schema_url, "https://opentelemetry.io/schemas/1.30.0");
            assert_eq!(span.scope.attributes, [("sc".to_owned(), Value::Int(1))].into());
            assert_eq!(span.trace_id, "000102030405060708090a0b0c0d0e0f");
            assert_eq!(span.span_id, "0101010101010101");
            assert_eq!(span.parent_span_id, "0909090909090909");
            assert_eq!(span.name, "chat gpt-4o");
            assert_eq!(span.kind, "Client");
            assert_eq!(span.status_code, "Unset");
            assert_eq!(span.status_message, "");
            assert_eq!(span.start_unix_nano, 1_700_000_000_123_456_789);
            assert_eq!(span.end_unix_nano, 1_700_000_001_123_456_789);
            assert_eq!(span.attributes.len(), 20);
            assert_eq!(span.attributes["gen_ai.usage.input_tokens"], Value::Int(11));
            assert_eq!(span.attributes["t"], Value::Double(0.5));
            assert_eq!(span.attributes["w"], Value::Double(1.0));
            assert_eq!(span.attributes["e"], Value::Empty);
            assert_eq!(span.attributes["l"], Value::Slice(vec![text("a"), text("b")]));
            assert_eq!(span.attributes["lastnl"], text("x\n"));
            assert_eq!(span.attributes["json"], text(r#"[{"role":"user"}]"#));
        }
    }

    #[test]
    fn a_text_that_imitates_the_format_stays_one_text() {
        for received in both() {
            let imitating = "line 1\nline 2\n     -> fake: Int(1)\nend)";
            let attributes = &received.spans[0].attributes;
            assert_eq!(attributes["ml"], text(imitating));
            assert_eq!(attributes["paren"], text("a) -> b: Str(x)"));
        }
    }

    #[test]
    fn status_events_and_the_end_of_a_record_are_read() {
        for received in both() {
            let span = &received.spans[1];
            assert_eq!(span.parent_span_id, "");
            assert_eq!(span.status_code, "Error");
            assert_eq!(span.status_message, "RateLimitError 429\nsecond");
            assert_eq!(span.events.len(), 2);
            assert_eq!(span.events[0].name, "attempt");
            let status = &span.events[0].attributes["http.response.status_code"];
            assert_eq!((status, &span.events[0].attributes["retry"]), (&Value::Int(429), &text("1")));
            assert_eq!((span.events[1].name.as_str(), span.events[1].attributes.len()), ("bare", 0));
            let last = &received.spans[2];
            assert_eq!((last.name.as_str(), last.kind.as_str()), ("noscope", "Internal"));
            assert_eq!(last.resource.attributes, [("service.name".to_owned(), text("other"))].into());
            assert_eq!(*last.scope, Scope::default());
            assert_eq!(last.attributes, Attributes::new());
            assert_eq!((last.start_unix_nano, last.end_unix_nano), (1, 2));
        }
    }

    #[test]
    fn logs_are_read_with_event_name_body_and_ids() {
        for received in both() {
            assert_eq!(received.logs.len(), 5);
            let log = &received.logs[2];
            assert_eq!(log.event_name, "gen_ai.choice");
            assert_eq!((log.time_unix_nano, log.observed_time_unix_nano), (0, 1_700_000_001_123_456_789));
            assert_eq!((log.severity_number, log.severity_text.as_str()), (0, ""));
            assert_eq!(log.trace_id, "000102030405060708090a0b0c0d0e0f");
            assert_eq!(log.span_id, "0101010101010101");
            assert_eq!(log.scope.name, "sidetone");
            let Value::Map(body) = &log.body else { panic!("{:?}", log.body) };
            assert_eq!(body["index"], Value::Int(0));
            let Value::Map(message) = &body["message"] else { panic!("{body:?}") };
            assert_eq!(message["content"], text("hi \"you\"\nnl"));
            assert_eq!(log.attributes["gen_ai.system"], text("openai"));
            assert_eq!(received.logs[0].body, Value::Empty);
            assert_eq!(received.logs[1].body, text("text\nmore"));
            assert_eq!(received.logs[3].body, Value::Int(7));
            let last = &received.logs[4];
            assert_eq!((last.severity_number, last.severity_text.as_str()), (9, "INFO"));
            assert_eq!((last.trace_id.as_str(), last.event_name.as_str()), ("", ""));
        }
    }

    #[test]
    fn metrics_are_read_with_their_points() {
        for received in both() {
            let names: Vec<_> = received.metrics.iter().map(|metric| metric.name.as_str()).collect();
            assert_eq!(names, ["gen_ai.client.token.usage", "sidetone.dropped", "g"]);
            let histogram = &received.metrics[0];
            assert_eq!((histogram.kind.as_str(), histogram.unit.as_str()), ("Histogram", "{token}"));
            assert_eq!(
                (histogram.description.as_str(), histogram.temporality.as_str()),
                ("Number of tokens", "Cumulative")
            );
            assert_eq!(histogram.points.len(), 2);
            let expected = Point {
                attributes: [
                    ("gen_ai.token.type".to_owned(), text("output")),
                    ("server.port".to_owned(), Value::Int(443)),
                ]
                .into(),
                value: None,
                count: Some(2),
                sum: Some(31.0),
                min: Some(11.0),
                max: Some(20.0),
                bounds: vec![1.0, 4.5, 16.0],
                bucket_counts: vec![0, 0, 1, 1],
            };
            assert_eq!(histogram.points[1], expected);
            let sum = &received.metrics[1];
            assert_eq!((sum.kind.as_str(), sum.is_monotonic), ("Sum", Some(true)));
            assert_eq!(sum.points[0].attributes["reason"], text("queue_full"));
            assert_eq!((sum.points[0].value, sum.points[1].value), (Some(3.0), Some(4.0)));
            assert_eq!((received.metrics[2].kind.as_str(), received.metrics[2].points[0].value), ("Gauge", Some(1.5)));
        }
    }

    #[test]
    fn the_inside_of_maps_differs_only_where_json_has_no_doubles() {
        let [collector, rotel] = both();
        let map = |received: &Received| match &received.spans[0].attributes["m"] {
            Value::Map(map) => map.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(map(&collector)["d"], Value::Int(1));
        assert_eq!(map(&rotel)["d"], Value::Double(1.0));
        assert_eq!(map(&collector)["nested"], map(&rotel)["nested"]);
    }

    #[test]
    fn a_date_is_read_across_leap_years() {
        assert_eq!(unix_nano("1970-01-01 00:00:00 +0000 UTC"), 0);
        assert_eq!(unix_nano("2000-02-29 12:00:00 +0000 UTC"), 951_825_600_000_000_000);
        assert_eq!(unix_nano("2026-03-01 00:00:00.5 +0000 UTC"), 1_772_323_200_500_000_000);
        assert_eq!(unix_nano("no date"), 0);
    }
}
