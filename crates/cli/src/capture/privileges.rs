//! What the capturing process keeps of its privileges, and what nobody may get out of it.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// What host-wide capture needs for as long as it runs: programs that start later are attached to.
const NEEDED: CapabilitySet = CapabilitySet::BPF
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::DAC_READ_SEARCH);

/// From this kernel on probes are attached without CAP_SYS_ADMIN.
const WITHOUT_ADMIN: (u32, u32) = (6, 6);

/// From this kernel on memory of BPF maps isn't charged to RLIMIT_MEMLOCK, and CAP_BPF exists everywhere.
const WITHOUT_RESOURCE: (u32, u32) = (5, 11);

/// No core dumps, and no other process of the same user reads our memory: there is what others said in it.
pub(super) fn keep_secrets() {
    // Both are a second wall; a system that refuses them captures no worse.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Lets go of every capability but what capture needs and `more`. To be called before there are other threads.
pub(super) fn drop_others(more: CapabilitySet) -> rustix::io::Result<()> {
    let own = thread::capabilities(None)?;
    thread::clear_ambient_capability_set()?;
    thread::set_no_new_privs(true)?;
    let kept = own.permitted.intersection(needed(kernel()) | more);
    thread::set_capabilities(
        None,
        CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() },
    )
}

fn needed(kernel: (u32, u32)) -> CapabilitySet {
    let mut needed = NEEDED;
    if kernel < WITHOUT_ADMIN {
        needed |= CapabilitySet::SYS_ADMIN;
    }
    if kernel < WITHOUT_RESOURCE {
        needed |= CapabilitySet::SYS_RESOURCE;
    }
    needed
}

/// Major and minor version of the running kernel; that of one that needs the most where it isn't understood.
fn kernel() -> (u32, u32) {
    version(&rustix::system::uname().release().to_string_lossy()).unwrap_or((0, 0))
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|letter: char| !letter.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_kernel_needs_more() {
        assert_eq!(version("6.18.0-rc1-amd64"), Some((6, 18)));
        assert_eq!(version("5.15+"), Some((5, 15)));
        assert_eq!(version("Linux"), None);
        assert!(!needed((6, 6)).contains(CapabilitySet::SYS_ADMIN));
        assert!(needed((6, 5)).contains(CapabilitySet::SYS_ADMIN));
        assert!(!needed((6, 5)).contains(CapabilitySet::SYS_RESOURCE));
        assert!(needed((5, 10)).contains(CapabilitySet::SYS_RESOURCE));
    }
}
