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

/// The name of an internal function of OpenSSL 3, in its error messages; it outlives `strip`.
pub(in super::super) const MARK: &[u8] = b"\0ssl_write_internal\0";

const SHARED: &str = "Use a build with symbols, or one that links the system's libssl dynamically.";

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    if symbols.get("SSL_read").is_none() || symbols.get("SSL_write").is_none() {
        let reason = "The file holds OpenSSL without symbols: nothing says where its functions are.";
        return image.holds(MARK).then(|| Recognised::out_of_reach(NAME, version(image), reason, SHARED));
    }
    // BoringSSL has no SSL_ctrl; its folder takes the file then.
    symbols.get("SSL_ctrl")?;
    let (hook, probes) = probes::probes(image, symbols)?;
    Some(Recognised::hooked(NAME, version(image), Some(hook), probes))
}

/// From the library's own name (`libssl.so.3`, `libssl-1b2c3d4e.so.1.1`), else from the text that libcrypto, or whatever
/// holds both libraries, has among its data.
fn version(image: &Image<'_>) -> Option<String> {
    let name = image.name().filter(|name| name.starts_with("libssl"));
    let version = name.and_then(|name| Some(name.split_once(".so.")?.1.to_owned()));
    version.or_else(|| image.find_text(VERSION_TEXTS, |_, text| version_in(text)))
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
