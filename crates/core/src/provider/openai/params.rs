//! The parameters that requests of all surfaces share.

use super::tools;
use crate::event::Request;
use crate::exchange::Skip;
use crate::policy::Keep;
use crate::wire::json::{Json, Kind, Read, Str};

/// A string, as a name.
pub(super) fn name(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Option<Box<str>>> {
    Ok(json.str()?.map(|text| keep.name(text)))
}

/// A string or an array of strings, as names.
fn names(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Vec<Box<str>>> {
    if json.peek()? == Kind::Array {
        let names = list(json, keep.limits().tools, keep, name)?;
        return Ok(names.into_iter().flatten().collect());
    }
    Ok(name(json, keep)?.into_iter().collect())
}

/// An array, of which up to `limit` elements are read.
pub(super) fn list<'a, T>(
    json: &mut Json<'a>,
    limit: usize,
    keep: &mut Keep<'_>,
    mut read: impl FnMut(&mut Json<'a>, &mut Keep<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let mut elements = Vec::new();
    json.array(|json| {
        if elements.len() < limit {
            elements.push(read(json, keep)?);
        } else {
            let bytes = json.raw()?.len();
            keep.skipped(Skip::OverLimit, bytes as u64);
        }
        Ok(())
    })?;
    Ok(elements)
}

/// Reads the parameter `key` of a request, if it is one that is kept.
pub(super) fn read(key: &str, json: &mut Json<'_>, request: &mut Request, keep: &mut Keep<'_>) -> Read<()> {
    match key {
        "model" => request.model = name(json, keep)?,
        "stream" => request.stream = json.bool()?,
        "temperature" => request.temperature = json.f64()?,
        "top_p" => request.top_p = json.f64()?,
        "top_k" => request.top_k = json.f64()?,
        // The newer name wins, wherever it stands.
        "max_completion_tokens" | "max_output_tokens" => request.max_tokens = json.i64()?.or(request.max_tokens),
        "max_tokens" => request.max_tokens = request.max_tokens.or(json.i64()?),
        "n" => request.choice_count = json.i64()?,
        "frequency_penalty" => request.frequency_penalty = json.f64()?,
        "presence_penalty" => request.presence_penalty = json.f64()?,
        "stop" => request.stop_sequences = names(json, keep)?,
        "seed" => request.seed = json.i64()?,
        "response_format" => request.response_format = kind_of(json, keep)?,
        "service_tier" => request.service_tier = name(json, keep)?,
        "reasoning_effort" => request.reasoning_effort = name(json, keep)?,
        "modalities" => request.output_modalities = names(json, keep)?,
        "user" => request.end_user.user = name(json, keep)?,
        "safety_identifier" => request.end_user.safety_identifier = name(json, keep)?,
        "metadata" => request.end_user.metadata = metadata(json, keep)?,
        "tools" => request.tools = tools::read_definitions(json, keep)?,
        // Deprecated: tools that are all functions.
        "functions" => request.tools = tools::read_functions(json, keep)?,
        _ => {}
    }
    Ok(())
}

/// An object of strings; values of other kinds are as they were written.
fn metadata(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Vec<(Box<str>, Box<str>)>> {
    let mut pairs = Vec::new();
    json.object(|key, json| {
        let value = match json.peek()? {
            Kind::String => json.str()?.unwrap_or(Str::plain("")),
            _ => Str::plain(json.raw()?),
        };
        if keep.admits(pairs.len(), keep.limits().tools, key.len() + value.len()) {
            pairs.push((keep.name(Str::plain(key)), keep.name(value)));
        }
        Ok(())
    })?;
    Ok(pairs)
}

/// The `type` of an object.
pub(super) fn kind_of(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Option<Box<str>>> {
    let mut kind = None;
    json.object(|key, json| {
        if key == "type" {
            kind = name(json, keep)?;
        }
        Ok(())
    })?;
    Ok(kind)
}
