//! Telemetry for people: a span with its attributes, then its log events, then its metrics.

use std::io::{self, Write};

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Histogram, Metric, MetricData};
use serde_json::Value;

use super::{Recorded, golden};
use crate::style::{Ink, Style};

/// Widest column of names.
const NAMES: usize = 52;

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 240;

/// Prints what one case was told as.
pub(crate) fn print(
    out: &mut impl Write,
    case: &str,
    recorded: &Recorded,
    extensions: bool,
    style: Style,
) -> io::Result<()> {
    let document = golden::document(case, recorded, extensions);
    writeln!(out, "{}", style.paint(Ink::Bold, case))?;
    for (span, data) in list(&document["spans"]).iter().zip(&recorded.spans) {
        let took = data.end_time.duration_since(data.start_time).unwrap_or_default();
        let status = match span["status"]["code"].as_str() {
            Some("ERROR") => style.paint(Ink::Red, format!("error: {}", text(&span["status"]["description"]))),
            _ => style.paint(Ink::Green, "unset".to_owned()),
        };
        heading(out, style, "span", &text(&span["name"]))?;
        writeln!(out, "{}  {} ms  {status}", text(&span["kind"]).to_lowercase(), took.as_millis())?;
        attributes(out, style, &span["attributes"], &|name| time(data, name))?;
        for event in list(&span["events"]) {
            heading(out, style, "  event", &text(&event["name"]))?;
            writeln!(out)?;
            attributes(out, style, &event["attributes"], &|_| None)?;
        }
    }
    for log in list(&document["logs"]) {
        heading(out, style, "log", &text(&log["event_name"]))?;
        match body(&log["body"]) {
            Some(body) => writeln!(out, "{body}")?,
            None => writeln!(out, "{}", style.paint(Ink::Dim, "no body (content is off)"))?,
        }
    }
    for point in list(&document["metrics"]) {
        let kind = point["attributes"]["gen_ai.token.type"]["string"].as_str().unwrap_or_default();
        heading(out, style, "metric", &text(&point["name"]))?;
        let sum =
            point.get("sum").map_or_else(|| measured(recorded, &text(&point["name"])), |sum| format!("{sum} {kind}"));
        writeln!(out, "{sum} {}", style.paint(Ink::Dim, text(&point["unit"])))?;
    }
    Ok(())
}

fn heading(out: &mut impl Write, style: Style, kind: &str, name: &str) -> io::Result<()> {
    write!(
        out,
        "  {} {}  ",
        style.paint(Ink::Cyan, format_args!("{kind:<6}")),
        style.paint(Ink::Bold, format_args!("{name:<NAMES$}"))
    )
}

/// An attribute a line; `time` gives those that are times.
fn attributes(
    out: &mut impl Write,
    style: Style,
    attributes: &Value,
    time: &dyn Fn(&str) -> Option<String>,
) -> io::Result<()> {
    for (name, value) in attributes.as_object().into_iter().flatten() {
        let value = time(name).unwrap_or_else(|| short(&plain(value).to_string()));
        writeln!(out, "         {}  {value}", style.paint(Ink::Dim, format_args!("{name:<NAMES$}")))?;
    }
    Ok(())
}

/// What a golden document has as `<time>`, measured.
fn time(span: &opentelemetry_sdk::trace::SpanData, name: &str) -> Option<String> {
    let own = span.attributes.iter().find(|own| own.key.as_str() == name)?;
    let opentelemetry::Value::F64(seconds) = own.value else { return None };
    name.contains("time_to_").then(|| format!("{seconds:.3} s"))
}

/// The sum of a metric that a clock measured.
fn measured(recorded: &Recorded, name: &str) -> String {
    let metrics =
        recorded.metrics.iter().flat_map(|resource| resource.scope_metrics()).flat_map(|scope| scope.metrics());
    let sum = metrics.filter(|metric| metric.name() == name).filter_map(seconds).sum::<f64>();
    format!("{sum:.3}")
}

fn seconds(metric: &Metric) -> Option<f64> {
    let AggregatedMetrics::F64(MetricData::Histogram(data)) = metric.data() else { return None };
    Some(Histogram::data_points(data).map(|point| point.sum()).sum())
}

/// The body of a log event as JSON, without the names of types.
fn body(body: &Value) -> Option<String> {
    let plain = plain(body);
    (!plain.is_null()).then(|| short(&plain.to_string()))
}

fn plain(value: &Value) -> Value {
    match value.as_object().and_then(|typed| typed.iter().next()) {
        Some((kind, Value::Array(values))) if kind == "array" => values.iter().map(plain).collect(),
        Some((kind, Value::Object(map))) if kind == "kvlist" => {
            map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()
        }
        Some((_, value)) => value.clone(),
        None => Value::Null,
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
