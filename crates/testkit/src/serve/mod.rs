//! What every server of this crate stands on: a listener with a thread of its own, and bodies that misbehave as told.

pub(crate) mod delivery;
pub(crate) mod listener;
pub(crate) mod request;
pub(crate) mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a lock, also after a test has panicked with the lock held.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
