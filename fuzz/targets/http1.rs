//! Both directions of an HTTP/1 connection, with gaps and closes.
#![no_main]

use sidetone_core::wire::http1::Http1;
use sidetone_fuzz::{Cuts, check_http};

libfuzzer_sys::fuzz_target!(|script: &[u8]| check_http::<Http1>(script, 64, Cuts::OfRequestsTell));
