//! `sidetone run` and `sidetone agent`, started and ended, and what they printed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::event::{self, Event};
use crate::place::Place;

/// Longer than anything takes that ends.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A program of this package, such as the command under test.
///
/// # Panics
/// When cargo hasn't built it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|folder| folder.join(name).is_file());
    folder.unwrap_or_else(|| panic!("{name} is not built: `cargo build -p sidetone-host-tests`")).join(name)
}

/// The command under test.
#[must_use]
pub fn sidetone() -> PathBuf {
    program("sidetone-under-test")
}

/// A command that has ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// A running command, whose output goes to files. It is killed when this is dropped, and when the test ends.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    folder: TempDir,
}

impl Running {
    /// Starts it.
    pub fn start(command: &Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        // Lets nothing outlive a test that was killed.
        let mut guarded = Command::new("setpriv");
        guarded.args(["--pdeathsig", "KILL"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(name, value),
                None => guarded.env_remove(name),
            };
        }
        if let Some(current) = command.get_current_dir() {
            guarded.current_dir(current);
        }
        guarded.stdin(Stdio::piped()).stdout(file("stdout")).stderr(file("stderr"));
        let mut child = guarded.spawn().unwrap();
        Self { stdin: child.stdin.take(), child, folder }
    }

    /// Writes a line to its standard input, and waits until it has printed one more.
    #[track_caller]
    pub fn step(&mut self, line: &str) {
        let lines = |running: &Self| running.stdout().matches('\n').count();
        let before = lines(self);
        self.tell(line);
        self.wait_until(line, |running| lines(running) > before);
    }

    /// Writes a line to its standard input.
    pub fn tell(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.text("stdout")
    }

    /// What it has said so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.text("stderr")
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join(name)).unwrap()).into_owned()
    }

    /// Waits until what it printed is as wanted.
    ///
    /// # Panics
    /// When it ends before, or takes too long.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            let status = self.child.try_wait().unwrap();
            if (status.is_some() && !holds(self)) || Instant::now() > deadline {
                panic!("{what}: not before {status:?}; it said:\n{}{}", self.stdout(), self.stderr());
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes too long.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        self.stdin = None;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ended { status, stdout: self.stdout(), stderr: self.stderr() };
            }
            assert!(Instant::now() < deadline, "it doesn't end; it said:\n{}{}", self.stdout(), self.stderr());
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success(), "no signal {name} for process {pid}");
}

/// Runs a command to its end, which must be a good one.
#[track_caller]
pub fn succeed(command: &Command) -> Ended {
    let ended = Running::start(command).end();
    assert!(ended.status.success(), "{command:?}: {ended:?}");
    ended
}

/// What `sidetone run` saw of a client, and said.
#[derive(Debug)]
pub struct Seen {
    /// The calls.
    pub events: Vec<Event>,
    /// The same as they were written.
    pub lines: String,
    /// How the command ended, and what it and its client printed.
    pub ended: Ended,
}

impl Seen {
    #[track_caller]
    fn of(output: &Path, ended: Ended) -> Self {
        let lines = fs::read_to_string(output).unwrap_or_else(|error| panic!("{}: {error}", output.display()));
        Self { events: event::parse(&lines), lines, ended }
    }
}

/// Runs `client`, by [`Place::command`], under `sidetone run`; both must end well.
#[track_caller]
pub fn run<I>(place: &Place, client: I) -> Seen
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let seen = run_whatever_comes(place, client);
    assert!(seen.ended.status.success(), "{:?}", seen.ended);
    seen
}

/// The same for a client that may fail.
pub fn run_whatever_comes<I>(place: &Place, client: I) -> Seen
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let output = place.file("events.jsonl");
    let mut command = place.command(sidetone());
    command.args(["run", "--format", "jsonl", "--output"]).arg(&output).arg("--").args(client);
    Seen::of(&output, Running::start(&command).end())
}

/// A running `sidetone agent`, which has said that it is ready.
pub struct Agent {
    /// The running command.
    pub running: Running,
    output: PathBuf,
    _folder: TempDir,
}

impl Agent {
    /// Starts it with further arguments.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_by(&mut Command::new(sidetone()), arguments)
    }

    /// Starts it by a command that becomes it, such as one that takes privileges away.
    #[track_caller]
    pub fn start_by(command: &mut Command, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Another user may have to write there.
        open_to_all(folder.path());
        let output = folder.path().join("events.jsonl");
        // Not for ever, should all else fail.
        command.args(["agent", "--duration", "1200", "--output"]).arg(&output).args(arguments);
        let mut running = Running::start(command);
        running.wait_until("the agent is ready", |running| running.stderr().lines().any(|line| line == "ready"));
        Self { running, output, _folder: folder }
    }

    /// The calls so far: of those that are being written, the whole lines.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let text = fs::read_to_string(&self.output).unwrap();
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        // Of the last call only the first record may be there.
        let last_begins = whole.lines().next_back().is_some_and(|line| line.contains(r#""event_type":"ai.request""#));
        let lines = whole.lines().count() - usize::from(last_begins);
        event::parse(&whole.lines().take(lines).collect::<Vec<_>>().join("\n"))
    }

    /// The calls of some processes so far.
    #[must_use]
    pub fn events_of(&self, pids: &[u32]) -> Vec<Event> {
        of(self.events(), pids)
    }

    /// Waits until so many calls of some processes were seen, which are then given.
    #[track_caller]
    pub fn wait_for(&mut self, pids: &[u32], count: usize) -> Vec<Event> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = fs::read_to_string(&self.output).unwrap();
            // Reading many calls takes its time: not before they can be all there.
            let written = text.matches(r#""event_type":"ai.response""#).count();
            let events = if written >= count { self.events_of(pids) } else { Vec::new() };
            if written >= count && events.len() >= count {
                return events;
            }
            let ended = self.running.child.try_wait().unwrap();
            assert!(
                Instant::now() < deadline && ended.is_none(),
                "{} of {count} calls, {written} written in all; {ended:?}; the agent said:\n{}",
                events.len(),
                self.running.stderr()
            );
            thread::sleep(POLL_INTERVAL * 4);
        }
    }

    /// Ends it by SIGTERM, which must succeed, and gives all that it wrote and said.
    #[track_caller]
    pub fn stop(self) -> Seen {
        self.running.signal("TERM");
        let ended = self.running.end();
        assert!(ended.status.success(), "{ended:?}");
        Seen::of(&self.output, ended)
    }
}

/// Those calls that are of some processes.
#[must_use]
pub fn of(events: Vec<Event>, pids: &[u32]) -> Vec<Event> {
    events.into_iter().filter(|event| event.pid.is_some_and(|pid| pids.contains(&pid))).collect()
}

/// Lets every user write in a folder.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
}
