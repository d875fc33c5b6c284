//! What requests and responses mean: one folder per provider, one line per API surface.

mod answer;
mod anthropic;
mod hosts;
mod names;
pub mod openai;
mod shape;
mod surface;

pub use answer::{Answer, PartDraft, Place, Rare, What};
pub use hosts::{HOSTS, is_named_host, provider_of};
pub use names::{Given, Name};
pub(crate) use shape::{Foreign, has_foreign_header, is_foreign};
pub use shape::{Outline, answered_by, asked_by, may_ask};
pub use surface::{Heard, Span, Surface, Varies};

/// Every API surface that is understood.
pub static SURFACES: &[&dyn Surface] = &[&openai::Chat, &openai::Completions, &openai::Embeddings, &openai::Responses];

/// APIs that are no surface of ours, and look like one.
static FOREIGN: &[Foreign] = &[anthropic::MESSAGES, shape::JSON_RPC];

/// The surface that a request to `path` (without query) with this method belongs to.
#[must_use]
pub fn surface_of(method: &http::Method, path: &str) -> Option<&'static dyn Surface> {
    if method != http::Method::POST {
        return None;
    }
    SURFACES.iter().copied().find(|surface| surface.matches(path))
}

/// The deployment that an Azure OpenAI path names.
#[must_use]
pub fn deployment_of(path: &str) -> Option<&str> {
    // Paths of the usual form are too short to name one.
    if path.len() <= "/openai/deployments/".len() {
        return None;
    }
    // Tries each slash: setting up a search for the text would cost more than the rest of what a caller waits for.
    let slashes = path.bytes().enumerate().filter(|&(_, byte)| byte == b'/');
    let rest = slashes.filter_map(|(at, _)| path.get(at..)?.strip_prefix("/openai/deployments/")).next()?;
    Some(rest.split_once('/').map_or(rest, |(deployment, _)| deployment)).filter(|deployment| !deployment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_the_segment_after_its_two() {
        let cases = [
            ("/openai/deployments/gpt-4o/chat/completions", Some("gpt-4o")),
            ("/proxy/openai/deployments/d", Some("d")),
            ("/openai/openai/deployments/d/x", Some("d")),
            ("/openai/deployments/", None),
            ("/openai/deployments//chat/completions", None),
            ("/openai/deployments", None),
            ("/openai/v1/deployments/d", None),
            ("/xopenai/deployments/d", None),
            ("/v1/chat/completions", None),
            ("", None),
        ];
        for (path, deployment) in cases {
            assert_eq!(deployment_of(path), deployment, "{path}");
        }
    }
}
