//! A call as fields: one path for each thing that is known of it, so that calls can be compared and a difference be named.
//!
//! Left out is what differs from run to run (times, ids of spans) or is only ours (sizes, retries, processes, findings, cost).
//! Some things are made one, since the field writes them in several ways that mean the same:
//! - instructions are the first system message;
//! - the response formats `json_schema` and `json_object` are `json`, the word that the newest conventions have for both;
//! - arguments, results and items of tools are compared as JSON where they are JSON;
//! - what a message says is told by kind: its texts together, its tool calls in order, and so on. Whether it was written as a list
//!   isn't told.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sidetone_core::event::{
    self, Call, Choice, EmbeddingsRequest, EndUser, Failure, Identity, Media, MediaSource, Message, Outcome, Part,
    RateLimit, Request, Response, Server, Step, Text, ToolCall, ToolDefinition, Usage,
};

/// What is known, by path.
pub(crate) type Fields = BTreeMap<String, Value>;

/// What is known of a call. `is_judge`: it was read from the bytes themselves, which also say what was not so.
pub(crate) fn of(call: &Call, is_judge: bool) -> Fields {
    let mut all = All(Fields::new());
    let Call {
        operation,
        surface,
        provider,
        server,
        request,
        response,
        usage,
        timing: _,
        outcome,
        attempts: _,
        resend_count: _,
        parent: _,
        span: _,
        side: _,
        is_announced: _,
        incomplete: _,
        identity,
        process: _,
        findings: _,
        cost: _,
        step,
        attributes: _,
    } = call;
    all.known("operation", Some(operation.as_str()));
    all.known("surface", Some(*surface));
    all.known("provider", Some(provider.as_ref()));
    let Server { address, port } = &**server;
    all.known("server.address", Some(address.as_ref()));
    all.put("server.port", *port);
    all.request(request);
    all.response(response, is_judge);
    all.usage(usage);
    all.known("outcome", Some(outcome.as_str()));
    if let Outcome::Failed(Failure { class, code, message }) = outcome {
        all.known("failure.class", Some(class.as_str()));
        all.known("failure.code", code.as_deref());
        all.text("failure.message", message.as_ref());
    }
    let Identity { app_name, agent_id, user_id, session_id } = &**identity;
    for (name, id) in [("app_name", app_name), ("agent_id", agent_id), ("user_id", user_id), ("session_id", session_id)]
    {
        all.known(&format!("identity.{name}"), id.as_deref());
    }
    if let Some(step) = step.as_deref() {
        all.step(step);
    }
    all.0
}

struct All(Fields);

