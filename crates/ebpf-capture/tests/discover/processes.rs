//! Starts, execs and exits are told, each once, and who had a process id when is known.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sidetone_ebpf_capture::Filter;
use sidetone_ebpf_capture::discover::{Notice, WatchOptions, now};

use crate::faces::{Running, Watching, copy_of, has_events, libssl, only_processes, sleeper_with, until};

#[test]
fn every_start_exec_and_exit_of_a_storm_is_told_or_counted_as_lost() {
    const PROCESSES: usize = 400;
    if !has_events() {
        return;
    }
    let watching = Watching::start(only_processes());
    let mut pids = HashMap::new();
    for _ in 0..PROCESSES / 8 {
        let children: Vec<_> = (0..8).map(|_| Command::new("true").spawn().unwrap()).collect();
        for mut child in children {
            *pids.entry(child.id()).or_insert(0_usize) += 1;
            child.wait().unwrap();
        }
    }
    let last = Command::new("true").spawn().unwrap();
    let end = last.id();
    drop(last.wait_with_output());
    watching.wait("the last exit", |notice| matches!(notice, Notice::Exited { pid, .. } if *pid == end));
    assert_eq!(watching.watcher.counts().lost_records, 0, "the rings are far larger than this storm");
    let own = std::process::id();
    let notices = watching.notices();
    for (pid, times) in &pids {
        let of = |wanted: fn(&Notice) -> Option<(u32, u64)>| {
            notices.iter().filter_map(wanted).filter(|(of, _)| of == pid).map(|(_, at)| at).collect::<Vec<_>>()
        };
        let started = of(|notice| match notice {
            Notice::Started { pid, at, .. } => Some((*pid, *at)),
            _ => None,
        });
        let executed = of(|notice| match notice {
            Notice::Executed { pid, comm, at } if comm.as_ref() == "true" => Some((*pid, *at)),
            _ => None,
        });
        let exited = of(|notice| match notice {
            Notice::Exited { pid, at } => Some((*pid, *at)),
            _ => None,
        });
        assert_eq!((started.len(), executed.len(), exited.len()), (*times, *times, *times), "of {pid}");
        assert!(started[0] < executed[0] && executed[0] < exited[0]);
    }
    let parents = notices.iter().filter(|notice| matches!(notice, Notice::Started { parent, .. } if *parent == own));
    assert!(parents.count() >= PROCESSES);
}

#[test]
fn an_exec_makes_another_program_of_a_process_and_its_past_is_remembered() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let watching = Watching::start(only_processes());
    let mut child =
        Command::new("sh").args(["-c", "sleep 0.2; exec sleep 0.3"]).env("LD_PRELOAD", &library).spawn().unwrap();
    let pid = child.id();
    let is = |wanted: &'static str| move |notice: &Notice| matches!(notice, Notice::Executed { pid: of, comm, .. } if *of == pid && comm.as_ref() == wanted);
    let Notice::Executed { at: shell, .. } = watching.wait("sh", is("sh")) else { unreachable!() };
    let Notice::Executed { at: sleep, .. } = watching.wait("sleep", is("sleep")) else { unreachable!() };
    child.wait().unwrap();
    watching.wait("exit", |notice| matches!(notice, Notice::Exited { pid: of, .. } if *of == pid));
    let processes = watching.watcher.processes();
    let name = |at: u64| processes.process(pid, at).name.as_deref().map(str::to_owned);
    assert_eq!(name(shell + 1).as_deref(), Some("sh"));
    assert_eq!(name(sleep + 1).as_deref(), Some("sleep"));
    let facts = processes.process(pid, now());
    assert_eq!(facts.parent_pid, Some(std::process::id()));
    assert!(
        facts.executable.as_deref().is_some_and(|exe| exe.ends_with("/sleep") || exe.ends_with("/coreutils")),
        "{facts:?}"
    );
}

#[test]
fn a_process_goes_on_when_only_its_first_thread_has_ended() {
    let (true, Some(python)) = (has_events(), sidetone_testkit::require::tool("python3")) else { return };
    let script = "import ctypes, sys, threading, time\n\
        def go_on():\n    time.sleep(0.7)\n    print('still', flush=True)\n    sys.stdin.readline()\n\
        threading.Thread(target=go_on).start()\nctypes.CDLL(None).pthread_exit(None)";
    let watching = Watching::start(only_processes());
    let mut child =
        Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "still");
    let has_exited = |notice: &Notice| matches!(notice, Notice::Exited { pid: of, .. } if *of == pid);
    assert!(!watching.notices().iter().any(has_exited));
    drop(child.stdin.take());
    child.wait().unwrap();
    watching.wait("exit", has_exited);
    assert_eq!(watching.notices().iter().filter(|notice| has_exited(notice)).count(), 1);
}

#[test]
fn what_was_lost_is_counted_and_made_up_for_by_looking_again() {
    const PROCESSES: usize = 3000;
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    // The one who is told doesn't listen: events pile up until the kernel has no room for more.
    let deaf = Arc::new(Mutex::new(()));
    let listening = Arc::clone(&deaf);
    let watching = Watching::start_with(only_processes(), move |_| drop(listening.lock().unwrap()));
    let before = Running(Command::new("sleep").arg("1000").spawn().unwrap());
    watching.wait("its exec", |notice| matches!(notice, Notice::Executed { pid, .. } if *pid == before.pid()));
    let silence = deaf.lock().unwrap();
    for _ in 0..PROCESSES {
        Command::new("true").status().unwrap();
    }
    let before_pid = before.pid();
    drop(before);
    let during = sleeper_with(&copy);
    drop(silence);
    watching.wait("looking again", |notice| matches!(notice, Notice::Rescanned { lost } if *lost > 0));
    assert!(watching.watcher.counts().lost_records > 0 && watching.watcher.counts().rescans > 0);
    until("the library is attached", || watching.kernel.times(&copy) == 1);
    let count = |wanted: &dyn Fn(&Notice) -> bool| watching.notices().iter().filter(|notice| wanted(notice)).count();
    until("the exit is told", || {
        count(&|notice| matches!(notice, Notice::Exited { pid, .. } if *pid == before_pid)) == 1
    });
    until("it is reported as late", || {
        count(&|notice| matches!(notice, Notice::Late(late) if late.pid == during.pid())) == 1
    });
    assert_eq!(count(&|notice| matches!(notice, Notice::Started { pid, .. } if *pid == during.pid())), 1);
}

