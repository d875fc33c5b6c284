//! Files are attached once, whoever maps them and whatever became of their paths.

use std::fs;
use std::process::Command;
use std::time::Duration;

use sidetone_ebpf_capture::discover::{Notice, WatchOptions};

use crate::faces::{Running, Watching, copy_of, has_events, libssl, only_processes, own_tree, sleeper_with, until};

#[test]
fn a_library_that_is_mapped_already_is_attached_when_watching_starts() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let _process = sleeper_with(&copy);
    let watching = Watching::start(only_processes());
    assert_eq!(watching.kernel.times(&copy), 1);
    let attached = watching.watcher.attached();
    let file = attached.iter().find(|file| file.path == copy).unwrap();
    assert_eq!(file.runtime, "openssl");
    assert!(file.probes > 0 && file.version.as_deref().is_some_and(|version| version.starts_with('3')));
    assert!(!watching.notices().iter().any(|notice| matches!(notice, Notice::Late(_))));
}

#[test]
fn a_library_that_is_mapped_later_is_attached_and_its_process_reported_as_late() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let watching = Watching::start(only_processes());
    assert_eq!(watching.kernel.times(&copy), 0);
    let process = sleeper_with(&copy);
    let notice = watching.wait("late", |notice| matches!(notice, Notice::Late(late) if late.path == copy));
    let Notice::Late(late) = notice else { unreachable!() };
    assert_eq!(late.pid, process.pid());
    assert!(late.delay > Duration::ZERO && late.delay < Duration::from_secs(10), "{:?}", late.delay);
    // Another process finds it attached.
    let _other = sleeper_with(&copy);
    let of_copy = |notice: &&Notice| matches!(notice, Notice::Late(late) if late.path == copy);
    let count = watching.notices().iter().filter(of_copy).count();
    assert_eq!((watching.kernel.times(&copy), count), (1, 1));
}

#[test]
fn a_large_program_that_brings_its_library_is_attached_when_it_starts() {
    let (true, Some(node)) = (has_events(), sidetone_testkit::require::tool("node")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&fs::canonicalize(node).unwrap(), folder.path(), "node");
    let watching = Watching::start(only_processes());
    let process = Running(Command::new(&copy).args(["-e", "setTimeout(() => {}, 100000)"]).spawn().unwrap());
    let notice = watching.wait("late", |notice| matches!(notice, Notice::Late(late) if late.pid == process.pid()));
    let Notice::Late(late) = notice else { unreachable!() };
    assert_eq!(late.path, copy);
    assert_eq!(watching.kernel.times(&copy), 1);
}

#[test]
fn a_library_of_the_host_is_attached_before_anybody_uses_it() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl-of-mine.so");
    let watching = Watching::start(WatchOptions {
        libraries: vec![folder.path().into()],
        filter: own_tree(),
        ..WatchOptions::default()
    });
    assert_eq!((watching.kernel.times(&library), watching.kernel.times(&copy)), (1, 1));
    let process = sleeper_with(&library);
    until("the process is known", || watching.watcher.processes().process(process.pid(), u64::MAX).name.is_some());
    assert!(!watching.notices().iter().any(|notice| matches!(notice, Notice::Late(late) if late.pid == process.pid())));
}

#[test]
fn a_deleted_library_is_attached_where_it_is_still_mapped() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let _process = sleeper_with(&copy);
    fs::remove_file(&copy).unwrap();
    let watching = Watching::start(only_processes());
    assert!(watching.watcher.attached().iter().any(|file| file.path == copy));
}

#[test]
fn a_library_that_was_replaced_is_attached_beside_the_old_one() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let _old = sleeper_with(&copy);
    let watching = Watching::start(only_processes());
    let newer = copy_of(&library, folder.path(), "newer");
    fs::rename(&newer, &copy).unwrap();
    let _new = sleeper_with(&copy);
    until("the new one is attached", || watching.kernel.times(&copy) == 1);
    until("both are listed", || watching.watcher.attached().iter().filter(|file| file.path == copy).count() == 2);
}

