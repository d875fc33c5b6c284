//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use sidetone_core::policy::Content;

use crate::{demo, doctor, exit, replay};

/// Turns LLM calls into OpenTelemetry spans, log events and metrics.
#[derive(Debug, Parser)]
#[command(name = "sidetone", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 failed (one line on stderr says why and what to do), 2 usage.")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Demo),
    Replay(Replay),
    Doctor(Doctor),
}

/// Make calls with real clients against a mock server on this machine, and show what is seen of them.
///
/// Chats, streams, tools, embeddings, responses, retries, a failure and a stream that is left early. Exports too when an
/// OTLP endpoint is configured (OTEL_EXPORTER_OTLP_ENDPOINT).
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// How many calls to make.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) calls: u64,
    /// Make calls for this long, however many.
    #[arg(long, value_name = "S", conflicts_with = "calls", value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
}

/// Longest demo.
const SECONDS_MAX: f64 = 86_400.0;

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number is expected".to_owned())?;
    if (0.0..=SECONDS_MAX).contains(&seconds) { Ok(seconds) } else { Err(format!("0 to {SECONDS_MAX} is expected")) }
}

/// Print the telemetry of recorded calls.
///
/// Each call goes through the same code as a live one, and through the OpenTelemetry SDK. Nothing is sent anywhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The convention to tell the calls in.
    #[arg(long, value_enum, default_value_t = DialectName::V2)]
    pub(crate) dialect: DialectName,
    /// How much of what was said to keep.
    #[arg(long, value_enum, default_value_t = ContentMode::Off)]
    pub(crate) content: ContentMode,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Golden)]
    pub(crate) format: Format,
    /// Print the `sidetone.*` names too.
    #[arg(long)]
    pub(crate) extensions: bool,
    /// Recorded cases (folders with a meta.json), or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Show what an application in this environment would do, and whether its telemetry would arrive.
///
/// Sends an export of nothing to each endpoint. Exits 1 when one that is configured can't be reached.
#[derive(Debug, clap::Args)]
struct Doctor {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DialectName {
    /// As opentelemetry-instrumentation-openai-v2.
    V2,
}

impl DialectName {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ContentMode {
    /// Structure and sizes only.
    Off,
    /// Everything that was said.
    Full,
}

impl From<ContentMode> for Content {
    fn from(mode: ContentMode) -> Self {
        match mode {
            ContentMode::Off => Self::Off,
            ContentMode::Full => Self::Full,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// One JSON document a line for each case, times as `<time>`.
    Golden,
    /// Two JSON lines for each call, by docs/jsonl.schema.json.
    Jsonl,
    /// For people.
    Pretty,
}

/// Runs the command with these arguments.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no failure; there is nobody to tell if printing fails.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    exit::code(match args.command {
        Command::Demo(args) => demo::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Doctor(args) => doctor::run(args.json),
    })
}