impl All {
    fn put(&mut self, path: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(path.to_owned(), value.into());
        }
    }

    /// A text that is empty where nothing is known.
    fn known(&mut self, path: &str, text: Option<&str>) {
        self.put(path, text.filter(|text| !text.is_empty()));
    }

    fn text(&mut self, path: &str, text: Option<&Text>) {
        self.put(path, text.and_then(Text::as_str));
    }

    fn json(&mut self, path: &str, text: Option<&Text>) {
        let text = text.and_then(Text::as_str);
        self.put(path, text.map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text))));
    }

    fn list(&mut self, path: &str, texts: &[Box<str>]) {
        self.put(path, (!texts.is_empty()).then(|| json!(texts)));
    }

    fn request(&mut self, request: &Request) {
        let Request {
            model,
            stream,
            temperature,
            top_p,
            top_k,
            max_tokens,
            choice_count,
            frequency_penalty,
            presence_penalty,
            stop_sequences,
            seed,
            response_format,
            service_tier,
            reasoning_effort,
            output_modalities,
            previous_response_id,
            conversation_id,
            end_user: EndUser { user, safety_identifier, metadata },
            instructions,
            messages,
            tools,
            embeddings,
            body_bytes: _,
        } = request;
        self.known("request.model", model.as_deref());
        self.put("request.stream", *stream);
        self.put("request.temperature", *temperature);
        self.put("request.top_p", *top_p);
        self.put("request.top_k", *top_k);
        self.put("request.max_tokens", *max_tokens);
        self.put("request.choice_count", *choice_count);
        self.put("request.frequency_penalty", *frequency_penalty);
        self.put("request.presence_penalty", *presence_penalty);
        self.list("request.stop_sequences", stop_sequences);
        self.put("request.seed", *seed);
        let format = response_format.as_deref().map(|format| format.strip_prefix("json_").map_or(format, |_| "json"));
        self.known("request.response_format", format);
        self.known("request.service_tier", service_tier.as_deref());
        self.known("request.reasoning_effort", reasoning_effort.as_deref());
        self.list("request.output_modalities", output_modalities);
        self.known("request.previous_response_id", previous_response_id.as_deref());
        self.known("request.conversation_id", conversation_id.as_deref());
        self.known("request.end_user.user", user.as_deref());
        self.known("request.end_user.safety_identifier", safety_identifier.as_deref());
        for (key, value) in metadata {
            self.known(&format!("request.end_user.metadata.{key}"), Some(value.as_ref()));
        }
        let first = instructions.is_some() as usize;
        if let Some(text) = instructions {
            self.known("messages[0].role", Some("system"));
            self.text("messages[0].text", Some(text));
        }
        for (place, message) in (first..).zip(messages) {
            self.message(&format!("messages[{place}]"), message);
        }
        let count = first + messages.len();
        self.put("messages.count", (count > 0).then_some(count));
        for (place, tool) in tools.iter().enumerate() {
            let ToolDefinition { kind, name, description, parameters } = tool;
            self.known(&format!("tools[{place}].kind"), Some(kind.as_ref()));
            self.known(&format!("tools[{place}].name"), name.as_deref());
            self.text(&format!("tools[{place}].description"), description.as_ref());
            self.put(&format!("tools[{place}].parameters"), parameters.as_ref().map(plain));
        }
        self.put("tools.count", Some(tools.len()).filter(|count| *count > 0));
        if let Some(EmbeddingsRequest { encoding_format, dimensions, inputs }) = embeddings {
            self.known("request.embeddings.encoding_format", encoding_format.as_deref());
            self.put("request.embeddings.dimensions", *dimensions);
            self.put("request.embeddings.inputs", *inputs);
        }
    }

    fn response(&mut self, response: &Response, is_judge: bool) {
        let Response {
            status,
            id,
            model,
            choices,
            service_tier,
            system_fingerprint,
            state,
            embedding_dimensions,
            request_id,
            processing_ms,
            rate_limit: RateLimit { remaining_requests, remaining_tokens },
            is_stream,
            body_bytes: _,
        } = response;
        self.put("response.status", *status);
        self.known("response.id", id.as_deref());
        self.known("response.model", model.as_deref());
        self.known("response.service_tier", service_tier.as_deref());
        self.known("response.system_fingerprint", system_fingerprint.as_deref());
        self.known("response.state", state.as_deref());
        self.put("response.embedding_dimensions", *embedding_dimensions);
        self.known("response.request_id", request_id.as_deref());
        self.put("response.processing_ms", *processing_ms);
        self.put("response.rate_limit.remaining_requests", *remaining_requests);
        self.put("response.rate_limit.remaining_tokens", *remaining_tokens);
        // Telemetry that doesn't say so may still be of a stream.
        self.put("response.is_stream", (is_judge || *is_stream).then_some(*is_stream));
        for Choice { index, message, finish_reason } in choices {
            let path = format!("choices[{index}]");
            assert!(!self.0.contains_key(&format!("{path}.role")), "two answers have the index {index}");
            self.message(&path, message);
            self.known(&format!("{path}.finish_reason"), finish_reason.as_deref());
        }
        self.put("choices.count", Some(choices.len()).filter(|count| *count > 0));
    }

    fn usage(&mut self, usage: &Usage) {
        let Usage {
            input,
            output,
            total,
            cache_read,
            cache_read_audio,
            cache_write,
            cache_write_1h,
            reasoning,
            input_audio,
            output_audio,
            input_image,
            output_image,
            accepted_prediction,
            rejected_prediction,
        } = *usage;
        for (name, count) in [
            ("input", input),
            ("output", output),
            ("total", total),
            ("cache_read", cache_read),
            ("cache_read_audio", cache_read_audio),
            ("cache_write", cache_write),
            ("cache_write_1h", cache_write_1h),
            ("reasoning", reasoning),
            ("input_audio", input_audio),
            ("output_audio", output_audio),
            ("input_image", input_image),
            ("output_image", output_image),
            ("accepted_prediction", accepted_prediction),
            ("rejected_prediction", rejected_prediction),
        ] {
            self.put(&format!("usage.{name}"), count);
        }
    }

    fn step(&mut self, step: &Step) {
        let Step { name, id, kind, description, input, output } = step;
        self.known("step.name", name.as_deref());
        self.known("step.id", id.as_deref());
        self.known("step.kind", kind.as_deref());
        self.text("step.description", description.as_ref());
        self.json("step.input", input.as_ref());
        self.json("step.output", output.as_ref());
    }

    fn message(&mut self, path: &str, message: &Message) {
        let Message { role, name, parts, is_list: _ } = message;
        self.known(&format!("{path}.role"), Some(role.as_str()));
        self.known(&format!("{path}.name"), name.as_deref());
        let mut counts = BTreeMap::new();
        for part in parts {
            let kind = match part {
                Part::Text(_) => "text",
                Part::Refusal(_) => "refusal",
                Part::Reasoning(_) => "reasoning",
                Part::ToolCall(_) => "tool_call",
                Part::ToolResult { .. } => "result",
                Part::Media(_) => "media",
                _ => "other",
            };
            let place = counts.entry(kind).or_insert(0);
            let path = format!("{path}.{kind}");
            self.part(&path, *place, part);
            *place += 1;
        }
    }

    fn part(&mut self, path: &str, place: usize, part: &Part) {
        let at = format!("{path}[{place}]");
        match part {
            Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => {
                // All texts of a message together: where one ends and the next begins isn't told by all.
                if let Some(more) = text.as_str().filter(|text| !text.is_empty()) {
                    let so_far = self.0.remove(path);
                    let whole = so_far.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned() + more;
                    self.0.insert(path.to_owned(), json!(whole));
                }
            }
            Part::ToolCall(ToolCall { id, kind, name, arguments }) => {
                self.known(&format!("{at}.id"), id.as_deref());
                self.known(&format!("{at}.kind"), kind.as_deref());
                self.known(&format!("{at}.name"), name.as_deref());
                self.json(&format!("{at}.arguments"), arguments.as_ref());
            }
            Part::ToolResult { id, content, is_list: _ } => {
                self.known(&format!("{at}.id"), id.as_deref());
                self.json(&format!("{at}.content"), Some(content));
            }
            Part::Media(Media { modality, format, source, detail, name, sha256: _ }) => {
                self.known(&format!("{at}.modality"), Some(&format!("{modality:?}")));
                self.known(&format!("{at}.format"), format.as_deref());
                let source = match source {
                    MediaSource::Uri(text) => Some(("uri", text)),
                    MediaSource::Inline(text) => Some(("inline", text)),
                    MediaSource::Id(text) => Some(("id", text)),
                    _ => None,
                };
                if let Some((kind, text)) = source.filter(|(_, text)| text.as_str().is_some()) {
                    self.text(&format!("{at}.{kind}"), Some(text));
                }
                self.known(&format!("{at}.detail"), detail.as_deref());
                self.known(&format!("{at}.name"), name.as_deref());
            }
            Part::Other { kind, id, json } => {
                self.known(&format!("{at}.kind"), Some(kind.as_ref()));
                self.known(&format!("{at}.id"), id.as_deref());
                self.json(&format!("{at}.json"), Some(json));
            }
            _ => panic!("a part of a kind that has no fields yet"),
        }
    }
}

/// A value of the event as JSON.
pub(crate) fn plain(value: &event::Value) -> Value {
    match value {
        event::Value::Null => Value::Null,
        event::Value::Bool(value) => json!(value),
        event::Value::Int(value) => json!(value),
        event::Value::Double(value) => json!(value),
        event::Value::String(text) => json!(text),
        event::Value::Array(values) => values.iter().map(plain).collect(),
        event::Value::Map(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
    }
}
