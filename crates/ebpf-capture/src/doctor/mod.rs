//! Whether and how far capture can work on this host, and for which of its processes: what `sidetone doctor` prints.

mod check;
mod listing;
mod loop_back;
mod out_of_reach;
mod privileges;
mod self_test;
mod system;
mod trial;

pub use check::{Check, State};
pub use listing::{Library, Listed, Which, processes};
pub use loop_back::loop_back_child;
pub use out_of_reach::{OUT_OF_REACH, PlainServer, plain_servers};
pub use self_test::self_test;

/// Everything that capture needs of this host, in the order in which it matters. The self-test isn't in it: that is
/// [`self_test`].
#[must_use]
pub fn checks() -> Vec<Check> {
    let mut all = privileges::checks();
    all.extend(system::checks());
    all.extend(trial::checks());
    all
}
