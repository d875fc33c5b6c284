//! Observes async-openai, as layers of the tower stack that its client sends through.
//!
//! The client hands down a factory that builds the request, once for each attempt: it is wrapped, so that each request is seen
//! when it is built. A `tower::timeout` outside of our layers drops the call, which is then cancelled; inside, it fails by a
//! timeout. A call that isn't observed pays for the wrapped factory, which is some allocations; after the pipeline was stopped it
//! pays for a box.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use http::HeaderValue;
use reqwest::{Request, Response};
use sidetone_core::exchange::End;
use sidetone_pipeline::Tap;
use tower::{Layer, Service};

use crate::failure::transport_error;
use crate::handover::{hand_over, received};
use crate::observer::{Begun, Observer, TRACEPARENT, TRACESTATE};
use crate::owned::{OwnedCall, Owner};
use crate::response;

/// What async-openai sends through, observed, with its own retry layer. Made by [`Observer::async_openai_service`].
pub type ObservedService = OuterService<OpenAIRetry<InnerService<ReqwestService>>>;

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

impl Observer {
    /// A client whose calls are observed, which retries as async-openai does by default.
    ///
    /// ```
    /// # use sidetone_middleware::Observer;
    /// # use sidetone_pipeline::{Config, Pipeline};
    /// # use sidetone_testkit::server::MockServer;
    /// use async_openai::config::OpenAIConfig;
    /// # use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start();
    /// # let config = OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none");
    /// # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
    /// # let observer = Observer::new(pipeline);
    /// # let _ = || {
    /// let client = observer.async_openai(OpenAIConfig::default());
    /// # };
    /// # let client = observer.async_openai(config);
    /// let request = CreateEmbeddingRequestArgs::default().model("text-embedding-3-small").input("Hi").build()?;
    /// client.embeddings().create(request).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn async_openai<C: Config>(&self, config: C) -> Client<C> {
        let http = reqwest::Client::new();
        let service = self.async_openai_service(http.clone());
        Client::build(http, config).with_http_service(service)
    }

    /// What [`Client::with_http_service`] takes: `client`, observed, with async-openai's own retry layer, which setting
    /// a service otherwise replaces without a word.
    ///
    /// ```
    /// # use sidetone_middleware::Observer;
    /// # use sidetone_pipeline::{Config, Pipeline};
    /// # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
    /// # let observer = Observer::new(pipeline);
    /// let http = reqwest::Client::builder().user_agent("acme").build()?;
    /// let client = async_openai::Client::new().with_http_service(observer.async_openai_service(http));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn async_openai_service(&self, client: reqwest::Client) -> ObservedService {
        let inner = self.layer().layer(ReqwestService::new(client));
        self.outer_layer().layer(OpenAIRetryLayer::default().layer(inner))
    }

    /// Reports each request that passes it as a call of its own: inside a retry layer that is a span an attempt, outside
    /// it the last attempt, as far as the retry layer passes that on.
    ///
    /// Inside of an [`outer_layer`](Self::outer_layer) it reports attempts of the call that the other owns.
    ///
    /// ```
    /// # use sidetone_middleware::Observer;
    /// # use sidetone_pipeline::{Config, Pipeline};
    /// # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
    /// # let observer = Observer::new(pipeline);
    /// use async_openai::middleware::ReqwestService;
    /// use async_openai::middleware::retry::SimpleRetryPolicy;
    ///
    /// // A retry policy of one's own, with both parts around it.
    /// let service = tower::ServiceBuilder::new()
    ///     .layer(observer.outer_layer())
    ///     .retry(SimpleRetryPolicy::new(1))
    ///     .layer(observer.layer())
    ///     .service(ReqwestService::new(reqwest::Client::new()));
    /// let client = async_openai::Client::new().with_http_service(service);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn layer(&self) -> InnerLayer {
        InnerLayer(self.clone())
    }

    /// Owns the span of a call over all its attempts; goes outside of a retry layer, with [`layer`](Self::layer) inside.
    /// Alone it sees what the retry layer passes on: of a last attempt that failed with 429 only the status.
    #[must_use]
    pub fn outer_layer(&self) -> OuterLayer {
        OuterLayer(self.clone())
    }
}

/// Made by [`Observer::layer`].
#[derive(Debug, Clone)]
pub struct InnerLayer(Observer);

impl<S> Layer<S> for InnerLayer {
    type Service = InnerService<S>;

    fn layer(&self, inner: S) -> InnerService<S> {
        InnerService { inner, observer: self.0.clone() }
    }
}

/// Made by [`Observer::outer_layer`].
#[derive(Debug, Clone)]
pub struct OuterLayer(Observer);

impl<S> Layer<S> for OuterLayer {
    type Service = OuterService<S>;

    fn layer(&self, inner: S) -> OuterService<S> {
        OuterService { inner, observer: self.0.clone() }
    }
}

/// A service whose requests are observed one by one, or as attempts.
#[derive(Debug, Clone)]
pub struct InnerService<S> {
    inner: S,
    observer: Observer,
}

/// A service whose calls are observed over all their attempts.
#[derive(Debug, Clone)]
pub struct OuterService<S> {
    inner: S,
    observer: Observer,
}

