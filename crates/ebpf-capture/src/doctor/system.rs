//! What the running kernel has and allows.

use std::fs;

use super::check::Check;
use crate::discover::proc;

/// A version of Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

impl Version {
    pub(super) fn running() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/sys/kernel/osrelease").ok()?)
    }

    /// `6.18.44-generic`.
    fn parse(release: &str) -> Option<Self> {
        let mut numbers = release.trim().split(|byte: char| !byte.is_ascii_digit());
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

/// The first kernel with attach cookies: without them nothing works.
const FLOOR: Version = Version(5, 15);
/// The first that attaches many probes at once, without CAP_SYS_ADMIN.
const MULTI: Version = Version(6, 6);
/// The first that lets CAP_PERFMON read `maps` of other users' processes.
const MAPS: Version = Version(6, 15);
/// The first that doesn't count maps against RLIMIT_MEMLOCK.
const MEMORY_GROUPS: Version = Version(5, 11);

pub(super) fn checks() -> Vec<Check> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let mut all = vec![kernel(read("/proc/sys/kernel/osrelease").as_deref())];
    all.push(lockdown(read("/sys/kernel/security/lockdown").as_deref()));
    all.push(uprobes(read("/sys/bus/event_source/devices/uprobe/type").is_some(), Version::running()));
    all.push(unprivileged(read("/proc/sys/kernel/unprivileged_bpf_disabled").as_deref()));
    all.push(paranoid(read("/proc/sys/kernel/perf_event_paranoid").as_deref()));
    all.extend(locked_memory(read("/proc/self/limits").as_deref(), Version::running()));
    let has_types = fs::metadata("/sys/kernel/btf/vmlinux").is_ok();
    let types =
        if has_types { "present, and not needed" } else { "absent, and not needed: the programs know no kernel types" };
    all.push(Check::good("type information (BTF)", types));
    all.push(pid_namespace(
        fs::read_link("/proc/self/ns/pid").ok().and_then(|link| Some(link.to_str()?.to_owned())).as_deref(),
    ));
    all.extend(visibility());
    all
}

fn kernel(release: Option<&str>) -> Check {
    const NAME: &str = "kernel";
    let Some((release, version)) = release.and_then(|release| Some((release.trim(), Version::parse(release)?))) else {
        return Check::partial(NAME, "its version can't be read", "mount /proc");
    };
    let newer = "upgrade the kernel: 6.6 or later is best";
    if version < FLOOR {
        Check::missing(NAME, format!("{release}: 5.15 is the least that works (attach cookies)"), newer)
    } else if version < MULTI {
        Check::partial(
            NAME,
            format!(
                "{release}: works, with a probe attached one by one by perf, which needs CAP_SYS_ADMIN; 6.6 and later need only CAP_BPF and CAP_PERFMON"
            ),
            newer,
        )
    } else if version < MAPS {
        Check::partial(
            NAME,
            format!(
                "{release}: works; before 6.15 `/proc/PID/maps` of other users' processes needs CAP_SYS_PTRACE, so that without it programs that ran before capture aren't found"
            ),
            "run it as root, or grant CAP_SYS_PTRACE",
        )
    } else {
        Check::good(NAME, release)
    }
}

fn lockdown(state: Option<&str>) -> Check {
    const NAME: &str = "lockdown";
    match state.and_then(|state| state.split_once('[')?.1.split_once(']')).map(|(mode, _)| mode) {
        Some("confidentiality") => Check::missing(
            NAME,
            "confidentiality: the kernel lets nobody read the memory of processes by eBPF",
            "boot with lockdown=integrity or without it (with secure boot, some distributions set it)",
        ),
        Some(mode) => Check::good(NAME, mode),
        None => Check::good(NAME, "none"),
    }
}

fn uprobes(is_there: bool, version: Option<Version>) -> Check {
    const NAME: &str = "uprobes";
    if is_there {
        Check::good(NAME, "present")
    } else if version.is_some_and(|version| version >= MULTI) && fs::metadata("/sys/bus").is_err() {
        Check::partial(NAME, "unknown: /sys isn't mounted", "mount /sys to know")
    } else {
        Check::missing(
            NAME,
            "absent: the kernel was built without CONFIG_UPROBE_EVENTS",
            "use a kernel that has it; all distributions' do",
        )
    }
}

fn unprivileged(value: Option<&str>) -> Check {
    const NAME: &str = "kernel.unprivileged_bpf_disabled";
    let finding = match value.map(str::trim) {
        Some("0") => "0: ordinary users may load some programs; ours need CAP_BPF and CAP_PERFMON all the same",
        Some(_) => "set, as it should be: CAP_BPF is needed",
        None => "unknown",
    };
    Check::good(NAME, finding)
}

fn paranoid(value: Option<&str>) -> Check {
    const NAME: &str = "kernel.perf_event_paranoid";
    Check::good(NAME, format!("{}: of no matter with CAP_PERFMON", value.map_or("unknown", str::trim)))
}

/// Maps counted against the limit of locked memory before 5.11.
fn locked_memory(limits: Option<&str>, version: Option<Version>) -> Option<Check> {
    const NAME: &str = "locked memory";
    /// The ring and the maps, roughly.
    const NEEDED: u64 = 64 << 20;
    if version.is_none_or(|version| version >= MEMORY_GROUPS) {
        return None;
    }
    let line = limits?.lines().find_map(|line| line.strip_prefix("Max locked memory"))?;
    let soft = line.split_ascii_whitespace().next()?;
    if soft == "unlimited" || soft.parse::<u64>().is_ok_and(|bytes| bytes >= NEEDED) {
        return Some(Check::good(NAME, soft));
    }
    Some(Check::missing(
        NAME,
        format!("{soft} bytes: before Linux 5.11 the ring and the maps count as locked memory"),
        "`ulimit -l unlimited`, or LimitMEMLOCK=infinity in the systemd unit",
    ))
}

