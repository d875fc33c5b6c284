//! Attaching programs to files: uprobe sessions, uprobe-multi links, or one perf event a probe.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{AttachError, LoadError};
use super::object::Object;
use super::sys;
use crate::probe::{Probe, Program};

/// How probes are attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// uprobe sessions (Linux 6.13): one program for both ends of a call.
    Session,
    /// uprobe-multi links (Linux 6.6).
    Multi,
    /// A perf event for each probe: needs `CAP_SYS_ADMIN` on most kernels.
    Perf,
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Session => "uprobe sessions",
            Self::Multi => "uprobe-multi links",
            Self::Perf => "perf events",
        })
    }
}

/// The probes of one file; dropping it removes them.
#[derive(Debug, Default)]
pub struct Attachment {
    links: Vec<OwnedFd>,
    _events: Vec<OwnedFd>,
}

impl Attachment {
    /// How many links the kernel holds for it.
    #[must_use]
    pub fn links(&self) -> usize {
        self.links.len()
    }
}

const SESSION: &str = "call_session";
const EXEC: &str = "process_exec";

/// Every program of the object.
pub(super) const PROGRAM_NAMES: &[&str] = &[
    "call_entry",
    "call_return",
    "call_exit",
    SESSION,
    "rust_entry",
    "rust_return",
    "rust_free",
    "go_entry",
    "go_exit",
    "go_open",
    "go_close",
    "conn_free",
    "conn_keep",
    "conn_open",
    "conn_control",
    "conn_name",
    "gnu_name",
    "conn_fd",
    "announce",
    EXEC,
];

fn name_of(program: Program) -> &'static str {
    match program {
        Program::Entry => "call_entry",
        Program::Return => "call_return",
        Program::Exit => "call_exit",
        Program::GoEntry => "go_entry",
        Program::GoExit => "go_exit",
        Program::GoOpen => "go_open",
        Program::GoClose => "go_close",
        Program::RustEntry => "rust_entry",
        Program::RustReturn => "rust_return",
        Program::RustFree => "rust_free",
        Program::Free => "conn_free",
        Program::Keep => "conn_keep",
        Program::Open => "conn_open",
        Program::Control => "conn_control",
        Program::Name => "conn_name",
        Program::GnuName => "gnu_name",
        Program::SetFd => "conn_fd",
        Program::Announce => "announce",
    }
}

/// What a kind of program load the kernel must be told.
fn attach_type(route: Route) -> u32 {
    match route {
        Route::Session => sys::BPF_TRACE_UPROBE_SESSION,
        Route::Multi => sys::BPF_TRACE_UPROBE_MULTI,
        Route::Perf => 0,
    }
}

/// The programs, loaded when they are first attached.
pub(super) struct Programs {
    object: Object,
    maps: HashMap<String, OwnedFd>,
    loaded: Mutex<HashMap<(&'static str, u32), Arc<OwnedFd>>>,
    route: Route,
}

impl Programs {
    /// Takes the best route the kernel has, or the one that is asked for.
    pub(super) fn new(object: Object, maps: HashMap<String, OwnedFd>, route: Option<Route>) -> Result<Self, LoadError> {
        let mut programs = Self { object, maps, loaded: Mutex::default(), route: Route::Perf };
        let routes = route.map_or(vec![Route::Session, Route::Multi, Route::Perf], |route| vec![route]);
        let mut last = None;
        for route in routes {
            programs.route = route;
            match programs.load_pair(route) {
                Ok(true) => return Ok(programs),
                Ok(false) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(LoadError::NoRoute { route: programs.route }))
    }

    /// Loads the programs of ordinary calls and says whether the kernel attaches that kind.
    fn load_pair(&self, route: Route) -> Result<bool, LoadError> {
        match route {
            Route::Session => {
                let program = self.load(SESSION, sys::BPF_TRACE_UPROBE_SESSION)?;
                Ok(is_multi_known(program.as_fd(), sys::BPF_TRACE_UPROBE_SESSION))
            }
            Route::Multi | Route::Perf => {
                let program = self.load("call_entry", attach_type(route))?;
                self.load("call_return", attach_type(route))?;
                Ok(route == Route::Perf || is_multi_known(program.as_fd(), sys::BPF_TRACE_UPROBE_MULTI))
            }
        }
    }

    pub(super) fn route(&self) -> Route {
        self.route
    }

    pub(super) fn map(&self, name: &str) -> Result<BorrowedFd<'_>, LoadError> {
        self.maps.get(name).map(|fd| fd.as_fd()).ok_or_else(|| LoadError::bad_object("a map is missing"))
    }

