//! Observes as a middleware of `reqwest_middleware`.
//!
//! Middleware runs in the order that it was attached in. What stands before ours sees what the application sees; what stands
//! after it may change the request once more, and ours won't know.

use std::future::Future;
use std::pin::Pin;

use http::Extensions;
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next, Result};
use sidetone_core::event::ErrorClass;
use sidetone_core::exchange::End;
use sidetone_pipeline::Tap;

use crate::failure::transport_error;
use crate::observer::{Begun, Observer};
use crate::owned::{OwnedCall, Owner};
use crate::response;

type HandleFuture<'a> = Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;

/// Made by [`Observer::middleware`].
#[derive(Debug, Clone)]
pub struct InnerMiddleware(Observer);

/// Made by [`Observer::outer_middleware`].
#[derive(Debug, Clone)]
pub struct OuterMiddleware(Observer);

impl Observer {
    /// Reports each request that passes it as a call of its own. Attached after (inside) a retry middleware, that is a
    /// span an attempt, with `http.request.resend_count` from the second one on; attached before it, the last attempt.
    ///
    /// Together with [`outer_middleware`](Self::outer_middleware) it reports attempts of the call that the other owns.
    #[must_use]
    pub fn middleware(&self) -> InnerMiddleware {
        InnerMiddleware(self.clone())
    }

    /// Owns the span of a call over all its attempts; to be attached before (outside) a retry middleware, with
    /// [`middleware`](Self::middleware) after it. Alone it sees what the retry middleware passes on: the last attempt.
    #[must_use]
    pub fn outer_middleware(&self) -> OuterMiddleware {
        OuterMiddleware(self.clone())
    }

    /// A client whose calls are observed.
    ///
    /// ```
    /// # use sidetone_middleware::Observer;
    /// # use sidetone_pipeline::{Config, Pipeline};
    /// # use sidetone_testkit::server::MockServer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start();
    /// # let url = format!("{}/chat/completions", server.base_url());
    /// # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
    /// # let observer = Observer::new(pipeline);
    /// let client = observer.client(reqwest::Client::new());
    /// let response = client.post(url).body(r#"{"model":"gpt-4o-mini","messages":[]}"#).send().await?;
    /// assert!(response.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn client(&self, client: Client) -> ClientWithMiddleware {
        ClientBuilder::new(client).with(self.middleware()).build()
    }

    /// Attaches a retry middleware with both parts around it: a span a call, with an event for each failed attempt.
    #[must_use]
    pub fn with_retry(&self, builder: ClientBuilder, retry: impl Middleware) -> ClientBuilder {
        builder.with(self.outer_middleware()).with(retry).with(self.middleware())
    }
}

/// How often a request was sent before, told from attempt to attempt by what all of them share.
#[derive(Debug, Clone, Copy)]
struct Resends(u32);

// Written out instead of by `async_trait`: a request that isn't observed costs no allocation.
impl Middleware for InnerMiddleware {
    fn handle<'s, 'e, 'n, 'a>(
        &'s self,
        mut request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> HandleFuture<'a>
    where
        's: 'a,
        'e: 'a,
        'n: 'a,
        Self: 'a,
    {
        if let Some(call) = extensions.get::<OwnedCall>() {
            return Box::pin(attempt(call.clone(), request, extensions, next));
        }
        let resends = extensions.get::<Resends>().map(|resends| resends.0);
        match self.0.begin(&mut request, resends) {
            Begun::Unobserved | Begun::Dropped => next.run(request, extensions),
            Begun::Observed(tap) => Box::pin(call(tap, resends, request, extensions, next)),
        }
    }
}

/// A request that is a call of its own.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would hold its arguments twice, the request among them")]
fn call<'a>(
    tap: Tap,
    resends: Option<u32>,
    request: Request,
    extensions: &'a mut Extensions,
    next: Next<'a>,
) -> impl Future<Output = Result<Response>> + Send + 'a {
    async move {
        let result = next.run(request, extensions).await;
        let failed = match &result {
            Ok(response) => ErrorClass::of_status(response.status().as_u16()).is_some(),
            Err(_) => true,
        };
        if failed {
            // Only what failed is sent again, so only then is the map worth its allocations.
            extensions.insert(Resends(resends.unwrap_or(0).saturating_add(1)));
        } else if resends.is_some() {
            extensions.remove::<Resends>();
        }
        match result {
            Ok(response) => Ok(response::observe(tap, response)),
            Err(error) => {
                tap.end(End::Failed(transport_error(&error)));
                Err(error)
            }
        }
    }
}

/// A request that is one attempt of a call that an outer part owns.
async fn attempt(call: OwnedCall, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
    call.attempt_begins();
    match next.run(request, extensions).await {
        Ok(response) => Ok(call.attempt_answered(response)),
        Err(error) => {
            call.attempt_failed(&error);
            Err(error)
        }
    }
}

impl Middleware for OuterMiddleware {
    fn handle<'s, 'e, 'n, 'a>(
        &'s self,
        mut request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> HandleFuture<'a>
    where
        's: 'a,
        'e: 'a,
        'n: 'a,
        Self: 'a,
    {
        let tap = match self.0.begin(&mut request, None) {
            Begun::Unobserved => return next.run(request, extensions),
            Begun::Dropped => None,
            Begun::Observed(tap) => Some(tap),
        };
        let call = OwnedCall::new(tap);
        let owner = Owner::of(call.clone());
        let before = extensions.insert(call);
        Box::pin(async move {
            let result = next.run(request, extensions).await;
            match before {
                Some(call) => extensions.insert(call),
                None => extensions.remove(),
            };
            match result {
                Ok(response) => Ok(owner.answered(response)),
                Err(error) => {
                    owner.failed(&error, None);
                    Err(error)
                }
            }
        })
    }
}