#[test]
fn who_is_not_wanted_is_ignored_and_their_files_are_left_alone() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (wanted, other) =
        (copy_of(&library, folder.path(), "libssl-a.so.3"), copy_of(&library, folder.path(), "libssl-b.so.3"));
    let filter = Filter { names: vec!["sidetone-wanted".into()], ..Filter::default() };
    let watching = Watching::start(WatchOptions { filter, scan_host: false, ..WatchOptions::default() });
    let program = folder.path().join("sidetone-wanted");
    fs::copy("/bin/sleep", &program).unwrap();
    let unwanted = sleeper_with(&other);
    let _process = Running(Command::new(&program).arg("1000").env("LD_PRELOAD", &wanted).spawn().unwrap());
    until("the wanted one's library is attached", || watching.kernel.times(&wanted) == 1);
    assert_eq!(watching.kernel.times(&other), 0);
    // One that maps an attached library all the same is ignored.
    let sharing = sleeper_with(&wanted);
    until("it is ignored", || watching.kernel.verdicts.lock().unwrap().contains(&("ignore", sharing.pid())));
    let processes = watching.watcher.processes();
    assert!(!processes.admits(sharing.pid(), now()) && !processes.admits(unwanted.pid(), now()));
    // Added, it is watched, and what it has mapped is attached.
    watching.watcher.add_process(unwanted.pid());
    watching.watcher.add_process(sharing.pid());
    assert_eq!(watching.kernel.times(&other), 1);
    assert!(watching.kernel.verdicts.lock().unwrap().contains(&("watch", sharing.pid())));
    let pid = sharing.pid();
    drop(sharing);
    until("it is forgotten", || watching.kernel.verdicts.lock().unwrap().contains(&("forget", pid)));
}

#[test]
fn a_process_without_a_known_library_that_talks_to_port_443_is_reported() {
    let (true, Some(python)) = (has_events(), sidetone_testkit::require::tool("python3")) else { return };
    // An address of this test's own, so that the port is free.
    let listener = TcpListener::bind("127.83.4.1:443");
    let Some(_listener) = sidetone_testkit::require::some("port 443 (run as root)", listener.ok()) else { return };
    let watching = Watching::start(only_processes());
    let script = "import socket, time\ns = socket.create_connection(('127.83.4.1', 443))\ntime.sleep(1000)";
    let process = Running(Command::new(python).args(["-c", script]).spawn().unwrap());
    let is_told = |notice: &Notice| matches!(notice, Notice::Unrecognised(told) if told.pid == process.pid());
    let Notice::Unrecognised(told) = watching.wait("unrecognised", is_told) else { unreachable!() };
    assert!(told.why.contains("443") && told.exe.is_some_and(|exe| exe.to_string_lossy().contains("python")));
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(watching.notices().iter().filter(|notice| is_told(notice)).count(), 1, "once");
}

#[test]
fn a_java_virtual_machine_is_reported_as_out_of_reach() {
    let (true, Some(java)) = (has_events(), sidetone_testkit::require::tool("java")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Sleep.java");
    fs::write(&source, "class Sleep { public static void main(String[] a) throws Exception { Thread.sleep(60000); } }")
        .unwrap();
    let watching = Watching::start(only_processes());
    let process = Running(Command::new(java).arg(source).spawn().unwrap());
    let is_told = |notice: &Notice| matches!(notice, Notice::Unrecognised(told) if told.pid == process.pid());
    let Notice::Unrecognised(told) = watching.wait("unrecognised", is_told) else { unreachable!() };
    assert!(told.why.contains("Java agent"), "{}", told.why);
}

#[test]
fn a_process_that_moves_into_a_wanted_control_group_is_let_in() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let name = format!("sidetone-test-{}", std::process::id());
    let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"];
    let made = roots.iter().map(|root| Path::new(root).join(&name)).find(|group| {
        fs::create_dir(group).is_ok() && {
            let is_group = group.join("cgroup.procs").exists();
            if !is_group {
                let _ = fs::remove_dir(group);
            }
            is_group
        }
    });
    let Some(group) = sidetone_testkit::require::some("a control group of its own (run as root)", made) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let filter = Filter { cgroups: vec![group.clone()], ..Filter::default() };
    let watching = Watching::start(WatchOptions { filter, scan_host: false, ..WatchOptions::default() });
    let process = sleeper_with(&copy);
    let processes = watching.watcher.processes();
    assert!(!processes.admits(process.pid(), now()));
    assert_eq!(watching.kernel.times(&copy), 0);
    fs::write(group.join("cgroup.procs"), process.pid().to_string()).unwrap();
    until("it is attached", || watching.kernel.times(&copy) == 1);
    assert!(processes.admits(process.pid(), now()));
    drop(process);
    until("the group can be removed", || fs::remove_dir(&group).is_ok());
}
