//! Whether a file defines BoringSSL's functions: those of OpenSSL's names without `SSL_ctrl`, which it has as macros only.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::{NAME, probes};

pub(super) const WANTED: &[Wanted] = &[Wanted::Named {
    stem: "SSL_",
    names: &[
        "SSL_ctrl",
        "SSL_read",
        "SSL_read_ex",
        "SSL_write",
        "SSL_write_ex",
        "SSL_free",
        "SSL_set_connect_state",
        "SSL_set_accept_state",
        "SSL_connect",
        "SSL_accept",
        "SSL_set_tlsext_host_name",
        "SSL_set_fd",
        "SSL_set_rfd",
    ],
}];

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    symbols.get("SSL_read")?;
    symbols.get("SSL_write")?;
    if symbols.get("SSL_ctrl").is_some() {
        return None;
    }
    let (hook, probes) = probes::probes(image, symbols)?;
    Some(Recognised::hooked(NAME, None, Some(hook), probes))
}
