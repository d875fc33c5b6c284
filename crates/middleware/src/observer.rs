//! What all front ends share: whether a request is observed, and what is taken of it.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use reqwest::Request;
use sidetone_core::event::Server;
use sidetone_core::exchange::RequestHead;
use sidetone_core::provider::{deployment_of, surface_of};
use sidetone_pipeline::span::{SpanStart, SpanStarter};
use sidetone_pipeline::{Pipeline, Tap};

use crate::context::{self, Current};
use crate::hosts::Hosts;
use crate::request;
use crate::scope;
use crate::servers::Servers;

/// The header that carries the trace context.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The header that goes along with it.
#[cfg(feature = "async-openai")]
pub(crate) const TRACESTATE: &str = "tracestate";

/// Makes the parts that observe the clients of an application. Clones share one pipeline.
///
/// Requests that are no LLM call, requests made while telemetry is suppressed (an exporter's own) and everything after
/// [`Pipeline::stop`] go through untouched, at the price of a few comparisons.
#[derive(Debug, Clone)]
pub struct Observer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pipeline: Pipeline,
    servers: Servers,
    injection: Option<Injection>,
}

#[derive(Debug)]
struct Injection {
    hosts: Hosts,
    starter: Arc<dyn SpanStarter>,
}

/// Whether a request is observed.
pub(crate) enum Begun {
    /// It is nothing to be observed.
    Unobserved,
    /// There was no room for it; that has been counted, and no part of it is to be reported.
    Dropped,
    /// It is reported through this tap.
    Observed(Tap),
}

impl Observer {
    /// Observes into `pipeline`. No trace context is written into any request.
    #[must_use]
    pub fn new(pipeline: Pipeline) -> Self {
        Self(Arc::new(Inner { pipeline, servers: Servers::default(), injection: None }))
    }

    /// Observes into `pipeline`, and writes `traceparent` (and `tracestate`) into requests to `hosts`, each an exact
    /// name or `*.suffix` for all names below one.
    ///
    /// Only for these hosts is the span started, by `starter`, before the request is sent: there is no other way to know
    /// its id. A `traceparent` that the application has set itself stays, and no span is started early then. The client
    /// takes the header along when it follows a redirect to another host.
    #[must_use]
    pub fn injecting<H: Into<String>>(
        pipeline: Pipeline,
        hosts: impl IntoIterator<Item = H>,
        starter: Arc<dyn SpanStarter>,
    ) -> Self {
        let hosts = Hosts::new(hosts);
        Self(Arc::new(Inner { pipeline, servers: Servers::default(), injection: Some(Injection { hosts, starter }) }))
    }

    /// Where observed calls go.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    #[cfg(feature = "async-openai")]
    pub(crate) fn is_open(&self) -> bool {
        self.0.pipeline.is_open()
    }

    #[cfg(feature = "async-openai")]
    pub(crate) fn injects(&self) -> bool {
        self.0.injection.is_some()
    }

    /// Begins to observe a request, if it is an LLM call and may be observed.
    pub(crate) fn begin(&self, request: &mut Request, resend_count: Option<u32>) -> Begun {
        if !self.0.pipeline.is_open() {
            return Begun::Unobserved;
        }
        let Some(surface) = surface_of(request.method(), request.url().path()) else {
            return Begun::Unobserved;
        };
        let (Ok(Current { parent, baggage }), Some(server)) = (context::current(), self.0.servers.of(request.url()))
        else {
            return Begun::Unobserved;
        };
        let started = Instant::now();
        let start = SystemTime::now();
        let body = request::body_of(request);
        let early_span = self
            .0
            .injection
            .as_ref()
            .filter(|injection| injection.is_for(request, &server))
            .map(|injection| (injection, Arc::clone(&server), parent.clone()));
        let head = RequestHead {
            surface,
            server,
            deployment: deployment_of(request.url().path()).map(Into::into),
            start,
            parent,
            resend_count,
            scope: scope::here(baggage),
        };
        let Some(mut tap) = self.0.pipeline.begin(head, body, started) else {
            return Begun::Dropped;
        };
        if let Some((injection, server, parent)) = early_span {
            let span = injection.starter.start(&SpanStart {
                operation: surface.operation(),
                server: &server,
                time: start,
                parent: parent.as_ref(),
            });
            span.inject(request.headers_mut());
            tap.set_span(span);
        }
        request::tee_streamed(request, &mut tap);
        Begun::Observed(tap)
    }
}

impl Injection {
    fn is_for(&self, request: &Request, server: &Server) -> bool {
        self.hosts.contain(&server.address) && !request.headers().contains_key(TRACEPARENT)
    }
}
