//! The two questions to the system that the standard library can't ask.
#![expect(unsafe_code, reason = "two calls of the C library")]

use std::fs::File;
use std::os::fd::AsRawFd;

/// `OVERLAYFS_SUPER_MAGIC` of `linux/magic.h`.
const OVERLAY: u32 = 0x794c_7630;

/// Nanoseconds of `CLOCK_MONOTONIC`.
#[must_use]
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` can be written to; this clock always exists, so the call can't fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Whether a file is on overlayfs.
pub(super) fn is_on_overlay(file: &File) -> bool {
    let mut about = std::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the descriptor is open and `about` has room for the structure, which the call fills when it gives 0;
    // all zeros are a value of it otherwise.
    let about = unsafe {
        libc::fstatfs(file.as_raw_fd(), about.as_mut_ptr());
        about.assume_init()
    };
    // The field's type differs among C libraries; the magic number fits all.
    u32::try_from(about.f_type & 0xffff_ffff).is_ok_and(|kind| kind == OVERLAY)
}
