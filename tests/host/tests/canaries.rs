//! Planted secrets in calls of a real client that an agent sees: none leaves with content off, none of a known format with content
//! redacted, and those that were said are found with content full.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use sidetone::Content;
use sidetone::core::policy::Ids;
use sidetone_host_tests::event::Event;
use sidetone_host_tests::place::Place;
use sidetone_host_tests::watch::{self, Agent, Ended, Running};
use sidetone_testkit::canaries::{Canary, EXCHANGES, Planted, Search, planted, session_id};
use sidetone_testkit::hostile::Receiver;
use sidetone_testkit::require;

/// The key that the agent hashes ids with.
const ID_KEY: &str = "a key of this test";

fn all_planted() -> Vec<Planted> {
    (0..EXCHANGES).map(planted).collect()
}

/// A server that answers each exchange as it was planted.
fn place() -> Option<Place> {
    require::tool("curl")?;
    Place::new("api.openai.com", &["h2", "http/1.1"], |server| {
        all_planted().into_iter().fold(server, |server, Planted { mut case, .. }| {
            // A server's case has a path without a query.
            case.path.truncate(case.path.find('?').unwrap());
            server.case(case)
        })
    })
}

/// What curl is to do: one exchange after the other, half of them by HTTP/2.
fn config(place: &Place) -> String {
    let mut config = String::new();
    for (number, planted) in all_planted().iter().enumerate() {
        let body = place.file(&planted.case.name);
        fs::write(&body, &planted.case.request).unwrap();
        let version = if number % 2 == 0 { "http1.1" } else { "http2" };
        writeln!(config, "{}{version}\nsilent\nshow-error\ngloboff", if number == 0 { "" } else { "next\n" }).unwrap();
        let url = format!("https://{}{}", place.name, planted.case.path);
        writeln!(config, "url = \"{url}\"\ndata-binary = \"@{}\"\noutput = \"/dev/null\"", body.display()).unwrap();
        writeln!(config, "header = \"content-type: application/json\"").unwrap();
        writeln!(config, "header = \"x-mock-case: {}\"", planted.case.name).unwrap();
        for (name, value) in &planted.headers {
            assert!(!value.contains(['"', '\\']), "{value}");
            writeln!(config, "header = \"{name}: {value}\"").unwrap();
        }
    }
    config
}

/// What of the canaries is looked for.
fn search(wanted: impl Fn(&Canary) -> bool + Copy) -> Search {
    let mut search = Search::default();
    all_planted().iter().for_each(|planted| search.extend(planted.search(wanted)));
    search
}

/// All that left the host: JSON lines, what was exported and what was printed.
struct Emitted {
    events: Vec<Event>,
    lines: String,
    exported: Vec<u8>,
    ended: Ended,
}

impl Emitted {
    fn assert_without(&self, search: &Search) {
        let Self { lines, exported, ended, .. } = self;
        for (what, bytes) in [
            ("JSON lines", lines.as_bytes()),
            ("OTLP", exported),
            ("standard output", ended.stdout.as_bytes()),
            ("standard error", ended.stderr.as_bytes()),
        ] {
            assert_eq!(search.find(bytes), None, "{what}");
        }
    }
}

/// One agent at a time: it hears of what the other's client does.
static ALONE: Mutex<()> = Mutex::new(());

/// What an agent tells of curl's calls, with everything on that prints or exports.
fn told_by_agent(place: &Place, content: Content) -> Emitted {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let receiver = Receiver::start();
    let mut client = Running::start(place.command("curl").args(["--config", "-"]));
    let pid = client.pid();
    // It waits for what to do, with its libraries in place: no call is too early.
    let library =
        |_: &Running| fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains("/libssl"));
    client.wait_until("curl has its libraries", library);
    let mut agent = Command::new(watch::sidetone());
    agent.env("SIDETONE_ID_KEY", ID_KEY).env("SIDETONE_DEBUG", "telemetry").env("RUST_LOG", "trace");
    let (endpoint, pid_argument) = (receiver.endpoint(), pid.to_string());
    let arguments = ["--otlp", &endpoint, "--pid", &pid_argument, "--content", content.as_str()];
    let mut agent = Agent::start_by(&mut agent, &arguments);
    client.tell(&config(place));
    let ended = client.end();
    assert!(ended.status.success(), "{ended:?}");
    agent.wait_for(&[pid], EXCHANGES as usize);
    let seen = agent.stop();
    let mut exported = Vec::new();
    for request in receiver.requests() {
        exported.extend_from_slice(format!("{:?}", request.headers).as_bytes());
        exported.extend_from_slice(&request.body);
    }
    assert!(exported.windows(15).any(|window| window == b"gen_ai.response"), "spans were exported");
    Emitted { events: seen.events, lines: seen.lines, exported, ended: seen.ended }
}

