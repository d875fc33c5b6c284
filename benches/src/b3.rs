//! B3: the whole CPU of a call: the caller's path, the worker and the SDK, with exporters that do nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use sidetone_core::dialect::{Dialect, Latest, V2};
use sidetone_core::policy::Content;
use sidetone_otel_export::OtelSink;
use sidetone_pipeline::Counters;

use crate::caller::Caller;
use crate::meter::{Entry, Meter, Subject};
use crate::ours::{Attached, Nothing, Ours};
use crate::payload::Payload;
use crate::peers::parts::{Emit, TypedParse};
use crate::telemetry::{Inline, Told};

/// A call that is made in B3.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    calls: usize,
    make: fn() -> Payload,
}

/// The calls of B3.
pub(crate) const SHAPES: [Shape; 3] = [
    Shape { name: "2k", calls: 200, make: || Payload::chat(2 << 10) },
    Shape { name: "100k", calls: 20, make: || Payload::chat(100 << 10) },
    Shape { name: "stream", calls: 4, make: || Payload::stream(1000) },
];

/// How calls are observed: the name, what is kept, and whether it is scanned.
pub(crate) const MODES: [(&str, Content, bool); 4] = [
    ("off", Content::Off, false),
    ("full", Content::Full, false),
    ("off+scan", Content::Off, true),
    ("full+scan", Content::Full, true),
];

/// For each shape: the call alone, with us (content off and full, scanned and not), and the floors of the parts. And the
/// small call at 100 and 10,000 at once.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for shape in SHAPES {
        let calls = shape.calls;
        let units = calls as u64;
        entries.push(Entry::new(format!("b3.base.{}", shape.name), units, move || {
            Caller::new(&(shape.make)(), None, Box::new(Nothing), calls, 1)
        }));
        for (name, content, scans) in MODES {
            entries.push(Entry::new(format!("b3.ours.{}.{name}", shape.name), units, move || {
                Whole::new(&(shape.make)(), Telling::V2, content, scans, calls, 1)
            }));
            if scans {
                continue;
            }
            entries.push(Entry::new(format!("b3.latest.{}.{name}", shape.name), units, move || {
                Whole::new(&(shape.make)(), Telling::LATEST, content, scans, calls, 1)
            }));
            entries.push(Entry::new(format!("b3.emit.{}.{name}", shape.name), units, move || {
                Emit::new(&(shape.make)(), units, content.keeps_text())
            }));
        }
        entries.push(Entry::new(format!("b3.parse.{}", shape.name), units, move || {
            TypedParse::new(&(shape.make)(), units)
        }));
    }
    for open in [100, 10_000] {
        let small = || Payload::chat(2 << 10);
        entries.push(Entry::new(format!("b3.base.2k@{open}"), open as u64, move || {
            Caller::new(&small(), None, Box::new(Nothing), open, open)
        }));
        entries.push(Entry::new(format!("b3.ours.2k@{open}"), open as u64, move || {
            Whole::new(&small(), Telling::V2, Content::Off, false, open, open)
        }));
    }
    entries
}

/// Calls whose whole cost counts: what is queued is handled inside the measured parts.
struct Whole {
    caller: Caller,
}

/// In which dialect calls are told, and where that puts what was said.
#[derive(Debug, Clone, Copy)]
struct Telling {
    dialect: &'static dyn Dialect,
    told: Told,
}

impl Telling {
    const V2: Self = Self { dialect: &V2, told: Told::AsEvents };
    const LATEST: Self = Self { dialect: &Latest::SPAN_ONLY, told: Told::OnSpan };
}

impl Whole {
    fn new(payload: &Payload, telling: Telling, content: Content, scans: bool, calls: usize, at_once: usize) -> Self {
        let (ours, inline) = exporting_in(telling.dialect, content, scans);
        let middleware = ours.middleware();
        let ours = Rc::new(RefCell::new(ours));
        let attached = Exporting { ours, inline, payload: payload.clone(), content, told: telling.told };
        Self { caller: Caller::new(payload, Some(middleware), Box::new(attached), calls, at_once) }
    }
}

/// Ours with the OpenTelemetry sink, and what that is given.
pub(crate) fn exporting(content: Content, scans: bool) -> (Ours, Inline) {
    exporting_in(&V2, content, scans)
}

fn exporting_in(dialect: &'static dyn Dialect, content: Content, scans: bool) -> (Ours, Inline) {
    let inline = Inline::new();
    let counters = Arc::new(Counters::default());
    let sink = OtelSink::with_providers(inline.providers.clone(), dialect, Arc::clone(&counters));
    (Ours::with_sinks(content, scans, vec![Box::new(sink)], counters), inline)
}

impl Subject for Whole {
    fn round(&mut self, meter: &mut Meter) {
        self.caller.round(meter);
    }

    fn check(&mut self) -> Result<(), String> {
        self.caller.check()
    }
}

struct Exporting {
    ours: Rc<RefCell<Ours>>,
    inline: Inline,
    payload: Payload,
    content: Content,
    told: Told,
}

impl Attached for Exporting {
    fn settle(&mut self, meter: &mut Meter) {
        let mut ours = self.ours.borrow_mut();
        meter.part(|| ours.drain());
    }

    fn check(&mut self, calls: u64) -> Result<(), String> {
        self.ours.borrow_mut().drain();
        self.inline.check(calls, &self.payload, self.content, self.told)
    }
}
