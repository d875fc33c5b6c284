//! Host-wide capture: the LLM calls of every process on a Linux host, in any language, with no change to its code.
//!
//! Probes of the kernel (uprobes) on the functions by which TLS libraries are read from and written to hand over what goes
//! through them. A [`Capture`] makes of that the same [`Call`](sidetone_core::event::Call)s that in-process observation
//! makes, and gives them to the same [`Sink`](sidetone_pipeline::Sink)s.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use sidetone_ebpf_capture::{Capture, Options};
//! use sidetone_pipeline::{Finished, Sink};
//!
//! struct Print;
//!
//! impl Sink for Print {
//!     fn name(&self) -> &'static str {
//!         "print"
//!     }
//!
//!     fn call(&mut self, finished: &mut Finished) {
//!         let call = &finished.call;
//!         let pid = call.process.as_ref().and_then(|process| process.pid);
//!         println!("{pid:?} {:?} {:?}", call.request.model, call.usage);
//!     }
//! }
//!
//! let capture = Capture::start(Options::default(), vec![Box::new(Print)], Arc::default())?;
//! std::thread::sleep(Duration::from_secs(60));
//! let report = capture.stop(Duration::from_secs(5));
//! println!("{} calls, bytes lost of {} connections", report.calls, report.lost.len());
//! # Ok::<(), sidetone_ebpf_capture::CaptureError>(())
//! ```
//!
//! # The way of a byte
//! ```text
//!  kernel: programs of bpf/ ── ring ──→ thread "sidetone-drain" ── batches ──→ thread "sidetone-calls" ──→ sinks
//!                                                                                  ↑ who is who
//!  perf side-band events ──→ threads "sidetone-events", "sidetone-watch": which file is a TLS library → probes
//! ```
//! Bytes are held until they are parsed, never logged, never written anywhere. Every byte that went by and could not be had is
//! known by its connection ([`LostBytes`], [`Passed`]) and by its cause ([`Reason`](sidetone_pipeline::Reason)); a call that
//! misses some says so itself.
//!
//! # What it doesn't see
//! What goes through no TLS library that it knows: plain HTTP (local model servers, mostly), QUIC, TLS in the kernel, and TLS
//! inside of the Java virtual machine. [`Report::unrecognised`] names the processes of which that is known; in-process
//! observation sees the calls of the first three.
//!
//! # What it needs
//! Root, or CAP_BPF and CAP_PERFMON on a kernel from 6.6 on. [`CaptureError`] says in plain words what is missing.

#[cfg(target_os = "linux")]
mod assemble;
mod capture;
#[cfg(target_os = "linux")]
pub mod discover;
#[cfg(target_os = "linux")]
pub mod doctor;
#[cfg(target_os = "linux")]
pub mod kernel;
mod listen;
mod options;
pub mod probe;
mod report;
#[cfg(target_os = "linux")]
mod running;
#[cfg(unix)]
pub mod runtime;

pub use capture::{Capture, CaptureError};
pub use listen::{Listeners, Origin, Passed};
pub use options::{BadHostRule, Filter, HostRule, Options};
pub use report::{AttachedFile, LateAttach, LostBytes, Report, Unrecognised};
