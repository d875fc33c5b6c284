//! The command line as scripts see it: help, exit codes, what goes to which stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use sidetone_testkit::backends;
use sidetone_testkit::hostile::{Behaviour, Receiver, Refused};

/// The command in an environment of our own.
fn sidetone(args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["OTEL_", "SIDETONE_", "OPENAI_", "CLICOLOR"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.args(args).envs(variables.iter().copied()).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts that a command failed with that code and one line that says all of `words`.
fn assert_told(output: &Output, code: i32, words: &[&str]) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is missing: {stderr}");
    }
}

fn case(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases").join(name).to_str().unwrap().to_owned()
}

/// Help texts are an interface: a change to one shows up in review. `SIDETONE_RENEW=1` writes them anew.
#[test]
fn help_says_what_it_said() {
    for (name, args) in [
        ("sidetone", &["--help"][..]),
        ("replay", &["replay", "--help"]),
        ("demo", &["demo", "--help"]),
        ("doctor", &["doctor", "--help"]),
        #[cfg(target_os = "linux")]
        ("run", &["run", "--help"]),
        #[cfg(target_os = "linux")]
        ("agent", &["agent", "--help"]),
    ] {
        let output = sidetone(args, &[]);
        assert_eq!(output.status.code(), Some(0));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help").join(format!("{name}.txt"));
        if std::env::var_os("SIDETONE_RENEW").is_some() {
            std::fs::write(&path, &output.stdout).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text(&output.stdout), expected, "sidetone {args:?}; SIDETONE_RENEW=1 cargo test renews {path:?}");
    }
}

#[test]
fn wrong_usage_exits_2_and_names_what_there_is() {
    for (args, words) in [
        (
            &["replay", "--dialect", "newest", "x"][..],
            &["newest", "possible values: v2, latest, v1, openinference, posthog"][..],
        ),
        (&["replay", "--content", "on", "x"], &["on", "possible values: off, redacted, full"]),
        (&["replay", "--format", "xml", "x"], &["xml", "possible values: golden, jsonl, pretty"]),
        (&["replay"], &["<PATH>..."]),
        (&["collect"], &["collect"]),
        (&["demo", "--seconds", "soon"], &["soon"]),
        (&[], &["demo", "replay", "doctor"]),
    ] {
        let output = sidetone(args, &[]);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        for word in words {
            assert!(text(&output.stderr).contains(word), "{args:?}: {word:?} is missing: {}", text(&output.stderr));
        }
    }
}

#[test]
fn what_cant_be_replayed_exits_1_and_says_why_and_what_to_do() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command");
    let _ = std::fs::remove_dir_all(&folder);
    let write = |case: &str, meta: &str| {
        let folder = folder.join(case);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("request.json"), "{}").unwrap();
        std::fs::write(folder.join("response.json"), "{}").unwrap();
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        folder.to_str().unwrap().to_owned()
    };
    let meta = |path: &str, server: &str| {
        format!(
            r#"{{"path": "{path}", "method": "POST", "status": 200, "headers": {{}}, "stream": false,
                "response_file": "response.json", "fault": null, "server": "{server}"}}"#
        )
    };
    std::fs::create_dir_all(folder.join("empty")).unwrap();
    let replay = |path: &str| sidetone(&["replay", path], &[]);
    assert_told(&replay("/nowhere/at/all"), 1, &["/nowhere/at/all", "Give a recorded case"]);
    assert_told(&replay(folder.join("empty").to_str().unwrap()), 1, &["no recorded case", "meta.json"]);
    assert_told(&replay(&write("broken", "{")), 1, &["meta.json"]);
    assert_told(
        &replay(&write("unknown", &meta("/v1/weather", "127.0.0.1:80"))),
        1,
        &["/v1/weather", "Check `method` and `path`"],
    );
    assert_told(&replay(&write("server", &meta("/v1/embeddings", ":::"))), 1, &[":::", "Write host:port"]);
}

#[test]
fn the_server_is_the_one_that_meta_json_names() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
    for (server, address, port) in [
        ("api.example.com:8443", "api.example.com", Some(8443)),
        ("http://10.0.0.7:8000/v1", "10.0.0.7", Some(8000)),
        ("[::1]:9000", "::1", Some(9000)),
        // Left out where it is the scheme's own, as the peer does.
        ("https://api.openai.com", "api.openai.com", None),
    ] {
        let mut case = sidetone_testkit::case::Case::load(case("chat_basic")).unwrap();
        case.server = Some(server.to_owned());
        let path = case.save(&folder).unwrap();
        let output = sidetone(&["replay", path.to_str().unwrap()], &[]);
        let document: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
        for element in [&document["spans"][0], &document["metrics"][0]] {
            assert_eq!(element["attributes"]["server.address"]["string"], address);
            assert_eq!(element["attributes"]["server.port"]["int"].as_u64(), port, "{server}");
        }
    }
}

