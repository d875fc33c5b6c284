//! `sidetone run`: the LLM calls of a command and of everything that it starts.

use std::io;
use std::process::{Child, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rustix::process::{self, Pid, WaitOptions, WaitStatus};
use rustix::thread::CapabilitySet;
use sidetone::ebpf::{Capture, Filter, Options};
use sidetone::environment::{Choices, Environment};
use sidetone::pipeline::{Counters, JsonLines, Sink};

use super::caller::Caller;
use super::launch::{self, NOT_STARTED};
use super::live::Live;
use super::notes::Notes;
use super::output::{Before, Output};
use super::privileges;
use super::program::{self, NoProgram};
use super::signals::Signals;
use super::tally::Tally;
use crate::args::{LineFormat, Run};
use crate::exit::{self, Failure};
use crate::style::Style;

/// Signals that are passed on to the command.
const PASSED_ON: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGWINCH,
];

/// Those of them that are to end it.
const ENDING: &[Signal] = &[Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// How often it is looked for what is to be told.
const LOOK: Duration = Duration::from_secs(1);

/// How long calls may take that the command's descendants have under way when it ends.
const LAST_CALLS: Duration = Duration::from_secs(60);

/// How often it is looked for their end; also how long the last bytes of the command may take to be heard of.
const LAST_LOOK: Duration = Duration::from_millis(50);

/// How long the last calls may take to be understood and written.
const DELIVERY: Duration = Duration::from_secs(10);

/// Why the command was not started.
#[derive(Debug)]
enum NotStarted {
    /// It is no program.
    NoProgram(NoProgram),
    /// It could not be captured.
    Because(Failure),
    /// The child ended before it was the command, and has said why.
    Ended(u8),
}

impl From<Failure> for NotStarted {
    fn from(failure: Failure) -> Self {
        Self::Because(failure)
    }
}

/// Runs `sidetone run`; the exit code is the command's.
pub(crate) fn run(args: &Run) -> ExitCode {
    let code = match observed(args) {
        Ok(code) => code,
        Err(NotStarted::Ended(code)) => code,
        Err(NotStarted::Because(failure)) => {
            exit::tell(&format!("{failure}. The command was not started"));
            NOT_STARTED
        }
        Err(NotStarted::NoProgram(why)) => {
            exit::tell(&why.told(args.command.first().map_or("".as_ref(), |name| name)));
            why.code()
        }
    };
    ExitCode::from(code)
}

fn observed(args: &Run) -> Result<u8, NotStarted> {
    let name = args.command.first().ok_or(NotStarted::Ended(NOT_STARTED))?;
    let program = program::find(name, std::env::var_os("PATH").as_deref()).map_err(NotStarted::NoProgram)?;
    let sudo = Caller::of_sudo();
    let tally = Tally::default();
    let sinks = sinks(args, sudo.as_ref(), &tally)?;
    let told = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| Failure::told(format!("{what}: {error}"))
    };
    let caller = sudo.filter(|_| !args.as_root);
    let mut child = Stopped(Some(launch::start(&args.command, caller.as_ref()).map_err(told("no process for it"))?));
    let pid = child.wait_until_stopped()?;
    // Only now: the child has inherited what the command is to have.
    let signals: Vec<_> = PASSED_ON.iter().copied().chain([Signal::SIGCHLD]).collect();
    let signals = Signals::read(&signals).map_err(told("signals can't be read"))?;
    privileges::keep_secrets();
    privileges::drop_others(CapabilitySet::KILL).map_err(|error| Failure::told(format!("privileges: {error}")))?;

    let chosen = Choices {
        content: args.content.map(Into::into),
        scan: args.scan.then_some(true),
        prices: args.prices.clone(),
        ..Choices::default()
    };
    let options = Options {
        settings: Environment::of_process().settings(chosen),
        filter: Filter { only_added: true, ..Filter::default() },
        ..Options::default()
    };
    let cant = |error: sidetone::ebpf::CaptureError| Failure::told(error.to_string());
    let capture = Capture::start(options, sinks, Arc::new(Counters::default())).map_err(cant)?;
    capture.add_process(pid.as_raw_nonzero().get().unsigned_abs());
    capture.prepare(&program).map_err(cant)?;

    let began = Instant::now();
    let mut notes = Notes::new(Style::of(&io::stderr()));
    // Somebody has thought better of it: the command needn't begin.
    while let Some(heard) = signals.next(Duration::ZERO) {
        if ENDING.contains(&heard.signal) {
            return Err(NotStarted::Ended(u8::try_from(128 + heard.signal as i32).unwrap_or(NOT_STARTED)));
        }
    }
    child.go_on()?;
    let code = attend(pid, &signals, &mut || notes.tell(&capture.report(), &mut io::stderr()));
    wait_for_the_rest(&signals, &capture, &notes);
    let took = began.elapsed();
    let report = capture.stop(DELIVERY);
    notes.end(&tally.totals(), &report, took, &mut io::stderr());
    Ok(code)
}

