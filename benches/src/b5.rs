//! B5: memory: what an open stream holds, the peak with many of them, and whether a million calls leave anything behind.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::Response;
use serde::Deserialize;
use sidetone_core::event::{Outcome, Part};
use sidetone_core::policy::Content;
use sidetone_pipeline::{Config, Finished, Sink};

use crate::b3::exporting;
use crate::caller::request;
use crate::ours::Ours;
use crate::payload::{Payload, TOKENS};
use crate::table::{Row, Table};
use crate::telemetry::Told;
use crate::transport::{client, ready, unused_transport};

/// The subcommand that a child is started with: memory is measured in processes of its own.
pub(crate) const CHILD: &str = "held";

/// Behind the name of a content mode: with the scan.
const SCANNED: &str = "+scan";

const STREAMS: usize = 10_000;
const CONTENT_LIMIT: usize = 16 << 10;
/// How far memory may wander between 10 % and all of the calls of the growth test: arenas of the allocator.
const FLAT_BYTES: f64 = 512.0 * 1024.0;

/// Measures, and adds the rows.
///
/// # Errors
/// When a child fails: its result was wrong.
pub(crate) fn run(quick: bool, table: &mut Table) -> Result<(), String> {
    if sidetone_testkit::require::tool("valgrind").is_some() {
        state(table)?;
    } else {
        table.skipped.push("state of an open stream: needs valgrind".to_owned());
    }
    let bytes = if quick { 100_000 } else { 1_000_000 };
    let peak = |who: &str, content: &str| plain_child(&["peak", who, content, &bytes.to_string()]);
    let base = peak("base", "off")?;
    let what = format!("B5 peak with {STREAMS} open streams of {} kB, over the application alone", bytes / 1000);
    let megabytes = |bytes: f64| bytes / (1 << 20) as f64;
    let of_base = megabytes(base);
    let off = megabytes(peak("ours", "off")? - base);
    table.push(Row::new(format!("{what}: content off"), off, "MiB").against("application alone", of_base));
    let full = megabytes(peak("ours", "full")? - base);
    table.push(
        Row::new(format!("{what}: content full"), full, "MiB")
            .against("application alone", of_base)
            .at_most(megabytes((CONTENT_LIMIT * STREAMS) as f64), "16 KiB of content a stream"),
    );
    for content in ["off", "full"] {
        let scanned = megabytes(peak("ours", &format!("{content}{SCANNED}"))? - base);
        let row = Row::new(format!("{what}: content {content}, scanned"), scanned, "MiB");
        table.push(row.against("without the scan", if content == "off" { off } else { full }));
    }
    let calls: u64 = if quick { 100_000 } else { 1_000_000 };
    let growth = plain_child(&["growth", &calls.to_string()])?;
    table.push(
        Row::new(format!("B5 growth from {} to {calls} calls", calls / 10), growth / 1024.0, "KiB")
            .at_most(FLAT_BYTES / 1024.0, "flat"),
    );
    Ok(())
}

fn state(table: &mut Table) -> Result<(), String> {
    // What is there without any stream is no stream's.
    let a_stream = |who: &str, content: &str| -> Result<f64, String> {
        let none = dhat_child(&["state", who, content, "0"])?;
        let many = dhat_child(&["state", who, content, &STREAMS.to_string()])?;
        Ok((many - none) / STREAMS as f64)
    };
    let base = a_stream("base", "off")?;
    let row = |label: &str, bytes: f64| {
        Row::new(format!("B5 own state of an open stream, {label}"), bytes - base, "B")
            .against("stream without us", base)
    };
    table.push(row("caller's side", a_stream("caller", "off")?).at_most(512.0, ""));
    table.push(row("in all, content off", a_stream("ours", "off")?).at_most(1024.0, ""));
    table.push(row("in all, content full, 2 chunks read", a_stream("ours", "full")?));
    let fixed = dhat_child(&["state", "ours", "off", "0"])? - dhat_child(&["state", "base", "off", "0"])?;
    table.push(Row::new("B5 the pipeline itself, queue of 65,536 items", fixed / 1024.0, "KiB"));
    Ok(())
}

