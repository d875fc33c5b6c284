//! B10: what it costs to read a call back from somebody's telemetry, in each dialect.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::Method;
use serde_json::Value;
use sidetone_core::dialect::read::{LogRecord, Reading, Records, SpanRecord, read_any};
use sidetone_core::dialect::{DIALECTS, Dialect};
use sidetone_core::event::{Call, Server};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::Content;
use sidetone_core::provider::surface_of;

use crate::meter::{Entry, Meter, Subject};
use crate::ours::compare;
use crate::payload::Payload;

const CALLS: u64 = 50;

/// For each dialect: a call of 2 KiB, content full, read back, and the same attributes read into a `Value`.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for dialect in DIALECTS.iter().copied() {
        entries.push(Entry::new(format!("b10.ours.{}", dialect.name()), CALLS, move || Read::new(dialect)));
        for (name, opens) in [("value", false), ("opened", true)] {
            entries
                .push(Entry::new(format!("b10.{name}.{}", dialect.name()), CALLS, move || Parsed::new(dialect, opens)));
        }
    }
    entries
}

/// The names of the dialects, in the order of the table.
pub(crate) fn dialects() -> impl Iterator<Item = &'static str> {
    DIALECTS.iter().map(|dialect| dialect.name())
}

/// A call as it is observed.
fn observed(payload: &Payload) -> Result<Call, String> {
    let surface = surface_of(&Method::POST, "/v1/chat/completions").ok_or("chat completions have no surface")?;
    let head = RequestHead {
        surface,
        server: Arc::new(Server { address: "api.openai.com".into(), port: Some(443) }),
        deployment: None,
        start: SystemTime::now(),
        parent: None,
        resend_count: None,
        scope: None,
    };
    let settings = Settings { content: Content::Full, ..Settings::default() };
    let mut exchange = Exchange::new(head, Arc::new(settings));
    exchange.handle_request_body(payload.request.clone());
    exchange.handle_response_head(&ResponseHead::of(200, &payload.headers), Duration::from_millis(1));
    exchange.handle_response_body(payload.body(), Duration::from_millis(2));
    let call = exchange.finish(End::Complete, Duration::from_millis(3)).call;
    compare(&call, payload, Content::Full)?;
    Ok(call)
}

/// A call that is read back.
struct Read {
    dialect: &'static dyn Dialect,
    payload: Payload,
    call: Result<Call, String>,
    reading: Option<Reading>,
}

impl Read {
    fn new(dialect: &'static dyn Dialect) -> Self {
        let payload = Payload::chat(2 << 10);
        let call = observed(&payload);
        Self { dialect, payload, call, reading: None }
    }
}

impl Subject for Read {
    fn round(&mut self, meter: &mut Meter) {
        let Ok(call) = &self.call else { return };
        let records = Records::of(call, self.dialect.project(call));
        let reading = &mut self.reading;
        meter.part(|| {
            for _ in 0..CALLS {
                // What was read before is dropped here: that counts, too.
                *reading = black_box(read_any(&records));
            }
        });
    }

    fn check(&mut self) -> Result<(), String> {
        self.call.as_ref()?;
        let reading = self.reading.as_ref().ok_or("nothing was read")?;
        compare(&reading.call, &self.payload, Content::Full)?;
        if reading.dialects != [self.dialect.name()] || !reading.unread.is_empty() {
            return Err(format!("read as {:?}, without {:?}", reading.dialects, reading.unread));
        }
        Ok(())
    }
}

/// The same attributes as JSON text, read into a tree. Attributes that are JSON text themselves stay strings that nobody looks into, or
/// stand there opened, as what they say.
struct Parsed {
    json: String,
    members: usize,
    value: Option<Value>,
}

impl Parsed {
    fn new(dialect: &'static dyn Dialect, opens: bool) -> Self {
        let mut json = String::new();
        let mut members = 0;
        if let Ok(call) = observed(&Payload::chat(2 << 10)) {
            let records = Records::of(&call, dialect.project(&call));
            members = records.spans().iter().map(|span| span.attributes.len()).sum();
            json = text(records.spans(), records.logs(), opens);
        }
        Self { json, members, value: None }
    }
}

/// One object of the span's attributes; the log events, where a dialect has some, are its last member.
fn text(spans: &[SpanRecord<'_>], logs: &[LogRecord<'_>], opens: bool) -> String {
    let string = |text: &str| Value::from(text).to_string();
    let told = |value: &sidetone_core::dialect::Value<'_>| match value.as_str() {
        Some(text) if opens && text.starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok() => {
            text.to_owned()
        }
        _ => value.to_json(),
    };
    let mut members: Vec<String> = spans
        .iter()
        .flat_map(|span| &span.attributes)
        .map(|(name, value)| format!("{}:{}", string(name), told(value)))
        .collect();
    let logs = logs.iter().map(|log| {
        let attributes = log.attributes.iter().map(|(name, value)| format!("{}:{}", string(name), told(value)));
        let mut members = vec![format!("\"name\":{}", string(&log.name))];
        members.extend(attributes);
        members.extend(log.body.as_ref().map(|body| format!("\"body\":{}", body.to_json())));
        format!("{{{}}}", members.join(","))
    });
    let logs: Vec<String> = logs.collect();
    if !logs.is_empty() {
        members.push(format!("\"logs\":[{}]", logs.join(",")));
    }
    format!("{{{}}}", members.join(","))
}

impl Subject for Parsed {
    fn round(&mut self, meter: &mut Meter) {
        let (json, value) = (&self.json, &mut self.value);
        meter.part(|| {
            for _ in 0..CALLS {
                *value = black_box(serde_json::from_str(json).ok());
            }
        });
    }

    fn check(&mut self) -> Result<(), String> {
        let read = self.value.as_ref().and_then(Value::as_object).ok_or("what was written isn't JSON")?;
        let members = read.keys().filter(|key| *key != "logs").count();
        if members == self.members && members > 0 {
            Ok(())
        } else {
            Err(format!("{members} of {} members", self.members))
        }
    }
}
