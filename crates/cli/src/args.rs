//! The command line.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use sidetone::environment::Environment;
use sidetone_core::dialect::{Dialect, Latest, OpenInference, PostHog, V1, V2};
use sidetone_core::policy::Content;
use sidetone_core::pricing::{MAX_FILE_BYTES, Prices};

#[cfg(target_os = "linux")]
use sidetone::ebpf::HostRule;

#[cfg(target_os = "linux")]
use crate::capture;
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
    #[cfg(target_os = "linux")]
    Run(Run),
    #[cfg(target_os = "linux")]
    Agent(Agent),
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Launch(Launch),
    /// What the doctor's self-test captures; not for people.
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    LoopBack,
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
    /// The convention to export the calls in [default: as OTEL_SEMCONV_STABILITY_OPT_IN says, else v2]
    #[arg(long, value_enum)]
    pub(crate) dialect: Option<DialectName>,
}

/// The built-in prices with those of a file over them.
fn prices(path: &str) -> Result<Arc<Prices>, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Prices::embedded().with_overrides(&text).map(Arc::new).map_err(|error| error.to_string())
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
    /// The convention to tell the calls in [default: as OTEL_SEMCONV_STABILITY_OPT_IN says, else v2]
    #[arg(long, value_enum)]
    pub(crate) dialect: Option<DialectName>,
    /// How much of what was said to keep.
    #[arg(long, value_enum, default_value_t = ContentMode::Off)]
    pub(crate) content: ContentMode,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Golden)]
    pub(crate) format: Format,
    /// Prices that go before the built-in ones, as docs/pricing.md says [default: as SIDETONE_PRICES says]
    #[arg(long, value_name = "FILE", value_parser = prices)]
    pub(crate) prices: Option<Arc<Prices>>,
    /// Print the `sidetone.*` names too.
    #[arg(long)]
    pub(crate) extensions: bool,
    /// Recorded cases (folders with a meta.json), or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Show what an application in this environment would do, whether its telemetry would arrive, and whether host-wide capture
/// can work here.
///
/// Sends an export of nothing to each endpoint, and captures one TLS connection of its own. Exits 1 when an endpoint that is
/// configured can't be reached, or capture can't work.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Look at one part only.
    #[arg(long, value_enum)]
    pub(crate) only: Option<Part>,
    /// List the TLS libraries of this process instead, or of `all` that have one, and whether their calls can be captured.
    #[cfg(target_os = "linux")]
    #[arg(long, value_name = "PID|all", conflicts_with = "only", value_parser = which)]
    pub(crate) pid: Option<Listing>,
}

/// A part of what `doctor` looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// What an application would export, and whether it would arrive.
    Export,
    /// Whether host-wide capture can work.
    #[cfg(target_os = "linux")]
    Host,
}

/// Which processes are listed.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listing {
    Pid(u32),
    All,
}

#[cfg(target_os = "linux")]
impl From<Listing> for sidetone::ebpf::doctor::Which {
    fn from(listing: Listing) -> Self {
        match listing {
            Listing::Pid(pid) => Self::Pid(pid),
            Listing::All => Self::All,
        }
    }
}

#[cfg(target_os = "linux")]
fn which(text: &str) -> Result<Listing, String> {
    match text {
        "all" => Ok(Listing::All),
        _ => text.parse().map(Listing::Pid).map_err(|_| "a process id or `all` is expected".to_owned()),
    }
}

#[cfg(target_os = "linux")]
const RUN_ENDS: &str = "\
Needs root, or CAP_BPF and CAP_PERFMON.

Exit codes: the command's; 128+n when signal n killed it; 125 when it can't be captured (it is not started
then); 126 when it can't be executed; 127 when it isn't found; 2 usage.";

#[cfg(target_os = "linux")]
const AGENT_NEEDS: &str = "\
Needs root, or CAP_BPF and CAP_PERFMON; `sidetone doctor` says what shows more.

