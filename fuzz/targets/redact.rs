//! What redaction leaves of any text: nothing that is found, nothing that wasn't there, and no more when done twice.
#![no_main]

use sidetone_core::scan::Scanner;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let scanner = Scanner::embedded();
    let mut found = Vec::new();
    scanner.scan(&text, &mut found);
    let redacted = scanner.redact(&text);
    if found.is_empty() {
        assert_eq!(redacted, text);
        return;
    }
    let mut left = Vec::new();
    scanner.scan(&redacted, &mut left);
    assert!(left.is_empty(), "{left:?} is left in {redacted:?}");
    assert_eq!(scanner.redact(&redacted), redacted);
});
