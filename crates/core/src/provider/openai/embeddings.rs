//! Embeddings: `POST …/embeddings`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/embeddings>.

use super::{error, params, path, shape, usage};
use crate::event::{EmbeddingsRequest, Failure, Operation, Request};
use crate::policy::Keep;
use crate::provider::{Answer, Given, Heard, Name, Outline, Surface};
use crate::wire::json::{Json, Kind, Read, Unreadable};

/// The surface `openai.embeddings`.
#[derive(Debug)]
pub struct Embeddings;

/// Bytes of one number of a vector sent as base64: a 32-bit float.
const FLOAT: u64 = 4;

impl Surface for Embeddings {
    fn name(&self) -> &'static str {
        "openai.embeddings"
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn matches(&self, path: &str) -> bool {
        path::ends_with(path, "/embeddings")
    }

    fn input(&self) -> &'static str {
        "input"
    }

    fn asks(&self, request: &Outline<'_>) -> bool {
        let is_input = match request.kind("input") {
            Some(Kind::String) => true,
            // Texts, tokens, or several texts as tokens.
            Some(Kind::Array) => matches!(request.element("input"), Some(Kind::String | Kind::Number | Kind::Array)),
            _ => false,
        };
        shape::has_model(request) && is_input
    }

    fn answers(&self, answer: &Outline<'_>) -> bool {
        let vector = answer.inner("data");
        matches!(shape::object(answer), Some("list") | None) && vector.is_some_and(|vector| vector.has("embedding"))
    }

    fn fails(&self, answer: &Outline<'_>) -> bool {
        shape::is_error(answer)
    }

    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request> {
        let mut request = Request::default();
        let mut embeddings = EmbeddingsRequest::default();
        let mut json = Json::new(body);
        let is_object = json.object(|key, json| {
            match key {
                "encoding_format" => embeddings.encoding_format = params::name(json, keep)?,
                "dimensions" => embeddings.dimensions = json.i64()?,
                "input" => embeddings.inputs = count_inputs(json)?,
                _ => params::read(key, json, &mut request, keep)?,
            }
            Ok(())
        })?;
        json.end()?;
        request.embeddings = Some(embeddings);
        if is_object { Ok(request) } else { Err(Unreadable) }
    }

    fn read_response(&self, body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
        let mut names = Given::default();
        let mut json = Json::new(body);
        let is_object = json.object(|key, json| {
            match key {
                "id" => names.set(Name::Id, json.str()?),
                "model" => names.set(Name::Model, json.str()?),
                "usage" => answer.usage = usage::read(json)?,
                "data" => {
                    let mut dimensions = None;
                    json.array(|json| {
                        // The vectors of one answer are of one length.
                        if dimensions.is_none() {
                            json.object(|key, json| {
                                if key == "embedding" {
                                    dimensions = read_dimensions(json)?;
                                }
                                Ok(())
                            })?;
                        }
                        Ok(())
                    })?;
                    answer.rare().embedding_dimensions = dimensions;
                }
                "error" => answer.fail(error::read(json, keep)?),
                _ => {}
            }
            Ok(())
        })?;
        answer.set_names(&names, keep);
        json.end()?;
        if is_object { Ok(()) } else { Err(Unreadable) }
    }

    fn read_error(&self, body: &str, keep: &mut Keep<'_>) -> Option<Failure> {
        error::read_body(body, keep)
    }

    fn read_event(&self, _kind: &str, _data: &str, _answer: &mut Answer, _keep: &mut Keep<'_>) -> Read<Heard> {
        // This API has no streams.
        Err(Unreadable)
    }
}

/// An input is a string or an array of tokens; several inputs are an array of either.
fn count_inputs(json: &mut Json<'_>) -> Read<Option<u64>> {
    match json.peek()? {
        Kind::String => json.skip().map(|()| Some(1)),
        Kind::Array => {
            let mut inputs = json.clone();
            let mut is_tokens = false;
            let len = json.array_len()?;
            inputs
                .array(|json| {
                    is_tokens |= json.peek()? == Kind::Number;
                    if is_tokens {
                        // One look tells; what follows was gone through already.
                        return Err(Unreadable);
                    }
                    Ok(())
                })
                .or_else(|unreadable| if is_tokens { Ok(true) } else { Err(unreadable) })?;
            Ok(if is_tokens { Some(1) } else { len })
        }
        _ => json.skip().map(|()| None),
    }
}

fn read_dimensions(json: &mut Json<'_>) -> Read<Option<u64>> {
    if json.peek()? == Kind::Array {
        return json.array_len();
    }
    let Some(base64) = json.str()? else { return Ok(None) };
    let padding = base64.raw().bytes().rev().take_while(|&byte| byte == b'=').count();
    let digits = base64.len() as u64 - padding as u64;
    Ok(Some(digits * 3 / 4 / FLOAT))
}
