//! What of an ELF file the TLS runtimes ask for: symbols, addresses, notes, strings; read piece by piece, within limits.
//!
//! The file is never mapped: it belongs to somebody else, who may truncate it while we look. Everything read from it is
//! taken as hostile: a number that doesn't fit means "not there".

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;

use object::elf::{self, Dyn64, FileHeader64, ProgramHeader64, Rela64, SectionHeader64, Sym64};
use object::pod::{self, Pod};
use object::{LittleEndian, U32, U64};

/// Program headers that are looked at; linkers write about ten.
const MAX_SEGMENTS: usize = 256;
/// Section headers that are looked at; a debug build with a section for each function isn't linked that way.
const MAX_SECTIONS: usize = 65_536;
/// Bytes of one symbol table. A debug build of a browser has 200 MiB.
const MAX_SYMBOL_BYTES: u64 = 1 << 30;
/// Bytes of one string table.
const MAX_STRING_BYTES: u64 = 2 << 30;
/// Bytes of a file's loaded part that a search for strings goes through.
const MAX_SEARCHED_BYTES: u64 = 512 << 20;
/// Bytes of one symbol's name.
const MAX_NAME_BYTES: usize = 1024;
/// Names that one [`Wanted::Containing`] may bring.
const MAX_CONTAINING: usize = 4096;
/// Places in one string table where a wanted name may begin.
const MAX_HITS: u64 = 1 << 20;
/// Functions of one name in one file, beyond the first.
const MAX_COPIES: usize = 4096;
/// Bytes of one function's code.
const MAX_CODE_BYTES: usize = 64 * 1024;
/// Bytes of one note section or segment, or of the dynamic section.
const MAX_NOTE_BYTES: u64 = 1 << 20;
/// Relocations looked through for the name behind a PLT entry, in bytes.
const MAX_RELOCATION_BYTES: u64 = 16 << 20;
/// Bytes that a search for a text shows of each place.
const TEXT_BYTES: usize = 128;
/// Loaded bytes of a file that a static TLS library can hide in without symbols; none is smaller.
const MIN_MARKED_BYTES: u64 = 1 << 20;
/// Tables of relocations that are looked through; there are two.
const MAX_RELOCATION_TABLES: usize = 4;
/// Read at once while a table is gone through.
const CHUNK: usize = 1 << 20;

const LE: LittleEndian = LittleEndian;

/// Which processor the code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Machine {
    X86_64,
    Aarch64,
}

/// A part of the file that is mapped into memory.
#[derive(Debug, Clone, Copy)]
struct Segment {
    address: u64,
    offset: u64,
    in_file: u64,
    is_executable: bool,
}

/// A section that has a place in the file.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    kind: u32,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    link: u32,
}

/// A function that the file itself defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    /// 0 when the table doesn't say.
    pub(crate) size: u64,
}

/// Which symbols a runtime looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// These names, all of which begin with `stem`.
    Named { stem: &'static str, names: &'static [&'static str] },
    /// Every name that holds this.
    Containing(&'static str),
}

/// The symbols that were found.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    by_name: HashMap<String, Symbol>,
    /// Further functions of the same names: copies that a compiler made for its units.
    copies: Vec<(String, Symbol)>,
}

impl Symbols {
    pub(crate) fn get(&self, name: &str) -> Option<Symbol> {
        self.by_name.get(name).copied()
    }

    /// Those with this in their names, copies too.
    pub(crate) fn containing<'s>(&'s self, part: &'s str) -> impl Iterator<Item = (&'s str, Symbol)> {
        let copies = self.copies.iter().map(|(name, symbol)| (name, symbol));
        let all = self.by_name.iter().chain(copies);
        all.filter(move |(name, _)| name.contains(part)).map(|(name, symbol)| (name.as_str(), *symbol))
    }
}

