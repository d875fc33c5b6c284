//! Observes rig, as the transport of its providers.

use rig_reqwest::ReqwestMiddlewareClient;

use crate::observer::Observer;

impl Observer {
    /// A transport for rig whose calls are observed: `OpenAIConfig::from_env()?.connect(observer.rig_client(client))`.
    ///
    /// With a retry middleware, make it from a client of your own:
    /// `ReqwestMiddlewareClient::from(observer.with_retry(ClientBuilder::new(client), retry).build())`.
    #[must_use]
    pub fn rig_client(&self, client: reqwest::Client) -> ReqwestMiddlewareClient {
        ReqwestMiddlewareClient::from(self.client(client))
    }
}