/// What the inner part knows of the request that its service is sending.
#[derive(Debug, Default)]
enum Sending {
    /// Nothing is observed, or it is over.
    #[default]
    Unobserved,
    /// It is a call of its own.
    Call(Tap),
    /// It is one of a call's attempts.
    Attempt(OwnedCall),
}

/// Filled when the service builds its request, taken when the service has answered.
#[derive(Debug, Clone, Default)]
struct Slot(Arc<Mutex<Sending>>);

impl Slot {
    fn set(&self, sending: Sending) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sending;
    }

    fn take(&self) -> Sending {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S> Service<HttpRequestFactory> for InnerService<S>
where
    S: Service<HttpRequestFactory, Response = Response>,
    S::Future: Send + 'static,
    S::Error: Into<OpenAIError>,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> ResponseFuture {
        if !self.observer.is_open() {
            return pass(self.inner.call(factory));
        }
        let slot = Slot::default();
        let (observer, filled) = (self.observer.clone(), slot.clone());
        let sent = self.inner.call(HttpRequestFactory::new(move || {
            let (factory, observer, slot) = (factory.clone(), observer.clone(), filled.clone());
            async move {
                let (request, owned) = received(factory.build()).await;
                let mut request = request?;
                slot.set(match owned {
                    Some(call) => {
                        call.attempt_begins();
                        Sending::Attempt(call)
                    }
                    None => match observer.begin(&mut request, None) {
                        Begun::Unobserved | Begun::Dropped => Sending::Unobserved,
                        Begun::Observed(tap) => Sending::Call(tap),
                    },
                });
                Ok(request)
            }
        }));
        Box::pin(async move {
            let result = sent.await.map_err(Into::into);
            match (slot.take(), result) {
                (Sending::Unobserved, result) => result,
                (Sending::Call(tap), Ok(response)) => Ok(response::observe(tap, response)),
                (Sending::Call(tap), Err(error)) => {
                    tap.end(End::Failed(transport_error(&error)));
                    Err(error)
                }
                (Sending::Attempt(call), Ok(response)) => Ok(call.attempt_answered(response)),
                (Sending::Attempt(call), Err(error)) => {
                    call.attempt_failed(&error);
                    Err(error)
                }
            }
        })
    }
}

/// What the outer part knows of its call.
#[derive(Debug, Clone, Default)]
struct Outer(Arc<Mutex<Option<Owned>>>);

#[derive(Debug)]
struct Owned {
    call: OwnedCall,
    /// The trace context that the first attempt carried; every other attempt is built anew and carries it, too.
    trace_context: [Option<HeaderValue>; 2],
}

impl Outer {
    /// A request was built, for the first attempt or another one.
    fn built(&self, observer: &Observer, request: &mut Request) {
        let mut owned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let call = match &*owned {
            Some(owned) => {
                owned.carry_on(request);
                owned.call.clone()
            }
            None => {
                let tap = match observer.begin(request, None) {
                    Begun::Unobserved => return,
                    Begun::Dropped => None,
                    Begun::Observed(tap) => Some(tap),
                };
                let call = OwnedCall::new(tap);
                let carried = |name| request.headers().get(name).cloned();
                let trace_context =
                    if observer.injects() { [carried(TRACEPARENT), carried(TRACESTATE)] } else { [None, None] };
                *owned = Some(Owned { call: call.clone(), trace_context });
                call
            }
        };
        hand_over(call);
    }

    fn take(&self) -> Option<Owner> {
        let owned = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Owner::of(owned.call))
    }
}

impl Owned {
    fn carry_on(&self, request: &mut Request) {
        for (name, value) in [TRACEPARENT, TRACESTATE].into_iter().zip(&self.trace_context) {
            if let Some(value) = value {
                request.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Ends the call when the future is dropped before it has an answer.
struct OuterGuard(Outer);

impl Drop for OuterGuard {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl<S> Service<HttpRequestFactory> for OuterService<S>
where
    S: Service<HttpRequestFactory, Response = Response>,
    S::Future: Send + 'static,
    S::Error: Into<OpenAIError>,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> ResponseFuture {
        if !self.observer.is_open() {
            return pass(self.inner.call(factory));
        }
        let guard = OuterGuard(Outer::default());
        let (observer, outer) = (self.observer.clone(), guard.0.clone());
        let sent = self.inner.call(HttpRequestFactory::new(move || {
            let (factory, observer, outer) = (factory.clone(), observer.clone(), outer.clone());
            async move {
                let mut request = factory.build().await?;
                outer.built(&observer, &mut request);
                Ok(request)
            }
        }));
        Box::pin(async move {
            let result = sent.await.map_err(Into::into);
            let Some(owner) = guard.0.take() else {
                return result;
            };
            match result {
                Ok(response) => Ok(owner.answered(response)),
                Err(error) => {
                    owner.failed(&error, status_of(&error));
                    Err(error)
                }
            }
        })
    }
}

/// The status of an answer that the retry layer has read and turned into an error.
fn status_of(error: &OpenAIError) -> Option<u16> {
    match error {
        OpenAIError::ApiError(answer) => Some(answer.status_code.as_u16()),
        _ => None,
    }
}

/// Sends without being observed.
fn pass<F, E>(sent: F) -> ResponseFuture
where
    F: Future<Output = Result<Response, E>> + Send + 'static,
    E: Into<OpenAIError>,
{
    Box::pin(async move { sent.await.map_err(Into::into) })
}
