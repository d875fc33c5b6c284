//! As an ordinary user with CAP_BPF and CAP_PERFMON and nothing else.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use sidetone_ebpf_capture::discover::{Notice, WatchOptions, Watcher, now};
use sidetone_ebpf_capture::doctor::{self, State};
use sidetone_ebpf_capture::kernel::{Kernel, LoadOptions};
use sidetone_testkit::require;

use crate::faces::{copy_of, libssl, loads_programs, sleeper_with};

/// Says that this program is to watch as somebody else: what to look for.
const WATCHER: &str = "SIDETONE_TEST_ORDINARY";

/// Linux 6.15: before it, `maps` needs more.
fn lets_perfmon_read_maps() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap(), numbers.next().unwrap());
    require::or_skip("Linux 6.15 (maps by CAP_PERFMON)", version >= (6, 15))
}

#[test]
fn processes_of_root_are_found_before_and_after_with_two_capabilities() {
    let (Some(setpriv), Some(library)) = (require::tool("setpriv"), libssl()) else { return };
    if !loads_programs() || !lets_perfmon_read_maps() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = copy_of(&library, folder.path(), "libssl-before.so.3");
    let after = copy_of(&library, folder.path(), "libssl-after.so.3");
    let program = copy_of(&std::env::current_exe().unwrap(), folder.path(), "watcher");
    let first = sleeper_with(&before);

    let mut watcher = Command::new(setpriv)
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+bpf,+perfmon"])
        .args(["--ambient-caps", "-all,+bpf,+perfmon", "--bounding-set", "-all,+bpf,+perfmon", "--"])
        .arg(program)
        .args(["ordinary::watches_as_somebody_else", "--exact", "--nocapture"])
        .env(WATCHER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = watcher.stdin.take().unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    let mut next = |start: &str| {
        lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once(start)?.1.to_owned()))
            .unwrap_or_else(|| panic!("no line with {start}"))
    };
    let _ending = crate::faces::Running(watcher);
    writeln!(stdin, "{}", first.pid()).unwrap();
    let told = next("BEFORE ");
    assert_eq!(told, format!("{} true /usr/bin/sleep", before.display()), "attached, exe by its mappings");
    let second = sleeper_with(&after);
    assert_eq!(next("AFTER "), format!("{} {}", second.pid(), after.display()));
    let partial = next("PARTIAL ");
    for what in ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "/proc/PID/root", "/proc/PID/fd"] {
        assert!(partial.contains(what), "{what} in {partial}");
    }
    assert_eq!(next("MISSING "), "[]");
}

/// Not a test by itself: what the test above starts as another user.
#[test]
fn watches_as_somebody_else() {
    let Some(folder) = std::env::var_os(WATCHER) else { return };
    let folder = Path::new(&folder);
    let mut first = String::new();
    std::io::stdin().read_line(&mut first).unwrap();
    let first: u32 = first.trim().parse().unwrap();
    let (kernel, _drain) = Kernel::load(&LoadOptions { ring_bytes: 1 << 20, ..LoadOptions::default() }).unwrap();
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let options = WatchOptions { scan_host: false, ..WatchOptions::default() };
    let watcher = Watcher::start(Arc::new(kernel), options, move |notice| {
        if let Notice::Late(late) = notice {
            let _ = tell.lock().unwrap().send(late);
        }
    })
    .unwrap();
    let before: PathBuf = folder.join("libssl-before.so.3");
    let is_attached = watcher.attached().iter().any(|file| file.path == before);
    let exe = watcher.processes().process(first, now()).executable.clone().unwrap_or_default();
    println!("BEFORE {} {is_attached} {exe}", before.display());
    let after = folder.join("libssl-after.so.3");
    let late = told.iter().find(|late| late.path == after).unwrap();
    println!("AFTER {} {}", late.pid, late.path.display());
    let checks = doctor::checks();
    let of =
        |state: State| checks.iter().filter(|check| check.state == state).map(|check| check.name).collect::<Vec<_>>();
    println!("PARTIAL {:?}", of(State::Partial));
    println!("MISSING {:?}", of(State::Missing));
}
