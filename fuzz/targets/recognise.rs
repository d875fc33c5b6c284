//! Files that may hold a TLS library: ELF, symbols, Go's pclntab, machine code.
#![no_main]

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sidetone_ebpf_capture::runtime::recognise;

thread_local! {
    static FILE: std::cell::RefCell<File> = {
        let path = std::env::temp_dir().join(format!("sidetone-fuzz-{}", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        std::cell::RefCell::new(file)
    };
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FILE.with_borrow_mut(|file| {
        file.set_len(0).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(bytes).unwrap();
        for found in recognise(file, Path::new("/lib/libssl.so.3")).unwrap() {
            assert!(found.unsupported.is_none() || found.probes.is_empty());
            assert!(found.probes.iter().all(|probe| probe.offset < bytes.len() as u64), "{found:?}");
        }
    });
});
