//! GnuTLS.

mod detect;
mod probes;

use super::Runtime;

const NAME: &str = "gnutls";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: detect::WANTED, recognise: detect::recognise };
