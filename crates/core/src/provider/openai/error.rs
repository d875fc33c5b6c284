//! Errors, as bodies and as events: `{"error": {"message", "type", "param", "code"}}`.

use crate::event::{ErrorClass, Failure};
use crate::policy::Keep;
use crate::wire::json::{Json, Kind, Read, Str};

/// Reads the value of the key `error`; `None` if it is null. Some servers send a plain string.
pub(super) fn read(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Option<Failure>> {
    let mut failure = Failure::of(ErrorClass::Api);
    match json.peek()? {
        Kind::Object => {
            let mut kind = None;
            json.object(|key, json| {
                match key {
                    "type" => kind = json.str()?.map(|kind| keep.name(kind)),
                    _ => read_field(key, json, &mut failure, keep)?,
                }
                Ok(())
            })?;
            failure.code = failure.code.or(kind);
        }
        Kind::String => {
            if let Some(message) = json.str()? {
                set_message(&mut failure, message, keep);
            }
        }
        _ => {
            json.skip()?;
            return Ok(None);
        }
    }
    Ok(Some(failure))
}

/// Reads the field `key` of an error if it is one: `code`, `message`.
pub(super) fn read_field(key: &str, json: &mut Json<'_>, failure: &mut Failure, keep: &mut Keep<'_>) -> Read<()> {
    match key {
        "message" => {
            if let Some(message) = json.str()? {
                set_message(failure, message, keep);
            }
        }
        // OpenAI sends words; others (vLLM, OpenRouter) the HTTP status as a number.
        "code" => {
            failure.code = match json.peek()? {
                Kind::String => json.str()?.map(|code| keep.name(code)),
                Kind::Number => Some(keep.name(Str::plain(json.raw()?))),
                _ => failure.code.take(),
            }
        }
        _ => {}
    }
    Ok(())
}

fn set_message(failure: &mut Failure, message: Str<'_>, keep: &mut Keep<'_>) {
    failure.message = Some(keep.text(message));
}

/// Reads the body of a response whose status says that the call failed: JSON in one of the shapes that servers use, or
/// plain text.
pub(super) fn read_body(body: &str, keep: &mut Keep<'_>) -> Option<Failure> {
    let body = body.trim();
    if body.is_empty() {
        return None;
    }
    if !body.starts_with(['{', '[']) {
        let mut failure = Failure::of(ErrorClass::Api);
        set_message(&mut failure, Str::plain(body), keep);
        return Some(failure);
    }
    // Half a body says nothing.
    let mut json = Json::new(body);
    json.skip().and_then(|()| json.end()).ok()?;
    let mut failure = None;
    let mut json = Json::new(body);
    let read = |json: &mut Json<'_>, failure: &mut Option<Failure>, keep: &mut Keep<'_>| {
        let mut flat = Failure::of(ErrorClass::Api);
        json.object(|key, json| {
            match key {
                "error" => *failure = read(json, keep)?,
                // FastAPI's word.
                "detail" if json.peek()? == Kind::String => read_field("message", json, &mut flat, keep)?,
                _ => read_field(key, json, &mut flat, keep)?,
            }
            Ok(())
        })?;
        if failure.is_none() && (flat.message.is_some() || flat.code.is_some()) {
            *failure = Some(flat);
        }
        Ok(())
    };
    // Google wraps its error into an array.
    let is_array = json.peek().ok()? == Kind::Array;
    let result: Read<()> = if is_array {
        json.array(|json| read(json, &mut failure, keep)).map(drop)
    } else {
        read(&mut json, &mut failure, keep)
    };
    result.ok()?;
    failure
}
