//! What can go wrong when programs are loaded and attached, in plain words with the remedy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::attach::Route;
use super::object::BadObject;

/// Why the kernel side can't be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// This process may not.
    #[error(
        "loading eBPF programs needs CAP_BPF and CAP_PERFMON, and this process lacks {missing}: \
         run it as root, or `setcap cap_bpf,cap_perfmon+ep` its executable"
    )]
    Capabilities {
        /// Names of the missing ones.
        missing: String,
    },
    /// The kernel is locked down.
    #[error(
        "the kernel is in lockdown mode \"confidentiality\", which forbids eBPF to read memory: boot without \
         `lockdown=confidentiality`"
    )]
    Lockdown,
    /// The kernel doesn't have what is needed.
    #[error("Linux {release} lacks {what}: host-wide capture needs Linux 5.15 or later with eBPF and uprobes")]
    Kernel {
        /// The running kernel.
        release: String,
        /// What it lacks.
        what: &'static str,
    },
    /// The route that was asked for is not there.
    #[error("this kernel has no {route} (uprobe-multi links came with Linux 6.6, sessions with 6.13)")]
    NoRoute {
        /// The route.
        route: Route,
    },
    /// The system calls are refused although the capabilities are there.
    #[error(
        "the kernel refuses bpf(2) although this process has CAP_BPF and CAP_PERFMON: a seccomp filter or security module \
         forbids it (in Docker: --cap-add BPF --cap-add PERFMON)"
    )]
    Forbidden,
    /// Memory for maps.
    #[error(
        "no memory for the capture's maps (map {map}: {error}): raise `ulimit -l` or the memory limit of the cgroup"
    )]
    Memory {
        /// Which.
        map: String,
        /// The system's words.
        error: io::Error,
    },
    /// Options that can't be.
    #[error("{0}")]
    Options(&'static str),
    /// The verifier refused a program.
    #[error("Linux {release} refuses the program {program} ({error}); please report this: {log}")]
    Refused {
        /// The running kernel.
        release: String,
        /// Which.
        program: &'static str,
        /// The system's words.
        error: io::Error,
        /// The end of the verifier's.
        log: String,
    },
    /// The embedded object is wrong.
    #[error(transparent)]
    Object(#[from] BadObject),
    /// Something else.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        error: io::Error,
    },
}

impl LoadError {
    pub(super) fn bad_object(what: &str) -> Self {
        Self::Object(BadObject(what.to_owned()))
    }

    pub(super) fn of_map(map: &str, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Self::of_refusal(),
            Some(libc::ENOMEM | libc::EBUSY) => Self::Memory { map: map.to_owned(), error },
            Some(libc::ENOSYS) => Self::Kernel { release: release(), what: "bpf(2)" },
            Some(libc::EINVAL) => Self::Kernel { release: release(), what: "a kind of map" },
            _ => Self::System { what: "making a map", error },
        }
    }

    pub(super) fn of_program(program: &'static str, error: io::Error, log: impl FnOnce() -> String) -> Self {
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) if !missing_capabilities().is_empty() || is_locked_down() => {
                Self::of_refusal()
            }
            Some(libc::EPERM) => Self::Forbidden,
            Some(libc::ENOSYS) => Self::Kernel { release: release(), what: "bpf(2)" },
            _ => {
                let log = log();
                if log.contains("unknown func") {
                    Self::Kernel { release: release(), what: "a helper function of BPF" }
                } else {
                    Self::Refused { release: release(), program, error, log }
                }
            }
        }
    }

    fn of_refusal() -> Self {
        let missing = missing_capabilities();
        if !missing.is_empty() {
            Self::Capabilities { missing: missing.join(" and ") }
        } else if is_locked_down() {
            Self::Lockdown
        } else {
            Self::Forbidden
        }
    }
}

/// Why probes can't be attached to a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// A program could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The file isn't there.
    #[error("{} is not there: for a process with another root, give its path under /proc/PID/root", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be read, or the probes not be set.
    #[error("{} may not be read by this process: CAP_DAC_READ_SEARCH (and CAP_SYS_PTRACE for /proc/PID/root) lets it", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
    },
    /// Perf uprobes are only for `CAP_SYS_ADMIN`.
    #[error(
        "uprobes by perf events need CAP_SYS_ADMIN on this kernel (since the fix of CVE-2025-38466); Linux 6.6 or later does \
         with CAP_BPF and CAP_PERFMON (uprobe-multi links)"
    )]
    NeedsSysAdmin,
    /// The kernel was built without them.
    #[error("this kernel has no uprobes by perf events (CONFIG_UPROBE_EVENTS), and no uprobe-multi links (Linux 6.6)")]
    NoPerfUprobes,
    /// A limit of this process or the machine.
    #[error("no room for the probes of {}: {error} (open files: `ulimit -n`)", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Something else.
    #[error("the probes of {} can't be attached by {route}: {error}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// How.
        route: Route,
        /// The system's words.
        error: io::Error,
    },
}

impl AttachError {
    pub(super) fn of_path(path: &Path, route: Route, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => Self::NotFound { path },
            Some(libc::EACCES | libc::EPERM) if route == Route::Perf && !has_capability(SYS_ADMIN) => {
                Self::NeedsSysAdmin
            }
            Some(libc::EACCES | libc::EPERM) => Self::NotReadable { path },
            Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOSPC) => Self::Limit { path, error },
            _ => Self::System { path, route, error },
        }
    }
}

const SYS_ADMIN: u32 = 21;
const PERFMON: u32 = 38;
const BPF: u32 = 39;

/// The names of what this process lacks to load programs.
fn missing_capabilities() -> Vec<&'static str> {
    if has_capability(SYS_ADMIN) {
        return Vec::new();
    }
    [(BPF, "CAP_BPF"), (PERFMON, "CAP_PERFMON")]
        .into_iter()
        .filter(|(number, _)| !has_capability(*number))
        .map(|(_, name)| name)
        .collect()
}

fn has_capability(number: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).is_some_and(|bits| bits >> number & 1 == 1)
}

fn is_locked_down() -> bool {
    fs::read_to_string("/sys/kernel/security/lockdown").is_ok_and(|modes| modes.contains("[confidentiality]"))
}

fn release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or_else(|_| "of unknown version".to_owned(), |release| release.trim().to_owned())
}
