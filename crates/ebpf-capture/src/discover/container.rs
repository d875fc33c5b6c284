//! Which container and which Kubernetes pod a process is in, by the paths of its control groups.
//!
//! There is no standard for these paths. What is read here are the forms that docker, containerd, cri-o, podman and
//! lxc write, with the cgroupfs and the systemd driver, in v1, hybrid and v2 hierarchies.

/// Hexadecimal digits of a container's id: a SHA-256, or as many random ones.
const ID_LENGTH: usize = 64;

/// Where a process lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The container's id; a name for lxc, which has no other.
    pub container: Option<Box<str>>,
    /// The uid of the Kubernetes pod, with dashes.
    pub pod: Option<Box<str>>,
}

impl Place {
    /// Reads the lines of `/proc/PID/cgroup`: `hierarchy:controllers:path`. The first that names a container wins.
    #[must_use]
    pub fn of(cgroup: &str) -> Self {
        let mut place = Self::default();
        for line in cgroup.lines() {
            let Some(path) = line.splitn(3, ':').nth(2) else { continue };
            if place.pod.is_none() {
                place.pod = path.split('/').rev().find_map(pod_uid);
            }
            if place.container.is_none() {
                place.container = container_id(path);
            }
            if place.container.is_some() && place.pod.is_some() {
                break;
            }
        }
        place
    }
}

/// The innermost part of the path that names a container.
fn container_id(path: &str) -> Option<Box<str>> {
    let parts: Vec<&str> = path.split('/').collect();
    parts.iter().enumerate().rev().find_map(|(at, part)| {
        let before = at.checked_sub(1).and_then(|at| parts.get(at));
        hexadecimal_id(part).or_else(|| task_id(part, before.copied())).or_else(|| lxc_name(part, before.copied()))
    })
}

/// `ID`, `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, and `slice:cri-containerd:ID`.
/// What manages a container (`libpod-conmon-ID.scope`, `crio-conmon-ID.scope`) isn't in it.
fn hexadecimal_id(part: &str) -> Option<Box<str>> {
    let name = part.strip_suffix(".scope").or_else(|| part.strip_suffix(".service")).unwrap_or(part);
    let start = name.rfind(['-', ':']).map_or(0, |at| at + 1);
    let (before, id) = (&name[..start], &name[start..]);
    let is_id = id.len() == ID_LENGTH && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_id && !before.contains("conmon")).then(|| id.into())
}

/// Amazon ECS on Fargate: `ecs/TASK/TASK-NUMBER`, 32 hexadecimal digits and a decimal number.
fn task_id(part: &str, before: Option<&str>) -> Option<Box<str>> {
    let (task, number) = part.split_once('-')?;
    let is_task = task.len() == 32 && task.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_task && is_number && before == Some(task)).then(|| part.into())
}

/// `lxc.payload.NAME` (since 4.0), `lxc/NAME` before. `lxc.monitor.NAME` is the manager, outside of it.
fn lxc_name(part: &str, before: Option<&str>) -> Option<Box<str>> {
    let name = part.strip_prefix("lxc.payload.").or_else(|| (before == Some("lxc")).then_some(part))?;
    (!name.is_empty()).then(|| name.into())
}

/// `pod3c1a…-…` (cgroupfs driver), `kubepods-burstable-pod3c1a…_….slice` (systemd driver): the uid of a pod. Static pods
/// have 32 digits without dashes.
fn pod_uid(part: &str) -> Option<Box<str>> {
    let name = part.strip_suffix(".slice").unwrap_or(part);
    // In one part with the container: `kubepods-besteffort-podUID.slice:cri-containerd:ID`.
    let name = name.split_once(".slice:").map_or(name, |(slice, _)| slice);
    let uid = name.strip_prefix("pod").or_else(|| Some(name.rsplit_once("-pod")?.1))?;
    let dashed = uid.replace('_', "-");
    is_pod_uid(&dashed).then(|| dashed.into())
}

