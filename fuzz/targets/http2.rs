//! Both directions of an HTTP/2 connection, with gaps and closes.
#![no_main]
libfuzzer_sys::fuzz_target!(|script: &[u8]| sidetone_fuzz::check_http::<sidetone_core::wire::http2::Http2>(
    script, 64, false
));
