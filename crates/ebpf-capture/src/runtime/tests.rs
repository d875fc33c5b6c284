//! Facts about real binaries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#[test]
fn show() {
    for path in std::env::var("SHOW").unwrap_or_default().split(':').filter(|path| !path.is_empty()) {
        let begun = std::time::Instant::now();
        let found = super::recognise(&std::fs::File::open(path).unwrap(), std::path::Path::new(path)).unwrap();
        eprintln!("{path} {:?}", begun.elapsed());
        for one in found {
            eprintln!("  {} {:?} {:?} {:?}", one.runtime, one.version, one.hook, one.unsupported);
            for probe in one.probes {
                eprintln!("    {:x} {:?} {:x}", probe.offset, probe.program, probe.cookie.0);
            }
        }
    }
}
