//! Both directions of an HTTP/2 connection, with gaps and closes.
#![no_main]

use sidetone_core::wire::http2::Http2;
use sidetone_fuzz::{Cuts, check_http};

libfuzzer_sys::fuzz_target!(|script: &[u8]| check_http::<Http2>(script, 64, Cuts::TellNothing));
