//! A TLS server and clients in processes of their own, and ears for what a capture hears of them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};
use sidetone_core::connection::Listener;
use sidetone_core::event::Call;
use sidetone_core::wire::http::{Flow, Head, StreamId};
use sidetone_ebpf_capture::{Capture, Filter, Listeners, Options, Origin, Passed};
use sidetone_pipeline::{Counters, Finished, Sink};
use sidetone_testkit::require;

/// How long anything may take before a test fails: far more than it does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What these tests need: root (or what it stands for), Python with `ssl`, and the program `openssl`.
pub fn python() -> Option<PathBuf> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !require::or_skip("root, to capture other processes", is_root) {
        return None;
    }
    require::tool("openssl")?;
    require::tool("python3")
}

/// A folder with a certificate for `localhost`.
pub fn certificate() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:api.openai.com,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "openssl makes a certificate");
    folder
}

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

/// A process that ends when its standard input does.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        Self { input: child.stdin.take(), child, lines }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the program says something")
    }

    pub fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Ends its input and waits for its end.
    pub fn end(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `tests/programs/server.py`.
pub struct Server {
    pub program: Program,
    pub port: u16,
    log: PathBuf,
}

impl Server {
    pub fn start(python: &Path, folder: &Path) -> Self {
        let log = folder.join("server.jsonl");
        let mut command = Command::new(python);
        command.arg(program("server.py")).args([folder.join("certificate.pem"), folder.join("key.pem"), log.clone()]);
        let program = Program::start(&mut command);
        let line = program.line();
        let port = line.split(' ').next().unwrap().parse().unwrap();
        Self { program, port, log }
    }

    /// What it noted of that kind, once there are so many.
    pub fn noted(&self, kind: &str, count: usize) -> Vec<Value> {
        let mut noted = Vec::new();
        wait(|| {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            noted = lines
                .map(|line| serde_json::from_str::<Value>(line).unwrap())
                .filter(|it| it["kind"] == kind)
                .collect();
            noted.len() >= count
        });
        noted
    }
}

/// `tests/programs/client.py`, waiting to be told to begin.
pub fn client(python: &Path, server: &Server, folder: &Path, count: usize, request: usize, response: usize) -> Program {
    let mut command = Command::new(python);
    let numbers = [count, request, response].map(|number| number.to_string());
    command.arg(program("client.py")).arg(server.port.to_string()).arg(folder.join("certificate.pem")).args(numbers);
    let program = Program::start(&mut command);
    assert!(program.line().starts_with("ready "));
    program
}

/// What a client says of each of its exchanges.
pub fn asked(client: &Program) -> Vec<Value> {
    let lines = std::iter::from_fn(|| Some(client.line()).filter(|line| line != "done"));
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

/// Waits until something holds, and fails if it never does.
pub fn wait(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One body that was heard, and whether it was whole.
#[derive(Debug, Clone, Default)]
pub struct Body {
    pub sha256: String,
    pub bytes: u64,
    pub is_complete: bool,
}

/// Everything that was heard: bodies by connection and direction in their order, and how many bytes passed.
#[derive(Debug, Default)]
pub struct Heard {
    pub bodies: HashMap<(u32, Flow), Vec<Body>>,
    pub passed: Vec<(Origin, Passed)>,
}

/// Hears everything.
#[derive(Default)]
pub struct Ears(pub Arc<Mutex<Heard>>);

struct Ear {
    origin: Origin,
    heard: Arc<Mutex<Heard>>,
    under_way: HashMap<(StreamId, Flow), (Sha256, u64)>,
}

impl Listeners for Ears {
    fn listen(&self, origin: &Origin) -> Option<Box<dyn Listener>> {
        Some(Box::new(Ear { origin: *origin, heard: Arc::clone(&self.0), under_way: HashMap::new() }))
    }

    fn ended(&self, origin: &Origin, passed: &Passed) {
        self.0.lock().unwrap().passed.push((*origin, *passed));
    }
}

impl Listener for Ear {
    fn head(&mut self, _: StreamId, _: Flow, _: &Head) {}

    fn body(&mut self, stream: StreamId, flow: Flow, bytes: &[u8]) {
        let (hash, count) = self.under_way.entry((stream, flow)).or_default();
        hash.update(bytes);
        *count += bytes.len() as u64;
    }

    fn end(&mut self, stream: StreamId, flow: Flow, is_complete: bool) {
        let (hash, bytes) = self.under_way.remove(&(stream, flow)).unwrap_or_default();
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let body = Body { sha256, bytes, is_complete };
        self.heard.lock().unwrap().bodies.entry((self.origin.pid, flow)).or_default().push(body);
    }
}

/// Keeps calls.
#[derive(Clone, Default)]
pub struct Calls(pub Arc<Mutex<Vec<Call>>>);

impl Sink for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap().push(finished.call.clone());
    }
}

/// A capture of nothing but the processes that are added, and what it gives.
pub struct Test {
    pub capture: Option<Capture>,
    pub calls: Calls,
    pub heard: Arc<Mutex<Heard>>,
    pub counters: Arc<Counters>,
}

impl Test {
    pub fn start(options: Options) -> Self {
        let (calls, ears, counters) = (Calls::default(), Ears::default(), Arc::<Counters>::default());
        let heard = Arc::clone(&ears.0);
        let filter = Filter { only_added: true, ..Filter::default() };
        let options = Options { filter, listeners: Some(Arc::new(ears)), ..options };
        let capture = Capture::start(options, vec![Box::new(calls.clone())], Arc::clone(&counters)).unwrap();
        Self { capture: Some(capture), calls, heard, counters }
    }

    pub fn add(&self, program: &Program) {
        self.capture.as_ref().unwrap().add_process(program.pid());
    }

    pub fn stop(&mut self) -> sidetone_ebpf_capture::Report {
        self.capture.take().unwrap().stop(PATIENCE)
    }

    pub fn call_count(&self) -> usize {
        self.calls.0.lock().unwrap().len()
    }
}
