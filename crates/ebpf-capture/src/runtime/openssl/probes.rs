//! Where OpenSSL is hooked: the functions themselves where that is cheap, else the internal function behind them.
//!
//! `SSL_read` and `SSL_read_ex` hand the same four arguments to `ssl_read_internal(s, buf, num, readbytes)`, the
//! writing ones to `ssl_write_internal(s, buf, num, written)`, since 3.2 `(s, buf, num, flags, written)`
//! (`ssl/ssl_lib.c`). It has no symbol; it is what `SSL_read_ex` calls, and it is used only when the code proves that.

use super::super::elf::{Image, Machine, Symbol, Symbols};
use super::super::family::{self, Family};
use super::super::hook::{self, Hook};
use super::super::x86;
use crate::probe::{Cookie, Probe, Program};

const BY_POINTER: u64 = Cookie::LENGTH_BY_POINTER;
const BY_FIFTH: u64 = Cookie::LENGTH_BY_POINTER | Cookie::LENGTH_BY_FIFTH;

/// First the one that returns the length, then the one that stores it, then the one that has flags before that. Of the reading
/// ones the first returns 0 at the connection's end and less where there is nothing yet, and so does what is behind it
/// (`ossl_tls_handle_rlayer_return`, `ssl3_read_n`); to the second both are 0.
const READ: &Family = &[("SSL_read", Cookie::TELLS_END), ("SSL_read_ex", BY_POINTER)];
const WRITE: &Family = &[
    ("SSL_write", Cookie::WRITE),
    ("SSL_write_ex", Cookie::WRITE | BY_POINTER),
    ("SSL_write_ex2", Cookie::WRITE | BY_FIFTH),
];

const NOTICES: &[(&str, Program)] = &[
    ("SSL_free", Program::Free),
    ("SSL_up_ref", Program::Keep),
    ("SSL_set_connect_state", Program::Open),
    ("SSL_set_accept_state", Program::Open),
    ("SSL_connect", Program::Open),
    ("SSL_accept", Program::Open),
    ("SSL_ctrl", Program::Control),
    ("SSL_set_fd", Program::SetFd),
    ("SSL_set_rfd", Program::SetFd),
];

pub(super) fn probes(image: &Image<'_>, symbols: &Symbols) -> Option<(Hook, Vec<Probe>)> {
    let mut dearest = Hook::Emulated;
    let mut probes = Vec::new();
    for family in [READ, WRITE] {
        let (mut hook, mut found) = family::probes(image, symbols, family)?;
        if hook == Hook::FirstByte
            && let Some(internal) = internal_probes(image, symbols, family)
        {
            (hook, found) = (Hook::Internal, internal);
        }
        dearest = dearest.max(hook);
        probes.extend(found);
    }
    probes.extend(family::notices(image, symbols, NOTICES));
    Some((dearest, probes))
}

/// Probes at the function that the whole family goes through with the caller's own arguments. `None` unless the code
/// of each of the family's functions shows that there is one, and it can be hooked cheaply.
fn internal_probes(image: &Image<'_>, symbols: &Symbols, family: &Family) -> Option<Vec<Probe>> {
    if image.machine != Machine::X86_64 {
        return None;
    }
    let found: Vec<(&str, u64, Symbol)> =
        family.iter().filter_map(|(name, cookie)| Some((*name, *cookie, symbols.get(name)?))).collect();
    let (plain, storing) = found.split_first()?;
    let (outer_name, outer_cookie, outer) = storing.last()?;

    // The last one comes straight there, and its pointer is handed on as the fourth or the fifth argument.
    let done = if outer_cookie & Cookie::LENGTH_BY_FIFTH == 0 { 3 } else { 4 };
    let call = straight_calls(image, *outer).into_iter().find(|call| call.is_certain)?;
    let length = match call.arguments {
        [Some(0), Some(1), Some(2), Some(pointer), ..] if pointer == done => BY_POINTER,
        [Some(0), Some(1), Some(2), _, Some(pointer), _] if pointer == done => BY_FIFTH,
        _ => return None,
    };
    let inner = Symbol { address: call.target, size: 0 };
    if inner.address == plain.2.address || hook::is_plt(image, inner.address) {
        return None;
    }

    // And so do the others, by themselves or by the last one.
    let goes_there = |function: Symbol| {
        straight_calls(image, function)
            .iter()
            .any(|call| call.target == inner.address && matches!(call.arguments, [Some(0), Some(1), Some(2), ..]))
    };
    let all_go_there = found.iter().all(|(name, _, function)| {
        name == outer_name || goes_there(*function) || hook::calls(image, *function, *outer, outer_name)
    });
    match hook::place(image, inner)? {
        (offset, Hook::Emulated) if all_go_there => Some(family::both_ends(offset, plain.1 | length).to_vec()),
        _ => None,
    }
}

fn straight_calls(image: &Image<'_>, function: Symbol) -> Vec<x86::StraightCall> {
    x86::straight_calls(&hook::code(image, function), function.address)
}
