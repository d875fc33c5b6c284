//! Observes rig, as the transport of its providers.
//!
//! It sees every request of a provider whose API is understood, whichever of rig's agents or pipelines makes it. rig's WebSocket
//! sessions have a transport of their own, which isn't seen.

use rig_reqwest::ReqwestMiddlewareClient;

use crate::observer::Observer;

impl Observer {
    /// A transport for rig whose calls are observed.
    ///
    /// With a retry middleware, make it from a client of your own:
    /// `ReqwestMiddlewareClient::from(observer.with_retry(ClientBuilder::new(client), retry).build())`.
    ///
    /// ```
    /// # use sidetone_middleware::Observer;
    /// # use sidetone_pipeline::{Config, Pipeline};
    /// # use sidetone_testkit::server::MockServer;
    /// use rig_core::completion::CompletionRequest;
    /// use rig_core::providers::openai::OpenAIConfig;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::builder().reply_text("All quiet.").start();
    /// # let config = OpenAIConfig::new("none").with_base_url(server.base_url());
    /// # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
    /// # let observer = Observer::new(pipeline);
    /// let openai = config.connect(observer.rig_client(reqwest::Client::new()));
    /// let answer = openai.completion("gpt-4o-mini").call(CompletionRequest::new("Hi")).await?;
    /// # assert_eq!(answer.text(), "All quiet.");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rig_client(&self, client: reqwest::Client) -> ReqwestMiddlewareClient {
        ReqwestMiddlewareClient::from(self.client(client))
    }
}
