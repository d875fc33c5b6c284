//! The variables of the GenAI conventions: what content is kept, and which dialect is written.
//!
//! The `OTEL_*` variables of exporters and SDK are read by `sidetone-otel-export`.

use sidetone_core::dialect::{DIALECTS, Dialect, V2};
use sidetone_core::policy::Content;

/// Whether content is captured, as the upstream package reads it.
pub const CAPTURE_CONTENT: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

/// Which conventions are written.
pub const STABILITY: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

/// What the variables of the GenAI conventions say.
#[derive(Debug, Clone)]
pub struct Environment {
    /// What content is kept.
    pub content: Content,
    /// The dialect that is written.
    pub dialect: &'static dyn Dialect,
    /// What was asked for and can't be had.
    pub warnings: Vec<String>,
}

impl Environment {
    /// What the variables of the process say.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of(&|name| std::env::var(name).ok())
    }

    /// What `lookup` says, as [`of_process`](Self::of_process) does of the process.
    #[must_use]
    pub fn of(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut warnings = Vec::new();
        // opentelemetry-instrumentation-openai-v2, `is_content_enabled`: "true" in any case; all else is false.
        let content = match lookup(CAPTURE_CONTENT).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            Some("true") => Content::Full,
            None | Some("" | "false" | "no_content") => Content::Off,
            Some("span_only" | "event_only" | "span_and_event") => {
                warnings.push(format!(
                    "{CAPTURE_CONTENT}: only `true` captures content in dialect v2, as upstream; none is captured"
                ));
                Content::Off
            }
            Some(_) => {
                warnings.push(format!("{CAPTURE_CONTENT}: `true` or `false` is expected; no content is captured"));
                Content::Off
            }
        };
        let latest = lookup(STABILITY)
            .is_some_and(|value| value.split(',').any(|opted| opted.trim() == "gen_ai_latest_experimental"));
        if latest {
            let known: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name()).collect();
            warnings.push(format!(
                "{STABILITY}: this version writes {}; gen_ai_latest_experimental is not among them",
                known.join(", ")
            ));
        }
        Self { content, dialect: &V2, warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_captured_by_the_word_that_upstream_reads_and_by_no_other() {
        let content = |value: Option<&str>| {
            Environment::of(&|name| (name == CAPTURE_CONTENT).then(|| value.map(Into::into)).flatten())
        };
        for on in ["true", "True", "TRUE"] {
            assert_eq!(content(Some(on)).content, Content::Full, "{on}");
        }
        for off in [None, Some(""), Some("false"), Some("NO_CONTENT")] {
            let environment = content(off);
            assert_eq!((environment.content, environment.warnings.len()), (Content::Off, 0), "{off:?}");
        }
        for warned in ["1", "SPAN_AND_EVENT"] {
            let environment = content(Some(warned));
            assert_eq!((environment.content, environment.warnings.len()), (Content::Off, 1), "{warned}");
        }
    }

    #[test]
    fn a_dialect_that_is_not_there_yet_gives_a_warning() {
        let opted = |value: &'static str| Environment::of(&|name| (name == STABILITY).then(|| value.to_owned()));
        assert_eq!(opted("http,gen_ai_latest_experimental").warnings.len(), 1);
        assert_eq!(opted("http").warnings.len(), 0);
        assert_eq!(opted("http").dialect.name(), "v2");
    }
}
