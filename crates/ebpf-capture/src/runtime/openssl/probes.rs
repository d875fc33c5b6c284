//! Where OpenSSL is hooked: the internal function behind each family of functions, or the functions themselves.
//!
//! `SSL_read` and `SSL_read_ex` hand the same four arguments to `ssl_read_internal(s, buf, num, readbytes)`, the
//! writing ones to `ssl_write_internal(s, buf, num, written)`, since 3.2 `(s, buf, num, flags, written)`
//! (`ssl/ssl_lib.c`). It has no symbol; it is what `SSL_read_ex` calls, and it is used only when the code proves that.

use super::super::elf::{Image, Machine, Symbol, Symbols};
use super::super::hook::{self, Hook};
use super::super::x86;
use crate::probe::{Cookie, Probe, Program};

/// The functions that move bytes in one direction.
struct Family {
    direction: u64,
    plain: &'static str,
    /// Stores the length where its fourth argument points.
    by_pointer: &'static str,
    /// Stores it where its fifth argument points.
    by_fifth: Option<&'static str>,
}

const FAMILIES: [Family; 2] = [
    Family { direction: 0, plain: "SSL_read", by_pointer: "SSL_read_ex", by_fifth: None },
    Family {
        direction: Cookie::WRITE,
        plain: "SSL_write",
        by_pointer: "SSL_write_ex",
        by_fifth: Some("SSL_write_ex2"),
    },
];

/// The functions that tell of a connection without moving bytes.
const OTHERS: [(&str, Program); 4] = [
    ("SSL_free", Program::Free),
    ("SSL_ctrl", Program::Control),
    ("SSL_set_fd", Program::SetFd),
    ("SSL_set_rfd", Program::SetFd),
];

/// One function that moves bytes, with what its cookie says.
#[derive(Clone, Copy)]
struct Mover {
    name: &'static str,
    function: Symbol,
    cookie: u64,
}

pub(super) fn probes(image: &Image<'_>, symbols: &Symbols) -> Option<(Hook, Vec<Probe>)> {
    let mut dearest = Hook::Emulated;
    let mut probes = Vec::new();
    for family in &FAMILIES {
        let (hook, movers) = family_probes(image, symbols, family)?;
        dearest = dearest.max(hook);
        probes.extend(movers);
    }
    for (name, program) in OTHERS {
        probes.extend(symbols.get(name).and_then(|function| hook::entry_probe(image, function, program)));
    }
    Some((dearest, probes))
}

fn family_probes(image: &Image<'_>, symbols: &Symbols, family: &Family) -> Option<(Hook, Vec<Probe>)> {
    let movers = movers(image, symbols, family);
    let mut placed = Vec::new();
    for mover in &movers {
        let (offset, hook) = hook::place(image, mover.function)?;
        placed.push((offset, hook, mover.cookie));
    }
    let hook = placed.iter().map(|(_, hook, _)| *hook).max()?;
    if hook == Hook::FirstByte {
        if let Some((inner, length)) = inner_function(image, symbols, family) {
            if let Some((offset, Hook::Emulated)) = hook::place(image, inner) {
                return Some((Hook::Internal, both_ends(offset, family.direction | length).to_vec()));
            }
        }
    }
    Some((hook, placed.into_iter().flat_map(|(offset, _, cookie)| both_ends(offset, cookie)).collect()))
}

fn both_ends(offset: u64, cookie: u64) -> [Probe; 2] {
    [Program::Entry, Program::Return].map(|program| Probe { program, offset, cookie: Cookie(cookie) })
}

/// The family's functions, each byte moved by exactly one of them: a function that calls another one of them (as in
/// LibreSSL and AWS-LC, and `SSL_write_ex` since OpenSSL 3.3) is left to that one.
fn movers(image: &Image<'_>, symbols: &Symbols, family: &Family) -> Vec<Mover> {
    let named = [
        (Some(family.plain), 0),
        (Some(family.by_pointer), Cookie::LENGTH_BY_POINTER),
        (family.by_fifth, Cookie::LENGTH_BY_POINTER | Cookie::LENGTH_BY_FIFTH),
    ];
    let mut all: Vec<Mover> = Vec::new();
    for (name, length) in named {
        let Some(name) = name else { continue };
        let Some(function) = symbols.get(name) else { continue };
        if all.iter().all(|other| other.function.address != function.address) {
            all.push(Mover { name, function, cookie: family.direction | length });
        }
    }
    let leaves_it_to = |mover: &Mover, other: &Mover| {
        mover.name != other.name && hook::calls(image, mover.function, other.function, other.name)
    };
    all.iter().filter(|mover| !all.iter().any(|other| leaves_it_to(mover, other))).copied().collect()
}

/// The function that the whole family goes through with the caller's own arguments, and where it is told to store
/// the length. `None` unless the code of each of the family's functions shows that.
fn inner_function(image: &Image<'_>, symbols: &Symbols, family: &Family) -> Option<(Symbol, u64)> {
    if image.machine != Machine::X86_64 {
        return None;
    }
    let calls = |name: &str| {
        let function = symbols.get(name)?;
        Some(x86::straight_calls(&image.code(function, 96), function.address))
    };
    let plain = symbols.get(family.plain)?;
    let fifth = family.by_fifth.and_then(|name| symbols.get(name).map(|function| (name, function)));

    // The one with the pointer comes straight there, and its pointer is handed on as the fourth or the fifth argument.
    let (outer, done) = match fifth {
        Some((name, _)) => (name, 4),
        None => (family.by_pointer, 3),
    };
    let call = calls(outer)?.into_iter().find(|call| call.is_certain)?;
    let length = match call.arguments {
        [Some(0), Some(1), Some(2), Some(pointer), ..] if pointer == done => Cookie::LENGTH_BY_POINTER,
        [Some(0), Some(1), Some(2), _, Some(pointer), _] if pointer == done => {
            Cookie::LENGTH_BY_POINTER | Cookie::LENGTH_BY_FIFTH
        }
        _ => return None,
    };
    let inner = Symbol { address: call.target, size: 0 };
    if inner.address == plain.address || hook::is_plt(image, inner.address) {
        return None;
    }

    // And so do the others.
    let hands_on = |calls: Vec<x86::StraightCall>| {
        calls
            .iter()
            .any(|call| call.target == inner.address && matches!(call.arguments, [Some(0), Some(1), Some(2), ..]))
    };
    let by_pointer = symbols.get(family.by_pointer)?;
    let reaches = hands_on(calls(family.by_pointer)?)
        || fifth.is_some_and(|(name, function)| hook::calls(image, by_pointer, function, name));
    (reaches && hands_on(calls(family.plain)?)).then_some((inner, length))
}
