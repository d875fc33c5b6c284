//! The response object: the body of an answer, and what the events of a stream carry of it.

use super::super::content::Content;
use super::super::{error, usage};
use super::request::ItemView;
use crate::policy::Keep;
use crate::provider::{Answer, Given, Name, PartDraft, Place, What};
use crate::wire::json::{Json, Kind, Read, Str, Unreadable};

/// The one choice of a response.
pub(super) const CHOICE: u32 = 0;

/// Where the content of a reasoning item begins, behind its summaries.
const REASONING_CONTENT: u32 = 1 << 16;

/// The place of a part of an item.
pub(super) fn place(item: u32, part: u32) -> Place {
    Place { item, part }
}

/// The place of a reasoning item's content, beside its summaries.
pub(super) fn reasoning_content(item: u32, part: u32) -> Place {
    place(item, part.saturating_add(REASONING_CONTENT))
}

pub(super) fn read_body(body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
    let mut json = Json::new(body);
    if json.peek()? != Kind::Object {
        return Err(Unreadable);
    }
    read(&mut json, answer, true, keep)?;
    json.end()
}

/// Reads a response object; its output only if it isn't known already.
pub(super) fn read(json: &mut Json<'_>, answer: &mut Answer, with_output: bool, keep: &mut Keep<'_>) -> Read<()> {
    let mut names = Given::default();
    let (mut status, mut reason) = (None, None);
    json.object(|key, json| {
        match key {
            "id" => names.set(Name::Id, json.str()?),
            "model" => names.set(Name::Model, json.str()?),
            "service_tier" => names.set(Name::ServiceTier, json.str()?),
            "status" => status = json.str()?,
            "usage" => answer.usage = usage::read(json)?.or(answer.usage.take()),
            "incomplete_details" => {
                json.object(|key, json| {
                    if key == "reason" {
                        reason = json.str()?;
                    }
                    Ok(())
                })?;
            }
            "error" => answer.fail(error::read(json, keep)?),
            "output" if with_output => {
                let mut index = 0;
                json.array(|json| {
                    read_item(json, index, answer, keep)?;
                    index += 1;
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    names.set(Name::State, status);
    answer.set_names(&names, keep);
    let finish_reason = match status.map(Str::raw) {
        Some("completed") if answer.asks_for_tools(CHOICE) => Str::plain("tool_calls"),
        Some("completed") => Str::plain("stop"),
        Some("incomplete") => match reason {
            // The words of chat completions, so that one question gets one answer on both surfaces.
            Some(reason) if reason.raw() == "max_output_tokens" => Str::plain("length"),
            Some(reason) => reason,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    answer.set_finish_reason(CHOICE, finish_reason, keep);
    Ok(())
}

/// Takes in a whole item of the output, as far as its parts aren't known already.
pub(super) fn read_item(json: &mut Json<'_>, index: u32, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
    let item = ItemView::read(json)?;
    match item.kind() {
        "message" => {
            if let Some(role) = item.role {
                answer.set_role(CHOICE, &role.to_cow(), keep);
            }
            read_list(item.content, answer, keep, |part| place(index, part))?;
        }
        "reasoning" => {
            read_list(item.summary, answer, keep, |part| place(index, part))?;
            read_list(item.content, answer, keep, |part| reasoning_content(index, part))?;
        }
        _ => {
            begin_item(&item, index, answer, keep);
            let text = match item.call() {
                Some(call) => call.arguments,
                None => Some(Str::plain(item.raw)),
            };
            if let (Some(part), Some(text)) = (answer.part(CHOICE, place(index, 0)), text) {
                fill(part, text, keep);
            }
        }
    }
    Ok(())
}

/// Makes sure that there is a part for a call or for an item of another kind.
pub(super) fn begin_item(item: &ItemView<'_>, index: u32, answer: &mut Answer, keep: &mut Keep<'_>) {
    let at = place(index, 0);
    match item.call() {
        Some(call) => {
            let bytes = call.arguments.map_or(0, Str::len);
            let part = answer.part_or(CHOICE, at, bytes, keep, |_| What::ToolCall(Box::default()));
            if let Some(What::ToolCall(known)) = part.map(PartDraft::what) {
                call.fill(known, keep);
            }
        }
        None => {
            answer.part_or(CHOICE, at, item.raw.len(), keep, |keep| {
                let kind = item.kind.map(|kind| keep.name(kind)).unwrap_or_default();
                What::Other(Box::new((kind, item.call_id.or(item.id).map(|id| keep.name(id)))))
            });
        }
    }
}

/// Takes in a list of parts, as far as they aren't known already.
fn read_list(
    list: Option<Content<'_>>,
    answer: &mut Answer,
    keep: &mut Keep<'_>,
    place: impl Fn(u32) -> Place,
) -> Read<()> {
    let Some(Content::Other(mut list)) = list else { return Ok(()) };
    let mut part = 0;
    list.array(|json| {
        read_part(json, place(part), answer, keep)?;
        part += 1;
        Ok(())
    })
    .map(drop)
}

/// Takes in a whole part, as far as it isn't known already.
pub(super) fn read_part(json: &mut Json<'_>, at: Place, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
    json.peek()?;
    let start = json.at();
    let (mut kind, mut text) = (None, None);
    json.object(|key, json| {
        match key {
            "type" => kind = json.str()?,
            "text" | "refusal" => text = json.str()?.or(text),
            _ => {}
        }
        Ok(())
    })?;
    let (what, text): (fn() -> What, _) = match (kind.map(Str::raw), text) {
        (Some("output_text" | "text"), Some(text)) => (|| What::Text, text),
        (Some("refusal"), Some(text)) => (|| What::Refusal, text),
        (Some("summary_text" | "reasoning_text"), Some(text)) => (|| What::Reasoning, text),
        _ => {
            let kind = kind.map(|kind| keep.name(kind)).unwrap_or_default();
            if let Some(part) =
                answer.part_or(CHOICE, at, json.since(start).len(), keep, |_| What::Other(Box::new((kind, None))))
            {
                fill(part, Str::plain(json.since(start)), keep);
            }
            return Ok(());
        }
    };
    if let Some(part) = answer.part_or(CHOICE, at, text.len(), keep, |_| what()) {
        fill(part, text, keep);
    }
    Ok(())
}

/// Gives a part its whole text, unless it has it from deltas already.
pub(super) fn fill(part: &mut PartDraft, text: Str<'_>, keep: &mut Keep<'_>) {
    if part.text_bytes() == 0 {
        part.append(text, keep);
    }
}
