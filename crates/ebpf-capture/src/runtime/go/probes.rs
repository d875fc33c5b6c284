//! Where Go's `crypto/tls` is hooked: at the entry and at each return instruction of `(*Conn).Read` and `Write`.
//!
//! Return probes must not be used: they replace the return address on a stack that Go walks and moves. Since Go 1.17
//! (x86-64) and 1.18 (ARM) arguments are in registers: AX = `*Conn`, BX = the buffer, CX = its length, R14 = the
//! goroutine; the result is in AX (`src/cmd/compile/abi-internal.md`). ARM: R0, R1, R2, R28; R0.

use std::collections::HashMap;

use super::super::elf::{Image, Machine, Symbol};
use super::super::hook::Hook;
use super::super::{arm64, x86};
use super::pclntab::Entry;
use crate::probe::{Cookie, Probe, Program};

const READ: &str = "crypto/tls.(*Conn).Read";
const WRITE: &str = "crypto/tls.(*Conn).Write";

/// Without these there is nothing to capture.
pub(super) const NEEDED: &[&str] = &[READ, WRITE];

/// The functions that move bytes and those that tell of a connection.
pub(super) const NAMES: &[&str] = &[
    READ,
    WRITE,
    "crypto/tls.(*Conn).Close",
    "crypto/tls.(*Conn).clientHandshake",
    "crypto/tls.(*Conn).serverHandshake",
];

const NOTICES: &[(&str, Program)] = &[
    ("crypto/tls.(*Conn).Close", Program::GoClose),
    ("crypto/tls.(*Conn).clientHandshake", Program::GoOpen),
    ("crypto/tls.(*Conn).serverHandshake", Program::GoOpen),
];

/// The probes, if the text starts at `text_start`: if it does, the functions begin as Go's do.
pub(super) fn probes(
    image: &Image<'_>,
    functions: &HashMap<&str, Entry>,
    text_start: u64,
) -> Option<(Hook, Vec<Probe>)> {
    let mut probes = Vec::new();
    for (name, cookie) in [(READ, Cookie::TELLS_END), (WRITE, Cookie::WRITE)] {
        let function = functions.get(name)?.at(text_start)?;
        let code = image.code(function, 0);
        let returns = match image.machine {
            Machine::X86_64 => x86::returns(&code, function.address)?,
            Machine::Aarch64 => arm64::returns(&code, function.address),
        };
        if returns.is_empty() {
            return None;
        }
        probes.push(Probe {
            program: Program::GoEntry,
            offset: entry(image, function, &code)?,
            cookie: Cookie(cookie),
        });
        let spilled = match image.machine {
            Machine::X86_64 if x86::spills_arguments(&code, function.address) => Cookie::GO_SPILLED,
            Machine::X86_64 | Machine::Aarch64 => 0,
        };
        for address in returns {
            let offset = image.code_offset(address)?;
            probes.push(Probe { program: Program::GoExit, offset, cookie: Cookie(cookie | spilled) });
        }
    }
    for (name, program) in NOTICES {
        let place = functions
            .get(name)
            .and_then(|found| found.at(text_start))
            .and_then(|function| entry(image, function, &image.code(function, 0)));
        probes.extend(place.map(|offset| Probe { program: *program, offset, cookie: Cookie::default() }));
    }
    Some((Hook::Returns, probes))
}

/// The place at a function's entry: on x86-64 the jump that follows the comparison with the stack's end, which the
/// kernel emulates. When the stack grows the function starts again, and the second time counts.
fn entry(image: &Image<'_>, function: Symbol, code: &[u8]) -> Option<u64> {
    let distance = match image.machine {
        Machine::X86_64 => x86::after_stack_check(code, function.address)?,
        Machine::Aarch64 => arm64::checks_stack(code).then_some(0)?,
    };
    image.code_offset(function.address)?.checked_add(distance)
}
