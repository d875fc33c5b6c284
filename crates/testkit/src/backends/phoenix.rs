//! Arize Phoenix: reads OpenTelemetry's conventions for generative AI by itself and shows calls over its REST API.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use super::process::{self, Output, Process};
use super::receiver::attempted;
use super::store::Store;
use super::{http, pinned};

/// Phoenix loads for 10 to 20 seconds on an idle machine with two cores.
const START_TIMEOUT: Duration = Duration::from_secs(180);
/// More spans than a test sends.
const PAGE_SPANS: u32 = 1_000;

/// Starts Arize Phoenix with an empty store; `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is installed and doesn't start, or is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the receiver is absent"]
pub fn phoenix() -> Option<Phoenix> {
    attempted(&pinned::PHOENIX, Phoenix::start)
}

/// A running Phoenix. Dropping it stops its process and removes its store.
pub struct Phoenix {
    grpc: u16,
    http: u16,
    output: Output,
    _process: Process,
    _store: Store, // after the process, which writes to it
}

impl Phoenix {
    fn start(program: &Path) -> io::Result<Self> {
        let [grpc, http] = process::free_ports()?;
        let store = Store::create("phoenix")?;
        let output = Output::default();
        let variables = [
            ("PHOENIX_WORKING_DIR", store.path().display().to_string()),
            ("PHOENIX_HOST", "127.0.0.1".to_owned()),
            ("PHOENIX_PORT", http.to_string()),
            ("PHOENIX_GRPC_PORT", grpc.to_string()),
            ("PHOENIX_TELEMETRY_ENABLED", "false".to_owned()),
        ];
        let mut process = Process::start(program, &["serve".to_owned()], &variables, &output)?;
        let is_ready = process::poll(START_TIMEOUT, || {
            let has_ended = process.has_ended();
            let answers = process::accepts(grpc) && matches!(http::get(http, "/v1/projects"), Ok((200, _)));
            (has_ended || answers).then_some(!has_ended && !process.has_ended())
        });
        if is_ready != Some(true) {
            return Err(io::Error::other(output.text()));
        }
        Ok(Self { grpc, http, output, _process: process, _store: store })
    }

    /// `http://127.0.0.1:PORT` for traces by OTLP over gRPC.
    #[must_use]
    pub fn grpc_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc)
    }

    /// `http://127.0.0.1:PORT`, under which `/v1/traces` takes OTLP over HTTP and the REST API answers.
    #[must_use]
    pub fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Everything printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// The JSON that the REST API answers at `path` (`/v1/projects` and others); `None` for any other status than 200.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Json> {
        match http::get(self.http, path) {
            Ok((200, body)) => serde_json::from_slice(&body).ok(),
            _ => None,
        }
    }

    /// The spans of a project, newest first, once there are `count` or the timeout has passed.
    ///
    /// The project is the resource attribute `openinference.project.name`, or `default`. A span has `name`,
    /// `span_kind` (`LLM`), `status_code` and flat `attributes`: `llm.model_name`, `llm.token_count.prompt`, … beside
    /// the original ones.
    #[must_use]
    pub fn spans(&self, project: &str, timeout: Duration, count: usize) -> Vec<Json> {
        let mut spans = Vec::new();
        process::poll(timeout, || {
            let mut page = self.get(&format!("/v1/projects/{project}/spans?limit={PAGE_SPANS}"))?;
            spans = match page["data"].take() {
                Json::Array(spans) => spans,
                _ => return None,
            };
            (spans.len() >= count).then_some(())
        });
        spans
    }
}
