//! Planted secrets: none leaves with content off, none of a known format with content redacted, and all are found with content full.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod live;
mod process;
mod split;

use std::sync::{Arc, Mutex};

use sidetone::environment::{Choices, Environment};
use sidetone_cli::replay::{Cut, Memory, golden, observe};
use sidetone_core::dialect::{Dialect, Latest, OpenInference, PostHog, V1, V2};
use sidetone_core::event::{Call, Outcome};
use sidetone_core::exchange::Settings;
use sidetone_core::policy::Content;
use sidetone_core::scan::Scanner;
use sidetone_otel_export::Readable;
use sidetone_pipeline::{Finished, JsonLines, Sink};
use sidetone_testkit::canaries::{EXCHANGES, KEYS, Numbers, OTHERS, Planted, Search, Secret, planted};

/// What a sink writes, kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// Every dialect, with what was said in each place that it has for it.
const DIALECTS: [&dyn Dialect; 6] = [&V2, &Latest::EVENT_ONLY, &Latest::SPAN_AND_EVENT, &V1, &OpenInference, &PostHog];

/// Every sink that writes, into one.
pub(crate) fn sinks(written: &Written) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(JsonLines::new(written.clone()))];
    for dialect in DIALECTS {
        sinks.push(Box::new(Readable::new(written.clone(), dialect)));
        sinks.push(Box::new(Readable::brief(written.clone(), dialect)));
    }
    sinks
}

pub(crate) fn settings(content: Content, scan: bool) -> Settings {
    Environment::of(&|_| None).settings(Choices { content: Some(content), scan: Some(scan), ..Choices::default() })
}

/// The call, and all that is emitted of it.
fn replayed(planted: &Planted, settings: &Arc<Settings>, cut: Cut) -> (Call, Vec<u8>) {
    let call = observe(&planted.case, settings, cut, None).unwrap().call;
    let written = Written::default();
    let mut finished = Finished { call, span: None };
    for sink in &mut sinks(&written) {
        sink.call(&mut finished);
    }
    let mut bytes = written.bytes();
    bytes.extend_from_slice(format!("{finished:?}{:#?}", finished.call).as_bytes());
    for dialect in DIALECTS {
        let recorded = Memory::new(dialect).record(finished.call.clone()).unwrap();
        bytes.extend_from_slice(golden::document("canary", &recorded, true).to_string().as_bytes());
    }
    (finished.call, bytes)
}

/// The event is there, and right.
pub(crate) fn assert_event(planted: &Planted, call: &Call) {
    assert_eq!(call.request.model.as_deref(), planted.has_model.then_some("gpt-4o-mini"));
    if planted.fails {
        assert!(matches!(&call.outcome, Outcome::Failed(failure) if failure.class.as_str() == "AuthenticationError"));
        return;
    }
    assert_eq!(call.outcome, Outcome::Completed);
    assert_eq!(call.response.model.as_deref(), Some("gpt-4o-mini-2024-07-18"));
    assert_eq!((call.usage.input, call.usage.output), (Some(11), Some(7)));
}

#[test]
fn every_planted_format_is_one_that_the_scan_knows() {
    let scanner = Scanner::embedded();
    for (number, make) in KEYS.iter().chain(OTHERS).enumerate() {
        let secret = Secret::made(*make, &mut Numbers(number as u64));
        for text in [format!("It is {} as ever.", secret.text), format!("It is {} as ever.", secret.base64())] {
            let mut found = Vec::new();
            scanner.scan(&text, &mut found);
            assert!(!found.is_empty(), "{text}");
        }
    }
}

#[test]
fn with_content_off_nothing_planted_is_found() {
    for scan in [false, true] {
        let settings = Arc::new(settings(Content::Off, scan));
        for planted in (0..EXCHANGES).map(planted) {
            let (call, emitted) = replayed(&planted, &settings, Cut::AsRecorded);
            assert_event(&planted, &call);
            assert_eq!(planted.search(|_| true).find(&emitted), None, "scan {scan}");
        }
    }
}

#[test]
fn with_content_redacted_no_known_secret_is_found_and_each_is_a_finding() {
    let settings = Arc::new(settings(Content::Redacted, false));
    for planted in (0..EXCHANGES).map(planted) {
        let (call, emitted) = replayed(&planted, &settings, Cut::AsRecorded);
        assert_event(&planted, &call);
        assert_eq!(planted.search(|canary| canary.secret.is_known).find(&emitted), None);
        for canary in planted.canaries.iter().filter(|canary| canary.secret.is_known) {
            let Some(place) = &canary.place else { continue };
            let is_found = call.findings.listed.iter().any(|finding| finding.place.field.to_string() == *place);
            assert!(is_found, "{place}: {:?} in {:#?}", canary.secret, call.findings);
        }
    }
}

#[test]
fn with_content_full_what_was_said_is_found_and_nothing_else() {
    let settings = Arc::new(settings(Content::Full, false));
    for planted in (0..EXCHANGES).map(planted) {
        let (call, emitted) = replayed(&planted, &settings, Cut::AsRecorded);
        assert_event(&planted, &call);
        assert_eq!(planted.search(|canary| !canary.is_content).find(&emitted), None);
        let said = planted.canaries.iter().filter(|canary| canary.is_content && canary.is_plain);
        for canary in said {
            let mut search = Search::default();
            search.secret("", &canary.secret);
            assert!(search.find(&emitted).is_some(), "the search works: {:?}", canary.place);
        }
    }
}
