//! A call that is being read: what is known so far, and what nobody has understood yet.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::Value;
use super::super::shared::RESPONSES;
use super::left::Left;
use super::record::{EventRecord, IS_REMOTE, LogRecord, RecordStatus, Records, SpanKind};
use super::source::owned;
use crate::event::{
    self, Call, Choice, ErrorClass, Failure, Findings, Identity, Incomplete, Message, Operation, Outcome, OwnSpan,
    ParentSpan, Part, Process, Request, Response, Role, Server, Side, SpanId, Step, Text, Timing, TraceId, Usage,
};
use crate::wire::json::VALUE_DEPTH;

/// Most names that aren't understood that are kept and told of one span; the rest is counted under one name.
pub(super) const UNREAD: usize = 1_024;

/// The name that stands for those.
const MORE: &str = "…";

/// Why something wasn't understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Nobody knows the name.
    Unknown,
    /// The name wants a value of another type.
    WrongType,
    /// The name wants JSON, and this isn't it.
    NotJson,
    /// It goes past a limit.
    OverLimit,
}

impl Why {
    /// One word for it, as counters have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::WrongType => "wrong_type",
            Self::NotJson => "not_json",
            Self::OverLimit => "over_limit",
        }
    }
}

/// What a reader made of an attribute; a name that it doesn't know is offered to the next.
#[doc(hidden)]
pub type Taken = Result<(), Why>;

/// Something that wasn't understood. What it said is in [`Call::attributes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its name.
    pub name: Box<str>,
    /// Why it wasn't.
    pub why: Why,
}

/// What is known of the call so far. A field that is set stays as it is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Draft<'r> {
    pub(in crate::dialect) operation: Option<Operation>,
    pub(in crate::dialect) surface: Option<&'static str>,
    pub(in crate::dialect) provider: Option<Cow<'static, str>>,
    pub(in crate::dialect) address: Option<Box<str>>,
    pub(in crate::dialect) port: Option<i64>,
    pub(in crate::dialect) request: Request,
    pub(in crate::dialect) response: Response,
    pub(in crate::dialect) is_stream: Option<bool>,
    pub(in crate::dialect) usage: Usage,
    pub(in crate::dialect) timing: Timing,
    pub(in crate::dialect) outcome: Option<Outcome>,
    pub(in crate::dialect) error: Option<ErrorClass>,
    pub(in crate::dialect) error_code: Option<Box<str>>,
    pub(in crate::dialect) error_message: Option<Text>,
    /// Finish reasons of the answers in their order, in the provider's words; more reliable than those beside messages.
    pub(in crate::dialect) finish_reasons: Vec<Box<str>>,
    pub(in crate::dialect) attempts: Vec<event::Attempt>,
    pub(in crate::dialect) resend_count: Option<i64>,
    pub(in crate::dialect) incomplete: Incomplete,
    pub(in crate::dialect) identity: Identity,
    pub(in crate::dialect) process: Process,
    pub(in crate::dialect) findings: Findings,
    pub(in crate::dialect) cost: Option<event::Cost>,
    pub(in crate::dialect) step: Step,
    /// Whether instructions are told apart from messages: a system message is one then.
    pub(in crate::dialect) has_instructions: bool,
    /// Ids that attributes tell, where the record has none.
    pub(in crate::dialect) ids: Ids,
    /// Whether sidetone wrote it.
    pub(in crate::dialect) is_own: bool,
    places: Vec<Place<'r>>,
    attributes: Vec<(Box<str>, event::Value)>,
    unread: Vec<Unread>,
    over: bool,
}

/// Ids of a span, its trace and its parent.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids {
    pub(in crate::dialect) trace: Option<TraceId>,
    pub(in crate::dialect) span: Option<SpanId>,
    pub(in crate::dialect) parent: Option<SpanId>,
}

/// Where attributes stand, and which of them were read.
#[derive(Debug)]
struct Place<'r> {
    of: Of<'r>,
    taken: Vec<Taken>,
    is_known: bool,
}

#[derive(Debug, Clone, Copy)]
enum Of<'r> {
    Span(&'r [super::Field<'r>]),
    Event(&'r EventRecord<'r>),
    Log(&'r LogRecord<'r>),
}

