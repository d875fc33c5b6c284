//! Walks over every field of a call that may hold what somebody said or a key, and leaves of each what may leave.
//!
//! Each struct is taken apart with all its fields named, so that one that is added can't be forgotten.

use std::borrow::Cow;
use std::sync::Arc;

use super::fields::{Looks, looks};
use super::{Content, Limits, encoded, mask, redact, url};
use crate::event::{
    Attempt, Call, Category, Choice, EmbeddingsRequest, EndUser, ErrorClass, Failure, Field, Finding, Findings, Media,
    MediaSource, Message, Modality, Operation, Outcome, ParentSpan, Part, Place, Request, Response, Role, Server,
    Severity, Step, Text, ToolCall, ToolDefinition, Value,
};
use crate::exchange::{Skip, Skips};
use crate::scan::{Match, Scanner};

/// Longest name of a model, tool or host, and longest id of a vendor's, in bytes.
const NAME: usize = 256;
const ID: usize = 512;

/// Longest of the words that an API has a list of: finish reasons, tiers, codes.
const WORD: usize = 64;

/// The rule of names that begin as keys do, where no scan says it better.
const KEY_RULE: &str = "key-prefix";

/// One walk over one call.
pub(super) struct Walk<'a> {
    content: Content,
    scanner: Option<&'a Scanner>,
    limits: &'a Limits,
    skips: &'a mut Skips,
    findings: Findings,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        content: Content,
        scanner: Option<&'a Scanner>,
        limits: &'a Limits,
        skips: &'a mut Skips,
    ) -> Self {
        Self { content, scanner, limits, skips, findings: Findings::default() }
    }

    pub(super) fn call(mut self, call: &mut Call) {
        let Call {
            operation, server, request, response, outcome, attempts, parent, step, attributes, findings, ..
        } = call;
        if let Operation::Other(name) = operation {
            self.required(Field::Named("operation"), name, WORD);
        }
        self.server(server);
        self.request(request);
        self.response(response);
        if let Outcome::Failed(failure) = outcome {
            self.failure(failure);
        }
        for Attempt { retry_after, error, .. } in attempts {
            self.class(error);
            self.name(Field::Named("attempts.retry_after"), retry_after, WORD);
        }
        if let Some(ParentSpan { trace_state, .. }) = parent {
            self.name(Field::Named("parent.trace_state"), trace_state, ID);
        }
        if let Some(step) = step {
            self.step(step);
        }
        self.attributes(attributes);
        *findings = self.findings;
    }

    fn server(&mut self, server: &mut Arc<Server>) {
        let place = Field::Named("server.address");
        if !self.is_fine(place, &server.address, NAME) {
            *server = Arc::new(Server { address: "".into(), port: server.port });
        }
    }

    fn request(&mut self, request: &mut Request) {
        let Request {
            model,
            stream: _,
            temperature: _,
            top_p: _,
            top_k: _,
            max_tokens: _,
            choice_count: _,
            frequency_penalty: _,
            presence_penalty: _,
            stop_sequences,
            seed: _,
            response_format,
            service_tier,
            reasoning_effort,
            output_modalities,
            previous_response_id,
            conversation_id,
            end_user,
            instructions,
            messages,
            tools,
            embeddings,
            body_bytes: _,
        } = request;
        self.name(Field::Named("request.model"), model, NAME);
        self.name(Field::Named("request.response_format"), response_format, WORD);
        self.name(Field::Named("request.service_tier"), service_tier, WORD);
        self.name(Field::Named("request.reasoning_effort"), reasoning_effort, WORD);
        self.name(Field::Named("request.previous_response_id"), previous_response_id, ID);
        self.name(Field::Named("request.conversation_id"), conversation_id, ID);
        self.names(Field::Named("request.output_modalities"), output_modalities, WORD);
        self.stop_sequences(stop_sequences);
        if let Some(EmbeddingsRequest { encoding_format, dimensions: _, inputs: _ }) = embeddings {
            self.name(Field::Named("request.encoding_format"), encoding_format, WORD);
        }
        // The values are hashes by now.
        let EndUser { user: _, safety_identifier: _, metadata } = end_user;
        metadata.retain(|(key, _)| self.is_fine(Field::Named("request.metadata"), key, WORD));
        if let Some(text) = instructions {
            self.text(Field::Instructions, text);
        }
        for (number, message) in messages.iter_mut().enumerate() {
            self.message(message, |part| Field::Message { message: number, part });
        }
        for (number, tool) in tools.iter_mut().enumerate() {
            let ToolDefinition { kind, name, description, parameters } = tool;
            let place = Field::Tool(number);
            self.required(place, kind, WORD);
            self.name(place, name, NAME);
            if let Some(text) = description {
                self.text(place, text);
            }
            self.value(place, parameters);
        }
    }

    fn response(&mut self, response: &mut Response) {
        let Response {
            status: _,
            id,
            model,
            choices,
            service_tier,
            system_fingerprint,
            state,
            embedding_dimensions: _,
            request_id,
            processing_ms: _,
            rate_limit: _,
            is_stream: _,
            body_bytes: _,
        } = response;
        self.name(Field::Named("response.id"), id, ID);
        self.name(Field::Named("response.model"), model, NAME);
        self.name(Field::Named("response.service_tier"), service_tier, WORD);
        self.name(Field::Named("response.system_fingerprint"), system_fingerprint, WORD);
        self.name(Field::Named("response.state"), state, WORD);
        self.name(Field::Named("response.request_id"), request_id, ID);
        for (number, choice) in choices.iter_mut().enumerate() {
            let Choice { index: _, message, finish_reason } = choice;
            self.word(Field::Choice { choice: number, part: None }, finish_reason);
            self.message(message, |part| Field::Choice { choice: number, part });
        }
    }

    fn failure(&mut self, failure: &mut Failure) {
        let Failure { class, code, message } = failure;
        self.class(class);
        self.name(Field::Named("error.code"), code, WORD);
        if let Some(text) = message {
            self.text(Field::ErrorMessage, text);
            // Servers quote the key that was wrong, also where nothing else is masked.
            if let Some(Cow::Owned(masked)) = text.as_str().map(mask) {
                *text = text.masked(masked);
            }
        }
    }

    fn class(&mut self, class: &mut ErrorClass) {
        if let ErrorClass::Other(name) = class {
            self.required(Field::Named("error.type"), name, NAME);
        }
    }

    fn step(&mut self, step: &mut Step) {
        let Step { name, id, kind, description, input, output } = step;
        self.name(Field::Named("step.name"), name, NAME);
        self.name(Field::Named("step.id"), id, ID);
        self.name(Field::Named("step.kind"), kind, WORD);
        for (place, text) in [("step.description", description), ("step.input", input), ("step.output", output)] {
            if let Some(text) = text {
                self.text(Field::Named(place), text);
            }
        }
    }

    /// What isn't understood may be what somebody said, unless it is a number.
    fn attributes(&mut self, attributes: &mut Vec<(Box<str>, Value)>) {
        let place = Field::Named("attributes");
        attributes.retain_mut(|(name, value)| {
            let mut kept = Some(std::mem::replace(value, Value::Null));
            if !matches!(kept, Some(Value::Bool(_) | Value::Int(_) | Value::Double(_))) {
                self.value(place, &mut kept);
            }
            let is_kept = kept.is_some() && self.is_fine(place, name, NAME);
            *value = kept.unwrap_or(Value::Null);
            is_kept
        });
    }

    fn message(&mut self, message: &mut Message, place: impl Fn(Option<usize>) -> Field) {
        let Message { role, name, parts, is_list: _ } = message;
        if let Role::Other(other) = role {
            self.required(place(None), other, WORD);
        }
        self.said(place(None), name);
        for (number, part) in parts.iter_mut().enumerate() {
            self.part(place(Some(number)), part);
        }
    }

    fn part(&mut self, place: Field, part: &mut Part) {
        match part {
            Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => self.text(place, text),
            Part::ToolCall(ToolCall { id, kind, name, arguments }) => {
                self.name(place, id, ID);
                self.word(place, kind);
                self.name(place, name, NAME);
                if let Some(text) = arguments {
                    self.text(place, text);
                }
            }
            Part::ToolResult { id, content, is_list: _ } => {
                self.name(place, id, ID);
                self.text(place, content);
            }
            Part::Media(media) => self.media(place, media),
            Part::Other { kind, id, json } => {
                self.required(place, kind, WORD);
                self.name(place, id, ID);
                self.text(place, json);
            }
        }
    }

    fn media(&mut self, place: Field, media: &mut Media) {
        let Media { modality, format, source, detail, name, sha256 } = media;
        self.name(place, format, WORD);
        self.name(place, detail, WORD);
        self.said(place, name);
        match source {
            // Of a URL that leads somewhere, what opens it stays here.
            MediaSource::Uri(text) => {
                if let Some(Cow::Owned(scrubbed)) = text.as_str().map(url::scrubbed) {
                    *text = text.masked(scrubbed);
                }
                self.text(place, text);
            }
            MediaSource::Id(text) => self.text(place, text),
            MediaSource::Inline(_) | MediaSource::Unknown => {}
        }
        if let MediaSource::Uri(text) | MediaSource::Inline(text) = source
            && self.content == Content::Redacted
            && text.as_str().is_none()
        {
            let kind = match modality {
                Modality::Image => "image",
                Modality::Audio => "audio",
                Modality::Video => "video",
                Modality::File => "file",
            };
            let hash = sha256.as_deref().map(|sha256| format!(" sha256:{sha256}")).unwrap_or_default();
            *text = text.masked(format!("[{kind}:{}{hash}]", text.bytes()));
        }
    }

    /// Up to four short strings, which the conventions want among the parameters.
    fn stop_sequences(&mut self, sequences: &mut Vec<Box<str>>) {
        const LONGEST: usize = 32;
        let place = Field::Named("request.stop_sequences");
        sequences.retain(|sequence| {
            let is_found = self.scan_name(place, sequence);
            // They may be of any characters: only the parts that could be a name are looked at for keys.
            let words = sequence.split(|char: char| !char.is_ascii_graphic());
            let key = words.map(|word| looks(word, usize::MAX)).find_map(|looks| match looks {
                Looks::Key(prefix) => Some(prefix),
                Looks::Fine | Looks::Odd => None,
            });
            if let Some(prefix) = key.filter(|_| !is_found) {
                self.report_key(place, prefix, sequence);
            }
            let is_kept = sequence.len() <= LONGEST && key.is_none() && !is_found;
            if !is_kept {
                self.skips.add(Skip::NameRefused, sequence.len() as u64);
            }
            is_kept
        });
    }

    fn names(&mut self, place: Field, names: &mut Vec<Box<str>>, limit: usize) {
        names.retain(|name| self.is_fine(place, name, limit));
    }

    /// A name that is kept whatever the content mode.
    #[inline]
    fn name(&mut self, place: Field, name: &mut Option<Box<str>>, limit: usize) {
        if name.as_deref().is_some_and(|name| !self.is_fine(place, name, limit)) {
            *name = None;
        }
    }

    /// A word that is part of the program unless the API said one that we don't know.
    fn word(&mut self, place: Field, word: &mut Option<Cow<'static, str>>) {
        if let Some(Cow::Owned(owned)) = word
            && !self.is_fine(place, owned, WORD)
        {
            *word = None;
        }
    }

    fn required(&mut self, place: Field, name: &mut Box<str>, limit: usize) {
        if !self.is_fine(place, name, limit) {
            *name = "".into();
        }
    }

    fn is_fine(&mut self, place: Field, name: &str, limit: usize) -> bool {
        // All that a scan finds is reported, whatever else is wrong with the name.
        let is_found = self.scan_name(place, name);
        match looks(name, limit) {
            Looks::Fine => !is_found,
            Looks::Odd => {
                self.skips.add(Skip::NameRefused, name.len() as u64);
                false
            }
            Looks::Key(prefix) => {
                if !is_found {
                    self.report_key(place, prefix, name);
                }
                self.skips.add(Skip::NameRefused, name.len() as u64);
                false
            }
        }
    }

    /// Whether a scan finds in a name what may not leave. Commands and words are reported, and no reason to lose the name.
    fn scan_name(&mut self, place: Field, name: &str) -> bool {
        let found = self.scan(place, name);
        found.iter().any(|found| matches!(found.rule.category, Category::Credential | Category::PersonalData))
    }

    /// What a scan finds, which is reported.
    fn scan(&mut self, place: Field, text: &str) -> Vec<Match<'a>> {
        let mut found = Vec::new();
        if let Some(scanner) = self.scanner {
            scanner.scan(text, &mut found);
            encoded::scan(scanner, text, &mut found);
            found.iter().for_each(|found| self.report(place, found));
        }
        found
    }

    /// The name of a person or a file.
    fn said(&mut self, place: Field, name: &mut Option<Box<str>>) {
        let Some(said) = name else { return };
        let mut text = Text::kept(&**said);
        self.text(place, &mut text);
        *name = text.as_str().map(Into::into);
    }

    /// A text: what is left of it is what the content mode allows.
    fn text(&mut self, place: Field, text: &mut Text) {
        let Some(said) = text.as_str() else { return };
        let found = self.scan(place, said);
        match self.content {
            Content::Off => text.forget(),
            Content::Redacted => {
                if let Cow::Owned(masked) = redact::redacted(text, said, &found) {
                    *text = text.masked(masked);
                }
            }
            Content::Full => {
                if text.is_truncated() {
                    *text = text.masked(redact::cut(text, said));
                }
            }
        }
    }

    /// JSON whose strings are content.
    fn value(&mut self, place: Field, value: &mut Option<Value>) {
        if let Some(json) = value
            && (self.scanner.is_some() || self.content != Content::Full)
        {
            self.json(place, json);
        }
        if self.content == Content::Off {
            *value = None;
        }
    }

    fn json(&mut self, place: Field, value: &mut Value) {
        match value {
            Value::String(said) => self.json_text(place, said),
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(place, value)),
            Value::Map(members) => {
                for (key, value) in members {
                    self.json_text(place, key);
                    self.json(place, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => {}
        }
    }

    fn json_text(&mut self, place: Field, said: &mut String) {
        let mut text = Text::kept(&**said);
        self.text(place, &mut text);
        if text.is_masked() {
            *said = text.as_str().unwrap_or_default().to_owned();
        }
    }

    /// Reports a name that begins as keys do, where no scan says it better.
    fn report_key(&mut self, place: Field, prefix: &str, name: &str) {
        let excerpt = (self.content != Content::Off).then(|| format!("{prefix}… ({} bytes)", name.len()).into());
        let finding = Finding {
            rule: KEY_RULE.into(),
            category: Category::Credential,
            severity: Severity::High,
            place: Place { field: place, range: 0..name.len() },
            excerpt,
        };
        self.findings.add(finding, self.limits.findings);
    }

    fn report(&mut self, place: Field, found: &Match<'_>) {
        let finding = Finding {
            rule: (&*found.rule.name).into(),
            category: found.rule.category,
            severity: found.rule.severity,
            place: Place { field: place, range: found.range.clone() },
            excerpt: (self.content != Content::Off).then(|| found.excerpt().into()),
        };
        self.findings.add(finding, self.limits.findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::read::{Records, SpanRecord, read_any};

    /// A tool's span that somebody else wrote, read, under a policy.
    fn reviewed(content: Content) -> (Call, Skips) {
        const KEY: &str = "AKIAIOSFODNN7REALKEY";
        let said = |text: &str| crate::dialect::Value::String(text.replace("KEY", KEY));
        let attributes = vec![
            ("gen_ai.operation.name".into(), said("execute_tool")),
            ("gen_ai.tool.name".into(), said("deploy")),
            ("gen_ai.tool.call.arguments".into(), said(r#"{"with":"KEY"}"#)),
            ("gen_ai.tool.call.result".into(), said("done")),
            ("error.type".into(), said("KEY")),
            ("app.note".into(), said("with KEY")),
            ("app.retries".into(), crate::dialect::Value::Int(3)),
            ("KEY".replace("KEY", KEY).into(), crate::dialect::Value::Int(4)),
        ];
        let records = Records::new(vec![SpanRecord { attributes, ..SpanRecord::default() }], Vec::new());
        let mut call = read_any(&records).unwrap().call;
        let mut skips = Skips::default();
        crate::policy::Review::default().apply(&mut call, content, &Limits::default(), None, &mut skips);
        assert!(!format!("{call:?}").contains(KEY) || content == Content::Full, "{call:?}");
        (call, skips)
    }

    #[test]
    fn what_others_say_of_a_step_is_under_the_policy_and_so_is_what_is_not_understood() {
        let (off, skips) = reviewed(Content::Off);
        let step = off.step.unwrap();
        assert_eq!(
            (step.name.as_deref(), step.input.unwrap().as_str(), step.output.unwrap().as_str()),
            (Some("deploy"), None, None)
        );
        assert_eq!(off.attributes, [("app.retries".into(), Value::Int(3))]);
        assert!(skips.iter().next().is_some(), "the names that begin as keys do are counted");

        let (redacted, _) = reviewed(Content::Redacted);
        let step = redacted.step.unwrap();
        assert_eq!(step.output.unwrap().as_str(), Some("done"));
        assert!(step.input.unwrap().is_masked());
        assert!(
            matches!(&redacted.attributes[0].1, Value::String(text) if text.starts_with("with [")),
            "{:?}",
            redacted.attributes
        );

        let (full, _) = reviewed(Content::Full);
        assert_eq!(full.attributes[0].1, Value::String("with AKIAIOSFODNN7REALKEY".to_owned()));
    }
}
