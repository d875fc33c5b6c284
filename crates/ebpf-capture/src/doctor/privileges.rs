//! Which capabilities this process has, which it lacks, and what took them away.

use std::fs;
use std::path::Path;

use super::check::Check;
use super::system::Version;

/// A capability of the kernel, by its number in `linux/capability.h`.
struct Capability {
    number: u32,
    name: &'static str,
    need: Need,
}

enum Need {
    /// Nothing works without.
    Always(&'static str),
    /// Kernels before this one don't work without.
    Before(Version, &'static str),
    /// What can't be told without.
    For(&'static str),
}

const CAPABILITIES: &[Capability] = &[
    Capability { number: 39, name: "CAP_BPF", need: Need::Always("loading eBPF programs") },
    Capability { number: 38, name: "CAP_PERFMON", need: Need::Always("attaching probes and watching processes") },
    Capability {
        number: 21,
        name: "CAP_SYS_ADMIN",
        need: Need::Before(
            Version(6, 6),
            "attaching probes by perf, which kernels with the fix of CVE-2025-38466 allow to nobody else; Linux 6.6 and later do without (multi-uprobe)",
        ),
    },
    Capability {
        number: 19,
        name: "CAP_SYS_PTRACE",
        need: Need::For(
            "`exe` and `root` of other users' processes: without it the libraries of containers (other mount namespaces) aren't found, and `exe` is told by what a process has mapped",
        ),
    },
    Capability {
        number: 2,
        name: "CAP_DAC_READ_SEARCH",
        need: Need::For(
            "`/proc/PID/fd` of other users' processes and files that only their owner may read: without it, nobody is reported for a connection to port 443 with an unknown TLS library",
        ),
    },
    Capability {
        number: 40,
        name: "CAP_CHECKPOINT_RESTORE",
        need: Need::For(
            "libraries that were deleted or replaced while processes still use them (CAP_SYS_ADMIN does too)",
        ),
    },
];

/// What `/proc/self/status` says of us.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    effective: u64,
    has_no_new_privileges: bool,
}

impl Standing {
    fn parse(status: &str) -> Self {
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        Self {
            effective: field("CapEff").and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0),
            has_no_new_privileges: field("NoNewPrivs") == Some("1"),
        }
    }

    fn has(self, number: u32) -> bool {
        self.effective & (1 << number) != 0
    }
}

const GRANT: &str = "run it by sudo, or `sudo setcap cap_bpf,cap_perfmon+ep` on the program; in Docker: --cap-add BPF --cap-add PERFMON --pid=host";

pub(super) fn checks() -> Vec<Check> {
    let standing = Standing::parse(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    let mut all: Vec<Check> = CAPABILITIES.iter().filter_map(|one| check(one, standing, Version::running())).collect();
    if all.iter().any(|check| check.state == super::State::Missing) {
        all.extend(obstacle(standing, std::env::current_exe().ok().as_deref()));
    }
    all
}

fn check(capability: &Capability, standing: Standing, kernel: Option<Version>) -> Option<Check> {
    let has = standing.has(capability.number);
    // CAP_SYS_ADMIN stands for these two in the kernel.
    let has = has || matches!(capability.number, 38..=40) && standing.has(21);
    let name = capability.name;
    match (&capability.need, has) {
        (Need::Before(version, _), _) if kernel.is_some_and(|kernel| kernel >= *version) => None,
        (_, true) => Some(Check::good(name, "present")),
        (Need::Always(what) | Need::Before(_, what), false) => {
            Some(Check::missing(name, format!("missing: it is needed for {what}"), GRANT))
        }
        (Need::For(what), false) => {
            let remedy = format!(
                "run it by sudo, or grant {name} as well (`setcap …,{}+ep`; in Docker: --cap-add {})",
                name.to_lowercase(),
                name.trim_start_matches("CAP_")
            );
            Some(Check::partial(name, format!("missing: it is needed for {what}"), remedy))
        }
    }
}

/// Why capabilities that a file was given don't reach the process.
fn obstacle(standing: Standing, program: Option<&Path>) -> Option<Check> {
    const NAME: &str = "file capabilities";
    if standing.has_no_new_privileges {
        return Some(Check::missing(
            NAME,
            "this process may gain no privileges (no_new_privs): `setcap` on the program has no effect here",
            "start it outside of that sandbox: in a container with allowPrivilegeEscalation true, in a systemd unit with AmbientCapabilities=CAP_BPF CAP_PERFMON instead of setcap",
        ));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let place = nosuid_mount(&mounts, program?)?;
    Some(Check::missing(
        NAME,
        format!("the program lies on {place}, which is mounted nosuid: `setcap` on it has no effect"),
        "copy the program to another file system, such as /usr/local/bin, and use setcap there",
    ))
}

/// The mount point of a file, when that is mounted `nosuid`.
fn nosuid_mount<'a>(mountinfo: &'a str, file: &Path) -> Option<&'a str> {
    let mounts = mountinfo.lines().filter_map(|line| {
        // `36 35 98:0 /mnt1 /mnt2 rw,noatime …` (proc_pid_mountinfo(5)).
        let mut fields = line.split(' ').skip(4);
        Some((fields.next()?, fields.next()?))
    });
    let (place, options) = mounts.filter(|(place, _)| file.starts_with(place)).max_by_key(|(place, _)| place.len())?;
    options.split(',').any(|option| option == "nosuid").then_some(place)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn states(effective: u64, kernel: Version) -> Vec<(&'static str, State)> {
        let standing = Standing { effective, has_no_new_privileges: false };
        CAPABILITIES
            .iter()
            .filter_map(|one| check(one, standing, Some(kernel)))
            .map(|check| (check.name, check.state))
            .collect()
    }

    #[test]
    fn two_capabilities_are_enough_on_a_new_kernel_and_the_rest_is_told() {
        let both = 1 << 38 | 1 << 39;
        assert_eq!(
            states(both, Version(6, 6)),
            [
                ("CAP_BPF", State::Good),
                ("CAP_PERFMON", State::Good),
                ("CAP_SYS_PTRACE", State::Partial),
                ("CAP_DAC_READ_SEARCH", State::Partial),
                ("CAP_CHECKPOINT_RESTORE", State::Partial),
            ]
        );
        assert!(states(both, Version(6, 5)).contains(&("CAP_SYS_ADMIN", State::Missing)));
        assert!(states(0, Version(6, 6)).contains(&("CAP_BPF", State::Missing)));
        assert!(states(1 << 38, Version(6, 6)).contains(&("CAP_BPF", State::Missing)));
        assert!(states(u64::MAX, Version(5, 15)).iter().all(|(_, state)| *state == State::Good));
        assert!(states(1 << 21, Version(6, 6)).contains(&("CAP_BPF", State::Good)));
    }

    #[test]
    fn status_gives_capabilities_and_whether_more_can_be_gained() {
        let standing = Standing::parse("Name:\tx\nCapPrm:\t0\nCapEff:\t000000c000000000\nNoNewPrivs:\t1\n");
        assert!(standing.has(38) && standing.has(39) && !standing.has(21) && standing.has_no_new_privileges);
        assert!(obstacle(standing, None).is_some_and(|check| check.finding.contains("no_new_privs")));
    }

    #[test]
    fn the_innermost_mount_decides_on_nosuid() {
        let mounts = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n2 1 8:2 / /srv rw,nosuid,nodev - ext4 /dev/sda2 rw\n3 2 8:3 / /srv/a rw - ext4 /dev/sda3 rw";
        assert_eq!(nosuid_mount(mounts, Path::new("/usr/bin/sidetone")), None);
        assert_eq!(nosuid_mount(mounts, Path::new("/srv/b/sidetone")), Some("/srv"));
        assert_eq!(nosuid_mount(mounts, Path::new("/srv/a/sidetone")), None);
    }
}
