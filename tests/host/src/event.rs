//! A call as JSON lines tell it, its two records checked against the schema and against each other.

use std::collections::BTreeMap;
use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;
use sidetone::pipeline::JsonLines;

/// One call. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The record of the response as it was written.
    pub response: Value,
    /// The record of the request as it was written.
    pub request: Value,
    /// The process.
    pub pid: Option<u32>,
    /// The process's executable.
    pub exe: Option<String>,
    /// The host that was called.
    pub server: String,
    /// How it ended, in the schema's words.
    pub outcome: String,
    /// Whether all of it was seen.
    pub is_complete: bool,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The identifier of the answer.
    pub id: Option<String>,
    /// Whether the answer was a stream.
    pub is_stream: bool,
    /// Tokens of input.
    pub input_tokens: Option<u64>,
    /// Tokens of output.
    pub output_tokens: Option<u64>,
    /// When the client began to send.
    pub start: f64,
    /// From then to the first chunk with output.
    pub time_to_first_token: Option<f64>,
    /// When the call ended.
    pub end: f64,
}

impl Event {
    fn new(request: Value, response: Value) -> Self {
        let data = &response["data"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let said = |value: &Value| text(value).unwrap_or_else(|| panic!("a text is missing: {response}"));
        for name in ["call_id", "trace_id", "span_id", "parent_span_id"] {
            assert_eq!(request[name], response[name], "{name} of both records");
        }
        for name in ["provider", "operation", "surface", "side", "server", "process"] {
            assert_eq!(request["data"][name], data[name], "{name} of both records");
        }
        assert_eq!(request["time"], data["times"]["start"]);
        assert_eq!(response["time"], data["times"]["end"]);
        if let (Some(input), Some(output)) =
            (data["usage"]["input_tokens"].as_u64(), data["usage"]["output_tokens"].as_u64())
        {
            assert_eq!(data["usage"]["total_tokens"], input + output);
        }
        Self {
            pid: data["process"]["pid"].as_u64().map(|pid| u32::try_from(pid).unwrap()),
            exe: text(&data["process"]["exe"]),
            server: said(&data["server"]["address"]),
            outcome: said(&data["outcome"]),
            is_complete: data["complete"].as_bool().unwrap(),
            model: text(&data["request"]["model"]),
            id: text(&data["response"]["id"]),
            is_stream: data["response"]["stream"].as_bool().unwrap(),
            input_tokens: data["usage"]["input_tokens"].as_u64(),
            output_tokens: data["usage"]["output_tokens"].as_u64(),
            start: seconds(&said(&data["times"]["start"])),
            time_to_first_token: data["times"]["time_to_first_token_ms"].as_f64().map(|ms| ms / 1e3),
            end: seconds(&said(&data["times"]["end"])),
            response: response.clone(),
            request,
        }
    }
}

/// The calls of a file of JSON lines, in the order of their responses.
///
/// # Panics
/// When a line is not as the schema says, or one of a call's two records is missing or there twice.
#[must_use]
pub fn read(file: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    parse(&text)
}

/// The calls of JSON lines; see [`read`].
#[must_use]
pub fn parse(text: &str) -> Vec<Event> {
    let check = schema();
    let mut requests = BTreeMap::new();
    let mut events = Vec::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        check(&record).unwrap_or_else(|error| panic!("{error}\n{line}"));
        let id = record["call_id"].as_str().unwrap().to_owned();
        if record["event_type"] == "ai.request" {
            assert!(requests.insert(id, record).is_none(), "two requests with one call_id: {line}");
        } else {
            let request = requests.remove(&id).unwrap_or_else(|| panic!("a response without its request: {line}"));
            events.push(Event::new(request, record));
        }
    }
    assert!(requests.is_empty(), "requests without their responses: {requests:?}");
    events
}

fn schema() -> impl Fn(&Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("jsonl.schema.json", serde_json::from_str(JsonLines::SCHEMA).unwrap()).unwrap();
    let schema = compiler.compile("jsonl.schema.json", &mut schemas).unwrap();
    move |record| schemas.validate(record, schema).map_err(|error| format!("{error:#}"))
}

/// The seconds since 1970 of `2026-11-21T14:44:18.123456Z`.
fn seconds(time: &str) -> f64 {
    let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // The year begins in March, so that its last day is the one that isn't always there.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let clock = number(11..13) * 3600 + number(14..16) * 60 + number(17..19);
    (days * 86_400 + clock) as f64 + number(20..26) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_many_seconds_after_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00.000000Z"), 0.0);
        assert_eq!(seconds("2000-02-29T12:00:00.500000Z"), 951_825_600.5);
        assert_eq!(seconds("2026-11-21T14:44:18.000000Z"), 1_795_272_258.0);
    }
}
