//! B6: host-wide capture: what a TLS call of a watched process costs it, and what the watching costs the machine.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use object::{Object as _, ObjectSegment as _, ObjectSymbol as _};
use rustix::time::{ClockId, clock_gettime};
use sidetone_ebpf_capture::kernel::{Drain, DrainControl, Kernel, LoadOptions, RecordKind, Unknown};
use sidetone_ebpf_capture::probe::{Probe, Program};
use sidetone_ebpf_capture::runtime::recognise;
use sidetone_ebpf_capture::{Capture, Filter, Options};
use sidetone_pipeline::Counters;
use sidetone_testkit::require;

use crate::table::{Row, Table};

const SIZES: [usize; 2] = [1024, 16384];

/// Calls of the load, how many at a time, and how long each takes to be answered.
const OPEN: usize = 50;
const ANSWER_MS: u64 = 20;

/// Measures, and adds the rows.
///
/// # Errors
/// When something that was there can't be used, or a result was wrong.
pub(crate) fn run(quick: bool, table: &mut Table) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() || !cfg!(target_os = "linux") {
        table.skipped.push("B6: needs root on Linux".to_owned());
        return Ok(());
    }
    if require::tool("cc").is_none() {
        table.skipped.push("B6: needs cc and libssl's headers".to_owned());
        return Ok(());
    }
    let mut pair = Pair::start()?;
    calls(&mut pair, quick, table)?;
    load(&mut pair, quick, table)
}

/// What happens to the functions while they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watched {
    /// No probe.
    Not,
    /// A pair of probes that do nothing, where ours are.
    EmptyHere,
    /// A pair of probes that do nothing, at the first byte.
    EmptyFirst,
    /// bpftrace, which counts the calls.
    Bpftrace,
    /// Ours, and the connection has the verdict "ignored".
    Ignored,
    /// Ours: every byte is copied out.
    Captured,
}

impl Watched {
    const ALL: [Self; 6] =
        [Self::Not, Self::EmptyHere, Self::EmptyFirst, Self::Bpftrace, Self::Ignored, Self::Captured];
}

/// Nanoseconds of a write and of a read, one figure a round.
#[derive(Debug, Clone, Default)]
struct Calls {
    writes: Vec<f64>,
    reads: Vec<f64>,
}

