//! What the head of a request says of a call.

use std::sync::Arc;

use crate::event::{ParentSpan, Server, SpanId, TraceId};
use crate::policy::Scope;
use crate::provider::{self, Surface, deployment_of};
use crate::wire::http::Head;

use super::{Facts, baggage};

/// Longest `tracestate` that is kept, in bytes (W3C Trace Context section 3.3.1.5 asks for at least 512).
const TRACE_STATE_BYTES: usize = 4096;

/// The port of a URL that names none.
const HTTPS: u16 = 443;

/// What is known of a request by its head.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: Option<Box<str>>,
    pub(super) authority: Option<Box<str>>,
    pub(super) server: Arc<Server>,
    pub(super) deployment: Option<Box<str>>,
    pub(super) parent: Option<ParentSpan>,
    pub(super) resend_count: Option<u32>,
    /// On whose behalf it is made, by its baggage.
    pub(super) scope: Option<Arc<Scope>>,
    /// Whether it may be a call at all.
    pub(super) may_be_call: bool,
    pub(super) content_encoding: Option<Box<str>>,
}

impl Asked {
    /// What a head says; without one only the connection is known.
    pub(super) fn of(head: Option<&Head>, facts: &Facts) -> Self {
        let none = Head::default();
        let head = head.unwrap_or(&none);
        let path = head.target.as_deref().map(path_of);
        let is_post = head.method.as_deref().is_none_or(|method| method == "POST");
        Self {
            server: Arc::new(server(head.authority.as_deref(), facts)),
            deployment: path.and_then(deployment_of).map(Into::into),
            parent: parent(head),
            scope: baggage::scope(head).map(Arc::new),
            // The SDKs say which attempt this is; the first says 0.
            resend_count: head
                .get("x-stainless-retry-count")
                .and_then(|count| count.trim().parse().ok())
                .filter(|count| *count > 0),
            may_be_call: is_post && !provider::has_foreign_header(head),
            content_encoding: head.get("content-encoding").map(Into::into),
            path: path.map(Into::into),
            authority: head.authority.clone(),
        }
    }

    /// The surface that the path names, and whether that alone is enough.
    pub(super) fn surface(&self) -> Option<(&'static dyn Surface, bool)> {
        if !self.may_be_call {
            return None;
        }
        let surface = provider::surface_of(&http::Method::POST, self.path.as_deref()?)?;
        let is_sure =
            surface.owns_paths() || self.deployment.is_some() || provider::is_named_host(&self.server.address);
        Some((surface, is_sure))
    }
}

/// The path of a request's target, without its query.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

/// The server as the client addressed it, as far as that is known. An empty address stands for an unknown one.
fn server(authority: Option<&str>, facts: &Facts) -> Server {
    let (host, port) = authority.map_or((None, None), |authority| {
        let (host, port) = host_and_port(authority);
        (Some(host), port)
    });
    let name = || facts.server_name.as_deref().unwrap_or_default();
    // A client that names a host without a port means the scheme's; the port of its connection knows better.
    let port = port.or(facts.port).or(host.map(|_| HTTPS));
    Server { address: host.filter(|host| !host.is_empty()).unwrap_or_else(name).into(), port }
}

fn host_and_port(authority: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match authority.rsplit_once(':') {
        // An IPv6 address that lacks its brackets.
        Some((host, _)) if host.contains(':') => (authority, None),
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, None),
    }
}

/// The span that a request names as its parent (W3C Trace Context section 3.2).
fn parent(head: &Head) -> Option<ParentSpan> {
    let fields: Vec<&str> = head.get("traceparent")?.trim().split('-').collect();
    let &[version, trace_id, span_id, flags, ref more @ ..] = &fields[..] else { return None };
    let [version] = hex(version)?;
    // Version 0 has four fields; later ones may have more.
    if version == 0xff || (version == 0 && !more.is_empty()) {
        return None;
    }
    let (trace_id, span_id, [flags]) = (hex(trace_id)?, hex(span_id)?, hex(flags)?);
    if trace_id == [0; 16] || span_id == [0; 8] {
        return None;
    }
    // It may come in several fields.
    let states = head.fields.iter().filter(|(name, _)| &**name == "tracestate");
    let states: Vec<&str> = states.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect();
    let trace_state = states.join(",");
    Some(ParentSpan {
        trace_id: TraceId(trace_id),
        span_id: SpanId(span_id),
        flags,
        is_remote: true,
        trace_state: (!trace_state.is_empty() && trace_state.len() <= TRACE_STATE_BYTES).then(|| trace_state.into()),
    })
}

/// So many bytes in hexadecimal, lower case.
fn hex<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    let is_hex = text.len() == 2 * LEN && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex {
        return None;
    }
    let mut bytes = [0; LEN];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