#[test]
fn a_file_that_becomes_a_tls_library_in_place_is_found() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libssl.so.3");
    // Some library without TLS first, under the very inode.
    let other = library.with_file_name("libcrypto.so.3");
    fs::copy(&other, &path).unwrap();
    let watching = Watching::start(only_processes());
    drop(sleeper_with(&path));
    assert_eq!(watching.kernel.times(&path), 0);
    fs::write(&path, fs::read(&library).unwrap()).unwrap();
    let _process = sleeper_with(&path);
    until("it is attached", || watching.kernel.times(&path) == 1);
}

#[test]
fn a_library_that_is_written_over_in_place_is_attached_anew() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = copy_of(&library, folder.path(), "libssl.so.3");
    let watching = Watching::start(only_processes());
    drop(sleeper_with(&path));
    until("it is attached", || watching.kernel.times(&path) == 1);
    let asked = watching.kernel.asked(&path);
    // Other content under the very inode, which the probes keep.
    let mut longer = fs::read(&library).unwrap();
    longer.extend([0; 64]);
    fs::write(&path, longer).unwrap();
    let _process = sleeper_with(&path);
    until("it was attached again", || watching.kernel.asked(&path) == asked + 1);
    assert_eq!(watching.kernel.times(&path), 1, "the old probes are gone");
}

#[test]
fn what_nobody_maps_any_more_is_detached() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let watching = Watching::start(WatchOptions { linger: Duration::ZERO, ..only_processes() });
    let process = sleeper_with(&copy);
    until("it is attached", || watching.kernel.times(&copy) == 1);
    drop(process);
    watching.wait("detached", |notice| matches!(notice, Notice::Detached(path) if *path == copy));
    assert_eq!(watching.kernel.times(&copy), 0);
    // And attached again when it is used again.
    let _again = sleeper_with(&copy);
    until("it is attached again", || watching.kernel.times(&copy) == 1);
}

#[test]
fn a_library_in_a_mount_namespace_of_its_own_is_attached() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let mount = format!(
        "mount -t tmpfs none /mnt && cp {copy} /mnt/libssl.so.3 && rm {copy} && LD_PRELOAD=/mnt/libssl.so.3 exec sleep 1000",
        copy = copy.display()
    );
    let unshare = ["--mount", "--propagation", "private", "sh", "-c", &mount];
    let watching = Watching::start(only_processes());
    let process = Running(Command::new("unshare").args(unshare).spawn().unwrap());
    let notice = watching.wait("late", |notice| matches!(notice, Notice::Late(late) if late.pid == process.pid()));
    let Notice::Late(late) = notice else { unreachable!() };
    assert_eq!(late.path.to_str(), Some("/mnt/libssl.so.3"));
    assert!(!std::path::Path::new("/mnt/libssl.so.3").exists());
    // A watcher that starts later finds it too.
    let later = Watching::start(only_processes());
    assert!(later.watcher.attached().iter().any(|file| file.path.to_str() == Some("/mnt/libssl.so.3")));
}

#[test]
fn layers_of_overlayfs_share_one_attachment() {
    let (true, Some(library)) = (has_events(), libssl()) else { return };
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = folder.path().display();
    fs::create_dir(folder.path().join("lower")).unwrap();
    copy_of(&library, &folder.path().join("lower"), "libssl-layered.so.3");
    let container = |number: u32| {
        let script = format!(
            "mkdir -p {at}/up{number} {at}/work{number} && mount -t overlay overlay -o lowerdir={at}/lower,upperdir={at}/up{number},workdir={at}/work{number} /mnt && LD_PRELOAD=/mnt/libssl-layered.so.3 exec sleep 1000"
        );
        Running(
            Command::new("unshare").args(["--mount", "--propagation", "private", "sh", "-c", &script]).spawn().unwrap(),
        )
    };
    let times = |watching: &Watching| {
        let attached = watching.watcher.attached();
        attached.iter().filter(|file| file.path.to_str() == Some("/mnt/libssl-layered.so.3")).count()
    };
    let watching = Watching::start(only_processes());
    let first = container(1);
    watching.wait("late", |notice| matches!(notice, Notice::Late(late) if late.pid == first.pid()));
    let second = container(2);
    let maps = format!("/proc/{}/maps", second.pid());
    until("the second has it mapped", || {
        fs::read_to_string(&maps).is_ok_and(|maps| maps.contains("/mnt/libssl-layered.so.3"))
    });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(times(&watching), 1, "{:?}", watching.notices());
    // By looking, too.
    let later = Watching::start(only_processes());
    assert_eq!(times(&later), 1);
}
