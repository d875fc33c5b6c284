//! The USDT probe `sidetone:call`, by which the in-process middleware says which calls it reports itself. No TLS library.

mod detect;
mod probes;

use super::Runtime;

const NAME: &str = "sidetone";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: &[], recognise: detect::recognise };
