//! The whole way, once: a child process does TLS through the system's library, and its bytes must arrive here.

use std::io::{self, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use super::check::Check;
use super::loop_back::{DONE, NO_LIBRARY};
use crate::discover::{WatchOptions, Watcher, now};
use crate::kernel::{Batch, Direction, Kernel, LoadOptions, MIN_RING_BYTES, RecordKind};
use crate::options::Filter;

const NAME: &str = "self-test";
/// How long the child may take.
const CHILD: Duration = Duration::from_secs(10);
/// How long its bytes may take after that.
const ARRIVAL: Duration = Duration::from_secs(3);
/// Batches that may wait here.
const BATCHES: usize = 64;

/// Captures what a child process sends to itself by TLS through the system's OpenSSL. `child` starts this very program
/// in such a way that it calls [`loop_back_child`](super::loop_back_child) and exits with what that gives: a child,
/// because capture never looks at its own process.
#[must_use]
pub fn self_test(child: Command) -> Check {
    match attempt(child) {
        Ok(check) | Err(check) => check,
    }
}

fn attempt(mut command: Command) -> Result<Check, Check> {
    let failed = |finding: &str, why: String| Check::missing(NAME, finding, why);
    let text = format!("sidetone self-test {} {}", std::process::id(), now());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| failed("its child process could not be started", error.to_string()))?;
    let mut child = Ended(child);

    let options = LoadOptions { ring_bytes: MIN_RING_BYTES, ..LoadOptions::default() };
    let (kernel, drain) =
        Kernel::load(&options).map_err(|error| failed("the programs can't be loaded", error.to_string()))?;
    let control = drain.control();
    let (to, batches) = sync_channel(BATCHES);
    let draining = std::thread::Builder::new()
        .name("sidetone-drain".into())
        .spawn(move || drain.run(to))
        .map_err(|error| failed("a thread could not be started", error.to_string()))?;
    let filter = Filter { trees: vec![child.0.id()], ..Filter::default() };
    let options = WatchOptions { filter, ..WatchOptions::default() };
    let watching = Watcher::start(Arc::new(kernel.clone()), options, |_| {});
    let outcome = match &watching {
        Ok(watcher) => judge(&mut child, &text, &batches).map_err(|mut check| {
            let counters = kernel.counters();
            let files = watcher.counts().files;
            check.finding =
                format!("{} ({files} files with probes; the kernel side counted: {counters:?})", check.finding);
            check
        }),
        Err(error) => Err(failed("processes can't be watched", error.to_string())),
    };
    drop(watching);
    control.stop();
    drop(batches);
    let _ = draining.join();
    outcome
}

fn judge(child: &mut Ended, text: &str, batches: &Receiver<Batch>) -> Result<Check, Check> {
    let broken = |why: String| Check::missing(NAME, "its child process failed", why);
    let pid = child.0.id();
    child.tell(text).map_err(|error| broken(error.to_string()))?;
    let status = child.wait().map_err(|error| broken(error.to_string()))?;
    match status.code() {
        Some(DONE) => {}
        Some(NO_LIBRARY) => {
            return Ok(Check::partial(
                NAME,
                "not done: no shared OpenSSL is installed to do it with",
                "nothing needs to be done where programs bring their own; else install libssl",
            ));
        }
        _ => return Err(broken(format!("OpenSSL refused to talk to itself ({status})"))),
    }
    let (mut written, mut read) = (false, false);
    let deadline = Instant::now() + ARRIVAL;
    while !(written && read) {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(batch) = batches.recv_timeout(left) else { break };
        for record in batch.records.iter().filter(|record| record.header.pid == pid) {
            if record.header.kind == RecordKind::Data && record.payload.as_ref() == text.as_bytes() {
                match record.header.direction {
                    Direction::Write => written = true,
                    Direction::Read => read = true,
                }
            }
        }
    }
    if written && read {
        return Ok(Check::good(
            NAME,
            "what a child process wrote and read by TLS through the system's OpenSSL was captured",
        ));
    }
    let seen = match (written, read) {
        (true, _) => "what it read was not captured",
        (_, true) => "what it wrote was not captured",
        _ => "nothing of it was captured",
    };
    Err(Check::missing(
        NAME,
        format!("a child process talked by TLS through the system's OpenSSL, and {seen}"),
        "look at the checks above; if all are good, please report this with the output of `sidetone doctor --json`",
    ))
}

/// A child that doesn't outlive this.
struct Ended(Child);

impl Ended {
    fn tell(&mut self, text: &str) -> io::Result<()> {
        let Some(mut stdin) = self.0.stdin.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        writeln!(stdin, "{text}")
    }

    fn wait(&mut self) -> io::Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > CHILD {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