Without --pid, --process and --cgroup every process is captured; with them, each that any of them names.";

/// Run a command and show the LLM calls of it and of all that it starts, with no change to it.
///
/// The command has this terminal, and none of our privileges: called by sudo, it runs as the user who called. Signals are
/// passed on to it, and its exit code is passed back.
#[cfg(target_os = "linux")]
#[derive(Debug, clap::Args)]
#[command(after_help = RUN_ENDS)]
pub(crate) struct Run {
    /// How to show calls: for people on standard error, or JSON lines on standard output [default: pretty, or jsonl with
    /// --output]
    #[arg(long, value_enum)]
    pub(crate) format: Option<LineFormat>,
    /// Write calls to this file, which only its owner may read.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How much of what was said to keep [default: as SIDETONE_CONTENT or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT
    /// says, else off]
    #[arg(long, value_enum)]
    pub(crate) content: Option<ContentMode>,
    /// Scan what was said for credentials, personal data, commands and injected instructions, also where it isn't kept; `redacted`
    /// always does [default: as SIDETONE_SCAN says, else not]
    #[arg(long)]
    pub(crate) scan: bool,
    /// Prices that go before the built-in ones, as docs/pricing.md says [default: as SIDETONE_PRICES says]
    #[arg(long, value_name = "FILE", value_parser = prices)]
    pub(crate) prices: Option<Arc<Prices>>,
    /// Run the command as root although sudo was called by another user.
    #[arg(long)]
    pub(crate) as_root: bool,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// Tell the LLM calls of every process of this host, with no change to any.
///
/// Prints `ready` on standard error once probes are attached. SIGTERM and SIGINT end it after what it has is delivered.
#[cfg(target_os = "linux")]
#[derive(Debug, clap::Args)]
#[command(after_help = AGENT_NEEDS)]
pub(crate) struct Agent {
    /// Append JSON lines to this file, which only its owner may read; `-` is standard output, /dev/null is none.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) output: Option<PathBuf>,
    /// Export spans, log events and metrics to this OTLP endpoint; all else as the OTEL_* variables say.
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// The convention to export the calls in [default: as OTEL_SEMCONV_STABILITY_OPT_IN says, else v2]
    #[arg(long, value_enum)]
    pub(crate) dialect: Option<DialectName>,
    /// End after this long.
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub(crate) duration: Option<f64>,
    /// How much of what was said to keep [default: as SIDETONE_CONTENT or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT
    /// says, else off]
    #[arg(long, value_enum)]
    pub(crate) content: Option<ContentMode>,
    /// Scan what was said for credentials, personal data, commands and injected instructions, also where it isn't kept; `redacted`
    /// always does [default: as SIDETONE_SCAN says, else not]
    #[arg(long)]
    pub(crate) scan: bool,
    /// Prices that go before the built-in ones, as docs/pricing.md says [default: as SIDETONE_PRICES says]
    #[arg(long, value_name = "FILE", value_parser = prices)]
    pub(crate) prices: Option<Arc<Prices>>,
    /// Only calls to this host, a name or `*.suffix`; may be given more than once.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow: Vec<HostRule>,
    /// No calls to this host, whatever --allow says; may be given more than once.
    #[arg(long, value_name = "HOST")]
    pub(crate) deny: Vec<HostRule>,
    /// This process and all that it starts; may be given more than once.
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Vec<u32>,
    /// Processes of this name (/proc/PID/comm); may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) process: Vec<String>,
    /// Processes of this control group and those below, a path under /sys/fs/cgroup; may be given more than once.
    #[arg(long, value_name = "PATH")]
    pub(crate) cgroup: Vec<PathBuf>,
    /// Leave calls out, whole and counted, while the agent takes more than this of one processor.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) max_cpu: Option<f64>,
    /// Leave calls out, whole and counted, while those under way take more memory than this [default: 256]
    #[arg(long, value_name = "MIB", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=MIB_MAX))]
    pub(crate) max_memory: Option<usize>,
    /// Tell calls that a process of this host serves, too, where none of this host makes them.
    #[arg(long)]
    pub(crate) server_side: bool,
}

/// Most memory that may be allowed to calls under way.
#[cfg(target_os = "linux")]
const MIB_MAX: u64 = 1 << 20;

/// A year: longer than any agent runs, and no overflow of any clock.
#[cfg(target_os = "linux")]
const DURATION_MAX: f64 = 31_536_000.0;

#[cfg(target_os = "linux")]
fn duration(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number is expected".to_owned())?;
    if (0.0..=DURATION_MAX).contains(&seconds) { Ok(seconds) } else { Err(format!("0 to {DURATION_MAX} is expected")) }
}

#[cfg(target_os = "linux")]
fn percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "a number is expected".to_owned())?;
    if percent > 0.0 && percent.is_finite() { Ok(percent) } else { Err("more than 0 is expected".to_owned()) }
}

