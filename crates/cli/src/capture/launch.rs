//! The stopped child that becomes the command of `sidetone run`: this very program, started again.
//!
//! It stops itself until its parent has attached the probes, gives up what it has of our privileges, and then executes the
//! command, whose process it is from its start on. So no code has to run between a fork and an exec.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode};

use rustix::process::{self, Gid, Pid, Signal, Uid};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::caller::Caller;
use super::program::NoProgram;
use crate::args::Launch;
use crate::exit;

/// When the command can't be started because of us.
pub(super) const NOT_STARTED: u8 = 125;

/// Starts the child. It stops before it does anything.
pub(super) fn start(command: &[OsString], caller: Option<&Caller>) -> std::io::Result<Child> {
    let mut own = Command::new(std::env::current_exe()?);
    own.arg("launch").arg("--parent").arg(std::process::id().to_string());
    if let Some(caller) = caller {
        let groups: Vec<_> = caller.groups.iter().map(ToString::to_string).collect();
        own.args(["--uid", &caller.uid.to_string(), "--gid", &caller.gid.to_string(), "--groups", &groups.join(",")]);
        own.envs(caller.variables());
    }
    own.arg("--").args(command).spawn()
}

/// Is the child.
pub(crate) fn run(args: &Launch) -> ExitCode {
    if let Err(error) = prepare(args) {
        exit::tell(&format!("the command can't be started as who called us: {error}. Try --as-root"));
        return ExitCode::from(NOT_STARTED);
    }
    let Some((program, rest)) = args.command.split_first() else { return ExitCode::from(NOT_STARTED) };
    let error = Command::new(program).args(rest).exec();
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => NoProgram::NotFound,
        _ => NoProgram::NotExecutable,
    };
    exit::tell(&why.told(program));
    ExitCode::from(why.code())
}

fn prepare(args: &Launch) -> rustix::io::Result<()> {
    // If the parent is killed meanwhile, nobody would ever wake us.
    process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if process::getppid().and_then(|parent| u32::try_from(parent.as_raw_nonzero().get()).ok()) != Some(args.parent) {
        return Err(rustix::io::Errno::SRCH);
    }
    process::kill_process(process::getpid(), Signal::STOP)?;
    process::set_parent_process_death_signal(None)?;
    if let (Some(uid), Some(gid)) = (args.uid, args.gid) {
        let groups: Vec<_> = args.groups.iter().copied().map(Gid::from_raw).collect();
        thread::set_thread_groups(&groups)?;
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        thread::set_thread_res_gid(gid, gid, gid)?;
        thread::set_thread_res_uid(uid, uid, uid)?;
    }
    if !process::geteuid().is_root() {
        // Capabilities that this program was given are not for the command. Root's own come with being root.
        let none = CapabilitySet::empty();
        thread::clear_ambient_capability_set()?;
        thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    }
    Ok(())
}

/// The id of a child.
pub(super) fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