/// Passes signals on until the command ends; its exit code.
fn attend(pid: Pid, signals: &Signals, look: &mut dyn FnMut()) -> u8 {
    loop {
        let heard = signals.next(LOOK);
        if let Ok(Some((_, status))) = process::waitpid(Some(pid), WaitOptions::NOHANG)
            && let Some(code) = code(status)
        {
            return code;
        }
        match heard {
            Some(heard) if heard.signal != Signal::SIGCHLD && !heard.is_of_terminal => {
                if let Some(signal) = process::Signal::from_named_raw(heard.signal as i32) {
                    // It may have ended just now.
                    let _ = process::kill_process(pid, signal);
                }
            }
            Some(_) => {}
            None => look(),
        }
    }
}

/// Waits for calls that are under way of what outlives the command, unless a signal says to end.
fn wait_for_the_rest(signals: &Signals, capture: &Capture, notes: &Notes) {
    let deadline = Instant::now() + LAST_CALLS;
    let mut told_at = Some(Instant::now() + LOOK);
    while Instant::now() < deadline {
        if signals.next(LAST_LOOK).is_some_and(|heard| ENDING.contains(&heard.signal)) {
            return;
        }
        let under_way = capture.report().under_way;
        if under_way == 0 {
            return;
        }
        if told_at.take_if(|at| *at < Instant::now()).is_some() {
            notes.waiting(under_way, &mut io::stderr());
        }
    }
}

/// The exit code that a shell gives for an end; `None` if it is none.
fn code(status: WaitStatus) -> Option<u8> {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal))?;
    Some(u8::try_from(code).unwrap_or(u8::MAX))
}

fn sinks(args: &Run, owner: Option<&Caller>, tally: &Tally) -> Result<Vec<Box<dyn Sink>>, Failure> {
    let format = args.format.unwrap_or(if args.output.is_some() { LineFormat::Jsonl } else { LineFormat::Pretty });
    let file = args.output.as_deref().map(|path| Output::file(path, Before::Replaced, owner)).transpose()?;
    let shown: Box<dyn Sink> = match (format, file) {
        (LineFormat::Pretty, None) => Box::new(Live::new(io::stderr(), Style::of(&io::stderr()))),
        (LineFormat::Pretty, Some(file)) => Box::new(Live::new(file, Style::never())),
        (LineFormat::Jsonl, file) => Box::new(JsonLines::new(file.unwrap_or_else(Output::stdout))),
    };
    Ok(vec![shown, Box::new(tally.clone())])
}

/// The stopped child. It doesn't outlive this unless it was told to go on.
struct Stopped(Option<Child>);

impl Stopped {
    fn wait_until_stopped(&mut self) -> Result<Pid, NotStarted> {
        let gone = || Failure::told("the process for the command ended at once. Run `sidetone doctor`");
        let pid = self.0.as_ref().and_then(launch::pid_of).ok_or_else(gone)?;
        match process::waitpid(Some(pid), WaitOptions::UNTRACED) {
            Ok(Some((_, status))) if status.stopped() => Ok(pid),
            Ok(Some((_, status))) => {
                self.0 = None;
                Err(code(status).map_or_else(|| gone().into(), NotStarted::Ended))
            }
            _ => Err(gone().into()),
        }
    }

    fn go_on(&mut self) -> Result<(), Failure> {
        let pid = self.0.take().as_ref().and_then(launch::pid_of);
        let woken = pid.map(|pid| process::kill_process(pid, process::Signal::CONT));
        match woken {
            Some(Ok(())) => Ok(()),
            _ => Err(Failure::told("the process for the command is gone. Was it killed?")),
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
