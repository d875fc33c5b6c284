//! The object file of the kernel side: its maps and its programs' instructions.

use std::collections::HashMap;

use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};

/// Bytes of the object, placed as ELF structures want to be.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);
static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!("../../bpf/sidetone.bpf.o"));

/// A map as `struct map_definition` of `bpf/helpers.h` says.
#[derive(Debug, Clone, Copy)]
pub(super) struct MapDefinition {
    pub(super) kind: u32,
    pub(super) key_bytes: u32,
    pub(super) value_bytes: u32,
    pub(super) entries: u32,
    pub(super) flags: u32,
}

/// A program: its instructions, and where a map's descriptor belongs.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) instructions: Vec<u8>,
    maps: Vec<(usize, String)>,
}

/// What the object holds.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) maps: HashMap<String, MapDefinition>,
    pub(super) programs: HashMap<String, Code>,
}

/// The embedded object can't be understood: it was built wrongly.
#[derive(Debug, thiserror::Error)]
#[error("the embedded BPF object is damaged ({0}); build it again with `cargo xtask bpf`")]
pub struct BadObject(pub(super) String);

impl From<object::Error> for BadObject {
    fn from(error: object::Error) -> Self {
        Self(error.to_string())
    }
}

const INSTRUCTION_BYTES: usize = 8;
const PSEUDO_MAP_FD: u8 = 1;

impl Object {
    /// Reads the embedded object.
    pub(super) fn embedded() -> Result<Self, BadObject> {
        Self::parse(&OBJECT.0)
    }

    fn parse(data: &[u8]) -> Result<Self, BadObject> {
        let file = ElfFile64::<Endianness>::parse(data)?;
        let maps_section = file.section_by_name("maps").ok_or_else(|| BadObject("no maps".into()))?;
        let maps_data = maps_section.data()?;
        let mut maps = HashMap::new();
        for symbol in file.symbols().filter(|symbol| symbol.section_index() == Some(maps_section.index())) {
            let at = usize::try_from(symbol.address()).map_err(|_| BadObject("a map's place".into()))?;
            let words = maps_data.get(at..at + 20).ok_or_else(|| BadObject("a map's definition is cut".into()))?;
            let mut words = words.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
            let mut word = || words.next().unwrap_or_default();
            let (kind, key_bytes, value_bytes, entries, flags) = (word(), word(), word(), word(), word());
            maps.insert(symbol.name()?.to_owned(), MapDefinition { kind, key_bytes, value_bytes, entries, flags });
        }
        let mut programs = HashMap::new();
        for section in file.sections() {
            let name = section.name()?;
            let Some((_, name)) = name.split_once('/').filter(|(kind, _)| matches!(*kind, "uprobe" | "raw_tp")) else {
                continue;
            };
            let mut places = Vec::new();
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(symbol) = relocation.target() else {
                    return Err(BadObject(format!("{name} needs something that is no symbol")));
                };
                let map = file.symbol_by_index(symbol)?.name()?.to_owned();
                if !maps.contains_key(&map) {
                    return Err(BadObject(format!("{name} needs {map}, which is no map")));
                }
                places.push((usize::try_from(offset).map_err(|_| BadObject("a relocation's place".into()))?, map));
            }
            programs.insert(name.to_owned(), Code { instructions: section.data()?.to_vec(), maps: places });
        }
        Ok(Self { maps, programs })
    }
}

impl Code {
    /// The instructions with the maps' descriptors in them.
    pub(super) fn linked(&self, fd_of: impl Fn(&str) -> Option<i32>) -> Result<Vec<u8>, BadObject> {
        let mut code = self.instructions.clone();
        for (offset, map) in &self.maps {
            let fd = fd_of(map).ok_or_else(|| BadObject(format!("no map {map}")))?;
            let pair = code
                .get_mut(*offset..offset + 2 * INSTRUCTION_BYTES)
                .ok_or_else(|| BadObject("a relocation beyond the program".into()))?;
            pair[1] = (pair[1] & 0x0f) | (PSEUDO_MAP_FD << 4);
            pair[4..8].copy_from_slice(&fd.to_le_bytes());
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn the_embedded_object_holds_every_program_and_map() {
        let object = Object::embedded().unwrap();
        for program in super::super::attach::PROGRAM_NAMES {
            assert!(object.programs.contains_key(*program), "{program}");
        }
        assert_eq!(object.maps["connections"].value_bytes, 64);
        assert_eq!(object.maps["counters"].value_bytes as usize, super::super::counters::KernelCounters::BYTES);
    }

    #[test]
    fn a_cut_object_is_an_error() {
        assert!(Object::parse(&OBJECT.0[..100]).is_err());
        assert!(Object::parse(b"").is_err());
    }
}
