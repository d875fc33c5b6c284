//! Whether a file defines GnuTLS's functions, and which version it is.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::{NAME, probes};

pub(super) const WANTED: &[Wanted] = &[Wanted::Named {
    stem: "gnutls_",
    names: &[
        "gnutls_record_recv",
        "gnutls_record_recv_seq",
        "gnutls_record_send",
        "gnutls_record_send2",
        "gnutls_record_send_range",
        "gnutls_deinit",
        "gnutls_handshake",
        "gnutls_server_name_set",
        "gnutls_transport_set_int2",
    ],
}];

/// A message of the library; what follows is its version.
const VERSION_TEXT: &[u8] = b"Enabled GnuTLS ";

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    symbols.get("gnutls_record_recv")?;
    symbols.get("gnutls_record_send")?;
    let (hook, probes) = probes::probes(image, symbols)?;
    let version = image.find_text(&[VERSION_TEXT], |_, text| {
        let rest = text.strip_prefix(VERSION_TEXT)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        String::from_utf8(rest.get(..end)?.to_vec()).ok().filter(|version| !version.is_empty())
    });
    Some(Recognised::hooked(NAME, version, Some(hook), probes))
}