    fn load(&self, name: &'static str, attach_type: u32) -> Result<Arc<OwnedFd>, LoadError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = loaded.get(&(name, attach_type)) {
            return Ok(Arc::clone(program));
        }
        let code = self.object.programs.get(name).ok_or_else(|| LoadError::bad_object("a program is missing"))?;
        let code = code.linked(|map| self.maps.get(map).map(std::os::fd::AsRawFd::as_raw_fd))?;
        let kind = if name == EXEC { sys::PROGRAM_RAW_TRACEPOINT } else { sys::PROGRAM_KPROBE };
        let program = sys::program_load(kind, &code, attach_type, name, None)
            .map_err(|error| LoadError::of_program(name, error, || verifier_says(kind, &code, attach_type, name)))?;
        let program = Arc::new(program);
        loaded.insert((name, attach_type), Arc::clone(&program));
        Ok(program)
    }

    /// How many instructions the verifier walks for a program (its limit is a million).
    pub(super) fn verified_instructions(&self, name: &'static str) -> Result<u64, LoadError> {
        let code = self.object.programs.get(name).ok_or_else(|| LoadError::bad_object("a program is missing"))?;
        let code = code.linked(|map| self.maps.get(map).map(std::os::fd::AsRawFd::as_raw_fd))?;
        let (kind, attach_type) = match name {
            EXEC => (sys::PROGRAM_RAW_TRACEPOINT, 0),
            SESSION => (sys::PROGRAM_KPROBE, sys::BPF_TRACE_UPROBE_SESSION),
            _ if self.route == Route::Perf => (sys::PROGRAM_KPROBE, 0),
            _ => (sys::PROGRAM_KPROBE, sys::BPF_TRACE_UPROBE_MULTI),
        };
        let mut log = vec![0; 4096];
        sys::program_load(kind, &code, attach_type, name, Some((sys::LOG_STATISTICS, &mut log)))
            .map_err(|error| LoadError::of_program(name, error, String::new))?;
        let log = String::from_utf8_lossy(&log);
        let words = log.split("processed ").nth(1).and_then(|rest| rest.split(' ').next());
        words.and_then(|number| number.parse().ok()).ok_or_else(|| LoadError::bad_object("the verifier said nothing"))
    }

    /// The program that hears of execs, attached.
    pub(super) fn attach_exec(&self) -> Result<OwnedFd, LoadError> {
        let program = self.load(EXEC, 0)?;
        sys::raw_tracepoint_open(c"sched_process_exec", program.as_fd())
            .map_err(|error| LoadError::of_program(EXEC, error, String::new))
    }