/// What `run` starts; not for people.
#[cfg(target_os = "linux")]
#[derive(Debug, clap::Args)]
pub(crate) struct Launch {
    #[arg(long)]
    pub(crate) parent: u32,
    #[arg(long, requires = "gid")]
    pub(crate) uid: Option<u32>,
    #[arg(long)]
    pub(crate) gid: Option<u32>,
    #[arg(long, value_delimiter = ',')]
    pub(crate) groups: Vec<u32>,
    #[arg(required = true, last = true)]
    pub(crate) command: Vec<OsString>,
}

#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LineFormat {
    /// Two JSON lines for each call, by docs/jsonl.schema.json.
    Jsonl,
    /// For people, a line for each call.
    Pretty,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DialectName {
    /// As opentelemetry-instrumentation-openai-v2: what was said in log events.
    V2,
    /// The newest conventions, as opentelemetry-instrumentation-genai-openai: what was said on the span, or where
    /// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says.
    Latest,
    /// As opentelemetry-instrumentation-openai 0.53 (traceloop), from before the conventions: what was said on the span, message by
    /// message.
    V1,
    /// As openinference-instrumentation-openai: what was said on the span, message by message. Arize Phoenix reads it. It has no
    /// metrics of calls.
    Openinference,
    /// As the events of PostHog's Python package: a span named $ai_generation whose attributes are the event's properties. It has no
    /// metrics of calls.
    Posthog,
}

impl DialectName {
    /// The dialect of that name, or that of the environment; what was said is where that says.
    pub(crate) fn or_of(chosen: Option<Self>, environment: &Environment) -> &'static dyn Dialect {
        let Some(chosen) = chosen else { return environment.dialect };
        let dialect: &dyn Dialect = match chosen {
            Self::V2 => &V2,
            Self::Latest => &Latest::SPAN_ONLY,
            Self::V1 => &V1,
            Self::Openinference => &OpenInference,
            Self::Posthog => &PostHog,
        };
        dialect.with_content_in(environment.content_place)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ContentMode {
    /// Structure and sizes only.
    Off,
    /// What was said, with what the security scan finds in it masked.
    Redacted,
    /// Everything that was said.
    Full,
}

impl From<ContentMode> for Content {
    fn from(mode: ContentMode) -> Self {
        match mode {
            ContentMode::Off => Self::Off,
            ContentMode::Redacted => Self::Redacted,
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
        Command::Doctor(args) => doctor::run(&args),
        #[cfg(target_os = "linux")]
        Command::Run(args) => return capture::run(&args),
        #[cfg(target_os = "linux")]
        Command::Agent(args) => capture::agent(&args),
        #[cfg(target_os = "linux")]
        Command::Launch(args) => return capture::launch(&args),
        #[cfg(target_os = "linux")]
        Command::LoopBack => {
            let code = sidetone::ebpf::doctor::loop_back_child();
            return ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX));
        }
    })
}
