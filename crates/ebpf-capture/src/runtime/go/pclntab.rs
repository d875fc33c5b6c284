//! Go's table of functions (`runtime.pclntab`), which the runtime itself needs and `-s -w` and `strip` leave in place.
//!
//! Format: `src/runtime/symtab.go` (`pcHeader`, `functab`), `src/internal/abi/symtab.go` (magic numbers) and
//! `src/cmd/link/internal/ld/pcln.go` of Go. All numbers are little endian here, pointers have eight bytes.
//!
//! | Go | magic | a function's address is |
//! | --- | --- | --- |
//! | 1.2–1.15 | `fffffffb` | not read: the stack ABI |
//! | 1.16, 1.17 | `fffffffa` | absolute, 8 bytes |
//! | 1.18, 1.19 | `fffffff0` | relative to the text's start, 4 bytes |
//! | 1.20– | `fffffff1` | the same |

use std::collections::HashMap;

use super::super::elf::{Image, Machine, Symbol};

/// Functions of one program; the biggest have half a million.
const MAX_FUNCTIONS: u64 = 1 << 23;
/// Bytes of the table of names.
const MAX_NAME_TABLE_BYTES: u64 = 512 << 20;
/// Bytes of one piece that is read at once.
const PIECE_BYTES: usize = 1 << 20;
/// Pieces read in one pass: a table in order needs one for each MiB.
const MAX_PIECES: u32 = 4096;
/// Places that are tried where there is no section of the table's name.
const MAX_TRIED: u32 = 4096;
/// Where `text` lies in Go's `moduledata`, in pointers: after the header's address and six slices, three more.
const TEXT_IN_MODULE: u64 = 1 + 6 * 3 + 3;

/// How the table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layout {
    Go1_2,
    Go1_16,
    Go1_18,
    Go1_20,
}

const MAGICS: [([u8; 4], Layout); 4] = [
    ([0xf1, 0xff, 0xff, 0xff], Layout::Go1_20),
    ([0xf0, 0xff, 0xff, 0xff], Layout::Go1_18),
    ([0xfa, 0xff, 0xff, 0xff], Layout::Go1_16),
    ([0xfb, 0xff, 0xff, 0xff], Layout::Go1_2),
];

/// The table of one program.
pub(super) struct Table {
    pub(super) layout: Layout,
    address: u64,
    functions: u64,
    /// What the header says: 0 in position-independent programs and since Go 1.26.
    text_start: u64,
    names: u64,
    names_end: u64,
    entries: u64,
}

/// A function as the table has it: relative to the text's start, or absolute before Go 1.18.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u64,
    end: u64,
}

impl Table {
    /// The table, in its own section or wherever the linker of C put it.
    pub(super) fn find(image: &Image<'_>) -> Option<Self> {
        for name in [".gopclntab", ".data.rel.ro.gopclntab"] {
            if let Some(table) = image.section(name).and_then(|section| Self::read(image, section.address)) {
                return Some(table);
            }
        }
        // `.go.buildinfo` is what `go version` looks for; without it a search through the whole file isn't worth it.
        image.section(".go.buildinfo")?;
        let headers: Vec<[u8; 8]> = MAGICS
            .iter()
            .map(|(magic, _)| [magic[0], magic[1], magic[2], magic[3], 0, 0, quantum(image.machine), 8])
            .collect();
        let headers: Vec<&[u8]> = headers.iter().map(<[u8; 8]>::as_slice).collect();
        let mut tried = 0;
        let found = image.find_text(&headers, |address, _| {
            tried += 1;
            let table = Self::read(image, address);
            (table.is_some() || tried == MAX_TRIED).then_some(table)
        });
        found.flatten()
    }

    fn read(image: &Image<'_>, address: u64) -> Option<Self> {
        let header = image.read(address, 72);
        let (_, layout) = MAGICS.iter().find(|(magic, _)| header.starts_with(magic))?;
        if header.get(4..8)? != [0, 0, quantum(image.machine), 8] {
            return None;
        }
        let word = |index: usize| -> Option<u64> { u64_at(&header, 8 + index * 8) };
        let at = |distance: u64| address.checked_add(distance);
        let functions = word(0)?;
        if functions > MAX_FUNCTIONS {
            return None;
        }
        let (text_start, names, next, entries) = match layout {
            Layout::Go1_2 => (0, 0, 0, 0),
            Layout::Go1_16 => (0, word(2)?, word(3)?, word(6)?),
            Layout::Go1_18 | Layout::Go1_20 => (word(2)?, word(3)?, word(4)?, word(7)?),
        };
        let (names, names_end, entries) = (at(names)?, at(next)?, at(entries)?);
        Some(Self { layout: *layout, address, functions, text_start, names, names_end, entries })
    }

