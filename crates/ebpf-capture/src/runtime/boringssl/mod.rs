//! BoringSSL (and AWS-LC's libssl): always static or private; by symbols, where stripped by build id.

mod builds;
mod detect;
mod probes;

use super::Runtime;

pub(super) use detect::MARK;

const NAME: &str = "boringssl";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: detect::WANTED, recognise: detect::recognise };
