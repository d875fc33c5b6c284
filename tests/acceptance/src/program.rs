//! The application: it makes LLM calls, observed or not, as it is told on its standard input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a part of tests")]

use std::fs;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, Write, stderr, stdin, stdout};
use std::time::{Duration, Instant};

use crate::protocol::{Calls, Command, Done, Made, Place, Request, Start, State, Threads};
use futures_util::StreamExt;
use serde::Serialize;
use sidetone::core::dialect::dialect_named;
use sidetone::pipeline::Config as Queue;
use sidetone::{Content, Handle, Reason, SendObserved};
use tokio::runtime::{Builder, Runtime};

/// Does what it is told until standard input ends.
pub fn run() {
    tracing_subscriber::fmt().with_writer(stderr).with_ansi(false).init();
    let mut application = Application { runtime: None, handles: Vec::new() };
    for line in stdin().lock().lines() {
        match serde_json::from_str(&line.unwrap()).unwrap() {
            Command::Runtime(threads) => {
                application.end_runtime();
                application.runtime = Some(runtime(threads));
                answer(&Done::default());
            }
            Command::EndRuntime => {
                application.end_runtime();
                answer(&Done::default());
            }
            Command::Start(start) => answer(&application.start(start)),
            Command::Calls(calls) => answer(&application.calls(calls)),
            Command::Begin(request) => answer(&application.begin(request)),
            Command::Flush { ms } => {
                let handle = application.handle();
                answer(&done(|| handle.flush(Duration::from_millis(ms)).map_err(|error| error.to_string())));
            }
            Command::Stop { ms, from } => {
                let handle = application.handle();
                let stop = move || handle.stop(Duration::from_millis(ms)).map_err(|error| error.to_string());
                answer(&done(|| application.at(from, stop)));
            }
            Command::Drop { from } => {
                let handles = std::mem::take(&mut application.handles);
                answer(&done(|| {
                    application.at(from, move || drop(handles));
                    Ok(())
                }));
            }
            Command::State => answer(&application.state()),
        }
    }
}

fn answer(answer: &impl Serialize) {
    let mut line = serde_json::to_string(answer).unwrap();
    line.push('\n');
    stdout().write_all(line.as_bytes()).unwrap();
}

fn runtime(threads: Threads) -> Runtime {
    let mut builder = match threads {
        Threads::Current => Builder::new_current_thread(),
        Threads::Several => Builder::new_multi_thread(),
    };
    builder.worker_threads(2).enable_all().build().unwrap()
}

fn done(work: impl FnOnce() -> Result<(), String>) -> Done {
    let begun = Instant::now();
    let error = work().err();
    Done { error, ms: begun.elapsed().as_millis() as u64 }
}

struct Application {
    runtime: Option<Runtime>,
    handles: Vec<Handle>,
}

impl Application {
    fn end_runtime(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }

    fn at<T: Send + 'static>(&self, place: Place, work: impl FnOnce() -> T + Send + 'static) -> T {
        let runtime = self.runtime.as_ref();
        match place {
            Place::Main => work(),
            Place::BlockedOn => runtime.unwrap().block_on(async { work() }),
            Place::Task => {
                let runtime = runtime.unwrap();
                runtime.block_on(async { runtime.spawn(async { work() }).await.unwrap() })
            }
        }
    }

    fn handle(&self) -> Handle {
        self.handles.last().unwrap().clone()
    }

    fn start(&mut self, start: Start) -> Done {
        let place = if start.in_runtime { Place::Task } else { Place::Main };
        let begun = Instant::now();
        match self.at(place, || started(start)) {
            Ok(handle) => {
                self.handles.push(handle);
                Done { error: None, ms: begun.elapsed().as_millis() as u64 }
            }
            Err(error) => Done { error: Some(error), ms: begun.elapsed().as_millis() as u64 },
        }
    }

    fn calls(&self, calls: Calls) -> Made {
        let handle = calls.are_observed.then(|| self.handle());
        let client = reqwest::Client::new();
        let Calls { requests, count, at_once, .. } = calls;
        let made = (0..count).map(|number| {
            let request = requests[number % requests.len()].clone();
            call(client.clone(), request, handle.clone())
        });
        let made = futures_util::stream::iter(made).map(tokio::spawn).buffered(at_once).map(Result::unwrap);
        Made { results: self.runtime.as_ref().unwrap().block_on(made.collect()) }
    }

    fn begin(&self, request: Request) -> Done {
        let handle = self.handle();
        let runtime = self.runtime.as_ref().unwrap();
        done(|| {
            runtime.block_on(async move {
                let sent = send(&reqwest::Client::new(), request, Some(&handle)).await;
                let mut pieces = sent.map_err(|error| error.to_string())?.bytes_stream();
                let first = pieces.next().await;
                tokio::spawn(async move { while pieces.next().await.is_some() {} });
                first.map(drop).ok_or_else(|| "nothing came".to_owned())
            })
        })
    }

    fn state(&self) -> State {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.strip_suffix("kB"));
        let dropped = |reason: &Reason| {
            let counters = self.handles.last()?.counters();
            let counted = (counters.items(*reason), counters.bytes(*reason));
            (counted != (0, 0)).then(|| (reason.as_str().to_owned(), counted))
        };
        State {
            peak_kib: peak.map_or(0, |kib| kib.trim().parse().unwrap()),
            dropped: Reason::ALL.iter().filter_map(dropped).collect(),
        }
    }
}

fn started(start: Start) -> Result<Handle, String> {
    let mut builder = sidetone::builder();
    if let Some(name) = start.app_name {
        builder = builder.app_name(name);
    }
    if let Some(is_kept) = start.content {
        builder = builder.content(if is_kept { Content::Full } else { Content::Off });
    }
    if let Some(name) = start.dialect {
        builder = builder.dialect(dialect_named(&name).unwrap());
    }
    if let Some(ms) = start.stop_timeout_ms {
        builder = builder.stop_timeout(Duration::from_millis(ms));
    }
    if let Some(queue_items) = start.queue_items {
        builder = builder.queue(Queue { queue_items, ..Queue::default() });
    }
    if start.development {
        builder = builder.development();
    }
    builder.start().map_err(|error| error.to_string())
}

fn send<'a>(
    client: &reqwest::Client,
    request: Request,
    handle: Option<&'a Handle>,
) -> impl Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a {
    let built = client.post(request.url).header("content-type", "application/json").body(request.body);
    async move {
        match handle {
            Some(handle) => built.send_observed(handle).await,
            None => built.send().await,
        }
    }
}

/// Everything that an application can see of an answer, as one number, or its error.
async fn call(client: reqwest::Client, request: Request, handle: Option<Handle>) -> Result<u64, String> {
    let response = send(&client, request, handle.as_ref()).await.map_err(|error| error.to_string())?;
    let mut hasher = DefaultHasher::new();
    response.status().hash(&mut hasher);
    response.url().as_str().hash(&mut hasher);
    response.content_length().hash(&mut hasher);
    let mut headers: Vec<_> = response.headers().iter().filter(|(name, _)| *name != "date").collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    headers.hash(&mut hasher);
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(|error| error.to_string())?);
    }
    body.hash(&mut hasher);
    Ok(hasher.finish())
}
