//! Whether a program is Go's and uses `crypto/tls`, and which Go made it.

use super::super::Recognised;
use super::super::elf::{Image, Machine, Symbols};
use super::pclntab::{Layout, Table};
use super::{NAME, probes};

/// What `go version` looks for (`debug/buildinfo`); flags and, since Go 1.18, the version follow.
const BUILD_INFO: &[u8] = b"\xff Go buildinf:";
/// Where the version's length and text follow, if the flags say that they do.
const VERSION_AT: usize = 32;
const VERSION_FOLLOWS: u8 = 2;

const OLD: &str = "Rebuild the program with Go 1.17 or later.";
const REPORT: &str = "Report the Go version and how the program was linked.";

pub(super) fn recognise(image: &Image<'_>, _symbols: &Symbols) -> Option<Recognised> {
    let table = Table::find(image)?;
    let version = version(image);
    if table.layout == Layout::Go1_2 {
        let reason = "Go before 1.17 passes arguments on the stack.";
        return uses_tls(image).then(|| Recognised::out_of_reach(NAME, version, reason, OLD));
    }
    let functions = table.functions(image, probes::NAMES);
    if !probes::NEEDED.iter().all(|name| functions.contains_key(name)) {
        return None;
    }
    if version.as_deref().is_some_and(|version| version == "go1.16" || version.starts_with("go1.16."))
        || (image.machine == Machine::Aarch64 && table.layout < Layout::Go1_18)
    {
        let reason = "This Go passes arguments on the stack (x86-64 before 1.17, ARM before 1.18).";
        return Some(Recognised::out_of_reach(NAME, version, reason, OLD));
    }
    for start in table.text_starts(image) {
        if let Some((hook, probes)) = probes::probes(image, &functions, start) {
            return Some(Recognised::hooked(NAME, version, Some(hook), probes));
        }
    }
    let reason = "The functions of crypto/tls are listed, but not where the table says.";
    Some(Recognised::out_of_reach(NAME, version, reason, REPORT))
}

fn uses_tls(image: &Image<'_>) -> bool {
    image.find_text(&[b"crypto/tls.(*Conn).Read\0"], |_, _| Some(())).is_some()
}

fn version(image: &Image<'_>) -> Option<String> {
    let section = image.section(".go.buildinfo")?;
    let info = image.read(section.address, 256);
    if !info.starts_with(BUILD_INFO) {
        return None;
    }
    if info.get(BUILD_INFO.len() + 1)? & VERSION_FOLLOWS != 0 {
        let length = usize::from(*info.get(VERSION_AT)?);
        let text = info.get(VERSION_AT + 1..)?.get(..length).filter(|_| length < 0x80)?;
        return String::from_utf8(text.to_vec()).ok();
    }
    // Before Go 1.18 a pointer to a string of Go: a pointer and a length.
    let string = image.pointer_at(section.address.checked_add(16)?)?;
    let text = image.pointer_at(string)?;
    let length = image.read(string.checked_add(8)?, 8).try_into().map(u64::from_le_bytes).ok()?;
    let text = image.read(text, usize::try_from(length).ok().filter(|length| *length < 0x80)?);
    String::from_utf8(text).ok()
}
