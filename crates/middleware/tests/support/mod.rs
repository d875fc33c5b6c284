//! What the tests of this crate share: an observer whose calls can be read, and every way to send a request through it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::retry::OpenAIRetryLayer;
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use reqwest::{Client, Request, Response};
use reqwest_middleware::ClientBuilder;
use sidetone_core::event::Call;
use sidetone_middleware::{ExecuteObserved as _, Observer};
use sidetone_pipeline::{Config, Finished, Pipeline, Sink};
use tower::{Layer as _, ServiceExt as _};

/// How long to wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// An observer, and what it observed.
pub(crate) struct Watched {
    pub(crate) observer: Observer,
    calls: Arc<Mutex<Vec<Call>>>,
}

struct Record(Arc<Mutex<Vec<Call>>>);

impl Sink for Record {
    fn name(&self) -> &'static str {
        "record"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap().push(finished.call.clone());
    }
}

impl Watched {
    pub(crate) fn start() -> Self {
        Self::with(Observer::new)
    }

    pub(crate) fn with(observer: impl FnOnce(Pipeline) -> Observer) -> Self {
        let calls = Arc::default();
        let sinks: Vec<Box<dyn Sink>> = vec![Box::new(Record(Arc::clone(&calls)))];
        let pipeline = Pipeline::start(Config::default(), sinks, Arc::default()).unwrap();
        Self { observer: observer(pipeline), calls }
    }

    /// The calls that have ended so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.observer.pipeline().flush(PATIENCE).unwrap();
        self.calls.lock().unwrap().clone()
    }

    /// The one call that was made.
    pub(crate) fn call(&self) -> Call {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:#?}");
        calls.remove(0)
    }
}

/// The ways to send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Extension,
    Middleware,
    BothMiddlewares,
    OuterMiddleware,
    Layer,
    BothLayers,
    OuterLayer,
}

pub(crate) const WAYS: [Way; 7] = [
    Way::Extension,
    Way::Middleware,
    Way::BothMiddlewares,
    Way::OuterMiddleware,
    Way::Layer,
    Way::BothLayers,
    Way::OuterLayer,
];

impl Way {
    /// Sends one request, observed; an error is what reqwest said, wherever the way puts it.
    pub(crate) async fn send(
        self,
        watched: &Watched,
        client: &Client,
        request: impl Fn() -> reqwest::Result<Request> + Send + Sync + 'static,
    ) -> reqwest::Result<Response> {
        self.send_by(&watched.observer, client, request).await
    }

    pub(crate) async fn send_by(
        self,
        observer: &Observer,
        client: &Client,
        request: impl Fn() -> reqwest::Result<Request> + Send + Sync + 'static,
    ) -> reqwest::Result<Response> {
        let builder = ClientBuilder::new(client.clone());
        let service = ReqwestService::new(client.clone());
        let factory = move || {
            let request = request();
            async move { Ok(request?) }
        };
        let retry = OpenAIRetryLayer::new(0);
        match self {
            Self::Extension => client.execute_observed(factory().await.map_err(of_openai)?, observer).await,
            Self::Middleware | Self::BothMiddlewares | Self::OuterMiddleware => {
                let client = match self {
                    Self::Middleware => builder.with(observer.middleware()),
                    Self::OuterMiddleware => builder.with(observer.outer_middleware()),
                    _ => builder.with(observer.outer_middleware()).with(observer.middleware()),
                };
                client.build().execute(factory().await.map_err(of_openai)?).await.map_err(|error| match error {
                    reqwest_middleware::Error::Reqwest(error) => error,
                    error => panic!("{error:?}"),
                })
            }
            Self::Layer => {
                let service = observer.layer().layer(service);
                service.oneshot(HttpRequestFactory::new(factory)).await.map_err(of_openai)
            }
            Self::BothLayers => {
                let service = observer.outer_layer().layer(retry.layer(observer.layer().layer(service)));
                service.oneshot(HttpRequestFactory::new(factory)).await.map_err(of_openai)
            }
            Self::OuterLayer => {
                let service = observer.outer_layer().layer(retry.layer(service));
                service.oneshot(HttpRequestFactory::new(factory)).await.map_err(of_openai)
            }
        }
    }
}

fn of_openai(error: OpenAIError) -> reqwest::Error {
    match error {
        OpenAIError::Reqwest(error) => error,
        error => panic!("{error:?}"),
    }
}

/// The body of a chat request.
pub(crate) fn chat(stream: bool) -> String {
    format!(
        r#"{{"model":"gpt-4o-mini","messages":[{{"role":"user","content":"Hi"}}],"stream":{stream},"stream_options":{{"include_usage":true}}}}"#
    )
}

/// A client for servers on this machine.
pub(crate) fn local() -> reqwest::ClientBuilder {
    let builder = Client::builder().no_proxy();
    // To read the system's certificates takes a client longer than all else, and nothing here speaks TLS.
    #[cfg(feature = "rig")]
    let builder = builder.tls_certs_only([]);
    builder
}
