//! The variables that are ours and those of the GenAI conventions: what is kept of content, whose ids are hashed how, and which
//! dialect is written.
//!
//! The `OTEL_*` variables of exporters and SDK are read by `sidetone-otel-export`.

use std::hash::{BuildHasher, RandomState};
use std::io::Read as _;
use std::sync::Arc;

use sidetone_core::dialect::{ContentPlace, Dialect, Latest, V2};
use sidetone_core::exchange::Settings;
use sidetone_core::policy::{Content, Ids, Review};
use sidetone_core::pricing::{MAX_FILE_BYTES, Prices};
use sidetone_core::scan::Scanner;

/// What is kept of content: `off`, `redacted` or `full`.
pub const CONTENT: &str = "SIDETONE_CONTENT";

/// Whether content is captured, as the upstream packages read it.
pub const CAPTURE_CONTENT: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

/// Whether what is said is scanned.
pub const SCAN: &str = "SIDETONE_SCAN";

/// The key that ids are hashed with.
pub const ID_KEY: &str = "SIDETONE_ID_KEY";

/// A file with that key.
pub const ID_KEY_FILE: &str = "SIDETONE_ID_KEY_FILE";

/// A file with prices that go before the built-in ones.
pub const PRICES: &str = "SIDETONE_PRICES";

/// How much is told on standard error.
pub const DEBUG: &str = "SIDETONE_DEBUG";

/// Which conventions are written.
pub const STABILITY: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

/// The variables of this module, with their values and defaults.
pub static VARIABLES: &[(&str, &str, &str)] = &[
    (
        CONTENT,
        "`off`, `redacted`, `full`; goes before the next. `off` said here or `NO_CONTENT` there can't be raised by anything; so it is \
         with a value that isn't known, which gives a warning",
        "as the next says",
    ),
    (
        CAPTURE_CONTENT,
        "`true`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`: `full`, which dialect `latest` writes on the span \
         (`true` too), in a log event or in both, and `v2` in log events; `false`: `off` unless code says otherwise; \
         `NO_CONTENT`: `off`",
        "`false`",
    ),
    (SCAN, "`true`: what is said is scanned, also where it isn't kept. With `redacted` it always is", "`false`"),
    (
        ID_KEY,
        "key that user and session ids are hashed with (HMAC-SHA-256)",
        "none: SHA-256, from which ids that can be guessed can be found",
    ),
    (ID_KEY_FILE, "file with that key; white space at its end is no part of it", ""),
    (PRICES, "JSON file with prices that go before the built-in ones", ""),
    (DEBUG, "`calls`: a line for each call on standard error; `telemetry`: all that is told of it", "`off`"),
    (STABILITY, "with `gen_ai_latest_experimental` in the list: dialect `latest`", "dialect `v2`"),
];

/// Longest file with a key.
const KEY_FILE_BYTES: u64 = 64 << 10;

/// How much is told of each call on standard error, beside what is exported. Content is there as far as it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DebugLevel {
    /// Nothing.
    #[default]
    Off,
    /// A line.
    Calls,
    /// Its span, log events and metrics.
    Telemetry,
}

/// What is said in code or on a command line.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// What is kept of content.
    pub content: Option<Content>,
    /// Whether what is said is scanned, whatever is kept of it.
    pub scan: Option<bool>,
    /// The rules of the scan, where they aren't the built-in ones.
    pub scanner: Option<Arc<Scanner>>,
    /// What becomes of ids.
    pub ids: Option<Ids>,
    /// The prices.
    pub prices: Option<Arc<Prices>>,
}

/// What the variables say.
#[derive(Debug, Clone)]
pub struct Environment {
    /// What is kept of content where nobody else says so.
    pub content: Content,
    /// Whether that can't be raised.
    pub is_content_fixed: bool,
    /// Whether what is said is scanned.
    pub scan: bool,
    /// What becomes of ids.
    pub ids: Ids,
    /// The prices.
    pub prices: Arc<Prices>,
    /// How much is told on standard error.
    pub debug: DebugLevel,
    /// Where what was said is written, if it is kept and the dialect has more than one place.
    pub content_place: ContentPlace,
    /// The dialect that is written, with what was said in that place.
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

