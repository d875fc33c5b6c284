//! Exchanges with a secret in every place that one has.

use super::{Numbers, Search, Secret};
use crate::case::Case;
use serde_json::{Value, json};

/// What was planted where.
#[derive(Debug, Clone)]
pub struct Canary {
    /// The place in the event where a scan is to find it; `None`: it never comes into an event.
    pub place: Option<String>,
    /// What was planted.
    pub secret: Secret,
    /// Whether it stands there as it is.
    pub is_plain: bool,
    /// Whether it is content: kept in `full`.
    pub is_content: bool,
}

/// An exchange with secrets in it.
#[derive(Debug, Clone)]
pub struct Planted {
    /// The request and its answer. The case's name is this exchange's alone.
    pub case: Case,
    /// All that was planted in it.
    pub canaries: Vec<Canary>,
    /// Whether the request names a model, rather than a key in its place.
    pub has_model: bool,
    /// Whether the server says that it failed.
    pub fails: bool,
    /// Headers of the request, which only a live one has.
    pub headers: Vec<(&'static str, String)>,
}

struct Planter {
    numbers: Numbers,
    canaries: Vec<Canary>,
}

impl Planter {
    fn put(&mut self, place: Option<&str>, secret: Secret, is_plain: bool, is_content: bool) -> Secret {
        self.canaries.push(Canary { place: place.map(str::to_owned), secret: secret.clone(), is_plain, is_content });
        secret
    }

    /// A text with a secret in it, in one of the forms in which it may stand there.
    fn said(&mut self, place: &str) -> String {
        let secret = Secret::any(&mut self.numbers);
        match self.numbers.next(3) {
            0 => format!("It is {} as ever.", self.put(Some(place), secret, false, true).base64()),
            1 => format!("{{\"k\":\"{}\"}}", self.put(Some(place), secret, false, true).escaped()),
            _ => format!("It is {} as ever.", self.put(Some(place), secret, true, true).text),
        }
    }

    /// JSON text with a secret in it.
    fn arguments(&mut self, place: &str) -> String {
        let secret = Secret::any(&mut self.numbers);
        json!({"path": "a", "k": self.put(Some(place), secret, true, true).text}).to_string()
    }

    /// A key in place of a name.
    fn name(&mut self, place: &str) -> String {
        let secret = Secret::key(&mut self.numbers);
        if self.numbers.next(4) == 0 {
            return self.put(Some(place), secret, false, false).base64();
        }
        self.put(Some(place), secret, true, false).text
    }

    /// Something that never comes into an event.
    fn outside(&mut self) -> String {
        let secret = Secret::any(&mut self.numbers);
        self.put(None, secret, true, false).text
    }

    /// The password of a URL: of characters that one may have.
    fn password(&mut self) -> String {
        let secret = Secret::key(&mut self.numbers);
        self.put(None, secret, true, false).text
    }