impl<'r> Of<'r> {
    fn attributes(self) -> &'r [super::Field<'r>] {
        match self {
            Self::Span(attributes) => attributes,
            Self::Event(event) => &event.attributes,
            Self::Log(log) => &log.attributes,
        }
    }
}

impl<'r> Draft<'r> {
    pub(super) fn new(records: &'r Records<'r>) -> Self {
        let span = records.spans().first();
        let start = span.and_then(|span| span.start).or_else(|| records.logs().iter().find_map(|log| log.time));
        let start = start.unwrap_or(SystemTime::UNIX_EPOCH);
        let end = span.and_then(|span| span.end);
        let spans = records.spans().iter().map(|span| Of::Span(&span.attributes));
        let events = records.spans().iter().flat_map(|span| &span.events).map(Of::Event);
        let places = spans.chain(events).chain(records.logs().iter().map(Of::Log));
        let place = |of: Of<'r>| Place {
            of,
            taken: vec![Err(Why::Unknown); of.attributes().len()],
            is_known: matches!(of, Of::Span(_)),
        };
        Self {
            operation: None,
            surface: None,
            provider: None,
            address: None,
            port: None,
            request: Request::default(),
            response: Response::default(),
            is_stream: None,
            usage: Usage::default(),
            timing: Timing {
                start,
                head: None,
                first_chunk: None,
                first_output: None,
                last_chunk: None,
                output_chunks: None,
                total: end.and_then(|end| end.duration_since(start).ok()).unwrap_or(Duration::ZERO),
            },
            outcome: None,
            error: None,
            error_code: None,
            error_message: None,
            finish_reasons: Vec::new(),
            attempts: Vec::new(),
            resend_count: None,
            incomplete: Incomplete::default(),
            identity: Identity::default(),
            process: Process::default(),
            findings: Findings::default(),
            cost: None,
            step: Step::default(),
            has_instructions: false,
            ids: Ids::default(),
            is_own: false,
            places: places.map(place).collect(),
            attributes: Vec::new(),
            unread: Vec::new(),
            over: false,
        }
    }

    /// Offers each attribute of the span that nobody has taken yet.
    pub(in crate::dialect) fn attributes(&mut self, read: impl FnMut(&mut Self, &'r str, &'r Value<'r>) -> Taken) {
        self.each(|_, of| matches!(of, Of::Span(_)), read);
    }

    /// Offers each log event, and then the attributes of those that are taken.
    pub(in crate::dialect) fn logs(
        &mut self,
        mut wanted: impl FnMut(&mut Self, &'r LogRecord<'r>) -> bool,
        read: impl FnMut(&mut Self, &'r str, &'r Value<'r>) -> Taken,
    ) {
        self.each(|draft, of| if let Of::Log(log) = of { wanted(draft, log) } else { false }, read);
    }

    /// Offers each event of the span, and then the attributes of those that are taken.
    pub(in crate::dialect) fn events(
        &mut self,
        mut wanted: impl FnMut(&mut Self, &'r EventRecord<'r>) -> bool,
        read: impl FnMut(&mut Self, &'r str, &'r Value<'r>) -> Taken,
    ) {
        self.each(|draft, of| if let Of::Event(event) = of { wanted(draft, event) } else { false }, read);
    }

    fn each(
        &mut self,
        mut wanted: impl FnMut(&mut Self, Of<'r>) -> bool,
        mut read: impl FnMut(&mut Self, &'r str, &'r Value<'r>) -> Taken,
    ) {
        let mut places = std::mem::take(&mut self.places);
        for place in &mut places {
            if wanted(self, place.of) {
                place.is_known = true;
                for (taken, (name, value)) in place.taken.iter_mut().zip(place.of.attributes()) {
                    if *taken == Err(Why::Unknown) {
                        *taken = read(self, name, value);
                    }
                }
            }
        }
        self.places = places;
    }

    /// Tells that a part of something was left out.
    pub(in crate::dialect) fn skip(&mut self, name: &str, why: Why) {
        if self.unread.len() < UNREAD {
            self.unread.push(Unread { name: name.into(), why });
        } else if !self.over {
            self.over = true;
            self.unread.push(Unread { name: MORE.into(), why: Why::OverLimit });
        }
    }

    /// What is known of an error is that it is of that class.
    pub(in crate::dialect) fn fail(&mut self, class: &str) {
        if self.error.is_none() && !class.is_empty() {
            self.error = Some(ErrorClass::named(class));
        }
    }

    /// A message that was received: that of the next answer.
    pub(in crate::dialect) fn answer(&mut self, message: Message, finish_reason: Option<Box<str>>) {
        let index = u32::try_from(self.response.choices.len()).unwrap_or(u32::MAX);
        self.response.choices.push(Choice { index, message, finish_reason: finish_reason.map(reason) });
    }

    /// Keeps something that has no field, and tells that.
    pub(in crate::dialect) fn keep(&mut self, name: &str, value: &Value<'_>, why: Why) {
        let is_room = self.unread.len() < UNREAD;
        self.skip(name, why);
        if is_room && let Ok(value) = owned(value, VALUE_DEPTH) {
            self.attributes.push((name.into(), value));
        }
    }

    /// Keeps members of what was read under that name that have no field, and tells that.
    pub(in crate::dialect) fn leave(&mut self, of: &str, left: Left) {
        for (place, value) in left.into_members() {
            let name = [of, &place].concat();
            let is_room = self.unread.len() < UNREAD;
            self.skip(&name, Why::Unknown);
            if is_room {
                self.attributes.push((name.into(), value));
            }
        }
    }

    fn left(&mut self) {
        for Place { of, taken, is_known } in std::mem::take(&mut self.places) {
            if !is_known {
                let (name, attributes, body) = match of {
                    Of::Event(event) => (&event.name, &event.attributes, None),
                    Of::Log(log) => (&log.name, &log.attributes, log.body.as_ref()),
                    Of::Span(_) => continue,
                };
                let members = attributes.iter().map(|(name, value)| (Cow::Owned(name.to_string()), value.clone()));
                let members = members.chain(body.map(|body| (Cow::Borrowed("body"), body.clone())));
                self.keep(name, &Value::Map(members.collect()), Why::Unknown);
                continue;
            }
            for (taken, (name, value)) in taken.into_iter().zip(of.attributes()) {
                if let Err(why) = taken {
                    self.keep(name, value, why);
                }
            }
        }
    }

    pub(super) fn finish(mut self, records: &Records<'_>) -> (Call, Vec<Unread>) {
        self.left();
        let span = records.spans().first();
        let outcome = match (self.outcome.take(), span) {
            (Some(Outcome::Failed(_)), _) => self.failure(span.map(|span| &span.status)),
            (Some(outcome), _) => outcome,
            (None, None) => Outcome::Unobserved,
            (None, Some(span)) if self.error.is_some() || matches!(span.status, RecordStatus::Error(_)) => {
                self.failure(Some(&span.status))
            }
            (None, Some(_)) => Outcome::Completed,
        };
        self.answers();
        self.instructions();
        if self.is_own {
            // What we leave out because it follows from what is told.
            self.usage.total = self.usage.total.or(self.usage.sum());
            self.is_stream = self.is_stream.or(self.timing.output_chunks.map(|_| true));
        }
        self.response.is_stream = self.is_stream.unwrap_or(false);
        let told = self.ids;
        let own = |span: &super::SpanRecord<'_>| {
            Some(OwnSpan { trace_id: span.trace_id.or(told.trace)?, span_id: span.span_id.or(told.span)? })
        };
        let log = records.logs().first();
        let of_log = || log.and_then(|log| Some(OwnSpan { trace_id: log.trace_id?, span_id: log.span_id? }));
        let parent = span.and_then(|span| {
            Some(ParentSpan {
                trace_id: span.trace_id.or(told.trace)?,
                span_id: span.parent_span_id.or(told.parent)?,
                flags: span.flags.to_le_bytes()[0],
                is_remote: span.flags & IS_REMOTE == IS_REMOTE,
                trace_state: Some(&*span.trace_state).filter(|state| !state.is_empty()).map(Into::into),
            })
        });
        let call = Call {
            operation: self.operation.take().unwrap_or_else(|| self.guess()),
            surface: self.surface.unwrap_or_default(),
            provider: self.provider.unwrap_or_default(),
            server: Arc::new(Server {
                address: self.address.unwrap_or_default(),
                port: self.port.and_then(|port| u16::try_from(port).ok()),
            }),
            request: self.request,
            response: self.response,
            usage: self.usage,
            timing: self.timing,
            outcome,
            attempts: self.attempts,
            resend_count: self.resend_count.and_then(|count| u32::try_from(count).ok()),
            parent,
            span: span.and_then(own).or_else(of_log),
            side: if span.is_some_and(|span| span.kind == SpanKind::Server) { Side::Server } else { Side::Client },
            is_announced: false,
            incomplete: self.incomplete,
            identity: Arc::new(self.identity),
            process: (self.process != Process::default()).then(|| Arc::new(self.process)),
            findings: self.findings,
            cost: self.cost,
            step: (self.step != Step::default()).then(|| Box::new(self.step)),
            attributes: self.attributes,
        };
        (call, self.unread)
    }

    /// The operation of a record that doesn't tell it. A model that was given something, or counted it, was called: so do other
    /// receivers (PostHog's) take it.
    fn guess(&self) -> Operation {
        let has_model = self.request.model.is_some() || self.response.model.is_some();
        if has_model && (self.usage.input.is_some() || !self.request.messages.is_empty()) {
            return Operation::Chat;
        }
        Operation::Other("".into())
    }

    fn failure(&mut self, status: Option<&RecordStatus<'_>>) -> Outcome {
        let said = match status {
            Some(RecordStatus::Error(said)) if !said.is_empty() => Some(&**said),
            _ => None,
        };
        let class = self.error.take().unwrap_or_else(|| ErrorClass::Other(UNKNOWN_ERROR.into()));
        let message = self.error_message.take().or_else(|| {
            let said = if self.is_own { super::own::server_message(said?, &class)? } else { said? };
            Some(Text::kept(said))
        });
        let message = if self.is_own { message } else { message.map(|message| self.raised(message)) };
        Outcome::Failed(Failure { class, code: self.error_code.take(), message })
    }

    /// Most dialects have the instructions of the responses API as the first message.
    fn instructions(&mut self) {
        let Request { instructions, messages, .. } = &mut self.request;
        let is_told = self.surface == Some(RESPONSES) && !self.has_instructions && instructions.is_none();
        let Some(Message { role: Role::System, parts, .. }) = messages.first().filter(|_| is_told) else { return };
        let text = match &parts[..] {
            [] => Text::default(),
            [Part::Text(text)] => text.clone(),
            _ => return,
        };
        *instructions = Some(text);
        messages.remove(0);
    }

    /// The server's words in those of an SDK's exception, which also says status and code.
    fn raised(&mut self, message: Text) -> Text {
        let Some(raised) = message.as_str().and_then(super::raised::raised) else { return message };
        self.response.status.get_or_insert(raised.status);
        self.error_code = self.error_code.take().or(raised.code);
        Text::kept(raised.message)
    }

    /// Answers of which only the finish reason is told, and finish reasons in the provider's own words.
    fn answers(&mut self) {
        let choices = &mut self.response.choices;
        if choices.is_empty() {
            let nothing = || Message { role: Role::Assistant, name: None, parts: Vec::new(), is_list: false };
            let choice = |index| Choice { index, message: nothing(), finish_reason: None };
            choices.extend((0..).map(choice).take(self.finish_reasons.len()));
        }
        if choices.len() == self.finish_reasons.len() {
            for (choice, told) in choices.iter_mut().zip(std::mem::take(&mut self.finish_reasons)) {
                choice.finish_reason = reason_unless_none(told);
            }
        }
    }
}

/// What the conventions want where an error has no class of its own.
const UNKNOWN_ERROR: &str = "_OTHER";

/// A finish reason; the word for none is none, and so is an empty one.
pub(in crate::dialect) fn reason_unless_none(reason: Box<str>) -> Option<Cow<'static, str>> {
    (!matches!(&*reason, super::super::shared::span::NO_REASON | "")).then(|| self::reason(reason))
}

fn reason(reason: Box<str>) -> Cow<'static, str> {
    match &*reason {
        // The AI SDK has words of its own, the conventions have the first without its `s`.
        "tool-calls" | "tool_call" => Cow::Borrowed("tool_calls"),
        "content-filter" => Cow::Borrowed("content_filter"),
        _ => Cow::Owned(reason.into_string()),
    }
}
