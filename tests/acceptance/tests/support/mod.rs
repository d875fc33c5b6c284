//! What the tests ask of the mock server, and where the program is that does it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use sidetone_acceptance::protocol::Request;
use sidetone_testkit::case::Case;
use sidetone_testkit::server::MockServer;
use sidetone_testkit::telemetry::Value;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_application");

/// The request of a recorded case, to be answered as it was.
pub(crate) fn request(server: &MockServer, name: &str) -> Request {
    request_of(server, &Case::embedded(name).unwrap())
}

/// The request of a recorded case that the server knows, to be answered as it was.
pub(crate) fn request_of(server: &MockServer, case: &Case) -> Request {
    let path = case.path.strip_prefix("/v1").unwrap();
    let url = format!("{}{path}", server.case_url(&case.name));
    Request { url, body: String::from_utf8(case.request.to_vec()).unwrap() }
}

/// The requests of recorded cases.
pub(crate) fn requests(server: &MockServer, names: &[&str]) -> Vec<Request> {
    names.iter().map(|name| request(server, name)).collect()
}

/// A chat with another model.
pub(crate) fn chat_with(server: &MockServer, model: &str) -> Request {
    let mut request = request(server, "chat_basic");
    request.body = request.body.replace("gpt-4o-mini", model);
    request
}

pub(crate) fn text(value: &str) -> Value {
    Value::Str(value.to_owned())
}
