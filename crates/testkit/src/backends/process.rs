//! A child process that ends with its value or with the test program, whichever comes first, and what it printed.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Starts `"$@"` and kills it when standard input ends, which it does too when the test program is killed.
const UNTIL_STDIN_ENDS: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
( read -r _ <&3; kill -KILL "$child" ) >/dev/null 2>&1 &
exec 3<&-
wait "$child"
"#;

const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A listener that accepts does so at once on the loopback interface.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Standard output and standard error of one or more processes, in the order of arrival.
#[derive(Clone, Default)]
pub(super) struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn collect(&self, mut from: impl Read + Send + 'static) {
        let output = Arc::clone(&self.0);
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                output.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..read]);
            }
        });
    }
}

/// A running child.
pub(super) struct Process {
    shell: Child,
}

impl Process {
    /// Starts `program` with nothing in its environment but `PATH`, `HOME` and `variables`.
    pub(super) fn start(
        program: &std::path::Path,
        arguments: &[String],
        variables: &[(&str, String)],
        output: &Output,
    ) -> io::Result<Self> {
        let kept = ["PATH", "HOME"].map(|name| (name, std::env::var_os(name).unwrap_or_default()));
        let mut shell = Command::new("sh")
            .args(["-c", UNTIL_STDIN_ENDS, "sh"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(kept)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(stdout) = shell.stdout.take() {
            output.collect(stdout);
        }
        if let Some(stderr) = shell.stderr.take() {
            output.collect(stderr);
        }
        Ok(Self { shell })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// So many different ports that were free a moment ago.
pub(super) fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

/// Whether something listens on the port of the loopback interface.
pub(super) fn accepts(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).is_ok()
}

/// Asks until the answer is there or the deadline has passed.
pub(super) fn poll<T>(timeout: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn shell(script: &str, output: &Output) -> Process {
        let arguments = ["-c".to_owned(), script.to_owned()];
        Process::start("/bin/sh".as_ref(), &arguments, &[("GIVEN", "yes".to_owned())], output).unwrap()
    }

    fn first_line(output: &Output) -> String {
        poll(Duration::from_secs(10), || output.text().split_once('\n').map(|(line, _)| line.to_owned())).unwrap()
    }

    #[test]
    fn both_outputs_are_collected_and_the_environment_is_the_given_one() {
        let output = Output::default();
        let mut process = shell("echo $GIVEN $CARGO_PKG_NAME.; echo err >&2", &output);
        assert!(poll(Duration::from_secs(10), || process.has_ended().then_some(())).is_some());
        let complete = poll(Duration::from_secs(10), || {
            let text = output.text();
            (text.contains("yes .\n") && text.contains("err\n")).then_some(())
        });
        assert!(complete.is_some(), "{}", output.text());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_dropped_process_is_gone() {
        let output = Output::default();
        let process = shell("echo $$; exec sleep 600", &output);
        let entry = std::path::Path::new("/proc").join(first_line(&output));
        assert!(entry.exists());
        drop(process);
        assert!(!entry.exists());
    }

    #[test]
    fn free_ports_differ_and_refuse() {
        let [first, second] = free_ports().unwrap();
        assert_ne!(first, second);
        assert!(!accepts(first));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(accepts(listener.local_addr().unwrap().port()));
    }
}
