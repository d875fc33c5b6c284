//! Which processes are wanted: by pid tree, name and control group.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::options::Filter;

/// Bytes of a process's name that the kernel keeps (`TASK_COMM_LEN` without the NUL).
const COMM_BYTES: usize = 15;
/// Where control groups are mounted.
const CGROUP_MOUNT: &str = "/sys/fs/cgroup";

/// A [`Filter`], made ready to be asked.
#[derive(Debug)]
pub(super) struct Rules {
    is_everything: bool,
    roots: HashSet<u32>,
    names: Vec<Box<str>>,
    /// Without the mount point.
    cgroups: Vec<PathBuf>,
}

impl Rules {
    pub(super) fn new(filter: &Filter) -> Self {
        let has_rule = !(filter.trees.is_empty() && filter.names.is_empty() && filter.cgroups.is_empty());
        Self {
            is_everything: !has_rule && !filter.only_added,
            roots: filter.trees.iter().copied().collect(),
            names: filter.names.iter().map(|name| name.as_str().into()).collect(),
            cgroups: filter.cgroups.iter().map(|path| below_mount(path)).collect(),
        }
    }

    /// Whether no process is kept out.
    pub(super) fn admits_everything(&self) -> bool {
        self.is_everything
    }

    /// Whether the process is one from which wanted trees grow.
    pub(super) fn is_root(&self, pid: u32) -> bool {
        self.roots.contains(&pid)
    }

    pub(super) fn add_root(&mut self, pid: u32) {
        self.roots.insert(pid);
    }

    /// The process is gone; another may get its id.
    pub(super) fn remove_root(&mut self, pid: u32) {
        self.roots.remove(&pid);
    }

    /// Whether a name is wanted: the process's own, which the kernel cuts at 15 bytes, or its executable's.
    pub(super) fn admits_name(&self, comm: Option<&str>, exe: Option<&str>) -> bool {
        let exe = exe.and_then(|exe| Path::new(exe).file_name()).and_then(|name| name.to_str());
        self.names.iter().any(|name| {
            let cut = name.get(..COMM_BYTES).filter(|_| name.len() > COMM_BYTES).unwrap_or(name);
            comm == Some(cut) || exe == Some(name)
        })
    }

    pub(super) fn has_cgroups(&self) -> bool {
        !self.cgroups.is_empty()
    }

    /// Whether one of the control groups in the lines of `/proc/PID/cgroup` is wanted, or lies below one that is.
    pub(super) fn admits_cgroup(&self, lines: &str) -> bool {
        lines.lines().any(|line| {
            let mut fields = line.splitn(3, ':');
            let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
                return false;
            };
            let path = Path::new(path.trim_start_matches('/'));
            self.cgroups.iter().any(|wanted| {
                // v1 has a mount point per controller: `/sys/fs/cgroup/memory/…`, `/sys/fs/cgroup/cpu,cpuacct/…`.
                let of_controller = wanted.iter().next().and_then(|first| first.to_str()).filter(|first| {
                    let mounts = [controllers, controllers.strip_prefix("name=").unwrap_or(controllers)];
                    !controllers.is_empty()
                        && (mounts.contains(first) || controllers.split(',').any(|one| one == *first))
                });
                let is_unified = controllers.is_empty();
                let hybrid = wanted.strip_prefix("unified").ok().filter(|_| is_unified);
                path.starts_with(wanted)
                    || of_controller
                        .is_some_and(|first| wanted.strip_prefix(first).is_ok_and(|rest| path.starts_with(rest)))
                    || hybrid.is_some_and(|rest| path.starts_with(rest))
            })
        })
    }
}

fn below_mount(path: &Path) -> PathBuf {
    let below = path.strip_prefix(CGROUP_MOUNT).unwrap_or(path);
    below.strip_prefix("/").unwrap_or(below).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Rules {
        Rules::new(&Filter { names: names.iter().map(ToString::to_string).collect(), ..Filter::default() })
    }

    fn cgroup(path: &str) -> Rules {
        Rules::new(&Filter { cgroups: vec![path.into()], ..Filter::default() })
    }

    #[test]
    fn without_a_rule_everything_is_wanted_and_with_one_nothing_else() {
        assert!(Rules::new(&Filter::default()).admits_everything());
        assert!(!Rules::new(&Filter { only_added: true, ..Filter::default() }).admits_everything());
        assert!(!names(&["node"]).admits_everything());
    }

    #[test]
    fn a_name_is_that_of_the_process_or_of_its_executable() {
        let rules = names(&["python3", "a-very-long-name-of-a-program"]);
        assert!(rules.admits_name(Some("python3"), None));
        assert!(rules.admits_name(Some("celery"), Some("/usr/bin/python3")));
        assert!(rules.admits_name(Some("a-very-long-nam"), None));
        assert!(!rules.admits_name(Some("python3.12"), Some("/usr/bin/python3.12")));
        assert!(!rules.admits_name(None, None));
    }

    #[test]
    fn a_control_group_holds_what_is_below_it() {
        let rules = cgroup("/sys/fs/cgroup/system.slice/api.service");
        assert!(rules.admits_cgroup("0::/system.slice/api.service"));
        assert!(rules.admits_cgroup("0::/system.slice/api.service/worker"));
        assert!(!rules.admits_cgroup("0::/system.slice/api.service2"));
        assert!(!rules.admits_cgroup("0::/system.slice"));
        assert!(cgroup("system.slice").admits_cgroup("0::/system.slice/api.service"));
        assert!(cgroup("/system.slice").admits_cgroup("0::/system.slice/api.service"));
    }

    #[test]
    fn a_control_group_of_the_first_version_is_below_its_controller() {
        let rules = cgroup("/sys/fs/cgroup/memory/docker/1234");
        assert!(rules.admits_cgroup("11:memory:/docker/1234\n0::/"));
        assert!(!rules.admits_cgroup("11:pids:/docker/1234\n0::/"));
        assert!(cgroup("/sys/fs/cgroup/cpu,cpuacct/a").admits_cgroup("3:cpu,cpuacct:/a"));
        assert!(cgroup("/sys/fs/cgroup/systemd/a").admits_cgroup("1:name=systemd:/a"));
        assert!(cgroup("/sys/fs/cgroup/unified/a").admits_cgroup("0::/a"));
    }
}
