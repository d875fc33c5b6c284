//! MLflow: takes traces by OTLP over HTTP, reads several conventions, and gives token counts back by its search API.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::process::{self, Output, Process};
use super::receiver::attempted;
use super::store::Store;
use super::{http, pinned};

/// Some 6 seconds on an idle machine with two cores, the first time.
const START_TIMEOUT: Duration = Duration::from_secs(180);
/// The most that the API gives at once; more traces than a test sends.
const PAGE_TRACES: u32 = 500;

/// Starts MLflow with an empty store; `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is installed and doesn't start, or is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the receiver is absent"]
pub fn mlflow() -> Option<Mlflow> {
    attempted(&pinned::MLFLOW, Mlflow::start)
}

/// A running MLflow. Dropping it stops its process and removes its store.
pub struct Mlflow {
    http: u16,
    output: Output,
    _process: Process,
    _store: Store, // after the process, which writes to it
}

impl Mlflow {
    /// As `mlflow server` starts it, but in one process, which can't outlive the test, and without the runners of jobs.
    fn start(python: &Path) -> io::Result<Self> {
        let [http] = process::free_ports()?;
        let store = Store::create("mlflow")?;
        let output = Output::default();
        let folder = store.path().display();
        let variables = [
            ("_MLFLOW_SERVER_FILE_STORE", format!("sqlite:///{folder}/mlflow.db")),
            ("_MLFLOW_SERVER_ARTIFACT_ROOT", format!("{folder}/artifacts")),
            ("MLFLOW_DISABLE_TELEMETRY", "true".to_owned()),
            ("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false".to_owned()),
        ];
        let port = http.to_string();
        let arguments = ["-m", "uvicorn", "--host", "127.0.0.1", "--port", &port, "mlflow.server.fastapi_app:app"];
        let mut process = Process::start(python, &arguments.map(str::to_owned), &variables, &output)?;
        let is_ready = process::poll(START_TIMEOUT, || {
            let has_ended = process.has_ended();
            let answers = matches!(http::get(http, "/health"), Ok((200, _)));
            (has_ended || answers).then_some(!has_ended && !process.has_ended())
        });
        if is_ready != Some(true) {
            return Err(io::Error::other(output.text()));
        }
        Ok(Self { http, output, _process: process, _store: store })
    }

    /// `http://127.0.0.1:PORT`, under which `/v1/traces` takes OTLP, with the header `x-mlflow-experiment-id`.
    #[must_use]
    pub fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Everything printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// The id of a new experiment; `None` where MLflow gives none.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<String> {
        let answer = self.post("/api/2.0/mlflow/experiments/create", &json!({ "name": name }))?;
        Some(answer["experiment_id"].as_str()?.to_owned())
    }

    /// The traces of an experiment as its search gives them, once there are `count` or the timeout has passed.
    ///
    /// What MLflow read is in `trace_metadata`: `mlflow.trace.tokenUsage` is JSON text with `input_tokens`, ….
    #[must_use]
    pub fn traces(&self, experiment: &str, timeout: Duration, count: usize) -> Vec<Json> {
        let location = json!({ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": experiment } });
        let search = json!({ "locations": [location], "max_results": PAGE_TRACES });
        let mut traces = Vec::new();
        process::poll(timeout, || {
            traces = match self.post("/api/3.0/mlflow/traces/search", &search)?["traces"].take() {
                Json::Array(traces) => traces,
                _ => return None,
            };
            (traces.len() >= count).then_some(())
        });
        traces
    }

    fn post(&self, path: &str, json: &Json) -> Option<Json> {
        match http::post(self.http, path, &json.to_string()) {
            Ok((200, body)) => serde_json::from_slice(&body).ok(),
            _ => None,
        }
    }
}
