//! The C functions of a library that move bytes in one direction, each byte moved by exactly one of those hooked.

use super::elf::{Image, Symbol, Symbols};
use super::hook::{self, Hook};
use crate::probe::{Cookie, Probe, Program};

/// Functions `f(connection, buffer, length, …)` of one direction, each with what its cookie says.
pub(super) type Family = [(&'static str, u64)];

/// The places of a family's functions. A function that calls another one of them (`SSL_read_ex` in LibreSSL and
/// AWS-LC, `SSL_write_ex` since OpenSSL 3.3, `gnutls_record_send`) is left to that one. `None`: none of them is there.
pub(super) fn probes(image: &Image<'_>, symbols: &Symbols, family: &Family) -> Option<(Hook, Vec<Probe>)> {
    let mut all: Vec<(&str, Symbol, u64)> = Vec::new();
    for (name, cookie) in family {
        let Some(function) = symbols.get(name) else { continue };
        if all.iter().all(|(_, other, _)| other.address != function.address) {
            all.push((name, function, *cookie));
        }
    }
    let mut dearest = Hook::Emulated;
    let mut probes = Vec::new();
    for (name, function, cookie) in &all {
        let is_left_to_another = all
            .iter()
            .any(|(other_name, other, _)| name != other_name && hook::calls(image, *function, *other, other_name));
        if !is_left_to_another {
            let (offset, hook) = hook::place(image, *function)?;
            dearest = dearest.max(hook);
            probes.extend(both_ends(offset, *cookie));
        }
    }
    (!probes.is_empty()).then_some((dearest, probes))
}

/// The places of a whole library whose functions are hooked where they are: both directions, and the dearer hook of them.
pub(super) fn library(
    image: &Image<'_>,
    symbols: &Symbols,
    directions: [&Family; 2],
    functions: &[(&'static str, Program)],
) -> Option<(Hook, Vec<Probe>)> {
    let [(read_hook, mut found), (write_hook, written)] =
        [probes(image, symbols, directions[0])?, probes(image, symbols, directions[1])?];
    found.extend(written);
    found.extend(notices(image, symbols, functions));
    Some((read_hook.max(write_hook), found))
}

/// The probes at a function's entry and at its return.
pub(super) fn both_ends(offset: u64, cookie: u64) -> [Probe; 2] {
    [Program::Entry, Program::Return].map(|program| Probe { program, offset, cookie: Cookie(cookie) })
}

/// Probes at the entries of functions that tell of a connection without moving bytes.
pub(super) fn notices<'a>(
    image: &'a Image<'_>,
    symbols: &'a Symbols,
    functions: &'a [(&'static str, Program)],
) -> impl Iterator<Item = Probe> + 'a {
    functions.iter().filter_map(|(name, program)| {
        let (offset, _) = hook::place(image, symbols.get(name)?)?;
        Some(Probe { program: *program, offset, cookie: Cookie::default() })
    })
}
