//! Steps around calls: tools, agents, workflows.

use super::super::Value;
use super::super::names::{self, traceloop as own};
use super::super::shared::list::List;
use crate::event::{Call, Operation, Text};

/// Source: opentelemetry-semantic-conventions-ai 0.5.1, `TraceloopSpanKindValues`.
fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::ExecuteTool => "tool",
        Operation::CreateAgent | Operation::InvokeAgent => "agent",
        Operation::InvokeWorkflow => "workflow",
        _ => "task",
    }
}

/// The name of a step's span, if the step has one.
pub(super) fn name(call: &Call) -> Option<String> {
    let name = call.step.as_deref()?.name.as_deref()?;
    Some([name, ".", kind(&call.operation)].concat())
}

/// What is known of a step.
pub(super) fn tell<'a>(list: &mut List<'a>, call: &'a Call) {
    let Some(step) = call.step.as_deref() else { return };
    list.0.push((own::TRACELOOP_SPAN_KIND, Value::Static(kind(&call.operation))));
    list.text(own::TRACELOOP_ENTITY_NAME, step.name.as_deref());
    list.text(own::TRACELOOP_ENTITY_INPUT, step.input.as_ref().and_then(Text::as_str));
    list.text(own::TRACELOOP_ENTITY_OUTPUT, step.output.as_ref().and_then(Text::as_str));
    let (id, description) = match call.operation {
        Operation::CreateAgent | Operation::InvokeAgent => (names::GEN_AI_AGENT_ID, names::GEN_AI_AGENT_DESCRIPTION),
        _ => (names::GEN_AI_TOOL_CALL_ID, names::GEN_AI_TOOL_DESCRIPTION),
    };
    // The agent on whose behalf it is has that name on every span.
    let is_told = id == names::GEN_AI_AGENT_ID && call.identity.agent_id.is_some();
    list.text(id, step.id.as_deref().filter(|_| !is_told));
    list.text(names::GEN_AI_TOOL_TYPE, step.kind.as_deref());
    list.text(description, step.description.as_ref().and_then(Text::as_str));
}