/// Each call has its event, with what is right of it.
fn assert_events(events: &[Event]) {
    assert_eq!(events.len() as u64, EXCHANGES);
    for (number, planted) in (0..EXCHANGES).zip(all_planted()) {
        let event = of(events, number);
        let request = &event.request["data"];
        assert_eq!(request["session_id"], session_id(number), "a hash isn't hashed again");
        let baggage = planted.headers.iter().find(|(name, _)| *name == "baggage").unwrap();
        let user = baggage.1.split([',', '=']).nth(1).unwrap();
        assert_eq!(request["user_id"], *Ids::keyed(ID_KEY.as_bytes()).id(user));
        assert!(request["user_id"].as_str().unwrap().starts_with("hmac-sha256:"));
        assert_eq!(event.model.as_deref(), planted.has_model.then_some("gpt-4o-mini"), "exchange {number}");
        assert!(event.is_complete, "{}", event.response);
        if planted.fails {
            let error = &event.response["data"]["error"];
            assert_eq!((event.outcome.as_str(), &error["type"]), ("failed", &"AuthenticationError".into()));
            continue;
        }
        assert_eq!(event.outcome, "completed");
        assert_eq!(event.response["data"]["response"]["model"], "gpt-4o-mini-2024-07-18");
        assert_eq!((event.input_tokens, event.output_tokens), (Some(11), Some(7)));
    }
}

/// The event of the n-th exchange, by the session that its baggage names.
fn of(events: &[Event], number: u64) -> &Event {
    let session = session_id(number);
    let mut of = events.iter().filter(|event| event.request["data"]["session_id"] == *session);
    let event = of.next().unwrap_or_else(|| panic!("no event of exchange {number}"));
    assert_eq!(of.next(), None);
    event
}

#[test]
fn with_content_off_nothing_planted_leaves_the_host() {
    let Some(place) = place() else { return };
    let emitted = told_by_agent(&place, Content::Off);
    assert_events(&emitted.events);
    emitted.assert_without(&search(|_| true));
}

#[test]
fn with_content_redacted_no_known_secret_leaves_the_host_and_each_is_a_finding() {
    let Some(place) = place() else { return };
    let emitted = told_by_agent(&place, Content::Redacted);
    assert_events(&emitted.events);
    emitted.assert_without(&search(|canary| canary.secret.is_known));
    for (number, planted) in (0..EXCHANGES).zip(all_planted()) {
        let findings = of(&emitted.events, number).response["data"]["findings"]["listed"].as_array().unwrap();
        let places: Vec<_> = findings.iter().map(|finding| finding["place"].as_str().unwrap()).collect();
        for canary in planted.canaries.iter().filter(|canary| canary.secret.is_known) {
            let is_found = canary.place.as_deref().is_none_or(|place| places.contains(&place));
            assert!(is_found, "exchange {number}: {:?} is not in {places:?}", canary);
        }
    }
}

#[test]
fn with_content_full_what_was_said_is_found_and_nothing_else() {
    let Some(place) = place() else { return };
    let emitted = told_by_agent(&place, Content::Full);
    assert_events(&emitted.events);
    emitted.assert_without(&search(|canary| !canary.is_content));
    for (number, planted) in (0..EXCHANGES).zip(all_planted()) {
        for canary in planted.canaries.iter().filter(|canary| canary.is_content && canary.is_plain) {
            let mut search = Search::default();
            search.secret("", &canary.secret);
            assert!(search.find(emitted.lines.as_bytes()).is_some(), "the search works: {number}, {:?}", canary.place);
        }
        let said = planted.search(|canary| canary.is_content && canary.is_plain);
        assert!(said.find(&emitted.exported).is_some(), "the search works in OTLP: {number}");
    }
}

#[test]
fn nothing_planted_is_on_the_terminal_of_who_runs_a_command() {
    let Some(place) = place() else { return };
    let file = place.file("curl.config");
    fs::write(&file, config(&place)).unwrap();
    for content in [Content::Redacted, Content::Full] {
        let mut command = place.command(watch::sidetone());
        command.env("SIDETONE_DEBUG", "telemetry").args([
            "run",
            "--content",
            content.as_str(),
            "--",
            "curl",
            "--config",
        ]);
        let ended = watch::succeed(command.arg(&file));
        // A line for each call says how it went, and nothing of what was said.
        assert_eq!(search(|_| true).find(ended.stderr.as_bytes()), None, "{content:?}");
        assert_eq!(search(|_| true).find(ended.stdout.as_bytes()), None, "{content:?}");
        assert!(ended.stderr.matches("gpt-4o-mini").count() as u64 >= EXCHANGES / 2, "{}", ended.stderr);
    }
}
