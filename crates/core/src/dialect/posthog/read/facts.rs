//! Properties but for what was said: PostHog's own, and the names of its first receiver on spans, which are much the same.

use std::time::Duration;

use super::usage::{self, Api};
use crate::dialect::Value;
use crate::dialect::names::posthog as ph;
use crate::dialect::read::{Draft, Taken, Why, api, cost, gen_ai, slots, status};

/// What has been seen, and is read when all is.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) trace: Option<Box<str>>,
    pub(super) span: Option<Box<str>>,
    pub(super) parent: Option<Box<str>>,
    pub(super) span_name: Option<Box<str>>,
    pub(super) latency: Option<Duration>,
    pub(super) is_error: bool,
    pub(super) error: Option<Box<str>>,
    pub(super) instructions: Option<Box<str>>,
    /// Whether anything is told of what was sent.
    pub(super) has_input: bool,
    pub(super) api: Option<Api>,
    pub(super) parameters: Option<Box<str>>,
    pub(super) stop_reason: Option<Box<str>>,
    pub(super) user: Option<Box<str>>,
    /// That whoever it is has no profile.
    pub(super) is_nobody: bool,
}

/// How the names begin: PostHog's own properties, and attributes that its first receiver of OpenTelemetry read.
const PREFIXES: [&str; 2] = ["$ai_", "posthog.ai."];

/// The name of a property without that; `None` for another's.
pub(super) fn property(name: &str) -> Option<&str> {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// Takes a property, but for what was said.
pub(super) fn take(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    let Some(property) = property(name) else { return about(seen, name, value) };
    let Draft { request, response, usage, timing, identity, .. } = draft;
    match property {
        "trace_id" => slots::text(&mut seen.trace, value),
        "span_id" => slots::text(&mut seen.span, value),
        "parent_id" => slots::text(&mut seen.parent, value),
        "session_id" => slots::text(&mut identity.session_id, value),
        "span_name" => slots::text(&mut seen.span_name, value),
        "model" => slots::text(&mut request.model, value),
        "provider" => gen_ai::provider(&mut draft.provider, value),
        "base_url" => base_url(draft, value),
        "latency" => slots::seconds(&mut seen.latency, value),
        "time_to_first_token" => {
            let taken = slots::seconds(&mut timing.first_output, value);
            if timing.first_output.is_some() {
                draft.is_stream.get_or_insert(true);
            }
            taken
        }
        "stream" => slots::flag(&mut draft.is_stream, value),
        // The package's word for no answer, or one that broke off.
        "http_status" if slots::whole(value) == Some(0) => Ok(()),
        "http_status" => status(&mut response.status, value),
        "is_error" => {
            let Value::Bool(is_error) = value else { return Err(Why::WrongType) };
            seen.is_error |= is_error;
            Ok(())
        }
        "error" | "error_message" => slots::text(&mut seen.error, value),
        "error_type" => {
            let class = value.as_str().ok_or(Why::WrongType)?;
            draft.fail(class);
            Ok(())
        }
        "input_tokens" => slots::count(&mut usage.input, value),
        "output_tokens" => slots::count(&mut usage.output, value),
        "cache_read_input_tokens" | "cache_read_tokens" => slots::count(&mut usage.cache_read, value),
        "cache_creation_input_tokens" | "cache_write_tokens" => slots::count(&mut usage.cache_write, value),
        "reasoning_tokens" => slots::count(&mut usage.reasoning, value),
        "total_cost_usd" => cost(&mut draft.cost, value),
        "response_id" => slots::text(&mut response.id, value),
        "service_tier" => slots::text(&mut response.service_tier, value),
        "stop_reason" => slots::text(&mut seen.stop_reason, value),
        "temperature" => slots::double(&mut request.temperature, value),
        "max_tokens" => slots::int(&mut request.max_tokens, value),
        "model_parameters" => {
            let json = match value {
                Value::Map(_) => value.to_json(),
                other => match other.as_str() {
                    Some(text) => text.to_owned(),
                    None => return Err(Why::WrongType),
                },
            };
            seen.parameters.get_or_insert_with(|| json.into());
            Ok(())
        }
        "instructions" if *value == Value::Null => {
            seen.api = Some(Api::Responses);
            Ok(())
        }
        "instructions" => {
            seen.api = Some(Api::Responses);
            slots::text(&mut seen.instructions, value)
        }
        "input" => {
            seen.has_input |= *value != Value::Null;
            Err(Why::Unknown)
        }
        // Looked at before; who makes the events, whence the counts are.
        "span_type" | "operation_name" | "lib" | "lib_version" | "tokens_source" => Ok(()),
        _ => Err(Why::Unknown),
    }
}

/// Counts as the provider gave them: those that no property of its own has told.
pub(super) fn usage(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    if name != ph::AI_USAGE {
        return Err(Why::Unknown);
    }
    if !matches!(value, Value::Map(_)) && value.as_str().is_none() {
        return Err(Why::WrongType);
    }
    let (counts, api) = usage::of(value).map_err(|_| Why::NotJson)?;
    api::fill_usage(&mut draft.usage, counts);
    seen.api = seen.api.or(api);
    Ok(())
}

/// What stands beside the properties about AI.
fn about(seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    match name {
        ph::POSTHOG_DISTINCT_ID | "distinct_id" => slots::text(&mut seen.user, value),
        ph::PROCESS_PERSON_PROFILE => {
            seen.is_nobody |= *value == Value::Bool(false);
            Ok(())
        }
        // Who makes the events, and that it is a server.
        ph::LIB | ph::LIB_VERSION | ph::GEOIP_DISABLE | ph::IS_SERVER => Ok(()),
        _ => Err(Why::Unknown),
    }
}

/// The server: a URL, or a host with or without its port.
fn base_url(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    let url = value.as_str().ok_or(Why::WrongType)?;
    if draft.address.is_some() {
        return Ok(());
    }
    let (host, port) = server(url);
    draft.address = (!host.is_empty()).then(|| host.into());
    draft.port = draft.port.or(port.map(i64::from));
    Ok(())
}

fn server(url: &str) -> (&str, Option<u16>) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            // More than one of them: an address of IPv6 without brackets.
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (authority, None),
        },
    };
    (host, port.and_then(|port| port.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn a_server_is_found_in_urls_and_in_what_is_none() {
        for (url, host, port) in [
            ("http://127.0.0.1:18181/chat_all_params/v1/", "127.0.0.1", Some(18181)),
            ("https://api.openai.com/v1/", "api.openai.com", None),
            ("api.openai.com", "api.openai.com", None),
            ("api.example.com:8443", "api.example.com", Some(8443)),
            ("[::1]:8080", "::1", Some(8080)),
            ("::1", "::1", None),
            ("https://ann:secret@example.com?x=/@y", "example.com", None),
            ("example.com:many", "example.com", None),
            ("://", "", None),
            ("", "", None),
            ("[", "[", None),
        ] {
            assert_eq!(server(url), (host, port), "{url}");
        }
    }
}