    fn person(&mut self) -> String {
        let secret = Secret::person(&mut self.numbers);
        self.put(None, secret, true, false).text
    }
}

/// So many exchanges have more than a thousand canaries.
pub const EXCHANGES: u64 = 48;

/// The session that the baggage of the n-th exchange names: of the form of a hash, which is never hashed again.
#[must_use]
pub fn session_id(number: u64) -> String {
    format!("sha256:{number:064x}")
}

/// The n-th exchange: always the same for a number.
///
/// Its answer is of the model `gpt-4o-mini-2024-07-18`, and counts 11 tokens of input and 7 of output.
#[must_use]
pub fn planted(number: u64) -> Planted {
    let kind = number % 4;
    let mut plant = Planter { numbers: Numbers(number.wrapping_mul(7919) + 17), canaries: Vec::new() };
    let has_model = !number.is_multiple_of(6);
    // An Azure path names the model in place of the body.
    let is_deployment = number.is_multiple_of(12);
    let model = if has_model { "gpt-4o-mini".to_owned() } else { plant.name("request.model") };
    let fails = kind == 3;
    let mut request = request(&mut plant, &model, kind == 1);
    let mut case = Case::embedded(match kind {
        1 => "chat_stream_usage",
        3 => "error_401",
        _ => "chat_basic",
    })
    .unwrap();
    case.name = format!("canary-{number}");
    if is_deployment {
        case.path = format!("/openai/deployments/{model}/chat/completions");
        request.as_object_mut().unwrap().remove("model");
    }
    case.path = format!("{}?api-key={}", case.path, plant.outside());
    case.request = request.to_string().into();
    let response = match kind {
        1 => streamed(&mut plant),
        3 => json!({"error": {
            "message": format!("Incorrect API key provided: {}.", {
                let secret = Secret::key(&mut plant.numbers);
                // Servers quote keys: what looks like one is masked in every mode.
                plant.put(Some("error.message"), secret, true, false).text
            }),
            "type": "invalid_request_error",
            "code": plant.name("error.code"),
        }})
        .to_string(),
        _ => answered(&mut plant).to_string(),
    };
    case.set_response(response);
    case.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    for (name, value) in [
        ("x-request-id", plant.name("response.request_id")),
        ("set-cookie", format!("session={}", plant.outside())),
        ("openai-organization", plant.outside()),
        ("openai-processing-ms", plant.outside()),
        ("x-ratelimit-remaining-tokens", plant.outside()),
        ("retry-after", plant.outside()),
    ] {
        case.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        case.headers.push((name.to_owned(), value));
    }
    let headers = vec![
        ("authorization", format!("Bearer {}", plant.outside())),
        ("api-key", plant.outside()),
        ("x-api-key", plant.outside()),
        ("cookie", format!("session={}", plant.outside())),
        ("openai-project", plant.outside()),
        ("baggage", format!("user.id={},session.id={}", plant.person(), session_id(number))),
    ];
    Planted { case, canaries: plant.canaries, has_model, fails, headers }
}

fn request(plant: &mut Planter, model: &str, is_stream: bool) -> Value {
    let message = |number: usize, part: usize| format!("request.messages[{number}].parts[{part}]");
    json!({
        "model": model,
        "stream": is_stream,
        "user": plant.person(),
        "safety_identifier": plant.person(),
        "metadata": {"customer": plant.person()},
        "stop": [plant.name("request.stop_sequences")],
        "service_tier": plant.name("request.service_tier"),
        "reasoning_effort": plant.name("request.reasoning_effort"),
        "response_format": {"type": plant.name("request.response_format")},
        "modalities": [plant.name("request.output_modalities")],
        "messages": [
            {"role": "system", "content": plant.said(&message(0, 0))},
            {"role": "user", "name": plant.arguments("request.messages[1]"), "content": [
                {"type": "text", "text": plant.said(&message(1, 0))},
                {"type": "image_url", "image_url": {"url": format!("https://u:{}@h.example/a.png?sig=1", plant.password())}},
                {"type": "file", "file": {"filename": plant.arguments(&message(1, 2)), "file_id": "file-1"}},
            ]},
            {"role": "assistant", "content": plant.said(&message(2, 0)), "tool_calls": [
                {"id": plant.name(&message(2, 1)), "type": "function", "function": {
                    "name": plant.name(&message(2, 1)), "arguments": plant.arguments(&message(2, 1)),
                }},
            ]},
            {"role": "tool", "tool_call_id": plant.name(&message(3, 0)), "content": plant.said(&message(3, 0))},
            {"role": plant.name("request.messages[4]"), "content": "Go on."},
        ],
        "tools": [{"type": "function", "function": {
            "name": plant.name("request.tools[0]"),
            "description": plant.said("request.tools[0]"),
            "parameters": {"type": "object", "properties": {"k": {"default": plant.arguments("request.tools[0]")}}},
        }}],
    })
}

fn answered(plant: &mut Planter) -> Value {
    let part = |number: usize| format!("response.choices[0].message.parts[{number}]");
    json!({
        "id": plant.name("response.id"),
        "object": "chat.completion",
        "model": "gpt-4o-mini-2024-07-18",
        "service_tier": plant.name("response.service_tier"),
        "system_fingerprint": plant.name("response.system_fingerprint"),
        "choices": [{
            "index": 0,
            "finish_reason": plant.name("response.choices[0]"),
            "message": {"role": "assistant", "content": plant.said(&part(0)), "tool_calls": [
                {"id": plant.name(&part(1)), "type": "function", "function": {
                    "name": plant.name(&part(1)), "arguments": plant.arguments(&part(1)),
                }},
            ]},
        }],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    })
}

/// A stream whose secret is split between two events at any place.
fn streamed(plant: &mut Planter) -> String {
    let said = plant.said("response.choices[0].message.parts[0]");
    let cut = plant.numbers.next(said.len());
    let id = plant.name("response.id");
    let event = |delta: Value, reason: Value| {
        let chunk = json!({
            "id": id, "object": "chat.completion.chunk", "model": "gpt-4o-mini-2024-07-18",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        });
        format!("data: {chunk}\n\n")
    };
    let usage = json!({
        "id": id, "object": "chat.completion.chunk", "model": "gpt-4o-mini-2024-07-18", "choices": [],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    });
    [
        event(json!({"role": "assistant", "content": ""}), Value::Null),
        event(json!({"content": said[..cut]}), Value::Null),
        event(json!({"content": said[cut..]}), Value::Null),
        event(json!({}), json!("stop")),
        format!("data: {usage}\n\n"),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat()
}

impl Planted {
    /// Looks for those of the canaries.
    #[must_use]
    pub fn search(&self, wanted: impl Fn(&Canary) -> bool) -> Search {
        let mut search = Search::default();
        for canary in self.canaries.iter().filter(|canary| wanted(canary)) {
            search.secret(canary.place.as_deref().unwrap_or("outside"), &canary.secret);
        }
        search
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_a_thousand_canaries() {
        let count: usize = (0..EXCHANGES).map(|number| planted(number).canaries.len()).sum();
        assert!(count >= 1000, "{count}");
    }
}
