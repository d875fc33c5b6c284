//! rustls 0.20 to 0.23, where the program has its symbols.

mod detect;
mod probes;

use super::Runtime;

pub(super) use detect::MARK;

const NAME: &str = "rustls";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: detect::WANTED, recognise: detect::recognise };
