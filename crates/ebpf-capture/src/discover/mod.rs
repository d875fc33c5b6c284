//! Which processes there are, which files they run code from, and which of those hold a TLS library to attach to.

pub mod container;
mod files;
mod filter;
mod follow;
mod host;
mod kernel;
mod needed;
mod notice;
mod open;
mod order;
mod prepare;
pub mod proc;
mod record;
pub mod sideband;
pub mod sockets;
mod sys;
mod table;
mod watch;

pub(crate) use host::tls_files;
pub use kernel::Attach;
pub use notice::Notice;
pub(crate) use open::open_mapped;
pub use record::{Device, Event, Mapping, What};
pub use sys::now;
pub use table::Processes;
pub use watch::{WatchCounts, WatchError, WatchOptions, Watcher};
