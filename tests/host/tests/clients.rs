//! Each client, with no change of its code, under `sidetone run`: each call is seen once, the first included, and as the server knows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use sidetone_host_tests::chat;
use sidetone_host_tests::clients;
use sidetone_host_tests::compare;
use sidetone_host_tests::event::Event;
use sidetone_host_tests::place::{Place, own_file};
use sidetone_host_tests::watch::{self, program};
use sidetone_testkit::require;
use sidetone_testkit::server::{Answered, MockServerBuilder};

const NAME: &str = "api.openai.com";
/// How often each client makes its calls, which are a plain one and a streamed one.
const CALLS: usize = 3;
const STEPS: [&str; 2 * CALLS] = ["plain", "stream", "plain", "stream", "plain", "stream"];
/// Long enough to see in the times of a call which part of it took how long.
const HEAD_DELAY: Duration = Duration::from_millis(40);
const PIECE_DELAY: Duration = Duration::from_millis(10);

/// What is to be seen of a client.
struct Row {
    protocols: &'static [&'static str],
    version: &'static str,
    exe: &'static str,
    answers: usize,
    /// Whether the client may read an answer's pieces late, because it has other things to do.
    is_busy: bool,
}

const HTTP1: Row = Row { protocols: &["http/1.1"], version: "HTTP/1.1", exe: "", answers: 2 * CALLS, is_busy: false };
const HTTP2: Row = Row { protocols: &["h2", "http/1.1"], version: "HTTP/2.0", ..HTTP1 };

impl Row {
    fn place(&self) -> Option<Place> {
        Place::new(NAME, self.protocols, |server| server.gzip(true).head_delay(HEAD_DELAY).piece_delay(PIECE_DELAY))
    }

    /// Runs the client under `sidetone run` and compares.
    #[track_caller]
    fn holds<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, place: &Place, client: I) {
        let seen = watch::run(place, client);
        let answers = place.server.answers();
        eprintln!("{}", seen.ended.stderr);
        assert_eq!(answers.len(), self.answers, "{:?}", seen.ended);
        assert!(answers.iter().all(|answer| answer.version == self.version), "{answers:?}");
        let events = compare::one_to_one(&seen.events, &answers);
        for (event, answer) in events.iter().zip(&answers) {
            self.agrees(event, answer);
        }
        // On a busy machine a client may get to read only when much has come, but not in each of its calls.
        let mut early = events.iter().zip(&answers).filter_map(|(event, answer)| is_early(event, answer)).peekable();
        assert!(self.is_busy || early.peek().is_none() || early.any(|early| early), "{events:?} {answers:?}");
    }

    #[track_caller]
    fn agrees(&self, event: &Event, answer: &Answered) {
        assert_eq!(event.server, NAME);
        assert_eq!(event.response["data"]["provider"]["name"], "openai");
        assert_eq!(event.response["data"]["side"], "client");
        let exe = event.exe.as_deref().map(Path::new).and_then(Path::file_name).and_then(|name| name.to_str());
        assert!(exe.is_some_and(|exe| exe.starts_with(self.exe)), "{exe:?}");
        // The server's own pace is a lower limit of what its client may see.
        let least = HEAD_DELAY.as_secs_f64();
        assert!(event.end - event.start >= least, "{event:?}");
        assert!(event.time_to_first_token.is_none_or(|first| first >= least), "{event:?} {answer:?}");
    }
}

