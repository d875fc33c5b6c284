//! The place of the USDT probe, and in which registers its five arguments are.

use super::super::elf::{Image, Machine};
use super::detect::Note;
use crate::probe::{Cookie, Probe, Program};

/// Bits 16–19 of the cookie: the register of the first argument; four bits for each further one.
const FIRST_SHIFT: u32 = 16;
/// Pointers to the trace id, the span id, the response's id and the request's id, and the start.
const ARGUMENTS: usize = 5;

/// In the order of their numbers in the cookie.
const REGISTERS: [&str; 16] =
    ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// The probe, or why there is none.
pub(super) fn probe(image: &Image<'_>, note: &Note) -> Result<Probe, String> {
    if image.machine != Machine::X86_64 {
        return Err("The arguments of the USDT probe sidetone:call are understood on x86-64 only.".to_owned());
    }
    let offset = image
        .code_offset(note.address)
        .ok_or_else(|| format!("The USDT probe sidetone:call is at {:#x}, where no code is.", note.address))?;
    let numbers: Option<Vec<u64>> = note.arguments.split_ascii_whitespace().map(register).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == ARGUMENTS).ok_or_else(|| {
        format!("The USDT probe sidetone:call has its arguments as `{}`: not five registers.", note.arguments)
    })?;
    let cookie =
        numbers.iter().zip(0_u32..).fold(0, |cookie, (number, index)| cookie | number << (FIRST_SHIFT + 4 * index));
    Ok(Probe { program: Program::Announce, offset, cookie: Cookie(cookie) })
}

/// `8@%rax` and `-8@%rdx`: a size (negative: signed) and a register. Anything else isn't understood.
fn register(argument: &str) -> Option<u64> {
    let (size, place) = argument.split_once('@')?;
    let name = place.strip_prefix('%')?;
    let number = REGISTERS.iter().position(|register| *register == name)?;
    if matches!(size, "8" | "-8") { u64::try_from(number).ok() } else { None }
}
