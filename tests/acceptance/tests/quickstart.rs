//! The first thing that a user runs: `cargo run --example quickstart`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sidetone_testkit::require;
use sidetone_testkit::server::MockServer;

/// Cargo in the workspace, with nothing in its environment that the example reads.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("OTEL_") || name.starts_with("OPENAI_") {
            command.env_remove(name);
        }
    }
    command
}

fn printed_by(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A span, log event or metric as it is printed.
#[derive(Debug)]
struct Told {
    heading: String,
    attributes: BTreeMap<String, String>,
    other: Vec<String>,
}

fn told(printed: &str) -> Vec<Told> {
    let (_, telemetry) = printed.split_once("# What was seen of them\n").unwrap();
    let mut all: Vec<Told> = Vec::new();
    for line in telemetry.lines() {
        if !line.starts_with(' ') {
            all.push(Told { heading: line.to_owned(), attributes: BTreeMap::new(), other: Vec::new() });
            continue;
        }
        let last = all.last_mut().unwrap();
        match line.trim_start().split_once(" = ") {
            Some((name, value)) => drop(last.attributes.insert(name.to_owned(), value.to_owned())),
            None => last.other.push(line.trim_start().to_owned()),
        }
    }
    all
}

fn of<'a>(told: &'a [Told], heading: &str) -> Vec<&'a Told> {
    told.iter().filter(|one| one.heading.starts_with(heading)).collect()
}

/// The SDK exports the points of a metric in no order.
fn assert_same_set(told: &[String], expected: &[String]) {
    let [mut told, mut expected] = [told, expected].map(<[String]>::to_vec);
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

/// What a server answers, each time otherwise.
struct Served {
    text: &'static str,
    model: &'static str,
    tool: (&'static str, &'static str),
    input: u64,
    output: u64,
}

fn shows_what_is_served(served: &Served) {
    let Served { text, model, tool: (tool, arguments), input, output } = *served;
    let server = MockServer::builder()
        .reply_text(text)
        .reply_model(model)
        .reply_tool_call(tool, arguments)
        .usage(input, output)
        .start();
    let mut command = cargo(&["run", "--quiet", "--package", "sidetone", "--example", "quickstart"]);
    command.env("OPENAI_BASE_URL", server.base_url());
    let printed = printed_by(command);
    assert_eq!(server.request_count(), 3, "the calls went to this server and to no other");

    // What the client itself got, untouched.
    let (answers, _) = printed.split_once("# What was seen of them\n").unwrap();
    assert!(answers.contains(&format!("# A chat\n{text}\n")), "{answers}");
    assert!(
        answers.contains(&format!("# A streamed chat with tools\n{tool}{arguments}{tool}{arguments}\n")),
        "{answers}"
    );
    assert!(answers.contains("# A call that fails\n401"), "{answers}");

    let told = told(&printed);
    let spans = of(&told, "span chat gpt-4o-mini ");
    let [chat, streamed, failed] = spans.as_slice() else { panic!("{printed}") };
    for span in [chat, streamed] {
        assert_eq!(span.attributes["gen_ai.response.model"], model);
        assert_eq!(span.attributes["gen_ai.usage.input_tokens"], input.to_string());
        assert_eq!(span.attributes["gen_ai.usage.output_tokens"], output.to_string());
        assert_eq!(span.attributes["server.port"], server.addr().port().to_string());
        assert!(!span.other.iter().any(|line| line.starts_with("error")), "{span:?}");
    }
    assert_eq!(chat.attributes["gen_ai.response.finish_reasons"], "[\"stop\"]");
    assert_eq!(streamed.attributes["gen_ai.response.finish_reasons"], "[\"tool_calls\"]");
    assert!(streamed.attributes.contains_key("gen_ai.response.time_to_first_chunk"));
    assert_eq!(failed.attributes["error.type"], "AuthenticationError");
    assert!(!failed.attributes.contains_key("gen_ai.response.model"), "{failed:?}");
    assert!(failed.other.iter().any(|line| line.starts_with("error AuthenticationError")), "{failed:?}");

    let asked: Vec<_> = of(&told, "log gen_ai.user.message").iter().map(|log| log.other[1].clone()).collect();
    let questions = ["Say this is a test.", "What's the weather in Seattle?", "Hello?"];
    assert_eq!(asked, questions.map(|question| format!("{{\"content\": {question:?}}}")));
    let choices = of(&told, "log gen_ai.choice");
    let [said, called] = choices.as_slice() else { panic!("{printed}") };
    assert!(said.other[1].contains(&format!("\"content\": {text:?}")), "{said:?}");
    let wanted = format!("\"arguments\": {arguments:?}, \"name\": {tool:?}");
    assert_eq!(called.other[1].matches(&wanted).count(), 2, "{called:?}");
    // Span and log event of a call share their ids.
    assert!(chat.other[0].starts_with(&said.other[0]) && streamed.other[0].starts_with(&called.other[0]));

    let [tokens] = of(&told, "metric gen_ai.client.token.usage {token}")[..] else { panic!("{printed}") };
    assert_same_set(&tokens.other, &[format!("count 2 sum {}", 2 * input), format!("count 2 sum {}", 2 * output)]);
    let [duration] = of(&told, "metric gen_ai.client.operation.duration s")[..] else { panic!("{printed}") };
    let counts: Vec<_> = duration.other.iter().map(|line| line.split_once(" sum ").unwrap().0.to_owned()).collect();
    assert_same_set(&counts, &["count 1", "count 2"].map(str::to_owned)); // one that failed, two that were answered
}

#[test]
fn it_prints_what_this_server_serves() {
    shows_what_is_served(&Served {
        text: "Grüße aus Łódź, 42 mal.",
        model: "gpt-4o-mini-2031-01-01",
        tool: ("look_up_tide", r#"{"harbour":"Cuxhaven"}"#),
        input: 1_234,
        output: 77,
    });
}

#[test]
fn it_prints_what_another_server_serves() {
    shows_what_is_served(&Served {
        text: "Quite another answer.",
        model: "somebody/else-7b",
        tool: ("ring_bell", r#"{"times":3}"#),
        input: 9,
        output: 4_567_890,
    });
}

/// The example as a program, once cargo is done.
fn program() -> PathBuf {
    let build = ["build", "--quiet", "--package", "sidetone", "--example", "quickstart", "--message-format", "json"];
    let messages = printed_by(cargo(&build));
    let built = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut of_example = built.filter(|message| message["target"]["name"] == "quickstart");
    of_example.find_map(|message| message["executable"].as_str().map(PathBuf::from)).expect("cargo names the program")
}

#[test]
fn without_a_key_nothing_but_loopback_is_touched() {
    let Some(strace) = require::tool("strace") else { return };
    let calls = std::env::temp_dir().join(format!("sidetone-quickstart-{}.strace", std::process::id()));
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o"]).arg(&calls).arg(program());
    command.env_clear();
    let printed = printed_by(command);
    let traced = fs::read_to_string(&calls).unwrap();
    fs::remove_file(&calls).unwrap();
    assert_eq!(of(&told(&printed), "span chat").len(), 3, "{printed}");
    let addressed: Vec<_> = traced.lines().filter(|line| line.contains("sa_family")).collect();
    let to_server = addressed.iter().filter(|line| line.contains(" connect(")).count();
    assert!(to_server > 0, "it connects to its server: {traced}");
    for call in addressed {
        assert!(call.contains(r#"sin_addr=inet_addr("127.0.0.1")"#), "{call}");
    }
}
