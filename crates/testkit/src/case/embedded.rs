//! The recorded cases inside this crate, so that the mock server is of use without any file.

/// One recorded exchange as text: `name`, `request`, `meta` and `response` are the files of its folder.
pub(super) struct Embedded {
    pub(super) name: &'static str,
    pub(super) request: &'static [u8],
    pub(super) meta: &'static [u8],
    pub(super) response: &'static [u8],
}

macro_rules! cases {
    ($($name:literal $response:literal)*) => {
        &[$(Embedded {
            name: $name,
            request: include_bytes!(concat!("../../cases/", $name, "/request.json")),
            meta: include_bytes!(concat!("../../cases/", $name, "/meta.json")),
            response: include_bytes!(concat!("../../cases/", $name, "/", $response)),
        }),*]
    };
}

/// Every case in the crate, by name.
pub(super) static CASES: &[Embedded] = cases! {
    "chat_basic" "response.json"
    "chat_stream_tools" "response.sse"
    "chat_stream_usage" "response.sse"
    "chat_tools_call" "response.json"
    "completions_basic" "response.json"
    "completions_stream" "response.sse"
    "embeddings_float" "response.json"
    "error_401" "response.json"
    "error_429" "response.json"
    "error_500" "response.json"
    "responses_basic" "response.json"
    "responses_stream" "response.sse"
    "responses_tools" "response.json"
};
