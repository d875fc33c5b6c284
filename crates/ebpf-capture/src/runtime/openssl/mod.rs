//! OpenSSL 1.1 and 3 (and LibreSSL): shared, or static with its symbols, as in Node.

mod detect;
mod probes;

use super::Runtime;

pub(super) use detect::MARK;

const NAME: &str = "openssl";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: detect::WANTED, recognise: detect::recognise };
