//! Drives one exchange, as a capture would, for tests.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests; not each uses everything"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sidetone_core::event::{Call, Choice, Part, Server};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, Understood};
use sidetone_core::policy::{Content, Limits, Scope};
use sidetone_core::provider::surface_of;

/// What is observed of one exchange.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) deployment: Option<String>,
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    pub(crate) limits: Limits,
    pub(crate) end: End,
    pub(crate) scope: Option<Arc<Scope>>,
}

impl Observed {
    pub(crate) fn at(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            host: "127.0.0.1".to_owned(),
            deployment: None,
            request: b"{}".to_vec(),
            status: 200,
            headers: HeaderMap::new(),
            content: Content::Full,
            limits: Limits::default(),
            end: End::Complete,
            scope: None,
        }
    }

    pub(crate) fn json(path: &str) -> Self {
        Self::at(path).header("content-type", "application/json")
    }

    pub(crate) fn stream(path: &str) -> Self {
        Self::at(path).header("content-type", "text/event-stream; charset=utf-8")
    }

    /// A stream of the surface that the name of a recorded stream begins with.
    pub(crate) fn named(name: &str) -> Self {
        Self::stream(match name.split('_').next().unwrap() {
            "chat" => "/v1/chat/completions",
            "completions" => "/v1/completions",
            "responses" => "/v1/responses",
            other => panic!("no surface {other}"),
        })
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn request(mut self, body: &str) -> Self {
        self.request = body.as_bytes().to_vec();
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub(crate) fn limited(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// What is known of the request before its body.
    pub(crate) fn head(&self) -> RequestHead {
        RequestHead {
            surface: surface_of(&Method::POST, &self.path).expect("a known path"),
            server: Arc::new(Server { address: self.host.as_str().into(), port: Some(443) }),
            deployment: self.deployment.as_deref().map(Into::into),
            start: SystemTime::UNIX_EPOCH,
            parent: None,
            resend_count: None,
            scope: self.scope.clone(),
        }
    }

    /// An exchange of which nothing was handed in yet.
    pub(crate) fn exchange(&self) -> Exchange {
        let settings = Settings { content: self.content, limits: self.limits, ..Settings::default() };
        Exchange::new(self.head(), Arc::new(settings))
    }

    /// An exchange whose response has begun.
    pub(crate) fn begun(&self) -> Exchange {
        let mut exchange = self.exchange();
        exchange.handle_request_body(Bytes::copy_from_slice(&self.request));
        exchange.handle_response_head(&ResponseHead::of(self.status, &self.headers), ms(1));
        exchange
    }

    /// What it comes to, the n-th piece arriving at `1 + n` milliseconds.
    pub(crate) fn understood<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Understood {
        let mut exchange = self.begun();
        let mut at = 1;
        for piece in pieces {
            at += 1;
            exchange.handle_response_body(Bytes::copy_from_slice(piece), ms(at));
        }
        exchange.finish(self.end, ms(at))
    }

    /// The call that it comes to; nothing may be skipped.
    pub(crate) fn call(&self, response: &str) -> Call {
        let understood = self.understood([response.as_bytes()]);
        assert_eq!(understood.skips.iter().collect::<Vec<_>>(), [], "nothing is skipped");
        understood.call
    }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A part in one line: what it is, and its text.
pub(crate) fn told(part: &Part) -> String {
    let text =
        |text: &sidetone_core::event::Text| text.as_str().map_or_else(|| text.bytes().to_string(), str::to_owned);
    match part {
        Part::Text(content) => format!("text {}", text(content)),
        Part::Refusal(content) => format!("refusal {}", text(content)),
        Part::Reasoning(content) => format!("reasoning {}", text(content)),
        Part::ToolCall(call) => format!(
            "{} {} {} {}",
            call.kind.as_deref().unwrap_or("?"),
            call.id.as_deref().unwrap_or("?"),
            call.name.as_deref().unwrap_or("?"),
            call.arguments.as_ref().map_or("-".to_owned(), text),
        ),
        Part::ToolResult { id, content, is_list } => {
            format!(
                "result {} {}{}",
                id.as_deref().unwrap_or("?"),
                text(content),
                if *is_list { " (list)" } else { "" }
            )
        }
        Part::Media(media) => format!("{media:?}"),
        Part::Other { kind, id, json } => format!("other {kind} {} {}", id.as_deref().unwrap_or("?"), text(json)),
        other => format!("{other:?}"),
    }
}

/// A choice in lines: its index, role and finish reason, then its parts.
pub(crate) fn spoken(choice: &Choice) -> Vec<String> {
    let finish = choice.finish_reason.as_deref().unwrap_or("-");
    let mut lines = vec![format!("{} {} {finish}", choice.index, choice.message.role.as_str())];
    lines.extend(choice.message.parts.iter().map(told));
    lines
}

/// All choices of a call in lines.
pub(crate) fn answer(call: &Call) -> Vec<String> {
    call.response.choices.iter().flat_map(spoken).collect()
}
