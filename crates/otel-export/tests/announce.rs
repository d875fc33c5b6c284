//! The probe `sidetone:call`, as tracers find it and as they read it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use common::{chat, finished, memory, start};
use opentelemetry_sdk::trace::Sampler;
use sidetone_core::dialect::V2;
use sidetone_core::event::{Call, Process};
use sidetone_otel_export::OtelSink;
use sidetone_pipeline::{Counters, Sink as _};
use sidetone_testkit::require;

/// The USDT notes of a file, as readelf prints them: `Provider: …`, `Name: …`, `Arguments: …`.
fn notes(readelf: &Path, file: &Path) -> Vec<String> {
    let output = Command::new(readelf).args(["-n", "-W"]).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let begins = |line: &str| ["Provider:", "Name:", "Arguments:"].iter().find_map(|name| line.find(name));
    text.lines().filter_map(|line| Some(line[begins(line)?..].trim().to_owned())).collect()
}

#[test]
fn the_probe_is_there_once_with_five_arguments_and_survives_strip() {
    let (Some(readelf), Some(strip)) = (require::tool("readelf"), require::tool("strip")) else { return };
    let own = std::env::current_exe().unwrap();
    let stripped = Path::new(env!("CARGO_TARGET_TMPDIR")).join("announce-stripped");
    assert!(Command::new(strip).arg("-o").args([&stripped, &own]).status().unwrap().success());
    for file in [&own, &stripped] {
        let notes = notes(&readelf, file);
        assert_eq!(notes[..2], ["Provider: sidetone", "Name: call"], "{notes:?}");
        assert_eq!(notes.len(), 3, "{notes:?}");
        let arguments = notes[2].strip_prefix("Arguments: ").unwrap();
        assert_eq!(
            arguments.split_whitespace().filter(|argument| argument.starts_with("-8@")).count(),
            5,
            "{arguments}"
        );
    }
}

#[test]
fn a_tracer_reads_the_ids_of_each_call_of_the_process_itself() {
    let Some(bpftrace) = require::tool("bpftrace") else { return };
    let program = format!(
        "usdt:{}:sidetone:call /pid == {}/ {{ printf(\"call %s %s %ld %lx %lx %lx\\n\", str(arg2), str(arg3), arg4, \
         *(uint64*)arg0, *(uint64*)(arg0 + 8), *(uint64*)arg1); }}",
        std::env::current_exe().unwrap().display(),
        std::process::id()
    );
    let mut tracer =
        Command::new(bpftrace).args(["-e", &program]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(tracer.stdout.take().unwrap()).lines();
    if !lines.any(|line| line.unwrap().starts_with("Attaching")) {
        tracer.wait().unwrap();
        assert!(!require::or_skip("bpftrace to attach here", false));
        return;
    }
    let memory = memory(Sampler::AlwaysOn);
    let mut sink = OtelSink::with_providers(memory.providers.clone(), &V2, Arc::new(Counters::default()));
    let of = |process: Option<Process>, id: &str| {
        let mut call: Call = chat();
        call.process = process.map(Arc::new);
        call.response.id = Some(id.into());
        call.response.request_id = Some("req_7".into());
        finished(call)
    };
    // It says that it attaches before it has.
    let is_attached = AtomicBool::new(false);
    let mut lines = lines.map_while(Result::ok).filter(|line| line.starts_with("call "));
    let mut others = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_attached.load(Ordering::Relaxed) {
                sink.call(&mut of(None, "early"));
                others += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        assert!(lines.next().is_some());
        is_attached.store(true, Ordering::Relaxed);
    });
    sink.call(&mut of(Some(Process { pid: Some(1), ..Process::default() }), "of-another"));
    sink.call(&mut of(Some(Process { is_own: true, ..Process::default() }), "of-this"));
    sink.call(&mut of(None, "of-nobody-said"));
    let told: Vec<String> = lines.filter(|line| !line.contains(" early ")).take(2).collect();
    // bpftrace detaches when it is told to end.
    Command::new("kill").args(["-INT", &tracer.id().to_string()]).status().unwrap();
    tracer.wait().unwrap();
    let spans = memory.spans.get_finished_spans().unwrap();
    let nanos = start().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let expected = |id: &str, span: usize| {
        let context = &spans[span].span_context;
        // It reads words as this machine does.
        let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap());
        let trace = context.trace_id().to_bytes();
        let (high, low, own) = (word(&trace[..8]), word(&trace[8..]), word(&context.span_id().to_bytes()));
        format!("call {id} req_7 {nanos} {high:x} {low:x} {own:x}")
    };
    assert_eq!(told, [expected("of-this", others + 1), expected("of-nobody-said", others + 2)]);
}
