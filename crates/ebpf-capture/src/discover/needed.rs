//! Which libraries the dynamic linker will load with an executable: its `DT_NEEDED` entries and theirs.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::host;

/// Most libraries of one executable.
const LIBRARIES: usize = 512;
/// Most program headers, entries of the dynamic section, and bytes of one name.
const HEADERS: u64 = 256;
const ENTRIES: u64 = 4096;
const NAME: usize = 4096;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// What the dynamic section of a file asks for.
#[derive(Debug, Default, Clone)]
struct Dynamic {
    machine: u16,
    needed: Vec<String>,
    /// Searched for what its libraries need too, unless there is a `runpath`.
    rpath: Vec<String>,
    runpath: Vec<String>,
}

/// The files that the dynamic linker loads with this one, as far as it can be told: what programs load later by
/// themselves isn't in it. The file itself comes first.
pub(super) fn closure(executable: &Path, library_path: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = vec![executable.to_path_buf()];
    let Some(dynamic) = File::open(executable).ok().and_then(|file| Dynamic::of(&file)) else { return all };
    let machine = dynamic.machine;
    let cache = host::Cache::read();
    let mut found: HashMap<String, Option<PathBuf>> = HashMap::new();
    let mut seen: HashSet<PathBuf> = HashSet::from([executable.to_path_buf()]);
    // Each with the search paths that it inherits.
    let mut waiting = VecDeque::from([(executable.to_path_buf(), dynamic, Vec::<PathBuf>::new())]);
    while let Some((path, dynamic, inherited)) = waiting.pop_front() {
        let folder = std::fs::canonicalize(&path).unwrap_or(path).parent().map(Path::to_path_buf).unwrap_or_default();
        let expand = |list: &[String]| list.iter().filter_map(|entry| expand(entry, &folder)).collect::<Vec<_>>();
        let (own, runpath) = (expand(&dynamic.rpath), expand(&dynamic.runpath));
        let passed_on: Vec<_> =
            if runpath.is_empty() { own.iter().chain(&inherited).cloned().collect() } else { inherited };
        for name in dynamic.needed {
            if all.len() > LIBRARIES || found.contains_key(&name) {
                continue;
            }
            let folders = passed_on.iter().chain(library_path).chain(&runpath);
            let library = if name.contains('/') {
                loadable(Path::new(&name), machine)
            } else {
                folders
                    .map(|folder| folder.join(&name))
                    .chain(cache.named(&name))
                    .chain(host::standard_folders().into_iter().map(|folder| folder.join(&name)))
                    .find_map(|candidate| loadable(&candidate, machine))
            };
            found.insert(name, library.as_ref().map(|(path, _)| path.clone()));
            if let Some((path, dynamic)) = library
                && seen.insert(path.clone())
            {
                all.push(path.clone());
                waiting.push_back((path, dynamic, passed_on.clone()));
            }
        }
    }
    all
}

/// The file, if it can be loaded beside the executable.
fn loadable(path: &Path, machine: u16) -> Option<(PathBuf, Dynamic)> {
    let dynamic = Dynamic::of(&File::open(path).ok()?)?;
    (dynamic.machine == machine).then(|| (path.to_path_buf(), dynamic))
}

/// `$ORIGIN/../lib`; what has another variable in it (`$LIB`, `$PLATFORM`) is passed over.
fn expand(entry: &str, folder: &Path) -> Option<PathBuf> {
    let origin = folder.to_str()?;
    let path = entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
    (!path.is_empty() && !path.contains('$')).then(|| PathBuf::from(path))
}

impl Dynamic {
    /// Of a 64-bit little-endian ELF file. Without a dynamic section nothing is asked for.
    fn of(file: &File) -> Option<Self> {
        let header: [u8; 64] = bytes(file, 0)?;
        if header.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let mut this = Self { machine: u16::from_le_bytes([header[18], header[19]]), ..Self::default() };
        let table = word(&header, 32)?;
        let count = u64::from(u16::from_le_bytes([header[56], header[57]])).min(HEADERS);
        let size = u64::from(u16::from_le_bytes([header[54], header[55]]));
        let mut loads = Vec::new();
        let mut dynamic = None;
        for index in 0..count {
            let entry: [u8; 56] = bytes(file, table.checked_add(index * size)?)?;
            let kind = u32::from_le_bytes(*entry.first_chunk()?);
            let (offset, address, length) = (word(&entry, 8)?, word(&entry, 16)?, word(&entry, 32)?);
            match kind {
                PT_LOAD => loads.push((offset, address, length)),
                PT_DYNAMIC => dynamic = Some((offset, length)),
                _ => {}
            }
        }
        let Some((start, length)) = dynamic else { return Some(this) };
        let mut entries = Vec::new();
        for index in 0..(length / 16).min(ENTRIES) {
            let entry: [u8; 16] = bytes(file, start.checked_add(index * 16)?)?;
            let (tag, value) = (word(&entry, 0)?, word(&entry, 8)?);
            if tag == DT_NULL {
                break;
            }
            entries.push((tag, value));
        }
        let (_, strings) = *entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?;
        let (offset, address, _) = *loads
            .iter()
            .find(|(_, address, length)| (*address..address.saturating_add(*length)).contains(&strings))?;
        let strings = offset.checked_add(strings - address)?;
        for (tag, value) in entries {
            let text = || text(file, strings.checked_add(value)?);
            let list = || Some(text()?.split(':').map(str::to_owned).collect());
            match tag {
                DT_NEEDED => this.needed.extend(text()),
                DT_RPATH => this.rpath = list().unwrap_or_default(),
                DT_RUNPATH => this.runpath = list().unwrap_or_default(),
                _ => {}
            }
        }
        Some(this)
    }
}

fn bytes<const N: usize>(file: &File, at: u64) -> Option<[u8; N]> {
    let mut buffer = [0; N];
    file.read_exact_at(&mut buffer, at).ok()?;
    Some(buffer)
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn text(file: &File, at: u64) -> Option<String> {
    let mut buffer = vec![0; NAME];
    let read = file.read_at(&mut buffer, at).ok()?;
    let end = memchr::memchr(0, buffer.get(..read)?)?;
    buffer.truncate(end);
    String::from_utf8(buffer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closure_of_this_program_is_what_is_mapped_in_it() {
        let own = std::env::current_exe().unwrap();
        let closure: HashSet<PathBuf> =
            closure(&own, &[]).into_iter().map(|path| std::fs::canonicalize(path).unwrap()).collect();
        let mapped = super::super::proc::mappings(std::process::id()).unwrap();
        for mapping in mapped {
            let path = std::fs::canonicalize(&mapping.path).unwrap();
            assert!(closure.contains(&path), "{} is mapped and not in {closure:?}", path.display());
        }
    }

    #[test]
    fn origin_is_the_folder_of_the_file() {
        let folder = Path::new("/opt/app/bin");
        assert_eq!(expand("$ORIGIN/../lib", folder), Some("/opt/app/bin/../lib".into()));
        assert_eq!(expand("${ORIGIN}", folder), Some("/opt/app/bin".into()));
        assert_eq!(expand("/usr/$LIB", folder), None);
        assert_eq!(expand("", folder), None);
    }
}
