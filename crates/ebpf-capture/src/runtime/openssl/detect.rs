//! Whether a file defines OpenSSL's functions, and which version it is.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::super::mark::{Mark, backwards};
use super::{NAME, probes};

pub(super) const WANTED: &[Wanted] = &[
    Wanted::Named { stem: VERSION_FUNCTION, names: &[VERSION_FUNCTION] },
    Wanted::Named {
        stem: "SSL_",
        names: &[
            "SSL_read",
            "SSL_read_ex",
            "SSL_write",
            "SSL_write_ex",
            "SSL_write_ex2",
            "SSL_free",
            "SSL_up_ref",
            "SSL_set_connect_state",
            "SSL_set_accept_state",
            "SSL_connect",
            "SSL_accept",
            "SSL_ctrl",
            "SSL_set_fd",
            "SSL_set_rfd",
        ],
    },
];

/// Returns the version as a constant, `0x30000130` for 3.0.19; in libcrypto and in whatever holds both libraries.
const VERSION_FUNCTION: &str = "OpenSSL_version_num";

/// How the version's text begins, in libcrypto and in whatever holds both libraries.
const VERSION_TEXTS: &[&[u8]] = &[b"OpenSSL 3.", b"OpenSSL 1.", b"OpenSSL 4.", b"LibreSSL "];

/// The name of an internal function of OpenSSL 3, in its error messages; it outlives `strip`.
pub(in super::super) static MARK: Mark = Mark::of(const { &backwards(b"\0ssl_write_internal\0") });

const SHARED: &str = "Use a build with symbols, or one that links the system's libssl dynamically.";

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    if symbols.get("SSL_read").is_none() || symbols.get("SSL_write").is_none() {
        let reason = "The file holds OpenSSL without symbols: nothing says where its functions are.";
        return image
            .holds(MARK.text())
            .then(|| Recognised::out_of_reach(NAME, version_by_text(image), reason, SHARED));
    }
    // BoringSSL has no SSL_ctrl; its folder takes the file then.
    symbols.get("SSL_ctrl")?;
    let (hook, probes) = probes::probes(image, symbols)?;
    Some(Recognised::hooked(NAME, version(image, symbols), Some(hook), probes))
}

/// From the library's own name (`libssl.so.3`, `libssl-1b2c3d4e.so.1.1`), else from the function that returns it, else
/// from the text among the data.
fn version(image: &Image<'_>, symbols: &Symbols) -> Option<String> {
    let name = image.name().filter(|name| name.starts_with("libssl"));
    let of_library = name.and_then(|name| Some(name.split_once(".so.")?.1.to_owned()));
    of_library.or_else(|| version_by_function(image, symbols)).or_else(|| version_by_text(image))
}

/// From the number that `OpenSSL_version_num` returns: `0xMNNFFPPS` (`OPENSSL_VERSION_NUMBER(3)`).
fn version_by_function(image: &Image<'_>, symbols: &Symbols) -> Option<String> {
    let code = image.code(symbols.get(VERSION_FUNCTION)?, 16);
    let code = code.strip_prefix(&[0xf3, 0x0f, 0x1e, 0xfa]).unwrap_or(&code); // endbr64
    let [0xb8, number @ .., 0xc3] = code.get(..6)? else { return None }; // mov $number,%eax; ret
    let number = u32::from_le_bytes(number.try_into().ok()?);
    let (major, minor) = (number >> 28, number >> 20 & 0xff);
    let (fix, patch) = (number >> 12 & 0xff, number >> 4 & 0xff);
    match major {
        3.. => Some(format!("{major}.{minor}.{patch}")),
        // 1.1.1k; LibreSSL says 2.0.0 for ever.
        1 => {
            let letter = patch.checked_sub(1).and_then(|nth| char::from_digit(nth + 10, 36));
            Some(format!("{major}.{minor}.{fix}{}", letter.map_or_else(String::new, String::from)))
        }
        _ => None,
    }
}

fn version_by_text(image: &Image<'_>) -> Option<String> {
    image.find_text(VERSION_TEXTS, |_, text| version_in(text))
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
