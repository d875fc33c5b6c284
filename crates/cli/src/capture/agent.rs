//! `sidetone agent`: the LLM calls of a whole host, until it is told to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rustix::thread::CapabilitySet;
use sidetone::ebpf::{Capture, Filter, Options};
use sidetone::environment::{Choices, Environment};
use sidetone::otel_export::{Config, Export, Options as ExportOptions, OtelSink};
use sidetone::pipeline::{Counters, JsonLines, Sink};

use super::effort::Effort;
use super::notes::Notes;
use super::output::{Before, Output};
use super::privileges;
use super::rest::Rest;
use super::signals::Signals;
use super::tally::Tally;
use crate::args::{Agent, DialectName};
use crate::exit::Failure;
use crate::style::Style;

/// How often the agent looks at itself and for what is to be told.
const LOOK: Duration = Duration::from_secs(1);

/// How long delivery may take at the end.
const DELIVERY: Duration = Duration::from_secs(10);

/// `service.name` where nobody gives one.
const SERVICE: &str = "sidetone-agent";

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// Runs `sidetone agent`.
pub(crate) fn run(args: &Agent) -> Result<(), Failure> {
    // Before there are threads, which inherit both.
    let signals = Signals::read(&[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
        .map_err(|error| Failure::told(format!("signals can't be read: {error}")))?;
    let output = output(args)?;
    let is_closed = output.as_ref().map(Output::is_closed);
    privileges::keep_secrets();
    privileges::drop_others(CapabilitySet::empty()).map_err(|error| Failure::told(format!("privileges: {error}")))?;

    let counters = Arc::new(Counters::default());
    let tally = Tally::default();
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(tally.clone())];
    sinks.extend(output.map(|output| Box::new(JsonLines::new(output)) as Box<dyn Sink>));
    if let Some(url) = &args.otlp {
        sinks.push(Box::new(otlp(url, args.dialect, &counters)?));
    }
    let capture = Capture::start(options(args), sinks, counters).map_err(|error| Failure::told(error.to_string()))?;
    let began = Instant::now();
    let mut err = io::stderr();
    let mut notes = Notes::new(Style::of(&err));
    // The word that scripts wait for, before anything else.
    let _ = io::Write::write_all(&mut err, b"ready\n");
    attend(args, &signals, &capture, is_closed.as_deref(), &mut notes);
    let took = began.elapsed();
    let report = capture.stop(DELIVERY);
    notes.end(&tally.totals(), &report, took, &mut err);
    let is_closed = is_closed.is_some_and(|closed| closed.load(Ordering::Relaxed));
    match report.undelivered.first() {
        Some(left) if !is_closed => Err(Failure::told(format!("not everything was delivered: {left}"))),
        _ => Ok(()),
    }
}

/// Waits for the end: a signal, the time, or that nobody reads any more.
fn attend(args: &Agent, signals: &Signals, capture: &Capture, is_closed: Option<&AtomicBool>, notes: &mut Notes) {
    let end = args.duration.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let mut effort = args.max_cpu.map(Effort::new);
    let mut rest = Rest::default();
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if signals.next(left.map_or(LOOK, |left| left.min(LOOK))).is_some()
            || left.is_some_and(|left| left.is_zero())
            || is_closed.is_some_and(|closed| closed.load(Ordering::Relaxed))
        {
            return;
        }
        let report = capture.report();
        notes.tell(&report, &mut io::stderr());
        if rest.has_come(&report) {
            capture.give_back_memory();
        }
        if let Some(shed) = effort.as_mut().and_then(Effort::changed) {
            capture.set_shedding(shed);
            notes.shedding(shed, &mut io::stderr());
        }
    }
}

fn options(args: &Agent) -> Options {
    let chosen = Choices {
        content: args.content.map(Into::into),
        scan: args.scan.then_some(true),
        prices: args.prices.clone(),
        ..Choices::default()
    };
    let defaults = Options::default();
    let max_memory = args.max_memory.map_or(defaults.max_memory, |mib| mib.saturating_mul(1 << 20));
    Options {
        settings: Environment::of_process().settings(chosen),
        filter: Filter {
            trees: args.pid.clone(),
            names: args.process.clone(),
            cgroups: args.cgroup.clone(),
            ..Filter::default()
        },
        allow: args.allow.clone(),
        deny: args.deny.clone(),
        server_side: args.server_side,
        max_memory,
        ..defaults
    }
}

/// Where JSON lines go; `None` if they are to go nowhere.
fn output(args: &Agent) -> Result<Option<Output>, Failure> {
    match args.output.as_deref() {
        None => Ok(Some(Output::stdout())),
        Some(path) if path.as_os_str() == "-" => Ok(Some(Output::stdout())),
        Some(path) if path.as_os_str() == "/dev/null" => Ok(None),
        Some(path) => Output::file(path, Before::Kept, None).map(Some),
    }
}

/// Exports to `url`; all else as the `OTEL_*` variables say.
fn otlp(url: &str, dialect: Option<DialectName>, counters: &Arc<Counters>) -> Result<OtelSink, Failure> {
    let told = |error: &dyn std::fmt::Display| Failure::told(error.to_string());
    let lookup = |name: &str| match name {
        ENDPOINT => Some(url.to_owned()),
        // The port that is gRPC's by convention.
        PROTOCOL if url.trim_end_matches('/').ends_with(":4317") => {
            std::env::var(name).ok().or_else(|| Some("grpc".to_owned()))
        }
        // An endpoint that was said on the command line is meant for all signals.
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        | "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
        | "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" => None,
        _ => std::env::var(name).ok().filter(|value| !value.is_empty()),
    };
    let config = Config::from_lookup(&lookup).map_err(|error| told(&error))?;
    let options = ExportOptions { service_name: Some(SERVICE.to_owned()), ..ExportOptions::default() };
    let export = Export::new(&config, &options, counters).map_err(|error| told(&error))?;
    let dialect = DialectName::or_of(dialect, &Environment::of_process());
    Ok(OtelSink::new(export, dialect, Arc::clone(counters)))
}
