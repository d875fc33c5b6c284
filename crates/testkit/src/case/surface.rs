//! The API surfaces that the mock server speaks, told by the end of a path.

/// An API surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    Chat,
    Completions,
    Embeddings,
    Responses,
}

/// The end of a path, behind any prefix (`/v1`, `/openai/deployments/NAME`, `/api/openai/v1`, …), and its surface.
/// The longer ends come first.
static SURFACES: &[(&str, Surface)] = &[
    ("/chat/completions", Surface::Chat),
    ("/completions", Surface::Completions),
    ("/embeddings", Surface::Embeddings),
    ("/responses", Surface::Responses),
];

impl Surface {
    /// The surface of a path without its query.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        SURFACES.iter().find(|(end, _)| path.ends_with(end)).map(|(_, surface)| *surface)
    }

    /// The members that count a call's input and output tokens.
    pub(crate) fn usage_members(self) -> (&'static str, &'static str) {
        match self {
            Self::Chat | Self::Completions | Self::Embeddings => ("prompt_tokens", "completion_tokens"),
            Self::Responses => ("input_tokens", "output_tokens"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_prefix_leads_to_the_surface() {
        for (path, surface) in [
            ("/v1/chat/completions", Some(Surface::Chat)),
            ("/openai/deployments/d/chat/completions", Some(Surface::Chat)),
            ("/v1/completions", Some(Surface::Completions)),
            ("/openai/deployments/d/embeddings", Some(Surface::Embeddings)),
            ("/responses", Some(Surface::Responses)),
            ("/v1/models", None),
        ] {
            assert_eq!(Surface::of_path(path), surface, "{path}");
        }
    }
}
