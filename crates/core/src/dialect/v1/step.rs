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
    // What the conventions have a name for is told already.
    if !matches!(call.operation, Operation::ExecuteTool | Operation::CreateAgent | Operation::InvokeAgent) {
        list.text(names::GEN_AI_TOOL_CALL_ID, step.id.as_deref());
        list.text(names::GEN_AI_TOOL_DESCRIPTION, step.description.as_ref().and_then(Text::as_str));
    }
}
