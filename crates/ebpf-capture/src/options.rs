//! What a capture is asked to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidetone_core::exchange::Settings;

use crate::listen::Listeners;

/// Size of the ring between the kernel and us, unless told otherwise.
pub(crate) const RING_BYTES: usize = 32 << 20;
/// Most memory of calls under way, unless told otherwise.
pub(crate) const MAX_MEMORY: usize = 256 << 20;
/// How long the calls of an instrumented process are held back for its own report, unless told otherwise.
pub(crate) const HOLD: Duration = Duration::from_secs(5);

/// What a [`Capture`](crate::Capture) is asked to do. The default captures every process of the host, without content.
#[derive(Clone)]
pub struct Options {
    /// Whether content is kept, and how much is looked at.
    pub settings: Settings,
    /// Which processes.
    pub filter: Filter,
    /// Hosts to which calls are captured; empty: all but those of `deny`.
    pub allow: Vec<HostRule>,
    /// Hosts to which calls are not captured, whatever `allow` says.
    pub deny: Vec<HostRule>,
    /// Whether an exchange that a process of this host served, and no process of this host asked for, is a call too.
    pub server_side: bool,
    /// Size of the ring between the kernel and us, in bytes; a power of two from 4096 on.
    pub ring_bytes: usize,
    /// Most memory that calls under way may take, in bytes, over all connections. Above it calls are dropped whole and
    /// counted.
    pub max_memory: usize,
    /// How long the calls of a process that is instrumented with sidetone are held back for its own report.
    pub hold: Duration,
    /// Who hears everything that captured connections say.
    pub listeners: Option<Arc<dyn Listeners>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("filter", &self.filter).finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            filter: Filter::default(),
            allow: Vec::new(),
            deny: Vec::new(),
            server_side: false,
            ring_bytes: RING_BYTES,
            max_memory: MAX_MEMORY,
            hold: HOLD,
            listeners: None,
        }
    }
}

/// Which processes are captured: those for which any of these holds, or all when none is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// These processes and everything that descends from them.
    pub trees: Vec<u32>,
    /// Processes of these names (`/proc/PID/comm`).
    pub names: Vec<String>,
    /// Processes in these control groups or below: paths under `/sys/fs/cgroup`.
    pub cgroups: Vec<PathBuf>,
    /// Nothing but what [`Capture::add_process`](crate::Capture::add_process) adds: for `run`, whose command doesn't
    /// exist yet when capture starts.
    pub only_added: bool,
}

/// A host that a rule names: exactly, or all below a suffix.
///
/// ```
/// # use sidetone_ebpf_capture::HostRule;
/// let rule: HostRule = "*.openai.com".parse().unwrap();
/// assert!(rule.matches("api.openai.com") && rule.matches("API.OpenAI.com."));
/// assert!(!rule.matches("openai.com") && !rule.matches("notopenai.com"));
/// assert!("https://api.openai.com".parse::<HostRule>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostRule {
    /// In lower case; with its leading dot when it is a suffix.
    name: Box<str>,
}

impl HostRule {
    /// Whether it speaks of that host. Case and a final dot don't matter.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
        let name = self.name.as_bytes();
        if self.name.starts_with('.') {
            host.len() > name.len() && host[host.len() - name.len()..].eq_ignore_ascii_case(name)
        } else {
            host.eq_ignore_ascii_case(name)
        }
    }
}

impl std::fmt::Display for HostRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let star = if self.name.starts_with('.') { "*" } else { "" };
        write!(f, "{star}{}", self.name)
    }
}

/// A text that is no host rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host: give a name such as `api.example.com`, or `*.example.com` for all names below it")]
pub struct BadHostRule(Box<str>);

impl std::str::FromStr for HostRule {
    type Err = BadHostRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_suffix = text.starts_with("*.");
        let name = if is_suffix { &text[1..] } else { text };
        let bare = name.strip_prefix('.').filter(|_| is_suffix).unwrap_or(name);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
        if bare.is_empty() || bare.starts_with('.') || bare.len() > 255 || !bare.bytes().all(fits) {
            return Err(BadHostRule(text.into()));
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        Ok(Self { name: name.to_ascii_lowercase().into() })
    }
}
