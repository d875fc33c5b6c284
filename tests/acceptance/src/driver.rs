//! The side of the tests: a running application.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a part of tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::protocol::{Calls, Command, Done, Made, Place, Request, Start, State, Threads};

/// Longer than anything that ends takes.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running application. It ends with its value.
pub struct Application {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<String>,
    said: Arc<Mutex<String>>,
    listening: Option<JoinHandle<()>>,
}

impl Application {
    /// Starts `program` with nothing in its environment but `variables`, and a runtime with several threads in it.
    #[must_use]
    pub fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Process::new(program)
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let said = Arc::new(Mutex::new(String::new()));
        let listener = Arc::clone(&said);
        let listening = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut piece) {
                listener.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..read]));
            }
        });
        let commands = child.stdin.take();
        let mut application = Self { child, commands, answers, said, listening: Some(listening) };
        application.runtime(Threads::Several);
        application
    }

    /// Starts `program` and, in it, an observation.
    #[must_use]
    pub fn observed(program: &str, variables: &[(&str, &str)], start: Start) -> Self {
        let mut application = Self::start(program, variables);
        let started = application.start_observing(start);
        assert_eq!(started.error, None);
        application
    }

    fn tell<A: DeserializeOwned>(&mut self, command: &Command) -> A {
        let mut line = serde_json::to_string(command).unwrap();
        line.push('\n');
        self.commands
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap_or_else(|error| self.is_gone(command, &error));
        let answer = self.answers.recv_timeout(PATIENCE).unwrap_or_else(|error| self.is_gone(command, &error));
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{command:?}: {error}: {answer}"))
    }

    fn is_gone(&self, command: &Command, error: &dyn std::error::Error) -> ! {
        panic!("{command:?}: {error}; the application said: {}", self.said.lock().unwrap())
    }

    /// Makes a runtime in place of the one before.
    pub fn runtime(&mut self, threads: Threads) {
        self.tell::<Done>(&Command::Runtime(threads));
    }

    /// Shuts the runtime down.
    pub fn end_runtime(&mut self) {
        self.tell::<Done>(&Command::EndRuntime);
    }

    /// Starts to observe.
    pub fn start_observing(&mut self, start: Start) -> Done {
        self.tell(&Command::Start(start))
    }

    /// Makes calls, eight at once, each of `requests` in turn.
    pub fn calls(&mut self, requests: &[Request], count: usize, are_observed: bool) -> Made {
        let requests = requests.to_vec();
        self.tell(&Command::Calls(Calls { requests, count, at_once: 8, are_observed }))
    }

    /// Begins a call.
    pub fn begin(&mut self, request: Request) {
        assert_eq!(self.tell::<Done>(&Command::Begin(request)).error, None);
    }

    /// Flushes.
    pub fn flush(&mut self, timeout: Duration) -> Done {
        self.tell(&Command::Flush { ms: timeout.as_millis() as u64 })
    }

    /// Stops.
    pub fn stop(&mut self, timeout: Duration, from: Place) -> Done {
        self.tell(&Command::Stop { ms: timeout.as_millis() as u64, from })
    }

    /// Drops every handle.
    pub fn drop_handles(&mut self, from: Place) -> Done {
        self.tell(&Command::Drop { from })
    }

    /// Its state.
    pub fn state(&mut self) -> State {
        self.tell(&Command::State)
    }

    /// Ends the application; answers what it said on standard error: warnings, and panics.
    #[must_use]
    pub fn end(mut self) -> String {
        drop(self.commands.take());
        let status = self.child.wait().unwrap();
        self.listening.take().unwrap().join().unwrap();
        let said = self.said.lock().unwrap().clone();
        assert!(status.success(), "{status}: {said}");
        said
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
