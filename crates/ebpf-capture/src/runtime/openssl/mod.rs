//! OpenSSL 1.1 and 3 (and LibreSSL): shared, or static with its symbols, as in Node.

mod detect;
mod probes;

use super::Runtime;

pub(super) static RUNTIME_NAME: &str = "openssl";

pub(super) const RUNTIME: Runtime =
    Runtime { name: RUNTIME_NAME, wanted: detect::WANTED, recognise: detect::recognise };
