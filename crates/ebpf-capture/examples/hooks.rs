//! Prints which TLS libraries files hold and where they are hooked: `cargo run --example hooks -- FILE…`.
#![allow(clippy::print_stdout, reason = "an example")]

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use sidetone_ebpf_capture::runtime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let begun = Instant::now();
        let found = runtime::recognise(&File::open(&path)?, Path::new(&path))?;
        println!("{path} ({:.1?})", begun.elapsed());
        for one in found {
            println!("  {} {}", one.runtime, one.version.as_deref().unwrap_or("of unknown version"));
            if let Some(unsupported) = one.unsupported {
                println!("    out of reach: {} {}", unsupported.reason, unsupported.remedy);
            }
            if let Some(hook) = one.hook {
                println!("    hooked {hook}");
            }
            for probe in one.probes {
                println!("    {:#x} {:?} {:#x}", probe.offset, probe.program, probe.cookie.0);
            }
        }
    }
    Ok(())
}
