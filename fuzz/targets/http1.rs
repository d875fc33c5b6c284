//! Both directions of an HTTP/1 connection, with gaps and closes.
#![no_main]
libfuzzer_sys::fuzz_target!(|script: &[u8]| sidetone_fuzz::check_http::<sidetone_core::wire::http1::Http1>(
    script, 64, true
));