impl<'n> FromIterator<(&'n str, Symbol)> for Symbols {
    fn from_iter<I: IntoIterator<Item = (&'n str, Symbol)>>(found: I) -> Self {
        let by_name = found.into_iter().map(|(name, symbol)| (name.to_owned(), symbol)).collect();
        Self { by_name, copies: Vec::new() }
    }
}

/// One ELF file of 64 bits, little endian.
pub(crate) struct Image<'f> {
    file: &'f File,
    hint: &'f Path,
    size: u64,
    pub(crate) machine: Machine,
    segments: Vec<Segment>,
    sections: Vec<Section>,
    dynamic: OnceCell<Vec<(i64, u64)>>,
    wanted_marks: Vec<&'static [u8]>,
    marks: OnceCell<Vec<&'static [u8]>>,
    failure: RefCell<Option<io::Error>>,
}

impl<'f> Image<'f> {
    /// Reads the headers. `marks` are the texts that [`holds`](Self::holds) is asked about. `None`: no ELF file of a kind that can hold a probe.
    pub(crate) fn open(file: &'f File, hint: &'f Path, marks: Vec<&'static [u8]>) -> io::Result<Option<Self>> {
        let mut start = [0; size_of::<FileHeader64<LittleEndian>>()];
        match file.read_exact_at(&mut start, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let size = file.metadata()?.len();
        let Some(header) = parse::<FileHeader64<LittleEndian>>(&start) else { return Ok(None) };
        let ident = &header.e_ident;
        if ident.magic != elf::ELFMAG || ident.class != elf::ELFCLASS64 || ident.data != elf::ELFDATA2LSB {
            return Ok(None);
        }
        let machine = match header.e_machine.get(LE) {
            elf::EM_X86_64 => Machine::X86_64,
            elf::EM_AARCH64 => Machine::Aarch64,
            _ => return Ok(None),
        };
        if !matches!(header.e_type.get(LE), elf::ET_EXEC | elf::ET_DYN) {
            return Ok(None);
        }
        let mut image = Self {
            file,
            hint,
            size,
            machine,
            segments: Vec::new(),
            sections: Vec::new(),
            dynamic: OnceCell::new(),
            wanted_marks: marks,
            marks: OnceCell::new(),
            failure: RefCell::new(None),
        };
        image.read_segments(header);
        image.read_sections(header);
        match image.failure.take() {
            Some(error) => Err(error),
            None => Ok(Some(image)),
        }
    }

    /// The first read that failed for another reason than the file's end, if any did.
    pub(crate) fn into_failure(self) -> Option<io::Error> {
        self.failure.into_inner()
    }

    fn read_segments(&mut self, header: &FileHeader64<LittleEndian>) {
        let count = usize::from(header.e_phnum.get(LE)).min(MAX_SEGMENTS);
        let bytes = self.read_offset(header.e_phoff.get(LE), count * size_of::<ProgramHeader64<LittleEndian>>());
        for found in array::<ProgramHeader64<LittleEndian>>(&bytes) {
            if found.p_type.get(LE) == elf::PT_LOAD {
                self.segments.push(Segment {
                    address: found.p_vaddr.get(LE),
                    offset: found.p_offset.get(LE),
                    in_file: found.p_filesz.get(LE),
                    is_executable: found.p_flags.get(LE) & elf::PF_X != 0,
                });
            }
        }
    }

    fn read_sections(&mut self, header: &FileHeader64<LittleEndian>) {
        let count = usize::from(header.e_shnum.get(LE)).min(MAX_SECTIONS);
        let bytes = self.read_offset(header.e_shoff.get(LE), count * size_of::<SectionHeader64<LittleEndian>>());
        let headers: Vec<_> = array::<SectionHeader64<LittleEndian>>(&bytes).collect();
        let names = headers.get(usize::from(header.e_shstrndx.get(LE))).map_or_else(Vec::new, |names| {
            let size = usize::try_from(names.sh_size.get(LE)).unwrap_or(usize::MAX).min(CHUNK);
            self.read_offset(names.sh_offset.get(LE), size)
        });
        self.sections = headers
            .iter()
            .map(|found| Section {
                name: text_at(&names, found.sh_name.get(LE) as usize).unwrap_or_default(),
                kind: found.sh_type.get(LE),
                address: found.sh_addr.get(LE),
                offset: found.sh_offset.get(LE),
                size: if found.sh_type.get(LE) == elf::SHT_NOBITS { 0 } else { found.sh_size.get(LE) },
                link: found.sh_link.get(LE),
            })
            .collect();
    }

    /// Up to `length` bytes at a place in the file; fewer where it ends.
    pub(crate) fn read_offset(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut piece = vec![0; length.min(CHUNK)];
        while bytes.len() < length {
            let Some(at) = offset.checked_add(bytes.len() as u64) else { break };
            let ask = (length - bytes.len()).min(CHUNK);
            match self.file.read_at(&mut piece[..ask], at) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An offset past what the system can express is just a wrong number in the file.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => break,
                Err(error) => {
                    self.failure.borrow_mut().get_or_insert(error);
                    break;
                }
            }
        }
        bytes
    }

