//! What probes on TLS libraries can't see, by name, and what to do instead.

use crate::discover::{proc, sockets};

/// What is out of reach, and what to do instead.
pub const OUT_OF_REACH: &[(&str, &str)] = &[
    (
        "plain-text HTTP (Ollama, vLLM, llama.cpp and other local servers, without TLS)",
        "observe the calls in the process that makes them: sidetone's middleware for Rust, or OpenTelemetry instrumentation of its language; or put TLS in front of the server",
    ),
    ("QUIC and HTTP/3 (TLS inside of the QUIC library)", "turn HTTP/3 off in the client, or observe in the process"),
    ("kTLS (TLS in the kernel: SSL_OP_ENABLE_KTLS)", "turn kernel TLS off in the program, or observe in the process"),
    ("Java (TLS runs inside the JVM)", "use the OpenTelemetry Java agent, or a library of it, in that program"),
];

/// A server of language models that talks plain HTTP, by the port on which it listens unless told otherwise.
struct Known {
    name: &'static str,
    port: u16,
    /// What the names of its processes begin with, in lower case.
    processes: &'static [&'static str],
    /// The port alone tells: nothing else of note uses it.
    is_own_port: bool,
}

const SERVERS: &[Known] = &[
    Known { name: "Ollama", port: 11434, processes: &["ollama"], is_own_port: true },
    Known { name: "vLLM", port: 8000, processes: &["vllm"], is_own_port: false },
    Known { name: "llama.cpp", port: 8080, processes: &["llama-server", "llama.cpp", "llama_cpp"], is_own_port: false },
    Known { name: "LM Studio", port: 1234, processes: &["lm-studio", "lm studio", "lms"], is_own_port: false },
    Known { name: "LocalAI", port: 8080, processes: &["local-ai", "localai"], is_own_port: false },
    Known { name: "SGLang", port: 30000, processes: &["sglang"], is_own_port: false },
    Known { name: "Text Generation Inference", port: 3000, processes: &["text-generation"], is_own_port: false },
    Known { name: "KoboldCpp", port: 5001, processes: &["koboldcpp"], is_own_port: false },
    Known { name: "Jan", port: 1337, processes: &["jan"], is_own_port: false },
];

/// A server of language models on this host whose calls are plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainServer {
    /// Which.
    pub name: &'static str,
    /// Where it listens.
    pub port: u16,
    /// The process, where it may be known.
    pub pid: Option<u32>,
    /// It may be something else: only the port speaks for it.
    pub is_guess: bool,
    /// What to do instead.
    pub advice: &'static str,
}

/// Those that are listening now.
#[must_use]
pub fn plain_servers() -> Vec<PlainServer> {
    let all = proc::all().unwrap_or_default();
    let listening = sockets::listening(&all).into_iter();
    listening.flat_map(|(port, pid)| known(port, pid, &pid.map(names).unwrap_or_default())).collect()
}

/// What a process is called: its name, its executable and its arguments' first words.
fn names(pid: u32) -> Vec<String> {
    let comm = proc::Stat::of(pid).ok().map(|stat| stat.comm.to_lowercase());
    let exe = proc::exe(pid).and_then(|exe| Some(exe.file_name()?.to_str()?.to_lowercase()));
    let arguments = std::fs::read(proc::path(pid, "cmdline")).unwrap_or_default();
    // `python -m vllm.entrypoints…`, `python /usr/bin/vllm serve`.
    let words = arguments.split(|byte| *byte == 0).take(3).filter_map(|word| str::from_utf8(word).ok());
    let words = words.map(|word| word.rsplit('/').next().unwrap_or(word).to_lowercase());
    comm.into_iter().chain(exe).chain(words).collect()
}

fn known(port: u16, pid: Option<u32>, names: &[String]) -> Option<PlainServer> {
    let is_named =
        |server: &&Known| server.processes.iter().any(|start| names.iter().any(|name| name.starts_with(start)));
    let by_name = SERVERS.iter().find(is_named);
    // A process that is known and called otherwise isn't taken for a server because of its port.
    let by_port = || SERVERS.iter().find(|server| server.port == port && (server.is_own_port || pid.is_none()));
    let server = by_name.or_else(by_port)?;
    Some(PlainServer { name: server.name, port, pid, is_guess: by_name.is_none(), advice: OUT_OF_REACH.first()?.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(port: u16, pid: Option<u32>, names: &[&str]) -> Option<(&'static str, bool)> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        known(port, pid, &names).map(|server| (server.name, server.is_guess))
    }

    #[test]
    fn a_server_is_known_by_its_process_on_any_port_and_else_by_its_port() {
        assert_eq!(found(11434, Some(7), &["ollama"]), Some(("Ollama", false)));
        assert_eq!(found(11434, None, &[]), Some(("Ollama", true)));
        assert_eq!(
            found(9000, Some(7), &["python3", "python3.12", "-m", "vllm.entrypoints.openai.api_server"]),
            Some(("vLLM", false))
        );
        assert_eq!(found(8080, Some(7), &["llama-server"]), Some(("llama.cpp", false)));
        assert_eq!(found(8000, None, &[]), Some(("vLLM", true)));
        assert_eq!(found(8000, Some(7), &["python3", "manage.py"]), None);
        assert_eq!(found(22, Some(7), &["sshd"]), None);
    }
}
