//! The kernel side, seen from user space: loading, attaching, reading what it sends.

mod attach;
mod counters;
mod drain;
mod error;
mod load;
mod moved;
mod object;
mod record;
mod sys;
mod table;

pub use attach::{Attachment, Route};
pub use counters::KernelCounters;
pub use drain::{Batch, Drain, DrainControl};
pub use error::{AttachError, LoadError};
pub use load::{ConnectionState, Kernel, LoadOptions, MAX_RING_BYTES, MIN_RING_BYTES, Unknown, Usage};
pub use object::BadObject;
pub use record::{Close, Comm, Direction, Record, RecordHeader, RecordKind};
pub(crate) use sys::give_back_memory;
pub use sys::monotonic_ns;
