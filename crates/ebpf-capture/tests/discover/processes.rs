//! Starts, execs and exits are told, each once, and who had a process id when is known.

use std::collections::HashMap;
use std::process::Command;

use sidetone_ebpf_capture::discover::{Notice, now};

use crate::faces::{Watching, has_events, only_processes};

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
    let (true, Some(library)) = (has_events(), crate::faces::libssl()) else { return };
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