#[test]
fn a_readable_replay_has_every_name_and_the_content_that_was_asked_for() {
    let pretty = |content| {
        let output = sidetone(&["replay", "--format", "pretty", "--content", content, &case("chat_stream_tools")], &[]);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let (off, full) = (pretty("off"), pretty("full"));
    for word in ["chat gpt-4o-mini", "gen_ai.usage.input_tokens", "gen_ai.choice", "gen_ai.client.token.usage", "75"] {
        assert!(off.contains(word) && full.contains(word), "{word}");
    }
    assert!(full.contains("What's the weather in Seattle") && full.contains("Seattle, WA"));
    assert!(!off.contains("weather in Seattle") && !off.contains("Seattle, WA"), "{off}");
    assert!(!full.contains('\x1b'), "no colours off a terminal");
}

#[test]
fn the_doctor_finds_nothing_wrong_where_nothing_is_configured() {
    let output = sidetone(&["doctor", "--only", "export"], &[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    for word in ["v2", "off", "http/protobuf to http://localhost:4318/v1/traces", "async-openai"] {
        assert!(text(&output.stdout).contains(word), "{word}");
    }
}

fn doctor(variables: &[(&str, &str)]) -> (Value, Output) {
    let output = sidetone(&["doctor", "--only", "export", "--json"], variables);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (report, output)
}

#[test]
fn the_doctor_reaches_a_receiver_by_either_protocol() {
    for protocol in ["http/protobuf", "grpc"] {
        let receiver = Receiver::start();
        let (report, output) = doctor(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=secret-7"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        ]);
        assert_eq!(output.status.code(), Some(0), "{protocol}: {report}");
        assert_eq!(report["ok"], true);
        assert_eq!(report["content"], "full");
        for signal in ["traces", "logs", "metrics"] {
            assert_eq!(report["signals"][signal]["reached"], true, "{protocol} {signal}");
            assert_eq!(report["signals"][signal]["protocol"], protocol);
        }
        let requests = receiver.requests();
        assert_eq!(requests.len(), 3, "one a signal");
        assert!(requests.iter().all(|request| request.header("x-team") == Some("secret-7")), "as an export would");
        assert!(!text(&output.stdout).contains("secret-7"), "{}", text(&output.stdout));
    }
}

#[test]
fn the_doctor_reaches_the_collector_and_rotel_by_either_protocol() {
    for receiver in [backends::collector(), backends::rotel()] {
        // Said, and a failure where it is required.
        let Some(receiver) = receiver else { continue };
        let (http, grpc) = (receiver.http_endpoint(), receiver.grpc_endpoint());
        for (protocol, endpoint) in [("http/protobuf", &http), ("grpc", &grpc)] {
            let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &**endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
            let (report, output) = doctor(&variables);
            assert_eq!(output.status.code(), Some(0), "{protocol}: {report}");
        }
        // Each protocol at the other's port.
        for (protocol, endpoint) in [("http/protobuf", &grpc), ("grpc", &http)] {
            let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &**endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
            assert_told(&sidetone(&["doctor", "--only", "export"], &variables), 1, &["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        }
    }
}

#[test]
fn the_doctor_exits_1_when_a_configured_endpoint_cant_be_reached() {
    let refused = Refused::bind();
    for protocol in ["http/protobuf", "grpc"] {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*refused.url()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let (report, output) = doctor(&variables);
        assert_told(&output, 1, &[&refused.addr().to_string(), "can't be connected to", "Start the receiver"]);
        assert_eq!(report["ok"], false);
        assert_eq!(report["signals"]["logs"]["reached"], false);
    }
    // Only what is configured has to be there.
    let receiver = Receiver::start();
    let own = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*receiver.endpoint())];
    assert_eq!(doctor(&own).1.status.code(), Some(0));
    let own = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*refused.url()), ("OTEL_SDK_DISABLED", "true")];
    assert_eq!(doctor(&own).1.status.code(), Some(0), "nothing is exported, so nothing is missing");
}

#[test]
fn the_doctor_tells_what_a_receiver_answers() {
    let receiver = Receiver::start();
    for protocol in ["http/protobuf", "grpc"] {
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver.endpoint()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let told = |behaviour, words: &[&str]| {
            receiver.set(behaviour);
            assert_told(&sidetone(&["doctor", "--only", "export"], &variables), 1, words);
        };
        let status = |status| Behaviour::Status { status, retry_after: None };
        let wrong =
            if protocol == "grpc" { "not by gRPC" } else { "401 Unauthorized. Check OTEL_EXPORTER_OTLP_HEADERS" };
        told(status(401), &[wrong]);
        told(Behaviour::Hang, &["doesn't answer within 3 s"]);
        if protocol == "http/protobuf" {
            told(status(404), &["no OTLP is taken there"]);
            // It is there, and asks to come back.
            receiver.set(status(429));
            assert_eq!(sidetone(&["doctor", "--only", "export"], &variables).status.code(), Some(0));
        }
    }
}

#[test]
fn the_doctor_says_what_is_wrong_with_a_variable() {
    let output = sidetone(&["doctor", "--only", "export"], &[("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")]);
    assert_told(&output, 1, &["OTEL_EXPORTER_OTLP_PROTOCOL=carrier-pigeon", "http/protobuf or grpc is expected"]);
}

/// The cells of the demo's rows: operation, model, tokens and times, outcome.
fn rows(output: &Output) -> Vec<Vec<String>> {
    let rows = text(&output.stdout).lines().filter(|line| line.as_bytes().first().is_some_and(u8::is_ascii_digit));
    let rows = rows.filter(|line| line.as_bytes().get(2) == Some(&b':'));
    rows.map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_demo_shows_each_kind_of_call_once_a_round_and_ends_by_itself() {
    let output = sidetone(&["demo", "--calls", "8"], &[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let rows = rows(&output);
    // How many chunks have come when a stream's reader goes is the network's affair.
    let outcome = |cell: &str| if cell.starts_with("⊘ cancelled after ") { "⊘" } else { cell }.to_owned();
    let shown: Vec<_> = rows.iter().map(|row| [row[1].clone(), row[2].clone(), outcome(&row[row.len() - 1])]).collect();
    assert_eq!(
        shown,
        [
            ["chat", "gpt-4o-mini", "✓ stop"],
            ["chat stream", "gpt-4o", "✓ stop"],
            ["chat tools", "gpt-4o-mini", "✓ tool_calls"],
            ["embeddings", "text-embedding-3-small", "✓ completed"],
            ["chat", "o4-mini", "✓ stop, 2 retries"],
            ["responses", "gpt-5-mini", "✓ stop"],
            ["chat stream", "gpt-4o", "⊘"],
            ["chat", "gpt-4o-mini", "✗ AuthenticationError 401"],
        ]
    );
    // Counts that the server was told to say: 18 + 37 for each call before, and 6 + 13.
    assert_eq!(rows[0][3..5], ["18 /", "6"]);
    assert_eq!(rows[2][3..5], ["92 /", "32"]);
    let out = text(&output.stdout);
    assert!(out.contains("8 calls: 6 completed, 1 failed, 1 cancelled"), "{out}");
    assert!(out.contains("0 dropped") && out.contains("Nothing was exported"), "{out}");
    assert!(!out.contains('\x1b'), "no colours and no redrawing off a terminal");
}

#[test]
fn the_demo_exports_too_where_an_endpoint_is_configured() {
    for protocol in ["http/protobuf", "grpc"] {
        let receiver = Receiver::start();
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver.endpoint()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let output = sidetone(&["demo", "--calls", "3"], &variables);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{protocol}");
        assert!(text(&output.stdout).contains(&format!("went to {} ({protocol})", receiver.endpoint())));
        assert!(receiver.wait_for_requests(3, Duration::from_secs(10)), "spans, log events, metrics");
        let mut names: Vec<_> = receiver.spans().into_iter().map(|span| span.name).collect();
        names.sort();
        assert_eq!(names, ["chat gpt-4o", "chat gpt-4o-mini", "chat gpt-4o-mini"], "{protocol}");
        assert_eq!(receiver.logs().len(), 9, "two messages and a choice each");
        assert!(receiver.metrics().iter().any(|metric| metric.name == "gen_ai.client.token.usage"));
    }
}

#[test]
fn the_demo_says_when_its_telemetry_did_not_arrive() {
    let refused = Refused::bind();
    let output = sidetone(&["demo", "--calls", "1"], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &refused.url())]);
    assert_eq!(rows(&output).len(), 1, "the calls are as without it");
    assert_told(&output, 1, &[&refused.addr().to_string(), "Run `sidetone doctor`"]);
}
