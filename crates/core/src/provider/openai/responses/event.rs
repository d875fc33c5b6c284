//! The events of a streamed response.
//!
//! Deltas make the parts; the whole items that follow them ("done") fill in what no delta said. The terminal event
//! carries the whole response once more, which is read only if the stream was seen with gaps.

use super::super::error;
use super::answer::{self, CHOICE, fill, place, reasoning_content};
use super::request::ItemView;
use crate::event::{ErrorClass, Failure};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Place, Span, Varies, What};
use crate::wire::json::{Json, Kind, Read, Str, Unreadable};

/// What an event may say; `type` may come last.
#[derive(Default)]
struct EventView<'a> {
    kind: Option<Str<'a>>,
    delta: Option<Str<'a>>,
    /// The whole text, in the events that end a part.
    text: Option<Str<'a>>,
    output_index: Option<u64>,
    content_index: Option<u64>,
    summary_index: Option<u64>,
    item: Option<Json<'a>>,
    part: Option<Json<'a>>,
    response: Option<Json<'a>>,
    error: Option<Json<'a>>,
    number: Option<Span>,
    padding: Option<Span>,
    /// A key came twice: what the event says once more with other words isn't sure.
    is_odd: bool,
}

impl<'a> EventView<'a> {
    fn read(data: &'a str) -> Read<Self> {
        let mut event = Self::default();
        Json::new(data).object(|key, json| {
            match key {
                "type" => event.kind = json.str()?,
                "delta" => {
                    event.is_odd |= event.delta.is_some();
                    event.delta = json.str()?;
                }
                "text" | "refusal" | "arguments" | "input" | "transcript" => event.text = json.str()?,
                "output_index" => event.output_index = json.u64()?,
                "content_index" => event.content_index = json.u64()?,
                "summary_index" => event.summary_index = json.u64()?,
                "item" => event.item = Some(json.clone()),
                "part" => event.part = Some(json.clone()),
                "response" => event.response = Some(json.clone()),
                "error" => event.error = Some(json.clone()),
                "sequence_number" => {
                    event.is_odd |= event.number.is_some();
                    let digits = json.raw()?;
                    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                        event.number = Some(Span { start: json.at() - digits.len(), end: json.at() });
                    }
                }
                // Random characters that hide the length of the text.
                "obfuscation" => {
                    event.is_odd |= event.padding.is_some();
                    event.padding = json.str()?.map(Span::of);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(event)
    }

    fn item_index(&self) -> u32 {
        index(self.output_index)
    }

    fn place(&self, kind: Position) -> Place {
        let item = self.item_index();
        match kind {
            Position::Item => place(item, 0),
            Position::Content => place(item, index(self.content_index)),
            Position::Summary => place(item, index(self.summary_index)),
            Position::Reasoning => reasoning_content(item, index(self.content_index)),
        }
    }
}

/// What the indexes of an event point at.
#[derive(Debug, Clone, Copy)]
enum Position {
    Item,
    Content,
    Summary,
    Reasoning,
}

fn index(number: Option<u64>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// Makes a part that has no text yet.
type NewPart = fn() -> What;

/// The texts that come in deltas: how the type of their events begins, where they belong, and what they are.
const TEXTS: &[(&str, Position, NewPart)] = &[
    ("response.output_text", Position::Content, || What::Text),
    ("response.refusal", Position::Content, || What::Refusal),
    ("response.function_call_arguments", Position::Item, || What::ToolCall(Box::default())),
    ("response.custom_tool_call_input", Position::Item, || What::ToolCall(Box::default())),
    ("response.reasoning_summary_text", Position::Summary, || What::Reasoning),
    ("response.reasoning_text", Position::Reasoning, || What::Reasoning),
    ("response.audio.transcript", Position::Content, || What::Text),
];

pub(super) fn read(kind: &str, data: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<Heard> {
    // Not in this API, but gateways in front of it send it.
    if data == "[DONE]" {
        answer.ended = true;
        return Ok(Heard::default());
    }
    let mut json = Json::new(data);
    if json.peek()? != Kind::Object {
        return Err(Unreadable);
    }
    json.skip()?;
    json.end()?;
    let event = EventView::read(data)?;
    let kind = event.kind.map_or(kind, Str::raw);
    let heard = Heard { is_chunk: true, ..Heard::default() };
    if kind == "error" || (event.kind.is_none() && event.error.is_some()) {
        answer.fail(Some(read_error(data, event.error, keep)?));
        return Ok(Heard::default());
    }
    let text = TEXTS.iter().find_map(|&(prefix, position, what)| Some((kind.strip_prefix(prefix)?, position, what)));
    if let Some((word, position, what)) = text {
        let at = event.place(position);
        return Ok(match (word, event.delta, event.text) {
            (".delta", Some(delta), _) => {
                answer.append(CHOICE, at, delta, keep, what);
                let varies = Varies {
                    choice: CHOICE,
                    place: at,
                    text: Span::of(delta),
                    padding: event.padding,
                    number: event.number,
                };
                Heard { has_output: !delta.is_empty(), varies: (!event.is_odd).then_some(varies), ..heard }
            }
            (".done", _, Some(text)) => {
                if let Some(part) = answer.part_or(CHOICE, at, text.len(), keep, |_| what()) {
                    fill(part, text, keep);
                }
                heard
            }
            _ => heard,
        });
    }
    match kind {
        "response.output_item.added" => {
            if let Some(mut item) = event.item.clone() {
                let item = ItemView::read(&mut item)?;
                // Messages and reasoning have parts of their own.
                if !matches!(item.kind(), "message" | "reasoning") {
                    answer::begin_item(&item, event.item_index(), answer, keep);
                }
            }
        }
        "response.output_item.done" => {
            if let Some(mut item) = event.item.clone() {
                answer::read_item(&mut item, event.item_index(), answer, keep)?;
            }
        }
        "response.content_part.done" => {
            if let Some(mut part) = event.part.clone() {
                answer::read_part(&mut part, event.place(part_position(&event)), answer, keep)?;
            }
        }
        "response.reasoning_summary_part.done" => {
            if let Some(mut part) = event.part.clone() {
                answer::read_part(&mut part, event.place(Position::Summary), answer, keep)?;
            }
        }
        "response.completed" | "response.incomplete" | "response.failed" => {
            if let Some(mut response) = event.response {
                let with_output = answer.has_gap || answer.choice_count() == 0;
                if with_output {
                    answer.forget_choices(keep);
                }
                answer::read(&mut response, answer, with_output, keep)?;
            }
            if kind == "response.failed" && !answer.has_failed() {
                answer.fail(Some(Failure::of(ErrorClass::Api)));
            }
            answer.ended = true;
        }
        "response.created" | "response.in_progress" | "response.queued" => {
            if let Some(mut response) = event.response {
                answer::read(&mut response, answer, false, keep)?;
            }
        }
        // Progress of built-in tools, annotations, beginnings of parts, partial images: their items come whole, later.
        _ => {}
    }
    // Also the code and the arguments that the model writes for built-in tools are output, and audio.
    let has_output = kind.ends_with(".delta") && event.delta.is_some_and(|delta| !delta.is_empty());
    Ok(Heard { has_output, ..heard })
}

/// What a `content_part` event tells of: the content of a message or of a reasoning item.
fn part_position(event: &EventView<'_>) -> Position {
    let mut position = Position::Content;
    if let Some(mut part) = event.part.clone() {
        let _ = part.object(|key, json| {
            if key == "type" && json.str()?.is_some_and(|kind| kind.raw() == "reasoning_text") {
                position = Position::Reasoning;
            }
            Ok(())
        });
    }
    position
}

/// An error event has its fields at the top, or (gateways, other surfaces) in an `error` of its own.
fn read_error(data: &str, nested: Option<Json<'_>>, keep: &mut Keep<'_>) -> Read<Failure> {
    if let Some(mut nested) = nested
        && let Some(failure) = error::read(&mut nested, keep)?
    {
        return Ok(failure);
    }
    let mut failure = Failure::of(ErrorClass::Api);
    Json::new(data).object(|key, json| error::read_field(key, json, &mut failure, keep))?;
    Ok(failure)
}
