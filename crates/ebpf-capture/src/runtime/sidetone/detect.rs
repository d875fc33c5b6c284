//! Whether a file has the note of a USDT probe `sidetone:call`.
//!
//! Format: <https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation>: three addresses (of the probe, of the
//! section `.stapsdt.base` when the note was written, of a semaphore), then provider, name and arguments as texts.

use super::super::Recognised;
use super::super::elf::{Image, Symbols};
use super::{NAME, probes};

const NOTE_KIND: u32 = 3;
const REMEDY: &str = "Build the program with optimisation, and report its `readelf -n` output.";

/// One note, its address as the file has it now.
pub(super) struct Note {
    pub(super) address: u64,
    pub(super) arguments: String,
}

pub(super) fn recognise(image: &Image<'_>, _symbols: &Symbols) -> Option<Recognised> {
    let notes = image.notes(".note.stapsdt", b"stapsdt", NOTE_KIND);
    let base = image.section(".stapsdt.base").map(|section| section.address);
    let mut found = Vec::new();
    let mut trouble = None;
    for note in notes.iter().filter_map(|note| parse(note, base)) {
        match probes::probe(image, &note) {
            Ok(probe) => found.push(probe),
            Err(reason) => trouble = Some(reason),
        }
    }
    match trouble {
        // One place that can't be read would let calls through twice: better to know that none is heard.
        Some(reason) => Some(Recognised::out_of_reach(NAME, None, reason, REMEDY)),
        None => (!found.is_empty()).then(|| Recognised::hooked(NAME, None, None, found)),
    }
}

fn parse(note: &[u8], base: Option<u64>) -> Option<Note> {
    let (addresses, texts) = note.split_at_checked(24)?;
    let word = |at: usize| addresses.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
    let mut texts = texts.split(|byte| *byte == 0).map(|text| std::str::from_utf8(text).ok());
    let (provider, name, arguments) = (texts.next()??, texts.next()??, texts.next()??);
    if (provider, name) != ("sidetone", "call") {
        return None;
    }
    let (address, base_then) = (word(0)?, word(8)?);
    // A tool that moved the sections afterwards left the note as it was.
    let moved = base.map_or(0, |base| base.wrapping_sub(base_then));
    Some(Note { address: address.wrapping_add(moved), arguments: arguments.to_owned() })
}
