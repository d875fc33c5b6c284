//! The shape of answer that chat completions and completions share, whole (`message`, `text`) and in pieces (`delta`).

use super::tools::CallView;
use super::{error, usage};
use crate::event::{Media, MediaSource, Modality};
use crate::policy::Keep;
use crate::provider::{Answer, Given, Heard, Name, Place, Span, Varies, What};
use crate::wire::json::{Json, Kind, Read, Str, Unreadable};

/// The data of the event that ends a stream.
const DONE: &str = "[DONE]";

/// Where the parts of an answer stand in its message, whatever order they come in.
const REASONING: Place = Place { item: 0, part: 0 };
const TEXT: Place = Place { item: 1, part: 0 };
const REFUSAL: Place = Place { item: 2, part: 0 };
const AUDIO: Place = Place { item: 3, part: 0 };
const TRANSCRIPT: Place = Place { item: 3, part: 1 };
const FUNCTION_CALL: Place = Place { item: 4, part: 0 };
const TOOL_CALLS: u32 = 5;

/// Reads an answer that isn't streamed.
pub(super) fn read_response(body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
    let mut json = Json::new(body);
    if json.peek()? != Kind::Object {
        return Err(Unreadable);
    }
    read(&mut json, answer, keep, &mut Watch::default())?;
    json.end()
}