    fn segment_of(&self, address: u64) -> Option<&Segment> {
        self.segments
            .iter()
            .find(|segment| address.checked_sub(segment.address).is_some_and(|distance| distance < segment.in_file))
    }

    /// Where in the file the byte at an address lies.
    pub(crate) fn file_offset(&self, address: u64) -> Option<u64> {
        let segment = self.segment_of(address)?;
        segment.offset.checked_add(address - segment.address).filter(|offset| *offset < self.size)
    }

    /// Where in the file an instruction lies; `None` for an address that isn't executable.
    pub(crate) fn code_offset(&self, address: u64) -> Option<u64> {
        if self.segment_of(address)?.is_executable { self.file_offset(address) } else { None }
    }

    /// Up to `length` bytes at an address; fewer where its segment ends.
    pub(crate) fn read(&self, address: u64, length: usize) -> Vec<u8> {
        let Some(segment) = self.segment_of(address) else { return Vec::new() };
        let rest = segment.in_file - (address - segment.address);
        let length = length.min(usize::try_from(rest).unwrap_or(usize::MAX));
        self.file_offset(address).map_or_else(Vec::new, |offset| self.read_offset(offset, length))
    }

    /// A function's code: as long as its symbol says, or `unsized_length` bytes.
    pub(crate) fn code(&self, function: Symbol, unsized_length: usize) -> Vec<u8> {
        let length = match usize::try_from(function.size) {
            Ok(0) => unsized_length,
            Ok(size) => size.min(MAX_CODE_BYTES),
            Err(_) => MAX_CODE_BYTES,
        };
        if self.code_offset(function.address).is_none() { Vec::new() } else { self.read(function.address, length) }
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The section that an address lies in.
    pub(crate) fn section_at(&self, address: u64) -> Option<&Section> {
        self.sections.iter().find(|section| {
            section.address != 0 && address.checked_sub(section.address).is_some_and(|distance| distance < section.size)
        })
    }

    /// Notes of one owner and type, wherever they are: their descriptions.
    pub(crate) fn notes(&self, section: &str, owner: &[u8], kind: u32) -> Vec<Vec<u8>> {
        let Some(section) = self.section(section) else { return Vec::new() };
        let bytes = self.read_offset(section.offset, section.size.min(MAX_NOTE_BYTES) as usize);
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((head, body)) = rest.split_first_chunk::<12>() {
            let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let (name_length, length) = (word(0) as usize, word(4) as usize);
            let Some(padded_name) = name_length.checked_next_multiple_of(4) else { break };
            let Some(padded) = length.checked_next_multiple_of(4) else { break };
            let Some(name) = body.get(..name_length) else { break };
            let Some(after) = body.get(padded_name..) else { break };
            let Some(description) = after.get(..length) else { break };
            if word(8) == kind && name.strip_suffix(b"\0").unwrap_or(name) == owner {
                found.push(description.to_vec());
            }
            rest = after.get(padded..).unwrap_or_default();
        }
        found
    }

    /// The build id in hexadecimal.
    pub(crate) fn build_id(&self) -> Option<String> {
        let id = self.notes(".note.gnu.build-id", b"GNU", elf::NT_GNU_BUILD_ID).into_iter().next()?;
        Some(id.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn dynamic(&self) -> &[(i64, u64)] {
        self.dynamic.get_or_init(|| {
            let Some(section) = self.sections.iter().find(|section| section.kind == elf::SHT_DYNAMIC) else {
                return Vec::new();
            };
            let bytes = self.read_offset(section.offset, section.size.min(MAX_NOTE_BYTES) as usize);
            array::<Dyn64<LittleEndian>>(&bytes)
                .map(|found| (found.d_tag.get(LE).cast_signed(), found.d_val.get(LE)))
                .collect()
        })
    }

    /// The library's own name, `libssl.so.3`, else its file's.
    pub(crate) fn name(&self) -> Option<String> {
        self.soname().or_else(|| Some(self.hint.file_name()?.to_str()?.to_owned()))
    }

    fn soname(&self) -> Option<String> {
        let value =
            |tag: u32| self.dynamic().iter().find(|(found, _)| *found == i64::from(tag)).map(|(_, value)| *value);
        let address = value(elf::DT_STRTAB)?.checked_add(value(elf::DT_SONAME)?)?;
        text_at(&self.read(address, MAX_NAME_BYTES), 0)
    }

    /// The functions that runtimes look for, in one pass over each symbol table.
    pub(crate) fn symbols(&self, wanted: &[Wanted]) -> Symbols {
        let mut symbols = Symbols::default();
        for kind in [elf::SHT_DYNSYM, elf::SHT_SYMTAB] {
            let Some(table) = self.sections.iter().find(|section| section.kind == kind) else { continue };
            let Some(strings) = self.sections.get(table.link as usize) else { continue };
            let names = self.wanted_names(strings, wanted);
            if !names.is_empty() {
                self.find_symbols(table, &names, &mut symbols);
            }
        }
        symbols
    }

    /// Where in a string table the wanted names begin. A name may be the tail of a longer one: linkers share them.
    fn wanted_names(&self, strings: &Section, wanted: &[Wanted]) -> HashMap<u32, String> {
        let mut names = HashMap::new();
        let mut counts = vec![0_usize; wanted.len()];
        let mut hits = 0_u64;
        let finders: Vec<_> = wanted
            .iter()
            .map(|wanted| match wanted {
                Wanted::Named { stem, .. } => memchr::memmem::Finder::new(stem.as_bytes()),
                Wanted::Containing(part) => memchr::memmem::Finder::new(part.as_bytes()),
            })
            .collect();
        self.for_each_window(strings.offset, strings.size.min(MAX_STRING_BYTES), |start, window| {
            for ((wanted, finder), count) in wanted.iter().zip(&finders).zip(&mut counts) {
                for hit in finder.find_iter(window) {
                    hits += 1;
                    if hits > MAX_HITS {
                        return ControlFlow::Break(());
                    }
                    let begin = match wanted {
                        Wanted::Named { .. } => hit,
                        Wanted::Containing(_) => {
                            let back = hit.saturating_sub(MAX_NAME_BYTES);
                            memchr::memrchr(0, &window[back..hit]).map_or(back, |zero| back + zero + 1)
                        }
                    };
                    let Some(name) = text_at(window, begin) else { continue };
                    let is_wanted = match wanted {
                        Wanted::Named { names, .. } => names.contains(&name.as_str()),
                        Wanted::Containing(_) => *count < MAX_CONTAINING,
                    };
                    if let (true, Ok(at)) = (is_wanted, u32::try_from(start + begin as u64))
                        && names.insert(at, name).is_none()
                    {
                        *count += 1;
                    }
                }
            }
            ControlFlow::Continue(())
        });
        names
    }

    fn find_symbols(&self, table: &Section, names: &HashMap<u32, String>, symbols: &mut Symbols) {
        let mut at = table.offset;
        let end = table.offset.saturating_add(table.size.min(MAX_SYMBOL_BYTES));
        let entry = size_of::<Sym64<LittleEndian>>();
        while at < end {
            let ask = usize::try_from(end - at).unwrap_or(usize::MAX).min(CHUNK / entry * entry);
            let bytes = self.read_offset(at, ask);
            for found in array::<Sym64<LittleEndian>>(&bytes) {
                let Some(name) = names.get(&found.st_name.get(LE)) else { continue };
                let kind = found.st_info & 0xf;
                let is_function = matches!(kind, elf::STT_FUNC | elf::STT_NOTYPE);
                if !is_function || found.st_shndx.get(LE) == elf::SHN_UNDEF || found.st_value.get(LE) == 0 {
                    continue;
                }
                let symbol = Symbol { address: found.st_value.get(LE), size: found.st_size.get(LE) };
                if self.code_offset(symbol.address).is_none() {
                    continue;
                }
                let first = *symbols.by_name.entry(name.clone()).or_insert(symbol);
                if first.address != symbol.address && symbols.copies.len() < MAX_COPIES {
                    symbols.copies.push((name.clone(), symbol));
                }
            }
            if bytes.len() < ask {
                break;
            }
            at += ask as u64;
        }
    }

    /// Goes through a part of the file in windows that overlap by the longest name: none is cut in every window.
    fn for_each_window(&self, offset: u64, length: u64, mut look: impl FnMut(u64, &[u8]) -> ControlFlow<()>) {
        let mut at = 0;
        while at < length {
            let ask = usize::try_from(length - at).unwrap_or(usize::MAX).min(CHUNK + 2 * MAX_NAME_BYTES);
            let Some(place) = offset.checked_add(at) else { return };
            let window = self.read_offset(place, ask);
            if look(at, &window).is_break() || window.len() < ask {
                return;
            }
            at += CHUNK as u64;
        }
    }

    /// Goes through the loaded bytes for the places where one of the texts begins, until one is accepted. `accept` gets
    /// the address and up to [`TEXT_BYTES`] from there on.
    pub(crate) fn find_text<T>(&self, texts: &[&[u8]], mut accept: impl FnMut(u64, &[u8]) -> Option<T>) -> Option<T> {
        let finders: Vec<_> = texts.iter().map(memchr::memmem::Finder::new).collect();
        let mut accepted = None;
        let mut left = MAX_SEARCHED_BYTES;
        for segment in &self.segments {
            let length = segment.in_file.min(left);
            left -= length;
            self.for_each_window(segment.offset, length, |start, window| {
                for finder in &finders {
                    for hit in finder.find_iter(window) {
                        let Some(address) = segment.address.checked_add(start + hit as u64) else { continue };
                        let text = &window[hit..window.len().min(hit + TEXT_BYTES)];
                        accepted = accept(address, text);
                        if accepted.is_some() {
                            return ControlFlow::Break(());
                        }
                    }
                }
                ControlFlow::Continue(())
            });
            if accepted.is_some() {
                break;
            }
        }
        accepted
    }

    /// Goes through the relocations that need no symbol (`address of the pointer`, `where it points`) until one is accepted.
    fn find_relative<T>(&self, mut accept: impl FnMut(u64, u64) -> Option<T>) -> Option<T> {
        let relative = match self.machine {
            Machine::X86_64 => elf::R_X86_64_RELATIVE,
            Machine::Aarch64 => elf::R_AARCH64_RELATIVE,
        };
        let tables = self.sections.iter().filter(|section| section.kind == elf::SHT_RELA);
        tables.take(MAX_RELOCATION_TABLES).find_map(|section| {
            let bytes = self.read_offset(section.offset, section.size.min(MAX_RELOCATION_BYTES) as usize);
            array::<Rela64<LittleEndian>>(&bytes)
                .filter(|found| found.r_type(LE, false) == relative)
                .find_map(|found| accept(found.r_offset.get(LE), found.r_addend.get(LE).cast_unsigned()))
        })
    }

    /// Where a pointer to an address is stored: as a relocation, else as bytes.
    pub(crate) fn pointer_to(&self, address: u64) -> Option<u64> {
        self.find_relative(|place, value| (value == address).then_some(place))
            .or_else(|| self.find_text(&[&address.to_le_bytes()], |place, _| (place % 8 == 0).then_some(place)))
    }

    /// The pointer stored at an address.
    pub(crate) fn pointer_at(&self, address: u64) -> Option<u64> {
        let stored = u64::from_le_bytes(self.read(address, 8).try_into().ok()?);
        if stored != 0 {
            return Some(stored);
        }
        self.find_relative(|place, value| (place == address).then_some(value))
    }

    /// Whether one of the texts that tell of a library is among the loaded bytes; all are looked for in one pass.
    pub(crate) fn holds(&self, mark: &[u8]) -> bool {
        if self.segments.iter().fold(0_u64, |sum, segment| sum.saturating_add(segment.in_file)) < MIN_MARKED_BYTES {
            return false;
        }
        let held = self.marks.get_or_init(|| {
            let mut missing = self.wanted_marks.clone();
            let mut held = Vec::new();
            self.find_text(&self.wanted_marks, |_, text| {
                held.extend(missing.extract_if(.., |mark| text.starts_with(mark)));
                missing.is_empty().then_some(())
            });
            held
        });
        held.contains(&mark)
    }

    /// The name of the imported function that a PLT entry goes to.
    pub(crate) fn plt_name(&self, slot: u64) -> Option<String> {
        let relocations = self.section(".rela.plt").into_iter().chain(self.section(".rela.dyn"));
        let table = self.sections.iter().find(|section| section.kind == elf::SHT_DYNSYM)?;
        let strings = self.sections.get(table.link as usize)?;
        for section in relocations {
            let bytes = self.read_offset(section.offset, section.size.min(MAX_RELOCATION_BYTES) as usize);
            let hit = array::<Rela64<LittleEndian>>(&bytes).find(|found| found.r_offset.get(LE) == slot);
            if let Some(hit) = hit {
                let index = u64::from(hit.r_sym(LE, false));
                let place = table.offset.checked_add(index * size_of::<Sym64<LittleEndian>>() as u64)?;
                let bytes = self.read_offset(place, size_of::<Sym64<LittleEndian>>());
                let symbol = parse::<Sym64<LittleEndian>>(&bytes)?;
                let name = strings.offset.checked_add(u64::from(symbol.st_name.get(LE)))?;
                return text_at(&self.read_offset(name, MAX_NAME_BYTES), 0);
            }
        }
        None
    }
}

/// A zero-terminated UTF-8 text of at most [`MAX_NAME_BYTES`].
fn text_at(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let rest = &rest[..rest.len().min(MAX_NAME_BYTES + 1)];
    let end = memchr::memchr(0, rest)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

fn parse<T: Pod>(bytes: &[u8]) -> Option<&T> {
    pod::from_bytes(bytes).ok().map(|(found, _)| found)
}

fn array<T: Pod>(bytes: &[u8]) -> impl Iterator<Item = &T> {
    bytes.chunks_exact(size_of::<T>()).filter_map(parse)
}

const _: () = assert!(align_of::<U32<LittleEndian>>() == 1 && align_of::<U64<LittleEndian>>() == 1);
