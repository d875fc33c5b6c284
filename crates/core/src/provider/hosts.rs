//! Who serves a call, by the host that it went to.

use crate::event::Server;

/// Host names and the value of `gen_ai.provider.name` that they stand for: exact, or (`*.`) any host below a domain.
///
/// The values are those of the semantic conventions (registry of 1.41.1, `gen_ai.provider.name`). Hosts that aren't here
/// speak OpenAI's API under no name of the conventions': they are `openai`, for "the attribute acts as a discriminator
/// that identifies the GenAI telemetry format flavor".
pub static HOSTS: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("*.openai.azure.com", "azure.ai.openai"),
    ("*.cognitiveservices.azure.com", "azure.ai.openai"),
    ("*.services.ai.azure.com", "azure.ai.openai"),
    ("*.inference.ai.azure.com", "azure.ai.inference"),
    ("*.models.ai.azure.com", "azure.ai.inference"),
    ("models.github.ai", "azure.ai.inference"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.anthropic.com", "anthropic"),
    ("api.cohere.ai", "cohere"),
    ("api.cohere.com", "cohere"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("*.aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("*.ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("*.amazonaws.com", "aws.bedrock"),
    ("*.api.aws", "aws.bedrock"),
];

/// Who serves a call that went to `server`, to that deployment if the path names one, in the words of
/// `gen_ai.provider.name`.
#[must_use]
pub fn provider_of(server: &Server, deployment: Option<&str>) -> &'static str {
    let host: &str = server.address.strip_suffix('.').unwrap_or(&server.address);
    if let Some((_, provider)) = HOSTS.iter().find(|(pattern, _)| is_host(host, pattern)) {
        return provider;
    }
    // Google's regional hosts are no subdomains: `us-central1-aiplatform.googleapis.com`.
    if ends_with(host, "-aiplatform.googleapis.com") {
        return "gcp.vertex_ai";
    }
    // Only Azure's API has deployments in its paths, also behind a gateway of another name.
    if deployment.is_some() { "azure.ai.openai" } else { "openai" }
}

/// Whether a host is named in [`HOSTS`], itself and not by its domain: it serves nothing but an LLM API.
#[must_use]
pub fn is_named_host(address: &str) -> bool {
    let host = address.strip_suffix('.').unwrap_or(address);
    HOSTS.iter().any(|(pattern, _)| host.eq_ignore_ascii_case(pattern))
}

fn is_host(host: &str, pattern: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && ends_with(host, suffix),
        None => host.eq_ignore_ascii_case(pattern),
    }
}

fn ends_with(host: &str, suffix: &str) -> bool {
    host.len()
        .checked_sub(suffix.len())
        .and_then(|at| host.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_the_provider_that_the_conventions_name() {
        let cases = [
            ("api.openai.com", None, "openai"),
            ("API.OpenAI.com", None, "openai"),
            ("my.openai.azure.com", Some("d"), "azure.ai.openai"),
            ("my.services.ai.azure.com", None, "azure.ai.openai"),
            ("my.cognitiveservices.azure.com", None, "azure.ai.openai"),
            ("gateway.corp", Some("d"), "azure.ai.openai"),
            ("api.groq.com", None, "groq"),
            ("api.deepseek.com", None, "deepseek"),
            ("api.mistral.ai", None, "mistral_ai"),
            ("api.x.ai", None, "x_ai"),
            ("api.perplexity.ai", None, "perplexity"),
            ("generativelanguage.googleapis.com", None, "gcp.gemini"),
            ("us-central1-aiplatform.googleapis.com", None, "gcp.vertex_ai"),
            ("bedrock-runtime.us-west-2.amazonaws.com", None, "aws.bedrock"),
            ("127.0.0.1", None, "openai"),
            ("evilapi.groq.com.example", None, "openai"),
            ("notopenai.azure.com", None, "openai"),
            ("ö", None, "openai"),
        ];
        for (host, deployment, provider) in cases {
            let server = Server { address: host.into(), port: None };
            assert_eq!(provider_of(&server, deployment), provider, "{host}");
        }
    }
}