/// Whether the first token of a stream was seen when the better half of the answer was still to come.
fn is_early(event: &Event, answer: &Answered) -> Option<bool> {
    let written = answer.ended.duration_since(answer.first_piece?).ok()?.as_secs_f64();
    Some(event.start + event.time_to_first_token? < event.end - written / 2.0)
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn python_sync() {
    let Some(python) = clients::python() else { return };
    let row = Row { exe: "python", ..HTTP1 };
    let Some(place) = row.place() else { return };
    let client = [python.into_os_string(), own_file("clients/python/sync.py").into()];
    row.holds(&place, client.into_iter().chain(words(&STEPS)));
}

#[test]
fn python_async() {
    let Some(python) = clients::python() else { return };
    let row = Row { exe: "python", is_busy: true, ..HTTP1 };
    let Some(place) = row.place() else { return };
    row.holds(&place, [python.into(), own_file("clients/python/async.py").into(), OsString::from(CALLS.to_string())]);
}

#[test]
fn node() {
    let Some(app) = clients::node() else { return };
    let row = Row { exe: "node", ..HTTP1 };
    let Some(place) = row.place() else { return };
    row.holds(&place, [OsString::from("node"), app.into(), OsString::from(CALLS.to_string())]);
}

fn curl(row: &Row, option: &str) {
    if require::tool("curl").is_none() {
        return;
    }
    let Some(place) = row.place() else { return };
    // Before it becomes curl, the shell tells its process id. Both calls use one connection.
    let script = r#"exec curl --silent --show-error --fail --compressed "$0" -H "x-test-pid: $$" -H "content-type: application/json" \
        -d '{"model":"gpt-4o","messages":[]}' https://api.openai.com/v1/chat/completions --next \
        --silent --show-error --fail --compressed "$0" -H "x-test-pid: $$" -H "content-type: application/json" \
        -d '{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}' \
        https://api.openai.com/v1/chat/completions"#;
    Row { exe: "curl", answers: 2, ..*row }.holds(&place, words(&["sh", "-c", script, option]));
}

#[test]
fn curl_http1() {
    curl(&HTTP1, "--http1.1");
}

#[test]
fn curl_http2() {
    curl(&HTTP2, "--http2");
}

fn go(row: &Row, program: Option<std::path::PathBuf>, version: &str) {
    let Some(program) = program else { return };
    let Some(place) = row.place() else { return };
    let client = [program.into_os_string(), OsString::from(version)];
    row.holds(&place, client.into_iter().chain(words(&STEPS)));
}

#[test]
fn go_http1() {
    go(&Row { exe: "client", ..HTTP1 }, clients::go(), "http1");
}

#[test]
fn go_http2() {
    go(&Row { exe: "client", ..HTTP2 }, clients::go(), "http2");
}

#[test]
fn go_stripped_http1() {
    go(&Row { exe: "client-stripped", ..HTTP1 }, clients::go_stripped(), "http1");
}

#[test]
fn go_stripped_http2() {
    go(&Row { exe: "client-stripped", ..HTTP2 }, clients::go_stripped(), "http2");
}

#[test]
fn gnutls() {
    let Some(program) = clients::c_gnutls() else { return };
    let row = Row { exe: "host-client-c-gnutls", ..HTTP1 };
    let Some(place) = row.place() else { return };
    let address = place.address();
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    row.holds(&place, [program.into(), OsString::from(ip), port.into(), CALLS.to_string().into()]);
}

#[test]
fn wget() {
    if require::tool("wget").is_none() {
        return;
    }
    let row = Row { exe: "wget", answers: 1, ..HTTP1 };
    let Some(place) = row.place() else { return };
    let body = r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let url = "https://api.openai.com/v1/chat/completions";
    row.holds(&place, words(&["wget", "--quiet", "--output-document=-", &format!("--post-data={body}"), url]));
}

fn reqwest(row: &Row, version: &str) {
    let Some(place) = row.place() else { return };
    let client = [program("reqwest-client").into_os_string(), OsString::from(version)];
    row.holds(&place, client.into_iter().chain(words(&STEPS)));
}

#[test]
fn reqwest_http1() {
    reqwest(&Row { exe: "reqwest-client", ..HTTP1 }, "http1");
}

#[test]
fn reqwest_http2() {
    reqwest(&Row { exe: "reqwest-client", ..HTTP2 }, "http2");
}

#[test]
fn a_call_of_what_outlives_the_command_is_told_whole() {
    if require::tool("curl").is_none() {
        return;
    }
    let slow = |server: MockServerBuilder| server.piece_delay(Duration::from_millis(200));
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], slow) else { return };
    let url = format!("{}/chat/completions", place.base_url());
    // The command ends when the first bytes are there.
    let script = r#"curl --silent --no-buffer --data "$0" --output "$2" "$1" & until [ -s "$2" ]; do sleep 0.02; done"#;
    let answer = place.file("answer").display().to_string();
    let watch::Seen { events, ended, .. } =
        watch::run(&place, ["sh", "-c", script, &chat("stream").to_string(), &url, &answer]);
    let [event] = events.as_slice() else { panic!("{events:?} {ended:?}") };
    assert_eq!((event.outcome.as_str(), event.is_complete), ("completed", true), "{}", event.response);
    compare::one_to_one(&events, &place.server.answers());
}

#[test]
fn java_is_named_as_out_of_reach_with_what_to_do() {
    let Some(java) = clients::java() else { return };
    let Some(place) = HTTP1.place() else { return };
    // Java has a format of its own for what it trusts.
    let store = place.file("authority.p12");
    let mut import = place.command("keytool");
    import
        .args(["-importcert", "-noprompt", "-alias", "test", "-storepass", "changeit", "-file"])
        .arg(place.authority());
    watch::succeed(import.arg("-keystore").arg(&store));
    let trust = format!("-Djavax.net.ssl.trustStore={}", store.display());
    let program = own_file("clients/java/Client.java").into_os_string();
    let password = "-Djavax.net.ssl.trustStorePassword=changeit";
    // It stays for long enough to be found by a look at what runs.
    let seen = watch::run(&place, [java.into(), trust.into(), password.into(), program, OsString::from("3000")]);
    assert_eq!(place.server.answers().len(), 1);
    assert_eq!(seen.events, []);
    let said = &seen.ended.stderr;
    let line = said.lines().find(|line| line.to_lowercase().contains("java")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("in process") || line.contains("in-process") || line.contains("OpenTelemetry"), "{line}");
}
