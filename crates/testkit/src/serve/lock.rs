//! Locks that a failed test doesn't poison for the others.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a lock, also after a test has panicked with the lock held.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
