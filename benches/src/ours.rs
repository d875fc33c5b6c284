//! The code that is measured, put together as an application has it, but drained by hand so that it repeats exactly.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest_middleware::Middleware;
use sidetone_core::event::{Call, Outcome, Part};
use sidetone_core::policy::Content;
use sidetone_core::pricing::Prices;
use sidetone_middleware::Observer;
use sidetone_pipeline::{Config, Counters, Finished, Pipeline, Sink, Worker};

use crate::meter::Meter;
use crate::payload::{MODEL, Payload, TOKENS};

/// What came out at the end of the pipeline.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    calls: AtomicU64,
    wrong: Mutex<Option<String>>,
}

impl Seen {
    /// Whether `calls` calls came out, all of them right.
    ///
    /// # Errors
    /// What was wrong.
    pub(crate) fn check(&self, calls: u64) -> Result<(), String> {
        if let Some(wrong) = self.wrong.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(wrong);
        }
        let seen = self.calls.load(Ordering::Relaxed);
        if seen == calls { Ok(()) } else { Err(format!("{calls} calls were made and {seen} came out")) }
    }
}

/// A sink that compares every call with the answer that was given.
pub(crate) struct Checking {
    payload: Payload,
    content: Content,
    seen: Arc<Seen>,
}

impl Sink for Checking {
    fn name(&self) -> &'static str {
        "checking"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.seen.calls.fetch_add(1, Ordering::Relaxed);
        if let Err(wrong) = compare(&finished.call, &self.payload, self.content) {
            *self.seen.wrong.lock().unwrap_or_else(PoisonError::into_inner) = Some(wrong);
        }
    }
}

/// Whether a call says what its answer said.
///
/// # Errors
/// What is different.
pub(crate) fn compare(call: &Call, payload: &Payload, content: Content) -> Result<(), String> {
    let (input, output) = TOKENS;
    let choice = call.response.choices.first();
    let text = choice.and_then(|choice| {
        choice.message.parts.iter().find_map(|part| match part {
            Part::Text(text) => Some(text),
            _ => None,
        })
    });
    let said = match content {
        Content::Full => text.and_then(|text| text.as_str()) == Some(&payload.text),
        _ => text.is_some_and(|text| text.bytes() == payload.text.len() as u64 && text.as_str().is_none()),
    };
    let facts = [
        ("outcome", call.outcome == Outcome::Completed),
        ("model of the request", call.request.model.as_deref() == Some(MODEL)),
        ("model of the response", call.response.model.as_deref() == Some(MODEL)),
        ("input tokens", call.usage.input == Some(input)),
        ("output tokens", call.usage.output == Some(output)),
        ("finish reason", choice.and_then(|choice| choice.finish_reason.as_deref()) == Some("stop")),
        ("text", said),
        ("completeness", !call.incomplete.is_some()),
    ];
    match facts.into_iter().find(|(_, right)| !right) {
        Some((fact, _)) => Err(format!("wrong {fact}: {call:?}")),
        None => Ok(()),
    }
}

/// A limit on content that no payload of the benches reaches.
fn config(content: Content) -> Config {
    let mut config = Config::default();
    config.settings.content = content;
    config.settings.prices = Some(Prices::embedded());
    config
}

/// An observer whose pipeline is drained by hand.
pub(crate) struct Ours {
    pub(crate) observer: Observer,
    worker: Worker,
}

impl Ours {
    pub(crate) fn new(config: Config, sinks: Vec<Box<dyn Sink>>, counters: Arc<Counters>) -> Self {
        let (pipeline, worker) = Pipeline::unattended(config, sinks, counters);
        Self { observer: Observer::new(pipeline), worker }
    }

    /// With a sink that checks every call.
    pub(crate) fn checked(payload: &Payload, content: Content) -> (Self, Arc<Seen>) {
        let seen = Arc::new(Seen::default());
        let sink = checking(payload, content, &seen);
        (Self::new(config(content), vec![sink], Arc::default()), seen)
    }

    /// With these sinks and the default limits.
    pub(crate) fn with_sinks(
        content: Content,
        scans: bool,
        sinks: Vec<Box<dyn Sink>>,
        counters: Arc<Counters>,
    ) -> Self {
        let mut config = config(content);
        config.settings.review = config.settings.review.scanning(scans);
        Self::new(config, sinks, counters)
    }

    pub(crate) fn middleware(&self) -> Arc<dyn Middleware> {
        Arc::new(self.observer.middleware())
    }

    /// Understands and delivers what is queued.
    pub(crate) fn drain(&mut self) {
        self.worker.drain();
    }

    /// Ends the worker's part: calls that are open are delivered as they are.
    pub(crate) fn finish(&mut self) {
        self.worker.finish(Instant::now() + Duration::from_secs(10));
    }
}

/// A pipeline with a worker thread of its own and a sink that checks every call.
pub(crate) struct Attended {
    pipeline: Option<Pipeline>,
    seen: Arc<Seen>,
}

impl Attended {
    pub(crate) fn new(payload: &Payload) -> Self {
        let seen = Arc::new(Seen::default());
        let sink = checking(payload, Content::Off, &seen);
        // Without a thread nothing is observed, which the check finds.
        let pipeline = Pipeline::start(config(Content::Off), vec![sink], Arc::default()).ok();
        Self { pipeline, seen }
    }

    pub(crate) fn middleware(&self) -> Option<Arc<dyn Middleware>> {
        Some(Arc::new(Observer::new(self.pipeline.clone()?).middleware()))
    }
}

impl Attached for Attended {
    fn check(&mut self, calls: u64) -> Result<(), String> {
        if let Some(pipeline) = &self.pipeline {
            pipeline.stop(Duration::from_secs(10)).map_err(|error| error.to_string())?;
        }
        self.seen.check(calls)
    }
}

fn checking(payload: &Payload, content: Content, seen: &Arc<Seen>) -> Box<dyn Sink> {
    Box::new(Checking { payload: payload.clone(), content, seen: Arc::clone(seen) })
}

/// What is attached to a client, and what is done with it between the parts that count.
pub(crate) trait Attached {
    /// Handles what is queued. Not on the caller's path: it counts only if it makes itself a part.
    fn settle(&mut self, meter: &mut Meter) {
        let _ = meter;
    }

    /// Whether `calls` calls were seen rightly.
    ///
    /// # Errors
    /// What was wrong.
    fn check(&mut self, calls: u64) -> Result<(), String>;
}

/// Nothing is attached.
pub(crate) struct Nothing;

impl Attached for Nothing {
    fn check(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }
}

/// We are attached, and every call is checked.
pub(crate) struct Observed {
    pub(crate) ours: Rc<RefCell<Ours>>,
    pub(crate) seen: Arc<Seen>,
}

impl Attached for Observed {
    fn settle(&mut self, _: &mut Meter) {
        self.ours.borrow_mut().drain();
    }

    fn check(&mut self, calls: u64) -> Result<(), String> {
        self.ours.borrow_mut().drain();
        self.seen.check(calls)
    }
}
