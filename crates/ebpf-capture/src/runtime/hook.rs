//! Which place of a function a probe takes, and what that costs.

use std::fmt;

use super::elf::{Image, Machine, Symbol};
use super::{arm64, x86};

/// Code looked at where a symbol doesn't say how long its function is.
const UNSIZED_BYTES: usize = 96;

/// Other functions that one function calls, as far as they are looked at.
const MAX_TARGETS: usize = 64;

/// Where the probes of the functions that move bytes sit; the dearest one counts. In order of cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// At an instruction that the kernel emulates, in the function itself.
    Emulated,
    /// At an emulated instruction of the internal function that all variants go through.
    Internal,
    /// At the entry and at each return instruction: where return probes must not be used (Go moves stacks).
    Returns,
    /// At the first byte: the kernel single-steps the displaced instruction.
    FirstByte,
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emulated => "at an emulated instruction",
            Self::Internal => "in the internal function",
            Self::Returns => "at the entry and each return instruction",
            Self::FirstByte => "at the first byte",
        })
    }
}

/// A function's code; its first bytes where the symbol doesn't say how long it is.
pub(super) fn code(image: &Image<'_>, function: Symbol) -> Vec<u8> {
    image.code(function, UNSIZED_BYTES)
}

/// The cheapest place in a function, as an offset in the file. `None`: the function isn't in executable memory.
pub(super) fn place(image: &Image<'_>, function: Symbol) -> Option<(u64, Hook)> {
    let offset = image.code_offset(function.address)?;
    let distance = match image.machine {
        Machine::X86_64 => x86::emulated_place(&code(image, function), function.address),
        Machine::Aarch64 => None,
    };
    Some(match distance {
        Some(distance) => (offset.checked_add(distance)?, Hook::Emulated),
        None => (offset, Hook::FirstByte),
    })
}

/// Where the direct calls and the jumps out of a function go.
pub(super) fn destinations(image: &Image<'_>, function: Symbol) -> Vec<u64> {
    let code = code(image, function);
    match image.machine {
        Machine::X86_64 => x86::destinations(&code, function.address),
        Machine::Aarch64 => arm64::destinations(&code, function.address),
    }
}

/// Whether a function calls another one of the same file, directly or through the procedure linkage table.
pub(super) fn calls(image: &Image<'_>, function: Symbol, other: Symbol, other_name: &str) -> bool {
    let mut targets = destinations(image, function);
    targets.sort_unstable();
    targets.dedup();
    targets.into_iter().take(MAX_TARGETS).any(|target| {
        target == other.address
            || is_plt(image, target)
                && image.machine == Machine::X86_64
                && x86::plt_slot(&image.read(target, 16), target)
                    .and_then(|slot| image.plt_name(slot))
                    .is_some_and(|name| name == other_name)
    })
}

/// Whether an address lies in a procedure linkage table.
pub(super) fn is_plt(image: &Image<'_>, address: u64) -> bool {
    image.section_at(address).is_some_and(|section| section.name.starts_with(".plt"))
}
