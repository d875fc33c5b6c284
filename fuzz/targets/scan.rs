//! What the scan says of any text: in order, on boundaries of characters, alike wherever the text stands, in linear time.
#![no_main]

use std::time::Duration;

use sidetone_core::scan::Scanner;

/// How long the shorter of two texts is, in bytes; the longer is this many times as long.
const SHORT: usize = 16 * 1024;
const TIMES: usize = 8;
/// How much more than that many times as long the longer one may take.
const NOISE: u32 = 6;
const LEAST: Duration = Duration::from_millis(50);

fn places(scanner: &Scanner, text: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    scanner.scan(text, &mut found);
    found.iter().map(|of| (of.rule.name.to_string(), of.range.start, of.range.end)).collect()
}

/// Processor time of this thread, as Linux tells it: a machine that fuzzes is busy, and its clock says little. Zero elsewhere.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}

fn took(scanner: &Scanner, text: &str) -> Duration {
    let start = processor_time();
    std::hint::black_box(places(scanner, text));
    processor_time().saturating_sub(start)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let scanner = Scanner::embedded();
    let found = places(&scanner, &text);
    let mut done = 0;
    for (rule, start, end) in &found {
        assert!(done <= *start && start < end, "{rule} at {start}..{end} behind {done}");
        assert!(text.get(*start..*end).is_some(), "{rule} at {start}..{end} cuts a character");
        done = *end;
    }
    assert_eq!(found, places(&scanner, &text), "the same text, another time");
    // A secret in front of it, apart, is found whatever follows.
    let key = "glpat-zQWBuTSOoRi4A9spHcVY";
    let behind = places(&scanner, &format!("{key}\u{1}{text}"));
    assert!(behind.first().is_some_and(|(_, start, end)| *start == 0 && *end >= key.len()));
    if !text.is_empty() && bytes.first().is_some_and(|byte| byte % 16 == 0) {
        let short = text.repeat(SHORT / text.len() + 1);
        let long = short.repeat(TIMES);
        let (short, long) = (took(&scanner, &short), took(&scanner, &long));
        assert!(long < short * u32::try_from(TIMES).unwrap() * NOISE + LEAST, "{short:?} and {long:?}");
    }
});