    /// What `lookup` says, as [`of_process`](Self::of_process) does of the process. Files are read all the same.
    #[must_use]
    pub fn of(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut warnings = Vec::new();
        let get = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let (content, is_content_fixed) = content(&get, &mut warnings);
        let scan = match get(SCAN).map(|value| value.to_ascii_lowercase()).as_deref() {
            None | Some("false" | "0" | "off") => false,
            Some("true" | "1" | "on") => true,
            Some(_) => {
                warnings.push(format!("{SCAN}: `true` or `false` is expected; nothing is scanned"));
                false
            }
        };
        let debug = match get(DEBUG).map(|value| value.to_ascii_lowercase()).as_deref() {
            None | Some("off" | "0" | "false") => DebugLevel::Off,
            Some("calls" | "1" | "true") => DebugLevel::Calls,
            Some("telemetry" | "2") => DebugLevel::Telemetry,
            Some(_) => {
                warnings.push(format!("{DEBUG}: `off`, `calls` or `telemetry` is expected; nothing is told"));
                DebugLevel::Off
            }
        };
        let ids = match (lookup(ID_KEY).filter(|key| !key.is_empty()), get(ID_KEY_FILE)) {
            (Some(key), _) => Ids::keyed(key.into_bytes()),
            (None, Some(path)) => keyed_by_file(&path, &mut warnings),
            (None, None) => Ids::default(),
        };
        let prices = get(PRICES).map_or_else(Prices::embedded, |path| prices(&path, &mut warnings));
        let latest = get(STABILITY)
            .is_some_and(|value| value.split(',').any(|opted| opted.trim() == "gen_ai_latest_experimental"));
        let content_place = content_place(&get);
        let dialect: &dyn Dialect = if latest { &Latest::SPAN_ONLY } else { &V2 };
        let dialect = dialect.with_content_in(content_place);
        Self { content, is_content_fixed, scan, ids, prices, debug, content_place, dialect, warnings }
    }

    /// What is kept of content where that much is asked for in code or on a command line.
    #[must_use]
    pub fn content(&self, chosen: Option<Content>) -> Content {
        match chosen {
            Some(chosen) if self.is_content_fixed => chosen.min(self.content),
            Some(chosen) => chosen,
            None => self.content,
        }
    }

    /// The settings of a capture, where that is chosen in code or on a command line.
    #[must_use]
    pub fn settings(&self, chosen: Choices) -> Settings {
        let mut review = Review::default()
            .scanning(chosen.scan.unwrap_or(self.scan))
            .ids(chosen.ids.unwrap_or_else(|| self.ids.clone()));
        if let Some(scanner) = chosen.scanner {
            review = review.scanner(scanner);
        }
        Settings {
            content: self.content(chosen.content),
            is_content_fixed: self.is_content_fixed,
            review,
            prices: Some(chosen.prices.unwrap_or_else(|| Arc::clone(&self.prices))),
            ..Settings::default()
        }
    }
}

/// What is kept of content, and whether that can't be raised.
fn content(get: &dyn Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> (Content, bool) {
    if let Some(value) = get(CONTENT) {
        return match Content::named(&value.to_ascii_lowercase()) {
            Some(content) => (content, content == Content::Off),
            None => {
                warnings.push(format!("{CONTENT}: `off`, `redacted` or `full` is expected; no content is kept"));
                (Content::Off, true)
            }
        };
    }
    // opentelemetry-instrumentation-openai-v2, `is_content_enabled`, and opentelemetry-util-genai, `ContentCapturingMode`.
    match get(CAPTURE_CONTENT).map(|value| value.to_ascii_lowercase()).as_deref() {
        // `false` is its default written out: what code says of it holds all the same. `NO_CONTENT` is nobody's default.
        None | Some("false") => (Content::Off, false),
        Some("no_content") => (Content::Off, true),
        Some("true" | "span_only" | "event_only" | "span_and_event") => (Content::Full, false),
        Some(_) => {
            warnings.push(format!(
                "{CAPTURE_CONTENT}: `true`, `false`, `NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY` or `SPAN_AND_EVENT` is expected; no \
                 content is kept"
            ));
            (Content::Off, true)
        }
    }
}

/// `true` names no place, and neither does another variable that asks for content: then it is the span.
fn content_place(get: &dyn Fn(&str) -> Option<String>) -> ContentPlace {
    match get(CAPTURE_CONTENT).map(|value| value.to_ascii_lowercase()).as_deref() {
        Some("event_only") => ContentPlace::Event,
        Some("span_and_event") => ContentPlace::SpanAndEvent,
        _ => ContentPlace::Span,
    }
}

fn read(path: &str, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 > limit => Err(format!("it is longer than {limit} bytes")),
        Ok(_) => Ok(bytes),
    }
}

