//! Whether a file defines BoringSSL's functions: those of OpenSSL's names without `SSL_ctrl`, which it has as macros only.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::super::mark::{Mark, backwards};
use super::builds::Build;
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
        "SSL_up_ref",
        "SSL_set_connect_state",
        "SSL_set_accept_state",
        "SSL_connect",
        "SSL_accept",
        "SSL_set_tlsext_host_name",
        "SSL_set_fd",
        "SSL_set_rfd",
    ],
}];

/// A file of BoringSSL's source, in its error messages; it outlives `strip`.
pub(in super::super) static MARK: Mark = Mark::of(const { &backwards(b"ssl/ssl_lib.cc\0") });

const REPORT: &str = "Use a build with symbols, or report the build id, the program and its version so that it can be added to the table.";

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    let has_symbols = symbols.get("SSL_read").is_some() && symbols.get("SSL_write").is_some();
    if has_symbols && symbols.get("SSL_ctrl").is_some() {
        return None;
    }
    let hooked = |symbols: &Symbols| {
        let (hook, probes) = probes::probes(image, symbols)?;
        Some(Recognised::hooked(NAME, None, Some(hook), probes))
    };
    if has_symbols {
        return hooked(symbols);
    }
    if let Some(build) = Build::of(image) {
        return hooked(&build.symbols());
    }
    if !image.holds(MARK.text()) {
        return None;
    }
    let build = image.build_id().map_or_else(|| "no build id".to_owned(), |id| format!("build id {id}"));
    let reason = format!("The program holds BoringSSL without symbols, and its build isn't known ({build}).");
    Some(Recognised::out_of_reach(NAME, None, reason, REPORT))
}
