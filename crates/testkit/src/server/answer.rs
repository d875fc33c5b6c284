//! Chooses the case that answers a request, and fits it to the request where nothing names one.

use std::borrow::Cow;

use serde_json::Value;

use super::ReceivedRequest;
use super::builder::{Reply, Settings};
use super::embeddings;
use crate::case::{Case, Surface};

/// The header that names a case.
const CASE_HEADER: &str = "x-mock-case";

/// The case that answers; `None` when there is none.
pub(super) fn choose<'a>(
    settings: &'a Settings,
    request: &ReceivedRequest,
    path: &str,
    number: u64,
) -> Option<Cow<'a, Case>> {
    if let Some(case) = &settings.only {
        return Some(Cow::Borrowed(case));
    }
    if let Some(name) = request.header(CASE_HEADER) {
        let case = settings.cases.get(name)?;
        // Clients of Azure and of gateways put other prefixes before the same surface.
        let fits =
            path == case.path || Surface::of_path(path).is_some_and(|it| Surface::of_path(&case.path) == Some(it));
        return (fits && request.method == case.method).then_some(Cow::Borrowed(case));
    }
    if let Some((case, rest)) = named(settings, path) {
        return (rest == case.path && request.method == case.method).then_some(Cow::Borrowed(case));
    }
    let surface = Surface::of_path(path).filter(|_| request.method == "POST")?;
    let mut case = fitted(settings, surface, &request.json().unwrap_or_default())?;
    if settings.is_numbered {
        distinguish(&mut case, number);
    }
    Some(Cow::Owned(case))
}

/// The case that the path begins with, and the rest of the path.
fn named<'a, 'b>(settings: &'a Settings, path: &'b str) -> Option<(&'a Case, &'b str)> {
    let (name, _) = path.strip_prefix('/')?.split_once('/')?;
    Some((settings.cases.get(name)?, path.get(name.len() + 1..)?))
}

/// Gives the answer an identifier and token counts that no other of this server has.
fn distinguish(case: &mut Case, number: u64) {
    let (input, output) = (1_000 + number, 10 + number * 7 % 89);
    case.set_string("id", &format!("chatcmpl-mock-{number:06}"));
    case.set_usage(input, output);
}

fn fitted(settings: &Settings, surface: Surface, request: &Value) -> Option<Case> {
    let reply = &settings.reply;
    let stream = request["stream"] == true;
    let tools = !reply.no_tool_calls && calls_tools(surface, request);
    let name = match (surface, stream, tools) {
        (Surface::Chat, false, false) => "chat_basic",
        (Surface::Chat, false, true) => "chat_tools_call",
        (Surface::Chat, true, false) => "chat_stream_usage",
        (Surface::Chat, true, true) => "chat_stream_tools",
        (Surface::Completions, false, _) => "completions_basic",
        (Surface::Completions, true, _) => "completions_stream",
        (Surface::Responses, false, false) => "responses_basic",
        (Surface::Responses, false, true) => "responses_tools",
        (Surface::Responses, true, _) => "responses_stream",
        (Surface::Embeddings, ..) => "embeddings_float",
    };
    let mut case = settings.cases.get(name).map(|case| Case::clone(case))?;
    if surface == Surface::Embeddings {
        embeddings::fit(&mut case, request);
    }
    fill(&mut case, reply, request);
    if stream && surface != Surface::Responses && request["stream_options"]["include_usage"] != true {
        case.remove_stream_usage();
    }
    Some(case)
}

fn fill(case: &mut Case, reply: &Reply, request: &Value) {
    if let Some(model) = reply.model.as_deref().or_else(|| request["model"].as_str()) {
        case.set_string("model", model);
    }
    if let Some((input, output)) = reply.usage {
        case.set_usage(input, output);
    }
    if let Some(text) = &reply.text {
        case.set_reply(text);
    }
    if let Some((name, arguments)) = &reply.tool_call {
        case.set_tool_call(name, arguments);
    }
}

/// Whether the request offers tools and doesn't end with the result of one.
fn calls_tools(surface: Surface, request: &Value) -> bool {
    let offered = request["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let last = match surface {
        Surface::Chat => request["messages"].as_array(),
        _ => request["input"].as_array(),
    };
    let last = last.and_then(|messages| messages.last()).unwrap_or(&Value::Null);
    offered && request["tool_choice"] != "none" && last["role"] != "tool" && last["type"] != "function_call_output"
}
