//! Which paths are whose.

/// Whether `path` ends with `suffix` (which begins with a slash); a slash behind it is tolerated.
///
/// What stands before it is a server's own: `/v1`, `/api/v1`, `/openai/deployments/{deployment}`, `/v1beta/openai`.
pub(super) fn ends_with(path: &str, suffix: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path).ends_with(suffix)
}

#[cfg(test)]
mod tests {
    use crate::provider::surface_of;
    use http::Method;

    #[test]
    fn paths_have_the_surface_that_the_api_reference_gives_them() {
        let cases = [
            ("/v1/chat/completions", Some("openai.chat")),
            ("/v1/chat/completions/", Some("openai.chat")),
            ("/api/v1/chat/completions", Some("openai.chat")),
            ("/chat/completions", Some("openai.chat")),
            ("/openai/deployments/gpt-4o/chat/completions", Some("openai.chat")),
            ("/v1beta/openai/chat/completions", Some("openai.chat")),
            ("/case/name/v1/chat/completions", Some("openai.chat")),
            ("/v1/completions", Some("openai.completions")),
            ("/openai/deployments/d/completions", Some("openai.completions")),
            ("/v1/embeddings", Some("openai.embeddings")),
            ("/openai/deployments/d/embeddings", Some("openai.embeddings")),
            ("/v1/responses", Some("openai.responses")),
            ("/openai/v1/responses/", Some("openai.responses")),
            ("/v1/responses/resp_1/cancel", None),
            ("/v1/responses/resp_1", None),
            ("/v1/responses/input_tokens", None),
            ("/v1/chat/completions/chatcmpl-1", None),
            ("/v1/models", None),
            ("/v1/images/generations", None),
            ("/", None),
            ("", None),
            ("/v1/xcompletions", None),
        ];
        for (path, name) in cases {
            assert_eq!(surface_of(&Method::POST, path).map(|surface| surface.name()), name, "{path}");
            assert!(surface_of(&Method::GET, path).is_none(), "{path}");
        }
    }
}
