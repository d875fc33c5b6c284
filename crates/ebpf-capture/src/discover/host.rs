//! The TLS libraries and runtimes that are installed on this host, whether or not a process uses them now.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The dynamic linker's list of libraries.
const CACHE: &str = "/etc/ld.so.cache";
/// Most bytes of it that are read: some 200,000 libraries.
const CACHE_BYTES: usize = 32 << 20;
/// Where libraries lie, also where no cache is kept (musl). One level of folders below is looked into as well
/// (`/usr/lib/x86_64-linux-gnu`).
const LIBRARY_FOLDERS: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
/// Names with which the files of TLS libraries that can be captured begin.
const TLS_LIBRARIES: &[&str] = &["libssl.so", "libssl-", "libgnutls.so", "libboringssl"];
/// Where programs lie.
const PROGRAM_FOLDERS: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/bin"];
/// Programs that bring a TLS library in themselves.
const TLS_PROGRAMS: &[&str] = &["node", "nodejs", "bun", "deno"];
/// Most entries of one folder that are looked at.
const ENTRIES: usize = 100_000;

/// Those files; `more` are files or folders that the user adds.
pub(crate) fn tls_files(more: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    found.extend(libraries_in(&Cache::read().0).into_iter().map(PathBuf::from).filter(|path| is_tls_library(path)));
    for folder in LIBRARY_FOLDERS.iter().map(Path::new) {
        for entry in entries(folder) {
            if entry.is_dir() {
                found.extend(entries(&entry).filter(|path| is_tls_library(path)));
            } else if is_tls_library(&entry) {
                found.insert(entry);
            }
        }
    }
    for folder in PROGRAM_FOLDERS {
        found.extend(TLS_PROGRAMS.iter().map(|name| Path::new(folder).join(name)).filter(|path| path.is_file()));
    }
    for path in more {
        if path.is_dir() {
            found.extend(entries(path).filter(|path| path.is_file()));
        } else {
            found.insert(path.clone());
        }
    }
    // Links to one file are one file, under the name that processes have it mapped by.
    let real: BTreeSet<PathBuf> = found.into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    real.into_iter().collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES).map(|entry| entry.path())
}

/// Whether the file's name is that of a TLS library that can be captured.
pub(super) fn is_tls_library(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_library = name.contains(".so");
    is_library && TLS_LIBRARIES.iter().any(|prefix| name.starts_with(prefix))
}

/// Where the dynamic linker finds libraries by their names.
pub(super) struct Cache(Vec<u8>);

impl Cache {
    pub(super) fn read() -> Self {
        Self(fs::read(CACHE).ok().filter(|cache| cache.len() <= CACHE_BYTES).unwrap_or_default())
    }

    /// In the order of the cache: the best first.
    pub(super) fn named(&self, name: &str) -> Vec<PathBuf> {
        let named = |path: &&str| Path::new(path).file_name().is_some_and(|file| file == name);
        libraries_in(&self.0).into_iter().filter(named).map(PathBuf::from).collect()
    }
}

/// The folders in which the dynamic linker looks when nothing else says where.
pub(super) fn standard_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = LIBRARY_FOLDERS.iter().map(PathBuf::from).collect();
    let multiarch = ["/lib", "/usr/lib", "/usr/local/lib"].map(Path::new);
    folders.extend(multiarch.iter().flat_map(|folder| entries(folder)).filter(|path| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-"))
    }));
    folders
}

/// The paths in an `ld.so.cache` of the format that glibc has written since 2.2 (`dl-cache.h`): a header of 48 bytes,
/// entries of 24 bytes with the offset of the path at 8, and strings, all counted from the header. An older format may
/// precede it.
fn libraries_in(cache: &[u8]) -> Vec<&str> {
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    let Some(start) = memchr::memmem::find(cache, MAGIC) else { return Vec::new() };
    let cache = &cache[start..];
    let word = |at: usize| Some(u32::from_ne_bytes(*cache.get(at..)?.first_chunk()?) as usize);
    let count = word(MAGIC.len()).unwrap_or(0).min(cache.len() / ENTRY);
    (0..count)
        .filter_map(|index| {
            let path = cache.get(word(HEADER + index * ENTRY + 8)?..)?;
            str::from_utf8(&path[..memchr::memchr(0, path)?]).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_gives_the_paths_of_its_libraries() {
        let strings: &[u8] = b"libssl.so.3\0/usr/lib/libssl.so.3\0";
        let mut cache = b"glibc-ld.so.cache1.1".to_vec();
        cache.extend(1_u32.to_ne_bytes());
        cache.extend(u32::try_from(strings.len()).unwrap_or(0).to_ne_bytes());
        cache.resize(48, 0);
        let at = 48 + 24;
        cache.extend(0x303_u32.to_ne_bytes()); // flags
        cache.extend((at as u32).to_ne_bytes()); // key
        cache.extend((at as u32 + 12).to_ne_bytes()); // value
        cache.resize(at, 0);
        cache.extend(strings);
        assert_eq!(libraries_in(&cache), ["/usr/lib/libssl.so.3"]);
        let with_old = [b"ld.so-1.7.0\0\0\0\0\0".as_slice(), &cache].concat();
        assert_eq!(libraries_in(&with_old), ["/usr/lib/libssl.so.3"]);
        for cut in 0..cache.len() {
            assert!(libraries_in(&cache[..cut]).is_empty(), "cut at {cut}");
        }
    }

    #[test]
    fn only_libraries_that_can_be_captured_are_wanted() {
        for name in ["/usr/lib/libssl.so.3", "/x/libssl-9f4b1c.so.1.1", "/x/libgnutls.so.30.34.3"] {
            assert!(is_tls_library(Path::new(name)), "{name}");
        }
        for name in ["/usr/lib/libssl3.so", "/usr/lib/libcrypto.so.3", "/usr/lib/libssl.a", "/usr/lib/libssl.pc"] {
            assert!(!is_tls_library(Path::new(name)), "{name}");
        }
    }
}
