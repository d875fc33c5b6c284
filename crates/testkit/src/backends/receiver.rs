//! The OpenTelemetry Collector and rotel: OTLP in, everything received printed with its types.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::pinned::{self, Pinned};
use super::process::{self, Output, Process};
use super::{Received, debug_text};
use crate::require;

/// How long a receiver may take until it accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may take a port between its choice and the receiver's start.
const START_ATTEMPTS: u32 = 5;
/// An export is printed in one go: after this much silence the last record is complete.
const QUIET_TIME: Duration = Duration::from_millis(100);

/// Starts an OpenTelemetry Collector; `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is installed and doesn't start, or is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the receiver is absent"]
pub fn collector() -> Option<Receiver> {
    started(&pinned::COLLECTOR, collector_arguments)
}

/// Starts an OpenTelemetry Collector that sends everything on by OTLP over HTTP, uncompressed: an export that it has accepted
/// has arrived at `endpoint`. `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is installed and doesn't start, or is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the receiver is absent"]
pub fn collector_forwarding_to(endpoint: &str) -> Option<Receiver> {
    let exporter =
        format!(r#"otlphttp: {{endpoint: "{endpoint}", compression: none, sending_queue: {{enabled: false}}}}"#);
    started(&pinned::COLLECTOR, |ports| collector_with(ports, "otlphttp", &exporter))
}

/// Starts rotel; `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is installed and doesn't start, or is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the receiver is absent"]
pub fn rotel() -> Option<Receiver> {
    started(&pinned::ROTEL, rotel_arguments)
}

/// What is received is printed by the Collector's own logger, which by default leaves out all but a sample.
fn collector_arguments(ports: Ports) -> Vec<String> {
    collector_with(ports, "debug", "debug: {verbosity: detailed}")
}

fn collector_with(Ports { grpc, http }: Ports, name: &str, exporter: &str) -> Vec<String> {
    let configuration = format!(
        r#"yaml:{{
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{http}"}}, grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}}},
exporters: {{{exporter}}},
service: {{
  telemetry: {{metrics: {{level: none}}, logs: {{sampling: {{enabled: false}}}}}},
  pipelines: {{
    traces: {{receivers: [otlp], exporters: [{name}]}},
    logs: {{receivers: [otlp], exporters: [{name}]}},
    metrics: {{receivers: [otlp], exporters: [{name}]}}
  }}
}}
}}"#
    );
    vec!["--config".to_owned(), configuration]
}

fn rotel_arguments(ports: Ports) -> Vec<String> {
    let mut arguments = vec!["start".to_owned()];
    let options = [
        ("--exporter", "blackhole".to_owned()),
        ("--debug-log", "traces".to_owned()),
        ("--debug-log", "logs".to_owned()),
        ("--debug-log", "metrics".to_owned()),
        ("--debug-log-verbosity", "detailed".to_owned()),
        ("--otlp-http-endpoint", format!("127.0.0.1:{}", ports.http)),
        ("--otlp-grpc-endpoint", format!("127.0.0.1:{}", ports.grpc)),
    ];
    for (name, value) in options {
        arguments.extend([name.to_owned(), value]);
    }
    arguments
}

#[derive(Clone, Copy)]
struct Ports {
    grpc: u16,
    http: u16,
}

/// A running receiver of OTLP. Dropping it stops its process.
pub struct Receiver {
    program: PathBuf,
    arguments: Vec<String>,
    ports: Ports,
    output: Output,
    process: Option<Process>,
}

fn started(pinned: &Pinned, arguments: impl Fn(Ports) -> Vec<String>) -> Option<Receiver> {
    attempted(pinned, |program| Receiver::start(program, &arguments))
}

/// Starts what is installed, again if it doesn't start; `None`, after a line that says so, where it is not installed.
#[expect(clippy::panic, reason = "a test can do nothing without its receiver")]
pub(super) fn attempted<T>(pinned: &Pinned, start: impl Fn(&Path) -> io::Result<T>) -> Option<T> {
    let program = installed(pinned)?;
    let mut failure = String::new();
    for _ in 0..START_ATTEMPTS {
        match start(&program) {
            Ok(started) => return Some(started),
            Err(error) => failure = error.to_string(),
        }
    }
    panic!("{} {} doesn't start: {failure}", pinned.name, pinned.version)
}

/// The program of a receiver, or `None` after a line that says what is missing.
pub(super) fn installed(pinned: &Pinned) -> Option<PathBuf> {
    let backends = std::env::var_os(pinned::FOLDER_VARIABLE);
    let program = backends.and_then(|backends| pinned.program(Path::new(&backends)));
    let need = format!("{} {} (`cargo xtask setup`)", pinned.name, pinned.version);
    require::some(&need, program)
}

impl Receiver {
    fn start(program: &Path, arguments: impl Fn(Ports) -> Vec<String>) -> io::Result<Self> {
        let [grpc, http] = process::free_ports()?;
        let ports = Ports { grpc, http };
        let mut receiver = Self {
            program: program.to_owned(),
            arguments: arguments(ports),
            ports,
            output: Output::default(),
            process: None,
        };
        receiver.start_process()?;
        Ok(receiver)
    }

    fn start_process(&mut self) -> io::Result<()> {
        let mut process = Process::start(&self.program, &self.arguments, &[], &self.output)?;
        let is_ready = process::poll(START_TIMEOUT, || {
            let has_ended = process.has_ended();
            let accepts = process::accepts(self.ports.grpc) && process::accepts(self.ports.http);
            (has_ended || accepts).then_some(!has_ended && !process.has_ended())
        });
        if is_ready != Some(true) {
            return Err(io::Error::other(self.output.text()));
        }
        self.process = Some(process);
        Ok(())
    }

    /// `http://127.0.0.1:PORT` for OTLP over gRPC.
    #[must_use]
    pub fn grpc_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.grpc)
    }

    /// `http://127.0.0.1:PORT`, under which `/v1/traces`, `/v1/logs` and `/v1/metrics` take OTLP over HTTP.
    #[must_use]
    pub fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.http)
    }

    /// Everything printed so far, over all starts.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// Everything received so far. The last record may be half printed: [`wait_until`](Self::wait_until) sees to that.
    #[must_use]
    pub fn received(&self) -> Received {
        debug_text::read(&self.output.text())
    }

    /// Waits until `is_enough` or the timeout, and gives what was received; assert on that.
    pub fn wait_until(&self, timeout: Duration, is_enough: impl Fn(&Received) -> bool) -> Received {
        let mut printed = (self.output.len(), Instant::now());
        let mut length_read = None;
        let enough = process::poll(timeout, || {
            let length = self.output.len();
            if length != printed.0 {
                printed = (length, Instant::now());
            }
            if length_read == Some(length) || printed.1.elapsed() < QUIET_TIME {
                return None;
            }
            length_read = Some(length);
            Some(self.received()).filter(|received| is_enough(received))
        });
        enough.unwrap_or_else(|| self.received())
    }

    /// Kills the process: from now on its endpoints refuse connections. What it printed is kept.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the process again on the same ports after [`stop`](Self::stop).
    ///
    /// # Panics
    /// When it doesn't start.
    #[expect(clippy::panic, reason = "a test can do nothing without its receiver")]
    pub fn start_again(&mut self) {
        self.stop();
        if let Err(error) = self.start_process() {
            panic!("{} doesn't start again: {error}", self.program.display());
        }
    }
}