/// A child's answer, in bytes.
fn plain_child(arguments: &[&str]) -> Result<f64, String> {
    let this = std::env::current_exe().map_err(|error| format!("own path unknown: {error}"))?;
    let output = Command::new(this).arg(CHILD).args(arguments).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("b5 {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|error| format!("b5 {}: {error}", arguments.join(" ")))
}

/// What valgrind's dhat writes: `eb` are the bytes of a place that are there at the end.
#[derive(Debug, Deserialize)]
struct Dhat {
    pps: Vec<Place>,
}

#[derive(Debug, Deserialize)]
struct Place {
    eb: u64,
}

/// The bytes on the heap when a child ends with everything still open.
fn dhat_child(arguments: &[&str]) -> Result<f64, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder for dhat's file: {error}"))?;
    let out = folder.path().join("out");
    let this = std::env::current_exe().map_err(|error| format!("own path unknown: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=dhat", &format!("--dhat-out-file={}", out.display())])
        .arg(this)
        .arg(CHILD)
        .args(arguments)
        .output()
        .map_err(|error| format!("valgrind could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("b5 {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    let text = std::fs::read_to_string(&out).map_err(|error| format!("dhat wrote nothing: {error}"))?;
    let dhat: Dhat = serde_json::from_str(&text).map_err(|error| format!("dhat wrote {error}"))?;
    Ok(dhat.pps.iter().map(|place| place.eb as f64).sum())
}

/// The child's side.
///
/// # Errors
/// When a result was wrong.
pub(crate) fn child(arguments: &[&str]) -> Result<String, String> {
    let number = |text: &str| text.parse::<usize>().map_err(|error| format!("{text}: {error}"));
    match arguments {
        ["state", who, content, streams] => {
            let streams = number(streams)?;
            let mut open = Open::new(&Payload::stream(100), who, content, streams);
            open.read_pieces(2);
            if *who == "caller" {
                // The worker lets go of its part: what remains is the caller's.
                open.settle();
                if let Some(ours) = &mut open.ours {
                    ours.finish();
                }
            }
            if open.read == 0 && streams > 0 {
                return Err("nothing was read".to_owned());
            }
            // Everything stays open until the process is gone.
            std::process::exit(0);
        }
        ["peak", who, content, bytes] => {
            let payload = Payload::stream(number(bytes)? / 190);
            let mut open = Open::new(&payload, who, content, STREAMS);
            open.read_pieces(payload.chunks.len());
            let peak = status("VmHWM:")?;
            open.end()?;
            Ok(peak.to_string())
        }
        ["growth", calls] => {
            let calls = number(calls)? as u64;
            growth(calls).map(|bytes| bytes.to_string())
        }
        _ => Err(format!("{CHILD} {arguments:?} is not known")),
    }
}

fn content_of(name: &str) -> Content {
    if name.starts_with("full") { Content::Full } else { Content::Off }
}

/// Streams that are all open at the same time.
struct Open {
    responses: Vec<Option<Response>>,
    ours: Option<Ours>,
    limited: Arc<Limited>,
    payload: Payload,
    content: Content,
    read: u64,
}

/// What came out of streams whose content is cut off at the limit.
#[derive(Debug, Default)]
struct Limited {
    right: AtomicU64,
}

struct Checking {
    limited: Arc<Limited>,
    text_bytes: u64,
    kept: Option<usize>,
}

impl Sink for Checking {
    fn name(&self) -> &'static str {
        "checking"
    }

    fn call(&mut self, finished: &mut Finished) {
        let call = &finished.call;
        let text = call.response.choices.first().and_then(|choice| match choice.message.parts.first() {
            Some(Part::Text(text)) => Some(text),
            _ => None,
        });
        // The prompt's few bytes are within the same limit.
        let kept = text.and_then(|text| text.as_str()).map(str::len);
        let kept_right = match (kept, self.kept) {
            (None, None) => true,
            (Some(kept), Some(most)) => kept <= most && kept + 1024 > most.min(self.text_bytes as usize),
            _ => false,
        };
        let right = call.outcome == Outcome::Completed
            && call.usage.output == Some(TOKENS.1)
            && text.is_some_and(|text| text.bytes() == self.text_bytes)
            && kept_right;
        self.limited.right.fetch_add(u64::from(right), Ordering::Relaxed);
    }
}

impl Open {
    fn new(payload: &Payload, who: &str, mode: &str, streams: usize) -> Self {
        let content = content_of(mode);
        let limited = Arc::new(Limited::default());
        let mut ours = (who != "base").then(|| {
            let mut config = Config::default();
            config.settings.content = content;
            config.settings.review = config.settings.review.scanning(mode.ends_with(SCANNED));
            config.settings.limits.content_bytes = CONTENT_LIMIT;
            // The default would be reached, and what is over it would be counted instead of kept.
            config.held_bytes = STREAMS * 2 * CONTENT_LIMIT;
            let kept = content.keeps_text().then_some(CONTENT_LIMIT);
            let sink = Checking { limited: Arc::clone(&limited), text_bytes: payload.text.len() as u64, kept };
            Ours::new(config, vec![Box::new(sink)], Arc::default())
        });
        let client = client(&unused_transport(), ours.as_ref().map(Ours::middleware), payload);
        let mut responses = Vec::with_capacity(streams);
        for index in 0..streams {
            responses.push(ready(client.execute(request(&payload.request))).ok());
            if index % 100 == 99
                && let Some(ours) = &mut ours
            {
                ours.drain();
            }
        }
        Self { responses, ours, limited, payload: payload.clone(), content, read: 0 }
    }

    fn settle(&mut self) {
        if let Some(ours) = &mut self.ours {
            ours.drain();
        }
    }

    fn read_pieces(&mut self, pieces: usize) {
        for _ in 0..pieces {
            for from in (0..self.responses.len()).step_by(100) {
                let to = self.responses.len().min(from + 100);
                for response in self.responses[from..to].iter_mut().flatten() {
                    let piece: Option<Bytes> = ready(response.chunk()).ok().flatten();
                    self.read += piece.map_or(0, |piece| piece.len() as u64);
                }
                self.settle();
            }
        }
    }

    /// Lets all streams come to their end.
    fn end(&mut self) -> Result<(), String> {
        let expected = self.payload.body().len() as u64 * self.responses.len() as u64;
        if self.read != expected {
            return Err(format!("{} of {expected} bytes were read", self.read));
        }
        self.read_pieces(1);
        self.responses.clear();
        self.settle();
        let right = self.limited.right.load(Ordering::Relaxed);
        if self.ours.is_some() && right != STREAMS as u64 {
            return Err(format!("{right} of {STREAMS} streams came out right, content {:?}", self.content));
        }
        Ok(())
    }
}

/// How much more memory is used after all calls than after a tenth of them.
fn growth(calls: u64) -> Result<i64, String> {
    let payload = Payload::chat(2 << 10);
    let (mut ours, inline) = exporting(Content::Off, false);
    let client = client(&unused_transport(), Some(ours.middleware()), &payload);
    let mut early = 0;
    for call in 1..=calls {
        let read = ready(async {
            match client.execute(request(&payload.request)).await {
                Ok(response) => crate::caller::read_whole(response).await,
                Err(_) => 0,
            }
        });
        if read != payload.body().len() as u64 {
            return Err(format!("call {call} read {read} bytes"));
        }
        if call % 100 == 0 {
            ours.drain();
        }
        if call == calls / 10 {
            early = status("VmRSS:")?;
        }
    }
    let late = status("VmRSS:")?;
    inline.check(calls, &payload, Content::Off, Told::AsEvents)?;
    Ok(late as i64 - early as i64)
}

/// A line of this process's status, in bytes.
fn status(name: &str) -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| format!("own status: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no {name} in status"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().map_err(|error| format!("{name} {error}"))?;
    Ok(kilobytes << 10)
}
