//! All that a process says that observes itself: telemetry on standard error, every log line down to `TRACE`, panics, errors that are
//! returned, `Debug` output; with receivers that answer, fail, or aren't there.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sidetone::{Content, Reason, SendObserved};
use sidetone_core::event::Call;
use sidetone_testkit::canaries::{Canary, EXCHANGES, Search, planted};
use sidetone_testkit::hostile::{Behaviour, Receiver};
use sidetone_testkit::server::{Fault, MockServer, Point};

/// Set for a process that is to make calls: the content mode.
const ROLE: &str = "CANARIES_CONTENT";

/// How many exchanges each process makes.
const CALLS: u64 = 12;

/// The call whose review panics in the application's own function, by what it costs.
const PANICS: Option<u64> = Some(4711);

/// Set for such a process: for how many seconds it tries to deliver.
const DELIVERY: &str = "CANARIES_DELIVERY";

/// What of the canaries of `exchanges` may not leave with that content mode.
fn hidden(content: Content, exchanges: u64) -> Search {
    search(exchanges, |canary| match content {
        Content::Off => true,
        Content::Redacted => canary.secret.is_known,
        _ => !canary.is_content,
    })
}

fn search(exchanges: u64, wanted: impl Fn(&Canary) -> bool + Copy) -> Search {
    let mut search = Search::default();
    (0..exchanges).for_each(|number| search.extend(planted(number).search(wanted)));
    search
}

#[test]
fn nothing_planted_is_in_what_replay_prints() {
    let folder = std::env::temp_dir().join(format!("sidetone-canaries-{}", std::process::id()));
    (0..EXCHANGES).for_each(|number| drop(planted(number).case.save(&folder).unwrap()));
    let said = search(EXCHANGES, |canary| canary.is_content && canary.is_plain);
    for content in Content::ALL {
        let hidden = hidden(content, EXCHANGES);
        for (format, dialect) in
            [("golden", "v2"), ("golden", "latest"), ("jsonl", "v2"), ("pretty", "v2"), ("pretty", "latest")]
        {
            let mut replay = Command::new(env!("CARGO_BIN_EXE_sidetone"));
            replay.args([
                "replay",
                "--extensions",
                "--content",
                content.as_str(),
                "--format",
                format,
                "--dialect",
                dialect,
            ]);
            let Output { status, stdout, stderr } = replay.arg(&folder).env("SIDETONE_SCAN", "true").output().unwrap();
            let emitted = [stdout, stderr].concat();
            assert!(status.success(), "{}", String::from_utf8_lossy(&emitted));
            assert_eq!(hidden.find(&emitted), None, "{content:?} {format} {dialect}");
            if content == Content::Full {
                assert!(said.find(&emitted).is_some(), "the search works: {format} {dialect}");
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nothing_planted_is_in_anything_that_a_process_says() {
    if let Ok(content) = std::env::var(ROLE) {
        return calls(Content::named(&content).unwrap());
    }
    let behaviours = [
        Behaviour::Accept,
        Behaviour::Status { status: 400, retry_after: None },
        Behaviour::Status { status: 503, retry_after: None },
        Behaviour::DieMidResponse,
        Behaviour::Refuse,
    ];
    let quiet = [Content::Off, Content::Redacted].into_iter().flat_map(|content| behaviours.map(|it| (content, it)));
    let running: Vec<_> = quiet
        .chain([(Content::Full, Behaviour::Accept)])
        .map(|(content, behaviour)| {
            let receiver = Receiver::start_with(behaviour);
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "process::nothing_planted_is_in_anything_that_a_process_says", "--nocapture"])
                .env(ROLE, content.as_str())
                // What is accepted is delivered however busy the machine is; what isn't never is.
                .env(DELIVERY, if behaviour == Behaviour::Accept { "60" } else { "1" })
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint())
                .env("RUST_BACKTRACE", "full")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            // Read all the while: who can't go on printing delivers nothing.
            let ended = std::thread::spawn(|| child.unwrap().wait_with_output().unwrap());
            (content, behaviour, receiver, ended)
        })
        .collect();
    for (content, behaviour, receiver, ended) in running {
        let Output { status, stdout, stderr } = ended.join().unwrap();
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{content:?} {behaviour:?}: {said}");
        let mut emitted = [stdout, stderr.clone()].concat();
        for request in receiver.requests() {
            emitted.extend_from_slice(format!("{:?}", request.headers).as_bytes());
            emitted.extend_from_slice(&request.body);
        }
        assert_eq!(hidden(content, CALLS).find(&emitted), None, "{content:?} {behaviour:?}");
        // It did speak: of each call, of the panic, and of what could not be delivered.
        assert!(said.matches("gen_ai.client.operation.duration").count() as u64 >= CALLS, "{said}");
        assert!(said.contains("the application's own panic") && said.contains("cause=Panicked"), "{said}");
        assert_eq!(said.contains("could not be delivered"), behaviour != Behaviour::Accept, "{behaviour:?}: {said}");
        if content == Content::Full {
            let said = search(CALLS, |canary| canary.is_content && canary.is_plain);
            assert!(said.find(&stderr).is_some(), "the search works");
        }
    }
}

/// Makes calls, and says all that there is to be said.
fn calls(content: Content) {
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let builder = sidetone::builder().content(content).development().edit(|call: &mut Call| {
        assert!(call.usage.input != PANICS, "the application's own panic");
    });
    eprintln!("{builder:?}");
    let handle = builder.start().unwrap();
    runtime.block_on(async {
        for number in 0..CALLS {
            let planted = planted(number);
            let server = MockServer::builder().answer_with(planted.case.clone()).start();
            exchange(&handle, &server, number).await;
            // What goes wrong on the way.
            server.change(|settings| settings.fault(Fault::Close(Point::AfterBytes(100))));
            exchange(&handle, &server, number).await;
        }
        let server = MockServer::builder().usage(4711, 1).start();
        exchange(&handle, &server, 0).await;
    });
    // All is said of the last call before what can't be delivered has its second.
    while handle.counters().items(Reason::CallPanicked) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let delivery = Duration::from_secs(std::env::var(DELIVERY).unwrap().parse().unwrap());
    let (flushed, stopped) = (handle.flush(delivery), handle.stop(delivery));
    for ended in [flushed, stopped] {
        eprintln!("{ended:?} {}", ended.as_ref().err().map(ToString::to_string).unwrap_or_default());
    }
    eprintln!("{handle:?} {:?}", handle.counters());
}

async fn exchange(handle: &sidetone::Handle, server: &MockServer, number: u64) {
    let planted = planted(number);
    let mut request =
        reqwest::Client::new().post(format!("{}{}", server.url(), planted.case.path)).body(planted.case.request);
    for (name, value) in &planted.headers {
        request = request.header(*name, value);
    }
    let scope = sidetone::identity().user(format!("person{number}")).session("session-of-the-scope");
    eprintln!("{scope:?} {handle:?}");
    // Its error is the application's, as its client made it.
    if let Ok(answer) = scope.scope(request.send_observed(handle)).await {
        let _ = answer.bytes().await;
    }
}
