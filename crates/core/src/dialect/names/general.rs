//! Names of OpenTelemetry's conventions that are of more than GenAI: errors, exceptions, servers, HTTP, processes, containers.

macro_rules! names {
    ($($name:ident = $text:literal;)+) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)+

        /// Each of them.
        pub static GENERAL: &[&str] = &[$($name,)+];
    };
}

// Source: semantic-conventions v1.41.1, the stable attributes of HTTP, errors, exceptions and servers; `model/process`,
// `model/container` and `model/k8s`: attributes of resources, written on spans where one observer sees many processes.
names! {
    ERROR_TYPE = "error.type";
    EXCEPTION = "exception";
    EXCEPTION_TYPE = "exception.type";
    EXCEPTION_MESSAGE = "exception.message";
    SERVER_ADDRESS = "server.address";
    SERVER_PORT = "server.port";
    HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
    HTTP_RESPONSE_HEADER_RETRY_AFTER = "http.response.header.retry-after";
    PROCESS_PID = "process.pid";
    PROCESS_EXECUTABLE_NAME = "process.executable.name";
    PROCESS_EXECUTABLE_PATH = "process.executable.path";
    CONTAINER_ID = "container.id";
    K8S_POD_UID = "k8s.pod.uid";
}
