//! From a file to its probes: which TLS libraries an executable or shared library holds, and where to attach.
//!
//! A TLS runtime is one folder with the files `detect.rs` (is it there, which version) and `probes.rs` (the places),
//! plus one line in [`RUNTIMES`]. Everything here is a pure function of the file.

mod arm64;
mod boringssl;
mod elf;
mod family;
mod foreign;
mod gnutls;
mod go;
mod hook;
mod mark;
mod openssl;
mod recognise;
mod rustls;
mod sidetone;
mod x86;

pub use foreign::names as foreign_names;
pub use hook::Hook;
pub use recognise::{Recognised, Runtime, Unreadable, Unsupported, name_of, recognise};

/// The TLS runtimes. A runtime's place in the table is what bits 8–15 of its cookies say: append, don't reorder.
pub static RUNTIMES: &[Runtime] =
    &[openssl::RUNTIME, boringssl::RUNTIME, gnutls::RUNTIME, go::RUNTIME, rustls::RUNTIME, sidetone::RUNTIME];
