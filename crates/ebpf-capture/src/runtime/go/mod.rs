//! Go's `crypto/tls`, by the table of functions that every Go program carries, stripped or not.

mod detect;
mod pclntab;
mod probes;

use super::Runtime;

const NAME: &str = "go";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: &[], recognise: detect::recognise };
