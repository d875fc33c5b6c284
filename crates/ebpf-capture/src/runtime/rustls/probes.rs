//! Where rustls is hooked: at the two methods of its `CommonState` that every byte of an application goes through once.
//!
//! `Reader` and `Writer`, the public ways, are temporaries whose address says nothing of the connection, and are used
//! differently by each crate on top (`read`, `into_first_chunk` and `consume`, `write_vectored`). Behind all of them,
//! since rustls 0.20:
//!
//! - `take_received_plaintext(&mut self, Payload)`: a decrypted record arrives;
//! - `send_some_plaintext(&mut self, &[u8]) -> usize` up to 0.22, `buffer_plaintext(&mut self, OutboundChunks, …) -> usize`
//!   in 0.23: bytes are taken from the application. Where link-time optimisation inlined that, `send_appdata_encrypt`,
//!   which it calls with the same arguments.
//!
//! None is generic, so each is there once under its own name, and the connection's state is the first argument of all.
//! Its destructor, of which there may be several copies, is the end of the connection.

use super::super::elf::{Image, Symbol, Symbols};
use super::super::family::both_ends;
use super::super::hook::{self, Hook};
use crate::probe::{Cookie, Probe, Program};

/// What the mangled names of its methods hold.
pub(super) const TYPE_NAME: &str = "CommonState";

/// Where the type was and is.
const TYPES: [&str; 2] = ["rustls::common_state::CommonState", "rustls::conn::CommonState"];

/// What is in the mangled names of those functions, before the dear way of looking at them.
const METHODS: [&str; 6] = [
    "take_received_plaintext",
    "buffer_plaintext",
    "send_some_plaintext",
    "send_appdata_encrypt",
    "drop_in_place",
    "drop_glue",
];

/// Names that are demangled in one file.
const MAX_DEMANGLED: usize = 1024;

/// The minor version of rustls 0 that brought `OutboundChunks`.
const FIRST_WITH_CHUNKS: u64 = 23;

/// Functions that are hooked in one file, all copies counted.
const MAX_COPIES: usize = 64;

/// What a function does for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Receive,
    SendChunks,
    SendSlice,
    /// Inside the one or the other of these, by version.
    Encrypt,
    Drop,
}

/// The functions that are in the file, with all their copies.
pub(super) fn functions(symbols: &Symbols) -> Vec<(Role, Symbol)> {
    let mut found: Vec<(Role, Symbol)> = symbols
        .containing(TYPE_NAME)
        .filter(|(name, _)| METHODS.iter().any(|method| name.contains(method)))
        .take(MAX_DEMANGLED)
        .filter_map(|(name, function)| Some((role(name)?, function)))
        .collect();
    found.sort_by_key(|(_, function)| function.address);
    found.dedup_by_key(|(_, function)| function.address);
    found
}

/// By the demangled name: `a::B::method`, or `<a::B>::method` in newer manglings.
fn role(mangled: &str) -> Option<Role> {
    let name = format!("{:#}", rustc_demangle::try_demangle(mangled).ok()?);
    let plain: String = name.chars().filter(|letter| !matches!(letter, '<' | '>')).collect();
    TYPES.iter().find_map(|of| match plain.split_once(of)? {
        ("", "::take_received_plaintext") => Some(Role::Receive),
        ("", "::buffer_plaintext") => Some(Role::SendChunks),
        ("", "::send_some_plaintext") => Some(Role::SendSlice),
        ("", "::send_appdata_encrypt") => Some(Role::Encrypt),
        ("core::ptr::drop_in_place" | "core::ptr::drop_in_place::" | "core::ptr::drop_glue::", "") => Some(Role::Drop),
        _ => None,
    })
}

/// The probes, if bytes can be seen in both directions. `minor` is 23 of rustls 0.23.46.
pub(super) fn probes(
    image: &Image<'_>,
    functions: &[(Role, Symbol)],
    minor: Option<u64>,
) -> Option<(Hook, Vec<Probe>)> {
    let has = |wanted: Role| functions.iter().any(|(role, _)| *role == wanted);
    let encrypt = match minor {
        _ if has(Role::SendChunks) || has(Role::SendSlice) => None,
        Some(FIRST_WITH_CHUNKS..) => Some(Role::SendChunks),
        Some(_) => Some(Role::SendSlice),
        None => None,
    };
    let mut dearest = Hook::Emulated;
    let mut probes = Vec::new();
    let (mut receives, mut sends) = (false, false);
    for (role, function) in functions.iter().take(MAX_COPIES) {
        let Some(role) = (if *role == Role::Encrypt { encrypt } else { Some(*role) }) else { continue };
        let (offset, hook) = hook::place(image, *function)?;
        let probe = |program, cookie| Probe { program, offset, cookie: Cookie(cookie) };
        let chunks = Cookie::WRITE | Cookie::RUST_CHUNKS;
        match role {
            Role::Receive => probes.push(probe(Program::RustEntry, Cookie::RUST_PAYLOAD)),
            Role::SendChunks => {
                probes.extend([probe(Program::RustEntry, chunks), probe(Program::RustReturn, chunks)]);
            }
            Role::SendSlice => probes.extend(both_ends(offset, Cookie::WRITE)),
            Role::Drop | Role::Encrypt => probes.push(probe(Program::RustFree, 0)),
        }
        receives |= role == Role::Receive;
        sends |= matches!(role, Role::SendChunks | Role::SendSlice);
        if role != Role::Drop {
            dearest = dearest.max(hook);
        }
    }
    (receives && sends).then_some((dearest, probes))
}
