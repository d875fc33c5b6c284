//! `sidetone demo`: real clients, observed, against a mock server on this machine, and a live table of their calls.

mod calls;
mod screen;
mod seen;
mod table;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sidetone::Reason;
use sidetone::environment::Environment;
use sidetone::otel_export::{Config, Signal, without_credentials};
use sidetone_testkit::server::MockServer;

use crate::args::{Demo, DialectName};
use crate::exit::Failure;
use crate::seen::Seen;
use crate::style::Style;
use calls::World;
use screen::Screen;
use seen::Tell;

/// How often the line of the call that runs is drawn again.
const FRAME: Duration = Duration::from_millis(80);

/// How long delivery of what was exported may take.
const DELIVERY: Duration = Duration::from_secs(5);

/// What the table is told.
enum News {
    /// A call begins.
    Begins(calls::Label),
    /// A call was seen, whole.
    Seen(Box<Seen>),
    /// All calls were made.
    Over(Result<(), String>),
}

/// Runs `sidetone demo`.
pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    let (tell, news) = mpsc::channel();
    let export = Export::configured()?;
    let mut builder = sidetone::builder().app_name("sidetone-demo").sink(Tell(tell.clone()));
    if args.dialect.is_some() {
        builder = builder.dialect(DialectName::or_of(args.dialect, &Environment::of_process()));
    }
    if matches!(export, Export::Nowhere) {
        builder = builder.providers(
            SdkTracerProvider::builder().build(),
            SdkLoggerProvider::builder().build(),
            SdkMeterProvider::builder().build(),
        );
    }
    let sidetone = builder.start().map_err(|error| Failure::told(error.to_string()))?;
    let server = MockServer::builder()
        .try_start()
        .map_err(|error| Failure::told(format!("the mock server can't listen on 127.0.0.1: {error}")))?;

    let world = World::new(sidetone.observer().clone(), server);
    let (calls, seconds) = (args.calls, args.seconds.map(Duration::from_secs_f64));
    let driver = std::thread::Builder::new().name("calls".to_owned()).spawn(move || {
        let over = calls::drive(world, calls, seconds, &tell);
        // The table may be gone: its reader had enough.
        let _ = tell.send(News::Over(over));
    });
    driver.map_err(|error| Failure::told(format!("no thread for the calls: {error}. Raise `ulimit -u`")))?;

    let out = io::stdout();
    let mut screen = Screen::new(Style::of(&out), out.is_terminal(), out.lock());
    let over = show(&mut screen, &news)?;
    let delivered = sidetone.stop(DELIVERY);
    // Calls whose end the worker saw only when it was stopped.
    while let Ok(news) = news.try_recv() {
        if let News::Seen(seen) = news {
            screen.row(&seen)?;
        }
    }
    let dropped = sidetone
        .counters()
        .nonzero()
        .filter(|(reason, ..)| *reason != Reason::SpanNotSampled)
        .map(|(_, items, _)| items)
        .sum();
    screen.summary(&export, dropped)?;
    over.map_err(Failure::told)?;
    match export {
        Export::To(endpoints) => delivered.map_err(|error| {
            Failure::told(format!("not all telemetry was delivered to {endpoints}: {error}. Run `sidetone doctor`"))
        }),
        Export::Nowhere => Ok(()),
    }
}

/// Shows what happens until all calls were made and seen.
fn show<W: io::Write>(screen: &mut Screen<W>, news: &mpsc::Receiver<News>) -> Result<Result<(), String>, Failure> {
    screen.title()?;
    loop {
        match news.recv_timeout(FRAME) {
            Ok(News::Begins(label)) => screen.begins(label, Instant::now())?,
            Ok(News::Seen(seen)) => screen.row(&seen)?,
            Ok(News::Over(over)) => {
                screen.ends()?;
                return Ok(over);
            }
            Err(RecvTimeoutError::Timeout) => screen.frame()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Ok(Err("the calls ended early: please report it".to_owned()));
            }
        }
    }
}

/// Where telemetry goes beside the table.
enum Export {
    /// To these endpoints.
    To(String),
    /// Nowhere: none is configured.
    Nowhere,
}

impl Export {
    fn configured() -> Result<Self, Failure> {
        let config = Config::from_env().map_err(|error| Failure::told(error.to_string()))?;
        let named = |signal: Signal| {
            let upper = signal.as_str().to_uppercase();
            [format!("OTEL_EXPORTER_OTLP_{upper}_ENDPOINT"), "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned()]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        };
        let mut endpoints: Vec<String> = Signal::ALL
            .into_iter()
            .filter(|signal| named(*signal))
            .filter_map(|signal| {
                let otlp = config.targets(signal).otlp.as_ref()?;
                let endpoint =
                    otlp.endpoint.strip_suffix(&format!("/v1/{}", signal.as_str())).unwrap_or(&otlp.endpoint);
                Some(format!("{} ({})", without_credentials(endpoint), otlp.protocol.as_str()))
            })
            .collect();
        endpoints.dedup();
        Ok(if endpoints.is_empty() { Self::Nowhere } else { Self::To(endpoints.join(", ")) })
    }
}