    /// Attaches all probes of a file, or none.
    pub(super) fn attach(&self, path: &Path, probes: &[Probe]) -> Result<Attachment, AttachError> {
        let file = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| AttachError::of_path(path, self.route, io::ErrorKind::InvalidInput.into()))?;
        match self.route {
            Route::Perf => self.attach_perf(path, &file, probes),
            Route::Session | Route::Multi => self.attach_multi(path, &file, probes),
        }
    }

    fn attach_multi(&self, path: &Path, file: &CStr, probes: &[Probe]) -> Result<Attachment, AttachError> {
        let mut groups: BTreeMap<Group, Vec<(u64, u64)>> = BTreeMap::new();
        for probe in probes {
            let place = (probe.offset, probe.cookie.0);
            let group = if self.route == Route::Session && is_half_of_session(probe, probes) {
                (SESSION, sys::BPF_TRACE_UPROBE_SESSION, false)
            } else {
                (name_of(probe.program), sys::BPF_TRACE_UPROBE_MULTI, probe.program.is_return())
            };
            let places = groups.entry(group).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let mut attachment = Attachment::default();
        for ((name, attach_type, is_return), places) in groups {
            let program = self.load(name, attach_type)?;
            let (offsets, cookies): (Vec<u64>, Vec<u64>) = places.into_iter().unzip();
            let link = sys::uprobe_multi_link(program.as_fd(), attach_type, file, &offsets, &cookies, is_return)
                .map_err(|error| AttachError::of_path(path, self.route, error))?;
            attachment.links.push(link);
        }
        Ok(attachment)
    }

    /// Attaches a pair of probes that do nothing, at entry and return of each function.
    pub(super) fn attach_empty(&self, path: &Path, offsets: &[u64]) -> Result<Attachment, AttachError> {
        /// `r0 = 0; exit`
        const EMPTY: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
        let refused = |error| AttachError::of_path(path, self.route, error);
        let file =
            CString::new(path.as_os_str().as_bytes()).map_err(|_| refused(io::ErrorKind::InvalidInput.into()))?;
        let kind = attach_type(self.route);
        let program = sys::program_load(sys::PROGRAM_KPROBE, &EMPTY, kind, "empty", None).map_err(refused)?;
        let cookies = vec![0; offsets.len()];
        let multi = |is_return| sys::uprobe_multi_link(program.as_fd(), kind, &file, offsets, &cookies, is_return);
        let mut attachment = Attachment::default();
        match self.route {
            Route::Session => attachment.links.push(multi(false).map_err(refused)?),
            Route::Multi => {
                for is_return in [false, true] {
                    attachment.links.push(multi(is_return).map_err(refused)?);
                }
            }
            Route::Perf => {
                let pmu = Pmu::read().map_err(|_| AttachError::NoPerfUprobes)?;
                for (offset, return_bit) in
                    offsets.iter().flat_map(|&offset| [(offset, None), (offset, Some(pmu.return_bit))])
                {
                    let event = sys::perf_uprobe(pmu.kind, return_bit, &file, offset).map_err(refused)?;
                    attachment.links.push(sys::perf_link(program.as_fd(), event.as_fd(), 0).map_err(refused)?);
                    attachment._events.push(event);
                }
            }
        }
        Ok(attachment)
    }

    fn attach_perf(&self, path: &Path, file: &CStr, probes: &[Probe]) -> Result<Attachment, AttachError> {
        let pmu = Pmu::read().map_err(|_| AttachError::NoPerfUprobes)?;
        let mut attachment = Attachment::default();
        for probe in probes {
            let program = self.load(name_of(probe.program), 0)?;
            let return_bit = probe.program.is_return().then_some(pmu.return_bit);
            let event = sys::perf_uprobe(pmu.kind, return_bit, file, probe.offset)
                .map_err(|error| AttachError::of_path(path, self.route, error))?;
            let link = sys::perf_link(program.as_fd(), event.as_fd(), probe.cookie.0)
                .map_err(|error| AttachError::of_path(path, self.route, error))?;
            attachment.links.push(link);
            attachment._events.push(event);
        }
        Ok(attachment)
    }
}

/// Probes that one link holds: the program's name, its attach type, and whether they are at returns.
type Group = (&'static str, u32, bool);

/// Whether entry and return of the same call are both among the probes, at the same place.
fn is_half_of_session(probe: &Probe, probes: &[Probe]) -> bool {
    let other = match probe.program {
        Program::Entry => Program::Return,
        Program::Return => Program::Entry,
        _ => return false,
    };
    probes.iter().any(|p| p.program == other && p.offset == probe.offset && p.cookie == probe.cookie)
}

/// Asks for a link to something that is no file: a kernel that knows such links says so, others don't know the type.
fn is_multi_known(program: BorrowedFd<'_>, attach_type: u32) -> bool {
    let result = sys::uprobe_multi_link(program, attach_type, c"/", &[0], &[0], false);
    result.is_err_and(|error| error.raw_os_error() == Some(libc::EBADF))
}

/// The PMU of uprobes.
struct Pmu {
    kind: u32,
    return_bit: u32,
}

impl Pmu {
    fn read() -> io::Result<Self> {
        let folder = Path::new("/sys/bus/event_source/devices/uprobe");
        let kind = fs::read_to_string(folder.join("type"))?.trim().parse().map_err(io::Error::other)?;
        let format = fs::read_to_string(folder.join("format/retprobe")).unwrap_or_default();
        let return_bit = format.trim().strip_prefix("config:").and_then(|bit| bit.parse().ok()).unwrap_or(0);
        Ok(Self { kind, return_bit })
    }
}

/// The end of what the verifier says about a program that it refuses.
fn verifier_says(kind: u32, code: &[u8], attach_type: u32, name: &str) -> String {
    const LOG_BYTES: usize = 1 << 20;
    const SHOWN_BYTES: usize = 600;
    let mut log = vec![0; LOG_BYTES];
    let _ = sys::program_load(kind, code, attach_type, name, Some((sys::LOG_ALL, &mut log)));
    let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
    String::from_utf8_lossy(&log[end.saturating_sub(SHOWN_BYTES)..end]).into_owned()
}