/// Reads one event of a streamed answer.
pub(super) fn read_event(data: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<Heard> {
    if data == DONE {
        answer.ended = true;
        return Ok(Heard::default());
    }
    let mut json = Json::new(data);
    if json.peek()? != Kind::Object {
        return Err(Unreadable);
    }
    // All of it or nothing: half of an event must not stay in the answer.
    json.skip()?;
    json.end()?;
    let mut watch = Watch::default();
    read(&mut Json::new(data), answer, keep, &mut watch)?;
    Ok(watch.heard())
}

/// What an event did to the answer, as far as the next event may do the same.
#[derive(Debug, Default)]
struct Watch {
    is_error: bool,
    has_output: bool,
    texts: u32,
    text: Option<(u32, Place, Span)>,
    padding: Option<Span>,
    /// Something that can't be said again with other words.
    is_single: bool,
}

impl Watch {
    fn text(&mut self, choice: u32, place: Place, text: Str<'_>) {
        self.texts += 1;
        self.has_output |= !text.is_empty();
        self.text = Some((choice, place, Span::of(text)));
    }

    fn heard(self) -> Heard {
        let varies = match self.text {
            Some((choice, place, text)) if self.texts == 1 && !self.is_single && !self.is_error => {
                Some(Varies { choice, place, text, padding: self.padding, number: None })
            }
            _ => None,
        };
        Heard { is_chunk: !self.is_error, has_output: self.has_output, varies }
    }
}

fn read(json: &mut Json<'_>, answer: &mut Answer, keep: &mut Keep<'_>, watch: &mut Watch) -> Read<()> {
    let mut names = Given::default();
    json.object(|key, json| {
        match key {
            "id" => names.set(Name::Id, json.str()?),
            "model" => names.set(Name::Model, json.str()?),
            "service_tier" => names.set(Name::ServiceTier, json.str()?),
            "system_fingerprint" => names.set(Name::SystemFingerprint, json.str()?),
            "usage" => answer.usage = usage::read(json)?.or(answer.usage.take()),
            "choices" => {
                let mut position = 0;
                json.array(|json| {
                    read_choice(json, position, answer, keep, watch)?;
                    position += 1;
                    Ok(())
                })?;
            }
            "error" => {
                if let Some(failure) = error::read(json, keep)? {
                    watch.is_error = true;
                    answer.fail(Some(failure));
                }
            }
            // Random characters that hide the length of the text.
            "obfuscation" => match (json.str()?, watch.padding) {
                (Some(padding), None) => watch.padding = Some(Span::of(padding)),
                _ => watch.is_single = true,
            },
            // Groq's usage of a stream that wasn't asked to include it.
            "x_groq" => {
                json.object(|key, json| {
                    if key == "usage" {
                        answer.usage = usage::read(json)?.or(answer.usage.take());
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    answer.set_names(&names, keep);
    Ok(())
}

fn read_choice(
    json: &mut Json<'_>,
    position: u32,
    answer: &mut Answer,
    keep: &mut Keep<'_>,
    watch: &mut Watch,
) -> Read<()> {
    let start = json.at();
    let (mut index, mut said, mut text, mut reason) = (None, None, None, None);
    json.object(|key, json| {
        match key {
            "index" => index = json.u64()?.and_then(|index| u32::try_from(index).ok()),
            "delta" | "message" => match index {
                Some(index) if answer.has_room_for(index, keep) => read_message(json, index, answer, keep, watch)?,
                // Read when the index is known; skipped for now.
                _ => said = Some(json.clone()),
            },
            "text" => text = json.str()?,
            "finish_reason" => reason = json.str()?,
            _ => {}
        }
        Ok(())
    })?;
    let index = index.unwrap_or(position);
    if !answer.admits_choice(index, json.at() - start, keep) {
        return Ok(());
    }
    if let Some(mut said) = said {
        read_message(&mut said, index, answer, keep, watch)?;
    }
    if let Some(text) = text {
        watch.text(index, TEXT, text);
        answer.append(index, TEXT, text, keep, || What::Text);
    }
    if let Some(reason) = reason {
        answer.set_finish_reason(index, reason, keep);
    }
    Ok(())
}

fn read_message(
    json: &mut Json<'_>,
    index: u32,
    answer: &mut Answer,
    keep: &mut Keep<'_>,
    watch: &mut Watch,
) -> Read<()> {
    let mut reasoning = None;
    json.object(|key, json| {
        match key {
            "role" => {
                if let Some(role) = json.str()? {
                    answer.set_role(index, &role.to_cow(), keep);
                }
            }
            "content" => match json.peek()? {
                Kind::Array => read_list(json, index, answer, keep, watch)?,
                _ => {
                    if let Some(text) = json.str()? {
                        watch.text(index, TEXT, text);
                        answer.append(index, TEXT, text, keep, || What::Text);
                    }
                }
            },
            "refusal" => {
                if let Some(text) = json.str()? {
                    watch.text(index, REFUSAL, text);
                    answer.append(index, REFUSAL, text, keep, || What::Refusal);
                }
            }
            // DeepSeek's and vLLM's word, and OpenRouter's. Servers that send both say the same in both.
            "reasoning_content" => reasoning = json.str()?.or(reasoning),
            "reasoning" => reasoning = reasoning.or(json.str()?),
            "audio" => read_audio(json, index, answer, keep, watch)?,
            "tool_calls" => {
                let mut position = 0;
                json.array(|json| {
                    let call = CallView::read(json)?;
                    let part = call.index.and_then(|index| u32::try_from(index).ok()).unwrap_or(position);
                    read_call(call, index, Place { item: TOOL_CALLS, part }, answer, keep, watch);
                    position += 1;
                    Ok(())
                })?;
            }
            "function_call" if json.peek()? == Kind::Object => {
                let mut call = CallView { kind: Some(Str::plain("function")), ..CallView::default() };
                call.read_called(json)?;
                read_call(call, index, FUNCTION_CALL, answer, keep, watch);
            }
            _ => {}
        }
        Ok(())
    })?;
    if let Some(text) = reasoning {
        watch.text(index, REASONING, text);
        answer.append(index, REASONING, text, keep, || What::Reasoning);
    }
    Ok(())
}

/// Content as a list of parts, as some servers answer; only its texts are read.
fn read_list(json: &mut Json<'_>, index: u32, answer: &mut Answer, keep: &mut Keep<'_>, watch: &mut Watch) -> Read<()> {
    json.array(|json| {
        json.object(|key, json| {
            if key == "text"
                && let Some(text) = json.str()?
            {
                watch.text(index, TEXT, text);
                answer.append(index, TEXT, text, keep, || What::Text);
            }
            Ok(())
        })
        .map(drop)
    })
    .map(drop)
}

fn read_call(
    call: CallView<'_>,
    index: u32,
    place: Place,
    answer: &mut Answer,
    keep: &mut Keep<'_>,
    watch: &mut Watch,
) {
    if let Some(arguments) = call.arguments {
        watch.text(index, place, arguments);
    }
    let bytes = call.arguments.map_or(0, Str::len);
    let Some(part) = answer.part_or(index, place, bytes, keep, |_| What::ToolCall(Box::default())) else { return };
    if let What::ToolCall(known) = part.what() {
        call.fill(known, keep);
    }
    if let Some(arguments) = call.arguments {
        part.append(arguments, keep);
    }
}

fn read_audio(
    json: &mut Json<'_>,
    index: u32,
    answer: &mut Answer,
    keep: &mut Keep<'_>,
    watch: &mut Watch,
) -> Read<()> {
    watch.is_single = true;
    json.object(|key, json| {
        match key {
            "id" => {
                let id = json.str()?;
                let part = answer.part_or(index, AUDIO, 0, keep, |_| audio());
                if let (Some(What::Media(media)), Some(id)) = (part.map(|part| part.what()), id) {
                    media.source = MediaSource::Id(keep.text(id));
                }
            }
            "data" => {
                if let Some(data) = json.str()? {
                    watch.text(index, AUDIO, data);
                    answer.append(index, AUDIO, data, keep, audio);
                }
            }
            "transcript" => {
                if let Some(text) = json.str()? {
                    watch.text(index, TRANSCRIPT, text);
                    answer.append(index, TRANSCRIPT, text, keep, || What::Text);
                }
            }
            _ => {}
        }
        Ok(())
    })
    .map(drop)
}

fn audio() -> What {
    let source = MediaSource::Unknown;
    let (modality, format, detail, name, sha256) = (Modality::Audio, None, None, None, None);
    What::Media(Box::new(Media { modality, format, source, detail, name, sha256 }))
}
