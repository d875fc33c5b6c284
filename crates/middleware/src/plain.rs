//! Observes plain `reqwest`, call by call.
//!
//! A `reqwest::Client` takes no middleware, so each call that is to be seen says so. Clients that are built into other libraries
//! can't be reached this way.

use std::future::Future;

use reqwest::{Client, Request, RequestBuilder, Response, Result};
use sidetone_core::exchange::End;

use crate::failure::transport_error;
use crate::observer::{Begun, Observer};
use crate::response;

/// Sends what a [`RequestBuilder`] has built, observed.
pub trait SendObserved {
    /// As [`RequestBuilder::send`], observed. Nothing is sent before it is polled.
    ///
    /// # Errors
    /// The same as without being observed.
    fn send_observed(self, observer: &Observer) -> impl Future<Output = Result<Response>> + Send;
}

impl SendObserved for RequestBuilder {
    async fn send_observed(self, observer: &Observer) -> Result<Response> {
        let (client, request) = self.build_split();
        client.execute_observed(request?, observer).await
    }
}

/// Executes a [`Request`], observed.
pub trait ExecuteObserved {
    /// As [`Client::execute`], observed.
    ///
    /// # Errors
    /// The same as without being observed.
    fn execute_observed(&self, request: Request, observer: &Observer) -> impl Future<Output = Result<Response>> + Send;
}

impl ExecuteObserved for Client {
    async fn execute_observed(&self, mut request: Request, observer: &Observer) -> Result<Response> {
        let tap = match observer.begin(&mut request, None) {
            Begun::Unobserved | Begun::Dropped => return self.execute(request).await,
            Begun::Observed(tap) => tap,
        };
        match self.execute(request).await {
            Ok(response) => Ok(response::observe(tap, response)),
            Err(error) => {
                tap.end(End::Failed(transport_error(&error)));
                Err(error)
            }
        }
    }
}
