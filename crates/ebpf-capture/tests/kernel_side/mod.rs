//! A program on libssl that does what it is told, and what the kernel side says of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use sidetone_ebpf_capture::kernel::{
    Attachment, Batch, Close, Direction, DrainControl, Kernel, LoadError, LoadOptions, Record, RecordKind, Route,
    Unknown, monotonic_ns,
};
use sidetone_ebpf_capture::probe::Probe;
use sidetone_ebpf_capture::runtime;
use sidetone_testkit::require;

const LONG: Duration = Duration::from_secs(30);

/// The program, compiled once; `None` (and a line that says so) without a compiler or OpenSSL.
pub(crate) fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/tls.c");
        let made = Command::new("cc").args(["-O1", "-o"]).arg(&out).args([source, "-lssl", "-lcrypto"]).status();
        made.is_ok_and(|status| status.success()).then_some(out)
    });
    require::some("a C compiler and libssl-dev", built.as_deref())
}

/// The libssl that the program uses.
pub(crate) fn libssl(program: &Path) -> PathBuf {
    let out = Command::new("ldd").arg(program).output().unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    let line = out.lines().find(|line| line.contains("libssl.so")).unwrap();
    line.split_whitespace().nth(2).unwrap().into()
}

/// Where a function begins in a file.
pub(crate) fn function(path: &Path, name: &str) -> u64 {
    let out = Command::new("nm").arg(path).output().unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    let line = out.lines().find(|line| line.ends_with(&format!(" T {name}"))).unwrap();
    // The program's code lies in the file as in memory, as linkers of Debian do it.
    u64::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap()
}

/// The probes for a file.
pub(crate) fn probes(path: &Path) -> Vec<Probe> {
    let found = runtime::recognise(&File::open(path).unwrap(), path).unwrap();
    let probes: Vec<_> = found.into_iter().flat_map(|it| it.probes).collect();
    assert!(!probes.is_empty());
    probes
}

/// The program, running.
pub(crate) struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(path: &Path) -> Self {
        Self::spawn(&mut Command::new(path))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut program = Self { child, input, output };
        assert!(program.answer().starts_with("ready"));
        program
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(!line.starts_with("failed"), "{line}");
        line.trim().to_owned()
    }

    pub(crate) fn tell(&mut self, order: &str) -> String {
        writeln!(self.input, "{order}").unwrap();
        let answer = self.answer();
        answer.strip_prefix("ok").unwrap_or(&answer).trim().to_owned()
    }

    /// Opens a pair of connections and gives their addresses: the client's, the server's.
    pub(crate) fn open(&mut self, index: usize, name: &str) -> (u64, u64) {
        let answer = self.tell(&format!("open {index} {name}"));
        let mut addresses = answer.split_whitespace().map(|it| it.parse().unwrap());
        (addresses.next().unwrap(), addresses.next().unwrap())
    }

    pub(crate) fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.id()
    }

    pub(crate) fn exit(mut self) -> u32 {
        let _ = writeln!(self.input, "exit");
        self.child.wait().unwrap();
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes that the program sends for a seed.
pub(crate) fn bytes(seed: usize, length: usize) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "as the program does it")]
    let byte = |i: usize| (seed + i * 7 + (i >> 8) * 13) as u8;
    (0..length).map(byte).collect()
}