fn is_pod_uid(uid: &str) -> bool {
    let bytes = uid.as_bytes();
    match bytes.len() {
        32 => bytes.iter().all(u8::is_ascii_hexdigit),
        36 => bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605";
    const POD: &str = "1ff1e9bb-97c3-4d66-90ec-9a0ce1a3be21";

    #[test]
    fn containers_and_pods_are_found_in_the_forms_that_runtimes_write() {
        let under = "1ff1e9bb_97c3_4d66_90ec_9a0ce1a3be21";
        let table = [
            // docker, v1, cgroupfs driver
            (
                format!("13:name=systemd:/docker/{ID}\n12:pids:/docker/{ID}\n0::/system.slice/docker.service"),
                Some(ID),
                None,
            ),
            // docker, v2, systemd driver
            (format!("0::/system.slice/docker-{ID}.scope"), Some(ID), None),
            // docker, v2, cgroupfs driver
            (format!("0::/docker/{ID}"), Some(ID), None),
            // docker in docker, v1
            (format!("3:cpu:/docker/{}/docker/{ID}", ID.replace('7', "8")), Some(ID), None),
            // systemd inside of docker
            (format!("0::/system.slice/docker-{ID}.scope/init.scope"), Some(ID), None),
            // docker swarm and rootless docker
            (format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope"), Some(ID), None),
            // Kubernetes with containerd, v1, cgroupfs driver
            (format!("11:memory:/kubepods/burstable/pod{POD}/{ID}"), Some(ID), Some(POD)),
            // … guaranteed: no class in between
            (format!("11:memory:/kubepods/pod{POD}/{ID}"), Some(ID), Some(POD)),
            // Kubernetes with containerd, v2, systemd driver
            (
                format!(
                    "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{under}.slice/cri-containerd-{ID}.scope"
                ),
                Some(ID),
                Some(POD),
            ),
            // … guaranteed
            (format!("0::/kubepods.slice/kubepods-pod{under}.slice/cri-containerd-{ID}.scope"), Some(ID), Some(POD)),
            // … in kind: nested below the node's own group
            (
                format!(
                    "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{under}.slice/cri-containerd-{ID}.scope"
                ),
                Some(ID),
                Some(POD),
            ),
            // … where containerd has systemd's colons but no systemd
            (
                format!(
                    "1:name=systemd:/system.slice/containerd.service/kubepods-besteffort-pod{under}.slice:cri-containerd:{ID}"
                ),
                Some(ID),
                Some(POD),
            ),
            // Kubernetes with docker (dockershim), systemd driver, hybrid
            (
                format!(
                    "10:cpuset:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{under}.slice/docker-{ID}.scope\n0::/system.slice/containerd.service"
                ),
                Some(ID),
                Some(POD),
            ),
            // cri-o, v1 and v2
            (format!("9:freezer:/kubepods.slice/kubepods-pod{under}.slice/crio-{ID}.scope"), Some(ID), Some(POD)),
            (format!("0::/kubepods/besteffort/pod{POD}/crio-{ID}"), Some(ID), Some(POD)),
            (format!("0::/kubepods.slice/kubepods-pod{under}.slice/crio-{ID}.scope/container"), Some(ID), Some(POD)),
            // cri-o's own manager: in the pod, not in the container
            (format!("0::/kubepods.slice/kubepods-pod{under}.slice/crio-conmon-{ID}.scope"), None, Some(POD)),
            // a static pod's uid has no dashes
            (
                format!(
                    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod9ff2c0a1d7ff6bf7eb7a49c0ed3ee9c2.slice/cri-containerd-{ID}.scope"
                ),
                Some(ID),
                Some("9ff2c0a1d7ff6bf7eb7a49c0ed3ee9c2"),
            ),
            // podman, root and rootless
            (format!("0::/machine.slice/libpod-{ID}.scope/container"), Some(ID), None),
            (
                format!(
                    "0::/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{ID}.slice/libpod-{ID}.scope"
                ),
                Some(ID),
                None,
            ),
            (format!("1:name=systemd:/libpod_parent/libpod-{ID}"), Some(ID), None),
            (format!("0::/machine.slice/libpod-conmon-{ID}.scope"), None, None),
            // nerdctl, plain containerd
            (format!("0::/system.slice/nerdctl-{ID}.scope"), Some(ID), None),
            (format!("0::/default/{ID}"), Some(ID), None),
            // buildkit
            (format!("0::/system.slice/docker.service/buildkit/{ID}"), Some(ID), None),
            // Amazon ECS on EC2 and Fargate
            (format!("9:perf_event:/ecs/task-arn/{ID}"), Some(ID), None),
            (
                "11:cpuset:/ecs/55091c13b8cf4801b527f4601742204c/55091c13b8cf4801b527f4601742204c-432624753".into(),
                Some("55091c13b8cf4801b527f4601742204c-432624753"),
                None,
            ),
            // lxc before and since 4.0, and what watches it
            ("4:memory:/lxc/web1/init.scope".into(), Some("web1"), None),
            ("0::/lxc.payload.web1/system.slice/nginx.service".into(), Some("web1"), None),
            ("0::/lxc.monitor.web1".into(), None, None),
            // no container
            ("0::/user.slice/user-1000.slice/session-2.scope".into(), None, None),
            ("0::/system.slice/ssh.service".into(), None, None),
            ("0::/".into(), None, None),
            ("12:cpuset:/\n0::/init.scope".into(), None, None),
            // not an id: too short, too long, no hexadecimal
            (format!("0::/docker/{}", &ID[1..]), None, None),
            (format!("0::/docker/{ID}0"), None, None),
            (format!("0::/docker/{}", ID.replace('7', "g")), None, None),
            // nonsense
            ("".into(), None, None),
            ("no colons".into(), None, None),
            ("0::".into(), None, None),
            // inside of a cgroup namespace the path is relative to it
            ("0::/../../docker-".to_owned() + ID + ".scope", Some(ID), None),
        ];
        for (lines, container, pod) in table {
            let place = Place::of(&lines);
            assert_eq!((place.container.as_deref(), place.pod.as_deref()), (container, pod), "{lines}");
        }
    }
}
