//! The process that this is, asked for once.

use sidetone_core::event::Process;

/// What this process is called.
pub(crate) fn own() -> Process {
    let executable = std::env::current_exe().ok();
    Process {
        pid: Some(std::process::id()),
        name: std::fs::read_to_string("/proc/self/comm").ok().map(|name| name.trim_end().into()),
        executable: executable.and_then(|path| path.to_str().map(Into::into)),
        is_own: true,
        ..Process::default()
    }
}
