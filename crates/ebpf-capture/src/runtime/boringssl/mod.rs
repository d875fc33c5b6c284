//! BoringSSL (and AWS-LC's libssl): always static or private; by symbols, where stripped by build id.

mod detect;
mod probes;

use super::Runtime;

const NAME: &str = "boringssl";

pub(super) const RUNTIME: Runtime = Runtime { name: NAME, wanted: detect::WANTED, recognise: detect::recognise };