fn pid_namespace(link: Option<&str>) -> Check {
    const NAME: &str = "process ids";
    /// `PROC_PID_INIT_INO`: the namespace that the kernel starts with.
    const INITIAL: &str = "pid:[4026531836]";
    match link {
        Some(INITIAL) => Check::good(NAME, "of the host"),
        Some(_) => Check::partial(
            NAME,
            "of a container: only processes of the same pid namespace are seen",
            "in Docker --pid=host, in Kubernetes hostPID: true",
        ),
        None => Check::partial(NAME, "unknown: /proc isn't mounted", "mount /proc"),
    }
}

/// What may be read of the processes of others, by trying it.
fn visibility() -> Vec<Check> {
    /// Most processes that are tried.
    const TRIED: usize = 300;
    let own = std::process::id();
    let is_other = |pid: &u32| *pid != own && proc::Stat::of(*pid).is_ok_and(|stat| !is_kernel_thread(*pid, &stat));
    let others: Vec<u32> = proc::all().unwrap_or_default().into_iter().filter(is_other).take(TRIED).collect();
    let count = |works: fn(u32) -> bool| others.iter().filter(|pid| works(**pid)).count();
    let counts = [
        count(|pid| proc::mappings(pid).is_ok()),
        count(|pid| fs::metadata(proc::path(pid, "root/.")).is_ok()),
        count(|pid| fs::read_dir(proc::path(pid, "fd")).is_ok()),
    ];
    READABLE.iter().zip(counts).map(|(what, count)| what.judge(count, others.len())).collect()
}

/// Started by `kthreadd`, or that itself.
fn is_kernel_thread(pid: u32, stat: &proc::Stat) -> bool {
    pid == 2 || stat.parent == 2
}

/// A file of `/proc/PID` of others.
struct Readable {
    name: &'static str,
    without: &'static str,
    remedy: &'static str,
}

const READABLE: [Readable; 3] = [
    Readable {
        name: "/proc/PID/maps",
        without: "programs that ran before capture aren't found, and executables aren't known",
        remedy: "run as root, or grant CAP_SYS_PTRACE; from Linux 6.15 on CAP_PERFMON is enough",
    },
    Readable {
        name: "/proc/PID/root",
        without: "TLS libraries inside of containers aren't found",
        remedy: "run as root, or grant CAP_SYS_PTRACE",
    },
    Readable {
        name: "/proc/PID/fd",
        without: "a process that talks to port 443 by an unknown TLS library isn't reported",
        remedy: "run as root, or grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
    },
];

impl Readable {
    /// Single processes are out of bounds for everybody on some hosts: most of them decide.
    fn judge(&self, readable: usize, all: usize) -> Check {
        let finding = format!("readable of {readable} of {all} other processes");
        if readable * 2 >= all {
            Check::good(self.name, finding)
        } else {
            Check::partial(self.name, format!("{finding}: {}", self.without), self.remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_kernel_is_judged_by_its_version() {
        let state = |release: &str| kernel(Some(release)).state;
        assert_eq!(state("5.14.0-427.el9.x86_64"), State::Missing);
        assert_eq!(state("5.15.0-91-generic\n"), State::Partial);
        assert_eq!(state("6.5.13"), State::Partial);
        assert_eq!(state("6.6.0"), State::Partial);
        assert_eq!(state("6.15-rc1"), State::Good);
        assert_eq!(state("7.0.1"), State::Good);
        assert_eq!(kernel(Some("what")).state, State::Partial);
    }

    #[test]
    fn only_the_mode_of_confidentiality_is_in_the_way() {
        assert_eq!(lockdown(Some("none integrity [confidentiality]\n")).state, State::Missing);
        assert_eq!(lockdown(Some("none [integrity] confidentiality\n")).state, State::Good);
        assert_eq!(lockdown(None).state, State::Good);
    }

    #[test]
    fn locked_memory_matters_on_old_kernels_only() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax locked memory         65536                65536                bytes     \n";
        assert_eq!(locked_memory(Some(limits), Some(Version(5, 11))), None);
        assert_eq!(locked_memory(Some(limits), Some(Version(5, 10))).map(|check| check.state), Some(State::Missing));
        let unlimited = limits.replace("65536", "unlimited");
        assert_eq!(locked_memory(Some(&unlimited), Some(Version(5, 10))).map(|check| check.state), Some(State::Good));
    }

    #[test]
    fn what_is_readable_of_most_processes_is_readable() {
        let [maps, ..] = READABLE;
        assert_eq!(maps.judge(45, 46).state, State::Good);
        assert_eq!(maps.judge(0, 0).state, State::Good);
        let judged = maps.judge(3, 46);
        assert_eq!(judged.state, State::Partial);
        assert!(judged.finding.starts_with("readable of 3 of 46 other processes: "));
    }

    #[test]
    fn a_container_of_its_own_processes_is_told() {
        assert_eq!(pid_namespace(Some("pid:[4026531836]")).state, State::Good);
        assert_eq!(pid_namespace(Some("pid:[4026532201]")).state, State::Partial);
    }
}
