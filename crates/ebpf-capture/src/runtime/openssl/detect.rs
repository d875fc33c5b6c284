//! Whether a file defines OpenSSL's functions, and which version it is.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::{NAME, probes};

pub(super) const WANTED: &[Wanted] = &[Wanted::Named {
    stem: "SSL_",
    names: &[
        "SSL_read",
        "SSL_read_ex",
        "SSL_write",
        "SSL_write_ex",
        "SSL_write_ex2",
        "SSL_free",
        "SSL_set_connect_state",
        "SSL_set_accept_state",
        "SSL_connect",
        "SSL_accept",
        "SSL_ctrl",
        "SSL_set_fd",
        "SSL_set_rfd",
    ],
}];

/// How the version's text begins, in libcrypto and in whatever holds both libraries.
const VERSION_TEXTS: &[&[u8]] = &[b"OpenSSL 3.", b"OpenSSL 1.", b"OpenSSL 4.", b"LibreSSL "];

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    symbols.get("SSL_read")?;
    symbols.get("SSL_write")?;
    // BoringSSL has no SSL_ctrl; its folder takes the file then.
    symbols.get("SSL_ctrl")?;
    let (hook, probes) = probes::probes(image, symbols)?;
    Some(Recognised::hooked(NAME, version(image), Some(hook), probes))
}

/// From the library's own name (`libssl.so.3`, `libssl-1b2c3d4e.so.1.1`), else from the text in the code's data.
fn version(image: &Image<'_>) -> Option<String> {
    let text = image.find_text(VERSION_TEXTS, |_, text| version_in(text));
    text.or_else(|| {
        let soname = image.soname()?;
        let (_, version) = soname.split_once(".so.")?;
        soname.contains("ssl").then(|| version.to_owned())
    })
}

/// `3.0.19` of `OpenSSL 3.0.19 27 Jan 2026`.
fn version_in(text: &[u8]) -> Option<String> {
    let end = text.iter().position(|byte| !(0x20..0x7f).contains(byte)).unwrap_or(text.len());
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    let mut words = text.split(' ');
    let library = words.next()?;
    let version = words.next().filter(|word| word.matches('.').count() == 2)?;
    Some(if library == "LibreSSL" { format!("LibreSSL {version}") } else { version.to_owned() })
}
