//! Names of OpenTelemetry's conventions that are of more than GenAI: servers, errors, exceptions, HTTP, processes.

use super::super::Value;
use super::super::names::{self, posthog::POSTHOG_DISTINCT_ID};
use super::draft::{Draft, Taken, Why};
use super::own::status;
use super::record::Records;
use super::slots;
use crate::event::Text;

/// Takes the names that every dialect may have beside its own.
pub(super) fn read<'r>(_: &'r Records<'r>, draft: &mut Draft<'r>) {
    draft.attributes(attribute);
    draft.events(|_, event| event.name == names::EXCEPTION, exception);
}

/// Reads such an attribute.
pub(in crate::dialect) fn attribute(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    let Draft { address, port, response, resend_count, process, identity, .. } = draft;
    match name {
        names::SERVER_ADDRESS => slots::text(address, value),
        names::SERVER_PORT => slots::int(port, value),
        names::ERROR_TYPE => class(draft, value),
        names::HTTP_RESPONSE_STATUS_CODE => status(&mut response.status, value),
        names::HTTP_REQUEST_RESEND_COUNT => slots::int(resend_count, value),
        names::PROCESS_PID => {
            let mut pid = None;
            let taken = slots::int(&mut pid, value);
            process.pid = process.pid.or(pid.and_then(|pid| u32::try_from(pid).ok()));
            taken
        }
        names::PROCESS_EXECUTABLE_PATH => slots::text(&mut process.executable, value),
        // The last part of the path; where that isn't told, the best there is.
        names::PROCESS_EXECUTABLE_NAME => slots::text(&mut process.name, value),
        names::CONTAINER_ID => slots::text(&mut process.container, value),
        names::K8S_POD_UID => slots::text(&mut process.pod, value),
        // Beside each log event of ours.
        names::SIDETONE_APP_NAME => slots::text(&mut identity.app_name, value),
        "user.id" | POSTHOG_DISTINCT_ID => slots::text(&mut identity.user_id, value),
        "session.id" => slots::text(&mut identity.session_id, value),
        _ => Err(Why::Unknown),
    }
}

/// What an event tells of an exception.
pub(in crate::dialect) fn exception(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    match name {
        names::EXCEPTION_TYPE => class(draft, value),
        names::EXCEPTION_MESSAGE => {
            let said = value.as_str().ok_or(Why::WrongType)?;
            if draft.error_message.is_none() && !said.is_empty() {
                draft.error_message = Some(Text::kept(said));
            }
            Ok(())
        }
        _ => Err(Why::Unknown),
    }
}

fn class(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    let class = value.as_str().ok_or(Why::WrongType)?;
    draft.fail(class);
    Ok(())
}