fn keyed_by_file(path: &str, warnings: &mut Vec<String>) -> Ids {
    let why = match read(path, KEY_FILE_BYTES) {
        Ok(bytes) if !bytes.trim_ascii_end().is_empty() => return Ids::keyed(bytes.trim_ascii_end()),
        Ok(_) => "it is empty".to_owned(),
        Err(why) => why,
    };
    // Without the key ids would leave guessable: a key that nobody knows is the safe one.
    warnings.push(format!("{ID_KEY_FILE}: no key in {path}: {why}; ids are hashed with a key of this process alone"));
    let key: Vec<u8> = (0..4_u8).flat_map(|part| RandomState::new().hash_one(part).to_ne_bytes()).collect();
    Ids::keyed(key)
}

fn prices(path: &str, warnings: &mut Vec<String>) -> Arc<Prices> {
    let embedded = Prices::embedded();
    let read =
        read(path, MAX_FILE_BYTES as u64).and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
    match read.and_then(|text| embedded.with_overrides(&text).map_err(|error| error.to_string())) {
        Ok(prices) => Arc::new(prices),
        Err(why) => {
            warnings.push(format!("{PRICES}: {path} can't be used: {why}; the built-in prices are"));
            embedded
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use Content::{Full, Off, Redacted};

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let find =
            |name: &str| variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
        Environment::of(&find)
    }

    #[test]
    fn what_is_kept_of_content_is_decided_in_this_order() {
        // Ours, upstream's, what code says → what is kept, warnings. What a scope may say is tested with calls.
        let cases = [
            (None, None, None, Off, 0),
            (None, None, Some(Full), Full, 0),
            (None, Some("true"), None, Full, 0),
            (None, Some("TRUE"), None, Full, 0),
            (None, Some("span_only"), None, Full, 0),
            (None, Some("EVENT_ONLY"), None, Full, 0),
            (None, Some("SPAN_AND_EVENT"), None, Full, 0),
            (None, Some("false"), None, Off, 0),
            (None, Some(""), None, Off, 0),
            // Code wins over both, down and up.
            (None, Some("true"), Some(Off), Off, 0),
            (None, Some("true"), Some(Redacted), Redacted, 0),
            (Some("full"), None, Some(Off), Off, 0),
            (Some("redacted"), None, Some(Full), Full, 0),
            // Ours wins over upstream's.
            (Some("redacted"), Some("true"), None, Redacted, 0),
            (Some("Full"), Some("NO_CONTENT"), None, Full, 0),
            (Some("full"), Some("false"), None, Full, 0),
            // `false` is upstream's default, so that it forbids no more than its absence.
            (None, Some("false"), Some(Full), Full, 0),
            (Some("off"), Some("true"), None, Off, 0),
            (Some(""), Some("true"), None, Full, 0),
            // What was forbidden stays forbidden.
            (Some("off"), None, Some(Full), Off, 0),
            (Some("off"), Some("true"), Some(Redacted), Off, 0),
            (None, Some("no_content"), Some(Redacted), Off, 0),
            (None, Some("NO_CONTENT"), Some(Full), Off, 0),
            // What isn't known is off, with one warning.
            (Some("of"), Some("true"), Some(Full), Off, 1),
            (Some("true"), None, None, Off, 1),
            (None, Some("1"), None, Off, 1),
            (None, Some("yes"), Some(Full), Off, 1),
        ];
        for (ours, upstream, code, kept, warnings) in cases {
            let given = [(CONTENT, ours), (CAPTURE_CONTENT, upstream)];
            let given: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let environment = environment(&given);
            let said = format!("{ours:?} {upstream:?} {code:?}");
            assert_eq!((environment.content(code), environment.warnings.len()), (kept, warnings), "{said}");
            let settings = environment.settings(Choices { content: code, ..Choices::default() });
            assert_eq!(settings.content, kept, "{said}");
        }
    }

    #[test]
    fn a_scan_is_asked_for_by_variable_and_code_wins() {
        for (variable, code, scans, warnings) in [
            (None, None, false, 0),
            (Some("true"), None, true, 0),
            (Some("1"), None, true, 0),
            (Some("false"), Some(true), true, 0),
            (Some("true"), Some(false), false, 0),
            (Some("maybe"), None, false, 1),
        ] {
            let given: Vec<_> = variable.into_iter().map(|value| (SCAN, value)).collect();
            let environment = environment(&given);
            let settings = environment.settings(Choices { scan: code, ..Choices::default() });
            assert_eq!(
                (settings.review.scans(), environment.warnings.len()),
                (scans, warnings),
                "{variable:?} {code:?}"
            );
        }
    }

    #[test]
    fn ids_are_hashed_with_the_key_of_the_variable_else_of_the_file() {
        let file = std::env::temp_dir().join(format!("sidetone-id-key-{}", std::process::id()));
        std::fs::write(&file, "key\n").unwrap();
        let path = file.to_str().unwrap();
        let keyed = Ids::keyed(*b"key").id("alice").into_owned();
        assert_eq!(environment(&[(ID_KEY, "key")]).ids.id("alice"), keyed);
        assert_eq!(environment(&[(ID_KEY_FILE, path)]).ids.id("alice"), keyed);
        assert_eq!(environment(&[(ID_KEY, "key"), (ID_KEY_FILE, "/absent")]).ids.id("alice"), keyed);
        assert_eq!(environment(&[(ID_KEY, ""), (ID_KEY_FILE, "")]).ids.id("alice"), Ids::default().id("alice"));
        std::fs::remove_file(&file).unwrap();
        let absent = environment(&[(ID_KEY_FILE, path)]);
        assert_eq!(absent.warnings.len(), 1);
        let hashed = absent.ids.id("alice").into_owned();
        assert!(hashed.starts_with("hmac-sha256:") && hashed != keyed, "{hashed}");
        assert!(!format!("{:?}", environment(&[(ID_KEY, "s3cret")])).contains("s3cret"));
    }

    #[test]
    fn a_price_file_that_can_not_be_read_gives_a_warning() {
        assert_eq!(environment(&[(PRICES, "/absent")]).warnings.len(), 1);
    }

    #[test]
    fn the_newest_conventions_are_opted_into_in_a_list() {
        let dialect = |value: &str| environment(&[(STABILITY, value)]).dialect.name();
        assert_eq!(dialect("http,gen_ai_latest_experimental"), "latest");
        assert_eq!(dialect("gen_ai_latest_experimental"), "latest");
        assert_eq!(dialect("http"), "v2");
        assert_eq!(dialect("gen_ai"), "v2");
        assert_eq!(environment(&[]).dialect.name(), "v2");
        assert_eq!(environment(&[(STABILITY, "gen_ai_latest_experimental")]).warnings.len(), 0);
    }

    #[test]
    fn what_was_said_is_on_the_span_unless_another_place_is_named() {
        for (value, place) in [
            ("true", ContentPlace::Span),
            ("SPAN_ONLY", ContentPlace::Span),
            ("EVENT_ONLY", ContentPlace::Event),
            ("span_and_event", ContentPlace::SpanAndEvent),
            ("NO_CONTENT", ContentPlace::Span),
        ] {
            let read = environment(&[(CAPTURE_CONTENT, value), (STABILITY, "gen_ai_latest_experimental")]);
            assert_eq!(read.content_place, place, "{value}");
            let expected = Latest::SPAN_ONLY.with_content_in(place);
            assert_eq!(format!("{:?}", read.dialect), format!("{expected:?}"), "{value}");
        }
        assert_eq!(environment(&[(CONTENT, "full")]).content_place, ContentPlace::Span);
    }

    #[test]
    fn every_variable_is_in_the_table() {
        let names: Vec<_> = VARIABLES.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names, [CONTENT, CAPTURE_CONTENT, SCAN, ID_KEY, ID_KEY_FILE, PRICES, DEBUG, STABILITY]);
    }
}
