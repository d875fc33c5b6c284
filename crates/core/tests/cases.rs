//! The recorded cases, read whole and at every cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; these read the recorded cases"
)]

#[path = "support/cases.rs"]
mod recorded;

use std::sync::Arc;
use std::time::Duration;

use sidetone_core::exchange::Settings;
use sidetone_core::policy::Content;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn every_response_cut_in_two_at_every_offset_and_byte_by_byte_is_the_same_call() {
    for case in recorded::cases() {
        for content in [Content::Off, Content::Full] {
            let settings = Arc::new(Settings { content, ..Settings::default() });
            let response = &case.response[..];
            let whole = case.understood(&settings, &case.headers, [response]);
            assert_eq!(whole.skips.iter().next(), None, "{}", case.name);
            for cut in 0..=response.len() {
                let (first, second) = response.split_at(cut);
                let cut_in_two = case.understood(&settings, &case.headers, [first, second]);
                assert_eq!(cut_in_two, whole, "{} cut at {cut}", case.name);
            }
            let bytewise = case.understood(&settings, &case.headers, response.chunks(1));
            assert_eq!(bytewise, whole, "{} byte by byte", case.name);
        }
    }
}
