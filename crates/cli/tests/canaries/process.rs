//! All that a process says that observes itself: telemetry on standard error, every log line down to `TRACE`, panics, errors that are
//! returned, `Debug` output; with receivers that answer, fail, or aren't there.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sidetone::{Content, SendObserved};
use sidetone_core::event::Call;
use sidetone_testkit::canaries::{Canary, Search, planted};
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
    let hidden = [Content::Off, Content::Redacted].into_iter().flat_map(|content| behaviours.map(|it| (content, it)));
    let running: Vec<_> = hidden
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
        let wanted = |canary: &Canary| match content {
            Content::Off => true,
            Content::Redacted => canary.secret.is_known,
            _ => !canary.is_content,
        };
        assert_eq!(search(wanted).find(&emitted), None, "{content:?} {behaviour:?}");
        // It did speak: of each call, of the panic, and of what could not be delivered.
        assert!(said.matches("gen_ai.client.operation.duration").count() as u64 >= CALLS, "{said}");
        assert!(said.contains("the application's own panic") && said.contains("cause=Panicked"), "{said}");
        assert_eq!(said.contains("could not be delivered"), behaviour != Behaviour::Accept, "{behaviour:?}: {said}");
        if content == Content::Full {
            let said = search(|canary| canary.is_content && canary.is_plain);
            assert!(said.find(&stderr).is_some(), "the search works");
        }
    }
}

fn search(wanted: impl Fn(&Canary) -> bool + Copy) -> Search {
    let mut search = Search::default();
    (0..CALLS).for_each(|number| search.extend(planted(number).search(wanted)));
    search
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