impl Calls {
    /// A write and a read together.
    fn median(&self) -> f64 {
        (median(&self.writes) + median(&self.reads)) / 2.0
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn calls(pair: &mut Pair, quick: bool, table: &mut Table) -> Result<(), String> {
    let (rounds, times) = if quick { (3, 2_000) } else { (11, 10_000) };
    let places = Places::of(&pair.library)?;
    let bpftrace = require::tool("bpftrace");
    if bpftrace.is_none() {
        table.skipped.push("B6 against bpftrace: needs bpftrace".to_owned());
    }
    let mut seen = vec![[const { Calls { writes: Vec::new(), reads: Vec::new() } }; 2]; Watched::ALL.len()];
    for _ in 0..rounds {
        for (watched, seen) in Watched::ALL.into_iter().zip(&mut seen) {
            if watched == Watched::Bpftrace && bpftrace.is_none() {
                continue;
            }
            for (size, seen) in SIZES.into_iter().zip(seen) {
                let (write, read) = round(pair, &places, watched, size, times)?;
                seen.writes.push(write);
                seen.reads.push(read);
            }
        }
    }
    let of = |watched: Watched, size: usize| {
        let at = Watched::ALL.iter().position(|other| *other == watched).unwrap_or(0);
        &seen[at][usize::from(size == SIZES[1])]
    };
    for size in SIZES {
        let added = |watched| of(watched, size).median() - of(Watched::Not, size).median();
        let both = |watched| {
            let (this, base) = (of(watched, size), of(Watched::Not, size));
            let (write, read) =
                (median(&this.writes) - median(&base.writes), median(&this.reads) - median(&base.reads));
            format!("write {write:.0} ns, read {read:.0} ns; the call itself {:.0} ns", base.median())
        };
        let kib = size / 1024;
        let (here, first) = (added(Watched::EmptyHere), added(Watched::EmptyFirst));
        let ignored = Row::new(format!("B6 added to a TLS call of {kib} KiB, ignored"), added(Watched::Ignored), "ns")
            .against("empty pair, same place", here)
            .note(both(Watched::Ignored));
        let captured =
            Row::new(format!("B6 added to a TLS call of {kib} KiB, captured"), added(Watched::Captured), "ns")
                .against("empty pair, first byte", first)
                .note(both(Watched::Captured));
        table.push(if kib == 1 { ignored.at_most(1.1 * here, "1.1 × empty pair") } else { ignored });
        table.push(if kib == 1 { captured.at_most(0.25 * first, "0.25 × empty pair") } else { captured });
        if bpftrace.is_some() {
            table.push(
                Row::new(
                    format!("B6 added to a TLS call of {kib} KiB, counted by bpftrace"),
                    added(Watched::Bpftrace),
                    "ns",
                )
                .note(both(Watched::Bpftrace)),
            );
        }
    }
    Ok(())
}

/// One round: probes on, a new connection, calls, probes off.
fn round(pair: &mut Pair, places: &Places, watched: Watched, size: usize, times: usize) -> Result<(f64, f64), String> {
    let moved = (2 * size * times) as u64;
    match watched {
        Watched::Not => {
            pair.connect()?;
            pair.call(size, times)
        }
        Watched::EmptyHere | Watched::EmptyFirst => {
            let offsets = if watched == Watched::EmptyHere { &places.ours } else { &places.first };
            let (kernel, _drain) = Kernel::load(&LoadOptions::default()).map_err(|error| error.to_string())?;
            let _attached = kernel.attach_empty(&pair.library, offsets).map_err(|error| error.to_string())?;
            pair.connect()?;
            pair.call(size, times)
        }
        Watched::Bpftrace => {
            let _tracer = Bpftrace::count(&pair.library)?;
            pair.connect()?;
            pair.call(size, times)
        }
        Watched::Ignored | Watched::Captured => {
            let only_watched = LoadOptions { unknown: Unknown::Ignore, ..LoadOptions::default() };
            let (kernel, drain) = Kernel::load(&only_watched).map_err(|error| error.to_string())?;
            kernel.watch_process(pair.child.id());
            let reader = Reader::start(drain)?;
            let attached = kernel.attach(&pair.library, &places.probes).map_err(|error| error.to_string())?;
            pair.connect()?;
            if watched == Watched::Ignored {
                let connections = kernel.connections();
                let ignored = connections.iter().filter(|one| kernel.ignore(one.pid, one.address, one.conn)).count();
                if ignored < 2 {
                    return Err(format!("B6: {ignored} connections of the pair could be ignored, not both"));
                }
            }
            let result = pair.call(size, times)?;
            let counters = kernel.counters();
            drop(attached);
            let records = reader.stop()?;
            let (counted, what) = if watched == Watched::Ignored {
                (counters.ignored_bytes, "ignored")
            } else {
                (counters.bytes + counters.ring_full_bytes, "captured or lost")
            };
            if counted < moved || counted > moved + 1024 {
                return Err(format!("B6: {counted} bytes were {what}, of {moved}"));
            }
            if watched == Watched::Captured && records == 0 {
                return Err("B6: nothing came out of the ring".to_owned());
            }
            Ok(result)
        }
    }
}

/// Calls that take as long as an LLM's, with and without the whole agent.
fn load(pair: &mut Pair, quick: bool, table: &mut Table) -> Result<(), String> {
    let (rounds, calls) = if quick { (3, 500_u32) } else { (9, 2_500) };
    let port = pair.ask("serve")?;
    let order = format!("load {port} {calls} {OPEN} {ANSWER_MS}");
    let (mut without, mut with, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(pair.number(&order)?);
        let filter = Filter { trees: vec![pair.child.id()], ..Filter::default() };
        let options = Options { filter, ..Options::default() };
        let capture =
            Capture::start(options, Vec::new(), Arc::new(Counters::default())).map_err(|error| error.to_string())?;
        let before = own_cpu();
        with.push(pair.number(&order)?);
        cpu.push((own_cpu() - before).as_secs_f64() * 1e6 / f64::from(calls));
        let report = capture.stop(Duration::from_secs(10));
        if report.calls != u64::from(calls) {
            return Err(format!("B6: {} of {calls} calls were reported", report.calls));
        }
    }
    let (without, with) = (median(&without), median(&with));
    let rate = |seconds: f64| f64::from(calls) / seconds;
    table.push(
        Row::new(format!("B6 {calls} calls of {ANSWER_MS} ms, {OPEN} at a time, with the agent"), with, "s")
            .against("without", without)
            .at_most(without / 0.97, "97 % of the requests/s")
            .note(format!("{:.0} requests/s, {:.0} without", rate(with), rate(without))),
    );
    table.push(Row::new("B6 the agent's CPU time a call, client and server watched", median(&cpu), "µs"));
    Ok(())
}

/// CPU time of this process so far.
fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Where the functions of a libssl are probed.
struct Places {
    probes: Vec<Probe>,
    /// File offsets of our entry probes.
    ours: Vec<u64>,
    /// File offsets of the first bytes of `SSL_read` and `SSL_write`.
    first: Vec<u64>,
}

impl Places {
    fn of(library: &Path) -> Result<Self, String> {
        let why = |error: &dyn std::fmt::Display| format!("{}: {error}", library.display());
        let file = std::fs::File::open(library).map_err(|error| why(&error))?;
        let recognised = recognise(&file, library).map_err(|error| why(&error.error))?;
        let probes: Vec<Probe> = recognised.into_iter().flat_map(|recognised| recognised.probes).collect();
        let ours = probes.iter().filter(|probe| probe.program == Program::Entry).map(|probe| probe.offset).collect();
        let bytes = std::fs::read(library).map_err(|error| why(&error))?;
        let elf = object::File::parse(&*bytes).map_err(|error| why(&error))?;
        let offset = |name: &str| {
            let address = elf.dynamic_symbols().find(|symbol| symbol.name() == Ok(name))?.address();
            let segment = elf.segments().find(|one| (one.address()..one.address() + one.size()).contains(&address))?;
            Some(segment.file_range().0 + address - segment.address())
        };
        let first = ["SSL_read", "SSL_write"].into_iter().filter_map(offset).collect();
        Ok(Self { probes, ours, first })
    }
}

/// Takes what the kernel side sends and lets go of it.
struct Reader {
    control: DrainControl,
    threads: [JoinHandle<u64>; 2],
}

impl Reader {
    fn start(drain: Drain) -> Result<Self, String> {
        let control = drain.control();
        let (to, from) = sync_channel(64);
        let spawn = |run: Box<dyn FnOnce() -> u64 + Send>| {
            std::thread::Builder::new().spawn(run).map_err(|error| format!("no thread: {error}"))
        };
        let drains = spawn(Box::new(move || {
            drain.run(to);
            0
        }))?;
        let reads = spawn(Box::new(move || {
            let is_data = |kind: &RecordKind| matches!(kind, RecordKind::Data);
            from.iter()
                .map(|batch| batch.records.iter().filter(|record| is_data(&record.header.kind)).count() as u64)
                .sum()
        }))?;
        Ok(Self { control, threads: [drains, reads] })
    }

    /// Answers how many records came.
    fn stop(self) -> Result<u64, String> {
        self.control.stop();
        let mut records = 0;
        for thread in self.threads {
            records += thread.join().map_err(|_| "B6: a reader's thread panicked".to_owned())?;
        }
        Ok(records)
    }
}

/// `bpftrace`, counting calls of a library.
struct Bpftrace(Child);

impl Bpftrace {
    fn count(library: &Path) -> Result<Self, String> {
        let library = library.display();
        let program = format!(
            "uprobe:{library}:SSL_read, uprobe:{library}:SSL_write, uretprobe:{library}:SSL_read, \
             uretprobe:{library}:SSL_write {{ @calls = count(); }} BEGIN {{ printf(\"ready\\n\"); }}"
        );
        let mut child = Command::new("bpftrace")
            .args(["-e", &program])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("bpftrace: {error}"))?;
        let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let is_ready = lines.map_while(Result::ok).any(|line| line == "ready");
        let this = Self(child);
        if is_ready { Ok(this) } else { Err("bpftrace attached nothing".to_owned()) }
    }
}

impl Drop for Bpftrace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The application: `tls/pair.c`.
struct Pair {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    library: PathBuf,
    _folder: tempfile::TempDir,
}

impl Pair {
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no folder: {error}"))?;
        let [program, certificate, key] = ["pair", "cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let made = rcgen::generate_simple_self_signed(["bench.test".to_owned()]).map_err(|error| error.to_string())?;
        std::fs::write(&certificate, made.cert.pem()).map_err(|error| error.to_string())?;
        std::fs::write(&key, made.signing_key.serialize_pem()).map_err(|error| error.to_string())?;
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tls/pair.c");
        let built = Command::new("cc")
            .args(["-O2", source, "-lssl", "-lcrypto", "-lpthread", "-o"])
            .arg(&program)
            .status()
            .map_err(|error| format!("cc: {error}"))?;
        if !built.success() {
            return Err("B6: pair.c doesn't compile: libssl-dev is needed".to_owned());
        }
        let mut child = Command::new(&program)
            .args([&certificate, &key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("pair: {error}"))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("pair: no pipes".to_owned());
        };
        let mut pair =
            Self { child, orders, answers: BufReader::new(answers), library: PathBuf::new(), _folder: folder };
        pair.connect()?;
        let maps =
            std::fs::read_to_string(format!("/proc/{}/maps", pair.child.id())).map_err(|error| error.to_string())?;
        let library =
            maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| path.contains("libssl.so"));
        pair.library = library.map(PathBuf::from).ok_or("pair: it has no libssl")?;
        Ok(pair)
    }

    fn ask(&mut self, order: &str) -> Result<String, String> {
        let mut answer = String::new();
        writeln!(self.orders, "{order}")
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| format!("pair: {error}"))?;
        if answer.is_empty() { Err(format!("pair: no answer to `{order}`")) } else { Ok(answer.trim().to_owned()) }
    }

    fn number(&mut self, order: &str) -> Result<f64, String> {
        self.ask(order)?.parse().map_err(|error| format!("pair: `{order}`: {error}"))
    }

    fn connect(&mut self) -> Result<(), String> {
        self.ask("connect bench.test").map(drop)
    }

    /// Nanoseconds of a write and of a read.
    fn call(&mut self, size: usize, times: usize) -> Result<(f64, f64), String> {
        let answer = self.ask(&format!("call {size} {times}"))?;
        let mut numbers = answer.split(' ').map_while(|number| number.parse().ok());
        numbers.next().zip(numbers.next()).ok_or_else(|| format!("pair: `{answer}` isn't two numbers"))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
