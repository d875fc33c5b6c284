//! Proof that telemetry is read from the recorded bytes: each case is changed on disk, and its telemetry changes with it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{cases, fields, openinference, parsed};

/// A copy of a case under another folder, to be changed.
struct Copy {
    folder: PathBuf,
    case: String,
}

impl Copy {
    fn of(case: &str, purpose: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(purpose).join(case);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(cases::folder().join(case)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        Self { folder, case: case.to_owned() }
    }

    /// Changes the files named; says whether any byte of them did.
    fn change(&self, files: &[&str], change: impl Fn(&str) -> String) -> bool {
        let mut changed = false;
        for path in files.iter().map(|file| self.folder.join(file)).filter(|path| path.exists()) {
            let before = std::fs::read_to_string(&path).unwrap();
            let after = change(&before);
            changed |= before != after;
            std::fs::write(path, after).unwrap();
        }
        changed
    }

    fn replay(&self, dialect: &str, content: &str) -> Value {
        self.replay_with(dialect, content, &[])
    }

    fn replay_with(&self, dialect: &str, content: &str, extra: &[&str]) -> Value {
        cases::replay_in(dialect, content, extra, &[&self.folder]).remove(0)
    }
}

const RESPONSE: &[&str] = &["response.json", "response.sse"];
const EXCHANGE: &[&str] = &["request.json", "response.json", "response.sse"];

/// `text` with a number put in for every count under one of `keys`: 1000 more than it was.
fn raised(text: &str, keys: &[&str]) -> String {
    let mut text = text.to_owned();
    for key in keys {
        let pattern = format!("\"{key}\":");
        let mut at = 0;
        while let Some(place) = text[at..].find(&pattern) {
            let start = at + place + pattern.len();
            let start = start + text[start..].len() - text[start..].trim_start().len();
            let digits = text[start..].chars().take_while(char::is_ascii_digit).count();
            at = start;
            if digits > 0 {
                let count: u64 = text[start..start + digits].parse().unwrap();
                text.replace_range(start..start + digits, &(count + 1000).to_string());
            }
        }
    }
    text
}

/// `document` with 1000 more at every one of `attributes` that it has, at the points of `tokens`, and in PostHog's copy of the usage at
/// `keys`.
fn with_raised(document: &Value, attributes: &[&str], tokens: &[&str], keys: &[&str]) -> (Value, usize) {
    let (mut document, mut raised) = (document.clone(), 0);
    let mut raise = |value: &mut Value| {
        if let Some(count) = value.as_u64() {
            *value = json!(count + 1000);
            raised += 1;
        }
    };
    for name in attributes {
        for element in ["/spans/0/attributes", "/events/0/properties"] {
            if let Some(value) = document.pointer_mut(element).and_then(|element| element.get_mut(*name)) {
                raise(&mut value["int"]);
            }
        }
    }
    if let Some(usage) = document.pointer_mut("/events/0/properties/$ai_usage/kvlist") {
        for key in keys {
            for map in [
                "",
                "/prompt_tokens_details/kvlist",
                "/completion_tokens_details/kvlist",
                "/input_tokens_details/kvlist",
                "/output_tokens_details/kvlist",
            ] {
                if let Some(value) = usage.pointer_mut(&format!("{map}/{key}/int")) {
                    raise(value);
                }
            }
        }
    }
    for point in document["metrics"].as_array_mut().unwrap() {
        let kind = point["attributes"]["gen_ai.token.type"]["string"].as_str().unwrap_or_default().to_owned();
        if tokens.contains(&kind.as_str()) {
            for key in ["sum", "min", "max"] {
                raise(&mut point[key]);
            }
        }
    }
    (document, raised)
}

/// Each case in each dialect.
fn each() -> impl Iterator<Item = (&'static str, String)> {
    cases::DIALECTS.into_iter().flat_map(|dialect| cases::names().into_iter().map(move |case| (dialect, case)))
}

fn assert_same(case: &str, expected: &Value, got: &Value) {
    assert_eq!(fields::compare(expected, got), [], "{case}");
}

#[test]
fn a_renamed_model_is_renamed_in_every_case_and_nothing_else_changes() {
    for (dialect, case) in each() {
        for (content, _) in cases::MODES {
            let before = cases::replay_case_in(dialect, content, &case);
            let request = cases::document(&cases::folder().join(&case).join("request.json"));
            let model = request["model"].as_str().unwrap().to_owned();
            let copy = Copy::of(&case, &format!("model-{content}"));
            assert!(copy.change(EXCHANGE, |text| text.replace(&model, "acme-ultra-9")), "{case}");
            // The model's name is also in its dated name, in the span's and in one server's message.
            let expected = serde_json::from_str(&before.to_string().replace(&model, "acme-ultra-9")).unwrap();
            assert!(!fields::compare(&before, &expected).is_empty(), "{case}: the name is nowhere");
            assert_same(&case, &expected, &copy.replay(dialect, content));
        }
    }
}

#[test]
fn raised_counts_are_raised_in_every_case_that_has_them_and_nothing_else_changes() {
    // What the response calls it, the attribute (of the conventions, of OpenInference, of traceloop, of PostHog), the points of the token usage metric.
    let counts: &[(&[&str], [&str; 4], &[&str])] = &[
        (
            &["prompt_tokens", "input_tokens"],
            ["gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.input_tokens", "$ai_input_tokens"],
            &["input"],
        ),
        (
            &["completion_tokens", "output_tokens"],
            [
                "gen_ai.usage.output_tokens",
                "llm.token_count.completion",
                "gen_ai.usage.output_tokens",
                "$ai_output_tokens",
            ],
            &["output"],
        ),
        (
            &["cached_tokens"],
            [
                "gen_ai.usage.cache_read.input_tokens",
                "llm.token_count.prompt_details.cache_read",
                "gen_ai.usage.cache_read_input_tokens",
                "$ai_cache_read_input_tokens",
            ],
            &[],
        ),
        (
            &["reasoning_tokens"],
            [
                "gen_ai.usage.reasoning.output_tokens",
                "llm.token_count.completion_details.reasoning",
                "llm.usage.reasoning_tokens",
                "$ai_reasoning_tokens",
            ],
            &[],
        ),
    ];
    let mut without = Vec::new();
    for (dialect, case) in each() {
        let before = cases::replay_case_in(dialect, "off", &case);
        let mut total = 0;
        for (keys, [conventional, openinference, traceloop, posthog], tokens) in counts {
            let attribute = match dialect {
                "openinference" => openinference,
                "v1" => traceloop,
                "posthog" => posthog,
                _ => conventional,
            };
            let copy = Copy::of(&case, attribute);
            let changed = copy.change(RESPONSE, |text| raised(text, keys));
            let (expected, raised) = with_raised(&before, &[attribute], tokens, keys);
            // A stream that was left early has its counts in the part that nobody read.
            assert_eq!(changed && case != "chat_stream_abandoned", raised > 0, "{case}: {attribute}");
            assert_same(&copy.case, &expected, &copy.replay(dialect, "off"));
            total += raised;
        }
        if total == 0 {
            without.push(case);
        }
    }
    let known =
        ["chat_stream_abandoned", "chat_stream_no_usage", "conn_refused", "error_401", "error_429", "error_500"];
    assert_eq!(
        without,
        known.repeat(cases::DIALECTS.len()),
        "cases in which the server gave no counts, or nobody read them"
    );
}

/// For each case, a word of what was asked and one of what was answered, as they stand in its files.
fn words(case: &str) -> (&'static str, Option<&'static str>) {
    match case {
        "chat_all_params" | "chat_basic" | "chat_cached_reasoning" | "chat_n2" => ("Say", Some("This")),
        "chat_stream_abandoned" | "chat_stream_no_usage" | "chat_stream_usage" => ("Say", Some("This")),
        "completions_basic" | "completions_stream" | "responses_basic" => ("Say", Some("This")),
        "chat_refusal" => ("disallowed", Some("sorry")),
        "chat_tools_call" | "chat_stream_tools" => ("today", Some("WA")),
        "chat_tools_result" => ("degrees", Some("Francisco:")),
        "responses_tools" => ("Weather", Some("Thinking")),
        "error_401" => ("Say", Some("Incorrect")),
        "error_429" => ("Say", Some("reached")),
        "error_500" => ("Say", Some("processing")),
        "conn_refused" => ("Say", None),
        // Embeddings have no log events: what was embedded is told nowhere.
        "embeddings_float" => ("first", None),
        other => panic!("words of {other} have to be chosen here"),
    }
}

#[test]
fn changed_texts_are_changed_in_every_case_with_content_on_and_told_nowhere_with_it_off() {
    for (dialect, case) in each() {
        let (asked, answered) = words(&case);
        let copy = Copy::of(&case, "texts");
        assert!(copy.change(&["request.json"], |text| text.replace(asked, "Zanzibar")), "{case}: {asked}");
        if let Some(answered) = answered {
            assert!(copy.change(RESPONSE, |text| text.replace(answered, "Quixote")), "{case}: {answered}");
        }
        let before = cases::replay_case_in(dialect, "full", &case);
        let mut text = before.to_string().replace(asked, "Zanzibar");
        if let Some(answered) = answered {
            text = text.replace(answered, "Quixote");
        }
        let expected: Value = serde_json::from_str(&text).unwrap();
        let tells = case != "embeddings_float";
        assert_eq!(text.contains("Zanzibar"), tells, "{case}");
        assert_eq!(text.contains("Quixote"), answered.is_some(), "{case}");
        assert_same(&case, &expected, &copy.replay(dialect, "full"));

        // With content off a text says nothing, whatever it is.
        let off = copy.replay(dialect, "off");
        assert_same(&case, &cases::replay_case_in(dialect, "off", &case), &off);
        assert!(!off.to_string().contains("Zanzibar") && !off.to_string().contains("Quixote"), "{case}");
    }
}

#[test]
fn changed_ids_reasons_and_parameters_are_changed_and_nothing_else_is() {
    let changes = [
        ("chat_basic", RESPONSE, "chatcmpl-mock001", "chatcmpl-other"),
        ("chat_basic", RESPONSE, "fp_mock0001", "fp_other"),
        ("chat_basic", RESPONSE, "\"stop\"", "\"content_filter\""),
        ("chat_all_params", &["request.json"], "\"temperature\": 0.5", "\"temperature\": 0.75"),
        ("chat_all_params", &["request.json"], "\"seed\": 42", "\"seed\": 43"),
        ("chat_all_params", &["request.json"], "\"STOP\"", "\"HALT\""),
        ("chat_stream_usage", RESPONSE, "\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\""),
        ("chat_stream_tools", EXCHANGE, "get_current_weather", "get_tide"),
        ("chat_tools_result", &["request.json"], "call_mock2", "call_other"),
        ("embeddings_float", &["request.json"], "\"float\"", "\"base64\""),
        ("error_429", &["meta.json"], "\"status\": 429", "\"status\": 409"),
        ("responses_tools", RESPONSE, "call_mock1", "call_other"),
        ("responses_tools", &["request.json"], "resp_mock000", "resp_before"),
    ];
    for (dialect, (case, files, from, to)) in
        cases::DIALECTS.into_iter().flat_map(|dialect| changes.map(move |change| (dialect, change)))
    {
        let copy = Copy::of(case, "others");
        assert!(copy.change(files, |text| text.replace(from, to)), "{case}: {from}");
        // What PostHog has no name for is told under ours.
        let extra: &[&str] = if dialect == "posthog" { &["--extensions"] } else { &[] };
        let before = cases::replay_in(dialect, "full", extra, &[&cases::folder().join(case)]).remove(0);
        let after = copy.replay_with(dialect, "full", extra);
        let bare =
            |text: &str| text.rsplit(": ").next().unwrap().rsplit(':').next().unwrap().trim_matches('"').to_owned();
        let parsed = |document| parsed::of(document, openinference::is_json);
        let differences = fields::compare(&parsed(before), &parsed(after));
        assert!(!differences.is_empty(), "{case}: {from} changes nothing");
        let shown = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
        // A point is known by its finish reason: with another it is one point less and one more.
        let is_point = |it: &fields::Difference| it.field.starts_with("metrics[") && it.field.ends_with(']');
        let (points, differences): (Vec<_>, Vec<_>) = differences.into_iter().partition(is_point);
        let gone = points.iter().map(|it| shown(&it.theirs)).filter(|it| !it.is_empty());
        let came = points.iter().map(|it| shown(&it.ours)).filter(|it| !it.is_empty());
        assert!(gone.map(|point| point.replace(&bare(from), &bare(to))).eq(came), "{case}: {points:?}");
        for difference in differences {
            let (theirs, ours) = (shown(&difference.theirs), shown(&difference.ours));
            if case == "error_429" && theirs.contains("429") {
                // PostHog's status, and its text of the exception.
                assert_eq!(ours.replace("ConflictError", "RateLimitError"), theirs.replace("429", "409"));
            } else if case == "error_429" {
                assert!(theirs.contains("RateLimitError") && ours.contains("ConflictError"), "{difference:?}");
            } else {
                assert!(
                    theirs.contains(&bare(from)) && ours == theirs.replace(&bare(from), &bare(to)),
                    "{case}: {difference:?}"
                );
            }
        }
    }
}