/// The kernel side, loaded, with its drain running.
pub(crate) struct Listening {
    pub(crate) kernel: Kernel,
    pub(crate) control: DrainControl,
    batches: Receiver<Batch>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Listening {
    pub(crate) fn try_start(options: &LoadOptions) -> Result<Self, LoadError> {
        let (kernel, drain) = Kernel::load(options)?;
        let control = drain.control();
        let (to, batches) = sync_channel(1024);
        let thread = Some(std::thread::spawn(move || drain.run(to)));
        Ok(Self { kernel, control, batches, thread })
    }

    /// `None` (and a line that says so) where eBPF is not allowed.
    pub(crate) fn start(options: &LoadOptions) -> Option<Self> {
        match Self::try_start(options) {
            Ok(listening) => Some(listening),
            Err(LoadError::NoRoute { route }) => {
                require::or_skip(&format!("a kernel with {route}"), false);
                None
            }
            Err(error @ (LoadError::Capabilities { .. } | LoadError::Kernel { .. } | LoadError::Forbidden)) => {
                require::or_skip(&format!("eBPF ({error})"), false);
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The program, started and watched.
    pub(crate) fn program(&self, path: &Path) -> Program {
        let program = Program::start(path);
        self.kernel.watch_process(program.pid());
        program
    }

    pub(crate) fn attach(&self, path: &Path) -> Attachment {
        self.kernel.attach(path, &probes(path)).unwrap()
    }

    /// Records until the ring has been read past this moment.
    pub(crate) fn records(&self) -> Vec<Record> {
        let (start, mut records) = (monotonic_ns(), Vec::new());
        let deadline = Instant::now() + LONG;
        loop {
            let batch = match self.batches.recv_timeout(LONG) {
                Ok(batch) => batch,
                Err(RecvTimeoutError::Timeout) => panic!("no batch"),
                Err(RecvTimeoutError::Disconnected) => return records,
            };
            records.extend(batch.records);
            if batch.drained_to_ns.is_some_and(|at| at > start) {
                return records;
            }
            assert!(Instant::now() < deadline, "the ring was never empty");
        }
    }

    /// Records until one is like this.
    pub(crate) fn records_until(&self, is_last: impl Fn(&Record) -> bool) -> Vec<Record> {
        let mut records = Vec::new();
        let deadline = Instant::now() + LONG;
        while !records.iter().any(&is_last) {
            assert!(Instant::now() < deadline, "it never came; {} records did", records.len());
            records.extend(self.records());
        }
        records
    }

    /// Records until the connection at this address is closed.
    pub(crate) fn until_closed(&self, pid: u32, address: u64) -> Vec<Record> {
        self.records_until(|record| {
            let header = &record.header;
            (header.pid, header.address) == (pid, address) && matches!(header.kind, RecordKind::Close { .. })
        })
    }

    /// Stops the drain and gives what was left.
    pub(crate) fn stop(mut self) -> Vec<Record> {
        self.control.stop();
        let records = self.batches.iter().flat_map(|batch| batch.records).collect();
        self.thread.take().unwrap().join().unwrap();
        records
    }
}

/// One stream of one connection, put together.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    pub(crate) missing: Vec<(u64, u64)>,
    pub(crate) reached: u64,
}

impl Stream {
    fn data(&mut self, record: &Record) {
        let offset = record.header.offset;
        assert!(offset >= self.reached, "{offset} comes after {}", self.reached);
        self.gap(offset);
        self.bytes.extend_from_slice(&record.payload);
        self.reached = offset + record.payload.len() as u64;
    }

    fn gap(&mut self, to: u64) {
        if to > self.reached {
            self.missing.push((self.reached, to));
            self.bytes.resize(usize::try_from(to).unwrap(), 0);
            self.reached = to;
        }
    }

    /// Whether it is what was sent, apart from what is missing; and as long.
    pub(crate) fn is_part_of(&self, sent: &[u8]) -> bool {
        let is_missing = |at: u64| self.missing.iter().any(|(from, to)| (*from..*to).contains(&at));
        self.bytes.len() == sent.len()
            && (0..).zip(self.bytes.iter().zip(sent)).all(|(at, (seen, sent))| seen == sent || is_missing(at))
    }

    pub(crate) fn missing_bytes(&self) -> u64 {
        self.missing.iter().map(|(from, to)| to - from).sum()
    }
}

/// One connection, put together from its records.
#[derive(Debug, Default, Clone)]
pub(crate) struct Connection {
    pub(crate) pid: u32,
    pub(crate) address: u64,
    pub(crate) read: Stream,
    pub(crate) written: Stream,
    pub(crate) name: Option<String>,
    pub(crate) from_start: bool,
    pub(crate) close: Option<Close>,
    pub(crate) comm: String,
}

/// The connections by number; a record after the close, or one of the wrong order, is a failure.
pub(crate) fn connections(records: &[Record]) -> HashMap<u64, Connection> {
    let mut connections: HashMap<u64, Connection> = HashMap::new();
    add(&mut connections, records);
    connections
}

pub(crate) fn add(connections: &mut HashMap<u64, Connection>, records: &[Record]) {
    for record in records {
        let header = &record.header;
        if header.kind == RecordKind::Announce {
            continue;
        }
        let connection = connections.entry(header.conn).or_default();
        assert_eq!(connection.close, None, "a record after the close: {header:?}");
        (connection.pid, connection.address) = (header.pid, header.address);
        connection.from_start |= header.from_start;
        match header.kind {
            RecordKind::Data => {
                connection.comm = header.comm.as_str().to_owned();
                match header.direction {
                    Direction::Read => connection.read.data(record),
                    Direction::Write => connection.written.data(record),
                }
            }
            RecordKind::Offsets { read, written } => {
                connection.read.gap(read);
                connection.written.gap(written);
            }
            RecordKind::Close { read, written, how, .. } => {
                assert!(read >= connection.read.reached && written >= connection.written.reached);
                connection.read.gap(read);
                connection.written.gap(written);
                connection.close = Some(how);
            }
            RecordKind::Name => connection.name = Some(String::from_utf8(record.payload.to_vec()).unwrap()),
            RecordKind::Fd { .. } | RecordKind::Announce => {}
        }
    }
}

/// Only processes that a test watches: others of the machine use the same library meanwhile.
pub(crate) fn only_watched() -> LoadOptions {
    LoadOptions { unknown: Unknown::Ignore, ..LoadOptions::default() }
}

/// The routes to be tested.
pub(crate) const ROUTES: [Route; 3] = [Route::Session, Route::Multi, Route::Perf];

pub(crate) fn by_route(route: Route) -> LoadOptions {
    LoadOptions { route: Some(route), ..only_watched() }
}
