//! Telemetry for people: a span with its attributes, then its log events, then its metrics.

use std::io::{self, Write};

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Histogram, Metric, MetricData};
use serde_json::Value;
use sidetone_core::dialect::names;
use sidetone_core::event::{Finding, Findings, MoreFindings, Severity};

use super::{Recorded, golden};
use crate::style::{Ink, Style};

/// Widest column of names.
const NAMES: usize = 52;

/// Where a body is broken, in characters.
const WIDTH: usize = 80;

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 240;

/// Prints what one case was told as.
pub(crate) fn print(
    out: &mut impl Write,
    case: &str,
    recorded: &Recorded,
    findings: &Findings,
    extensions: bool,
    style: Style,
) -> io::Result<()> {
    let document = golden::telemetry(case, recorded, extensions);
    writeln!(out, "{}", style.paint(Ink::Bold, case))?;
    for (span, data) in list(&document["spans"]).iter().zip(&recorded.spans) {
        let took = data.end_time.duration_since(data.start_time).unwrap_or_default();
        let status = match span["status"]["code"].as_str() {
            Some("ERROR") => style.paint(Ink::Red, format!("error: {}", text(&span["status"]["description"]))),
            _ => style.paint(Ink::Green, "unset".to_owned()),
        };
        heading(out, style, "span", &text(&span["name"]))?;
        let cost = cost(data).map_or_else(String::new, |cost| format!("  {}", style.paint(Ink::Bold, cost)));
        writeln!(out, "{}  {} ms  {status}{cost}", text(&span["kind"]).to_lowercase(), took.as_millis())?;
        attributes(out, style, &span["attributes"], &|name| time(data, name))?;
        for event in list(&span["events"]) {
            heading(out, style, "  event", &text(&event["name"]))?;
            writeln!(out)?;
            attributes(out, style, &event["attributes"], &|_| None)?;
        }
    }
    // What was found is told below, a line each.
    for log in list(&document["logs"]).iter().filter(|log| log["event_name"] != names::SIDETONE_SECURITY_FINDING) {
        heading(out, style, "log", &text(&log["event_name"]))?;
        match body(&log["body"]) {
            Some(body) => {
                for (number, line) in folded(&body).iter().enumerate() {
                    let indent = if number == 0 { 0 } else { NAMES + 11 };
                    writeln!(out, "{:indent$}{}", "", marked(style, line))?;
                }
            }
            None => writeln!(out, "{}", style.paint(Ink::Dim, "no body (content is off)"))?,
        }
    }
    found(out, style, findings)?;
    for point in list(&document["metrics"]).iter().filter(|point| point["name"] != names::SIDETONE_SECURITY_FINDINGS) {
        let kind = point["attributes"]["gen_ai.token.type"]["string"].as_str().unwrap_or_default();
        heading(out, style, "metric", &text(&point["name"]))?;
        let sum = match point.get("sum").or_else(|| point.get("value")) {
            Some(sum) => format!("{} {kind}", amount(sum)),
            None => measured(recorded, &text(&point["name"])),
        };
        writeln!(out, "{sum} {}", style.paint(Ink::Dim, text(&point["unit"])))?;
    }
    Ok(())
}

/// What the security scan found, a finding a line, after how much of what severity.
fn found(out: &mut impl Write, style: Style, findings: &Findings) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let counts =
        [Severity::High, Severity::Medium, Severity::Low].map(|severity| (severity, findings.count_of(severity)));
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts.map(|(severity, count)| format!("{count} {}", severity.as_str())).collect();
    heading(out, style, "scan", &format!("{} findings", findings.count()))?;
    writeln!(out, "{}", counts.join(", "))?;
    for Finding { rule, category, severity, place, excerpt } in &findings.listed {
        let ink = ink(*severity);
        let range = format!("{}–{}", place.range.start, place.range.end);
        writeln!(
            out,
            "         {} {} {}  {} {}  {}",
            style.paint(ink, format_args!("{:<6}", severity.as_str())),
            style.paint(Ink::Bold, format_args!("{rule:<28}")),
            style.paint(Ink::Dim, format_args!("{:<13}", category.as_str())),
            format_args!("{:<42}", place.field.to_string()),
            style.paint(Ink::Dim, format_args!("{range:<9}")),
            excerpt.as_deref().unwrap_or_default(),
        )?;
    }
    for MoreFindings { rule, category, severity, count } in &findings.more {
        let more = format!("{count} more");
        writeln!(
            out,
            "         {} {} {}  {more}",
            style.paint(ink(*severity), format_args!("{:<6}", severity.as_str())),
            style.paint(Ink::Bold, format_args!("{rule:<28}")),
            style.paint(Ink::Dim, format_args!("{:<13}", category.as_str())),
        )?;
    }
    Ok(())
}

fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Red,
        Severity::Medium => Ink::Yellow,
        Severity::Low => Ink::Dim,
    }
}

/// A body in lines, broken at spaces and commas.
fn folded(body: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in body.split_inclusive([' ', ',']) {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines
}

/// A body with what stands in place of something that was found (`[RULE:LENGTH]`) set off.
fn marked(style: Style, body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(start) = rest.find('[') {
        let (before, mark) = rest.split_at(start);
        out.push_str(before);
        match mark.find(']').map(|end| mark.split_at(end + 1)) {
            Some((mark, after)) if is_mark(mark) => {
                out.push_str(&style.paint(Ink::Yellow, mark).to_string());
                rest = after;
            }
            _ => {
                out.push('[');
                rest = &mark[1..];
            }
        }
    }
    out + rest
}

fn is_mark(mark: &str) -> bool {
    let inside = mark.trim_start_matches('[').trim_end_matches(']');
    let is_rule =
        |rule: &str| !rule.is_empty() && rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    inside.split_once(':').is_some_and(|(rule, length)| {
        is_rule(rule) && length.bytes().next().is_some_and(|digit| digit.is_ascii_digit())
    })
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

/// What the call cost, also where the names of ours aren't shown.
fn cost(span: &opentelemetry_sdk::trace::SpanData) -> Option<String> {
    let own = span.attributes.iter().find(|own| own.key.as_str() == names::SIDETONE_COST_USD)?;
    let opentelemetry::Value::F64(usd) = own.value else { return None };
    Some(format!("{usd} USD"))
}

/// A number without an exponent.
fn amount(number: &Value) -> String {
    number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())
}

/// What a golden document has as `<time>`, measured.
fn time(span: &opentelemetry_sdk::trace::SpanData, name: &str) -> Option<String> {
    let own = span.attributes.iter().find(|own| own.key.as_str() == name)?;
    let opentelemetry::Value::F64(seconds) = own.value else { return None };
    golden::is_time(name).then(|| format!("{seconds:.3} s"))
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
