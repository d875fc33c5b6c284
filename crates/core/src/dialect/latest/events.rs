//! The log events of a call: what was said with all facts, and why it failed.

use super::super::shared::Words as _;
use super::super::shared::list::List;
use super::super::{LogEvent, Value, names};
use super::tree::Tree;
use super::{Latest, content};
use crate::event::{Call, Outcome};

/// The event that has what was said as structured values, beside the facts of the span. The peer's body is empty, too.
pub(super) fn details<'a>(call: &'a Call, facts: &List<'a>) -> Option<LogEvent<'a>> {
    let (first, others) = facts.0.split_first()?;
    let mut more = List(others.to_vec());
    content::add::<Tree<'_>>(&mut more, call);
    Some(LogEvent {
        name: names::GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
        is_warning: false,
        attribute: first.clone(),
        more: more.0,
        body: None,
    })
}

/// The event of a call that failed. Source: semantic-conventions v1.41.1, `event.gen_ai.client.operation.exception`: "SHOULD set
/// the severity to WARN". The server's words are content.
pub(super) fn exception(call: &Call) -> Option<LogEvent<'_>> {
    let Outcome::Failed(failure) = &call.outcome else { return None };
    let message = failure.message.as_ref().and_then(|message| message.as_str());
    Some(LogEvent {
        name: names::GEN_AI_CLIENT_OPERATION_EXCEPTION,
        is_warning: true,
        attribute: (names::EXCEPTION_TYPE, Latest::error(&failure.class)),
        more: message.map(|message| (names::EXCEPTION_MESSAGE, Value::Str(message))).into_iter().collect(),
        body: None,
    })
}