    /// The entries of functions by their names.
    pub(super) fn functions<'n>(&self, image: &Image<'_>, names: &[&'n str]) -> HashMap<&'n str, Entry> {
        let offsets = self.name_offsets(image, names);
        let mut found = HashMap::new();
        if offsets.is_empty() || self.layout == Layout::Go1_2 {
            return found;
        }
        let wide = self.layout == Layout::Go1_16;
        let width = if wide { 8 } else { 4 };
        let mut entries = Pieces::new(image);
        let mut structs = Pieces::new(image);
        for index in 0..self.functions {
            if found.len() == offsets.len() {
                break;
            }
            let Some(place) = self.entries.checked_add(index * 2 * width) else { break };
            // The next entry's start is this one's end; the table ends with one more start.
            let Some(bytes) = entries.get(place, 3 * width) else { break };
            let number = |at: usize| if wide { u64_at(bytes, at * 8) } else { u32_at(bytes, at * 4).map(u64::from) };
            let (Some(start), Some(offset), Some(end)) = (number(0), number(1), number(2)) else { break };
            // `_func` begins with the entry (as wide as here) and the offset of the name.
            let Some(place) = self.entries.checked_add(offset).and_then(|place| place.checked_add(width)) else {
                break;
            };
            let Some(name) = structs.get(place, 4).and_then(|bytes| u32_at(bytes, 0)) else { break };
            if let Some(name) = offsets.get(&name) {
                found.insert(*name, Entry { start, end });
            }
        }
        found
    }

    /// Where in the table of names the names begin.
    fn name_offsets<'n>(&self, image: &Image<'_>, names: &[&'n str]) -> HashMap<u32, &'n str> {
        let mut found = HashMap::new();
        let length = self.names_end.saturating_sub(self.names).min(MAX_NAME_TABLE_BYTES);
        let texts: Vec<Vec<u8>> = names.iter().map(|name| [b"\0", name.as_bytes(), b"\0"].concat()).collect();
        let mut at = 0;
        while at < length {
            let Some(address) = self.names.checked_add(at) else { break };
            let ask = usize::try_from(length - at).unwrap_or(usize::MAX).min(PIECE_BYTES + 256);
            let piece = image.read(address, ask);
            for (text, name) in texts.iter().zip(names) {
                for hit in memchr::memmem::find_iter(&piece, text) {
                    if let Ok(offset) = u32::try_from(at + hit as u64 + 1) {
                        found.insert(offset, *name);
                    }
                }
            }
            if piece.len() < ask {
                break;
            }
            at += PIECE_BYTES as u64;
        }
        found
    }

    /// Where the program's text may start, the likeliest first: the caller knows its functions by their first bytes.
    pub(super) fn text_starts(&self, image: &Image<'_>) -> Vec<u64> {
        if self.layout < Layout::Go1_18 {
            return vec![0];
        }
        let mut starts = vec![self.text_start];
        starts.extend(image.section(".text").map(|section| section.address));
        starts.extend(self.text_of_module(image));
        starts.retain(|start| *start != 0);
        starts
    }

    /// What the program's `moduledata` says, found by its first field, which holds the table's address: as bytes, or in
    /// position-independent programs as a relocation.
    fn text_of_module(&self, image: &Image<'_>) -> Option<u64> {
        let module = image.pointer_to(self.address)?;
        image.pointer_at(module.checked_add(TEXT_IN_MODULE * 8)?)
    }
}

impl Entry {
    /// The function in a program whose text starts there.
    pub(super) fn at(self, text_start: u64) -> Option<Symbol> {
        let address = self.start.checked_add(text_start)?;
        let size = self.end.checked_sub(self.start).filter(|size| *size > 0)?;
        Some(Symbol { address, size })
    }
}

/// The least size of an instruction, which the header repeats.
fn quantum(machine: Machine) -> u8 {
    match machine {
        Machine::X86_64 => 1,
        Machine::Aarch64 => 4,
    }
}

/// Reads at rising addresses without a system call for each.
struct Pieces<'i, 'f> {
    image: &'i Image<'f>,
    start: u64,
    piece: Vec<u8>,
    left: u32,
}

impl<'i, 'f> Pieces<'i, 'f> {
    fn new(image: &'i Image<'f>) -> Self {
        Self { image, start: 0, piece: Vec::new(), left: MAX_PIECES }
    }

    fn get(&mut self, address: u64, length: u64) -> Option<&[u8]> {
        let is_held =
            address >= self.start && address.checked_add(length)? <= self.start.checked_add(self.piece.len() as u64)?;
        if !is_held {
            self.left = self.left.checked_sub(1)?;
            self.start = address;
            self.piece = self.image.read(address, PIECE_BYTES);
        }
        let at = usize::try_from(address - self.start).ok()?;
        self.piece.get(at..at + usize::try_from(length).ok()?)
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
