//! What arrives in any order, in several pieces, more than once, as protobuf or as JSON, is read as the same calls.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sidetone_core::dialect::read::{LogRecord, Reading, Records, SpanRecord, gather, read_any};
use sidetone_core::event::TraceId;

use super::cases;
use super::reading;
use super::reading_otlp::{Encoding, logs_from, logs_to, spans_from, spans_to};
use super::reading_records;

/// A record that arrives.
#[derive(Debug, Clone)]
enum Arrived {
    Span(SpanRecord<'static>),
    Log(LogRecord<'static>),
}

/// Every golden file of an OpenTelemetry package, each in a trace of its own, as records.
fn files() -> Vec<Vec<Arrived>> {
    let mut all = Vec::new();
    for (case, is_further) in reading::all_cases() {
        for (_, mode) in cases::MODES {
            // An event of PostHog has no ids that say of which call it is.
            for (variant, _) in reading::variants().into_iter().filter(|(variant, _)| *variant != "posthog") {
                let document = reading::golden(variant, mode, &case, is_further);
                let mut id = [0xee; 16];
                id[..8].copy_from_slice(&(all.len() as u64).to_be_bytes());
                all.push(records(&reading_records::of(&document), TraceId(id)));
            }
        }
    }
    all.retain(|file: &Vec<Arrived>| !file.is_empty());
    assert!(all.len() > 500, "{}", all.len());
    all
}

fn records(all: &[Records<'static>], trace: TraceId) -> Vec<Arrived> {
    let span = |span: &SpanRecord<'static>| Arrived::Span(SpanRecord { trace_id: Some(trace), ..span.clone() });
    let log = |log: &LogRecord<'static>| Arrived::Log(LogRecord { trace_id: Some(trace), ..log.clone() });
    let of =
        |one: &Records<'static>| one.spans().iter().map(span).chain(one.logs().iter().map(log)).collect::<Vec<_>>();
    all.iter().flat_map(of).collect()
}

type Readings = BTreeMap<([u8; 16], [u8; 8]), Reading>;

fn read(arrived: impl IntoIterator<Item = Arrived>) -> Readings {
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    for one in arrived {
        match one {
            Arrived::Span(span) => spans.push(span),
            Arrived::Log(log) => logs.push(log),
        }
    }
    let mut all = Readings::new();
    for records in gather(spans, logs) {
        let reading = read_any(&records).expect("each file is in a dialect that is read");
        let ids = reading.call.span.expect("each has ids");
        assert!(all.insert((ids.trace_id.0, ids.span_id.0), reading).is_none(), "one span is read once");
    }
    all
}

/// The same after a way over the network.
fn delivered(one: Arrived, encoding: Encoding) -> Vec<Arrived> {
    match one {
        Arrived::Span(span) => {
            spans_from(encoding, &spans_to(encoding, &[span])).into_iter().map(Arrived::Span).collect()
        }
        Arrived::Log(log) => logs_from(encoding, &logs_to(encoding, &[log])).into_iter().map(Arrived::Log).collect(),
    }
}

#[test]
fn order_repeats_and_encoding_make_no_difference() {
    let files = files();
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    // Which files; where each of their records comes, once or more often, and how.
    let deliveries = prop::collection::vec(0..files.len(), 1..6).prop_flat_map(|mut chosen| {
        chosen.sort_unstable();
        chosen.dedup();
        let count: usize = chosen.iter().map(|file| files[*file].len()).sum();
        let repeats = prop::collection::vec((0..count, any::<bool>()), 0..=count);
        let once = prop::collection::vec(any::<bool>(), count);
        let all =
            (once, repeats).prop_map(|(once, repeats)| once.into_iter().enumerate().chain(repeats).collect::<Vec<_>>());
        (Just(chosen), all.prop_shuffle())
    });
    runner
        .run(&deliveries, |(chosen, deliveries)| {
            let sent: Vec<_> = chosen.iter().flat_map(|file| files[*file].clone()).collect();
            let expected = read(sent.clone());
            let arrived = deliveries.into_iter().flat_map(|(place, is_json)| {
                delivered(sent[place].clone(), if is_json { Encoding::Json } else { Encoding::Protobuf })
            });
            prop_assert_eq!(read(arrived), expected);
            Ok(())
        })
        .unwrap();
}
