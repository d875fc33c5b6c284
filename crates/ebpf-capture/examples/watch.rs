//! Prints every LLM call on this host, one line each, until its standard input ends. Needs root.
//!
//! ```sh
//! cargo build -p sidetone-ebpf-capture --example watch && sudo target/debug/examples/watch
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example")]

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use sidetone_ebpf_capture::{Capture, Options};
use sidetone_pipeline::{Counters, Finished, Sink};

struct Print;

impl Sink for Print {
    fn name(&self) -> &'static str {
        "print"
    }

    fn call(&mut self, finished: &mut Finished) {
        let call = &finished.call;
        let process = call.process.as_deref();
        println!(
            "{} {}: {} {} at {}, {} in {} out, {} ms (first output {:?}), {}",
            process.and_then(|process| process.pid).unwrap_or_default(),
            process.and_then(|process| process.name.as_deref()).unwrap_or("?"),
            call.operation.as_str(),
            call.response.model.as_deref().or(call.request.model.as_deref()).unwrap_or("?"),
            call.server.address,
            call.usage.input.map_or_else(|| "?".into(), |count| count.to_string()),
            call.usage.output.map_or_else(|| "?".into(), |count| count.to_string()),
            call.timing.total.as_millis(),
            call.timing.first_output,
            call.outcome.as_str(),
        );
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counters = Arc::<Counters>::default();
    let capture = Capture::start(Options::default(), vec![Box::new(Print)], Arc::clone(&counters))?;
    eprintln!("ready");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let report = capture.stop(Duration::from_secs(5));
    eprintln!("{report:#?}");
    for (reason, items, bytes) in counters.nonzero() {
        eprintln!("{}: {items} items, {bytes} bytes", reason.as_str());
    }
    Ok(())
}
