//! What sidetone itself says beside each dialect: `sidetone.*`, and the processes and attempts that go with it.

use std::time::Duration;

use super::super::Value;
use super::super::names;
use super::draft::{Draft, Taken, Why};
use super::record::{EventRecord, LogRecord, Records};
use super::{gen_ai, slots};
use crate::event::{
    Attempt, Category, Cost, ErrorClass, Field, Finding, MoreFindings, Outcome, Place, PriceSource, Severity,
    TokenClass, Usd,
};
use crate::provider::SURFACES;

/// Takes the names that are ours.
pub(super) fn read<'r>(records: &'r Records<'r>, draft: &mut Draft<'r>) {
    if !records.has_attribute(|name| name.starts_with(PREFIX)) && !records.has_log(|name| name.starts_with(PREFIX)) {
        return;
    }
    draft.is_own = true;
    let mut seen = Seen::default();
    draft.attributes(|draft, name, value| attribute(draft, &mut seen, name, value));
    if let (Some(first), Some(mean), Some(chunks)) =
        (draft.timing.first_output, seen.per_chunk, draft.timing.output_chunks)
    {
        let gaps = u32::try_from(chunks.saturating_sub(1)).unwrap_or(u32::MAX);
        draft.timing.last_chunk = mean.checked_mul(gaps).and_then(|span| first.checked_add(span));
    }
    let mut attempts = Vec::new();
    let start = draft.timing.start;
    draft.events(
        |_, event| {
            let is_one = event.name == names::SIDETONE_ATTEMPT;
            attempts.extend(is_one.then(|| attempt(event, start)));
            is_one
        },
        |_, name, _| if ATTEMPT.contains(&name) { Ok(()) } else { Err(Why::Unknown) },
    );
    draft.attempts = attempts;
    let mut found = Vec::new();
    draft.logs(
        |_, log| {
            let is_one = log.name == names::SIDETONE_SECURITY_FINDING;
            if is_one {
                found.push(finding(log));
            }
            is_one
        },
        |draft, name, value| match name {
            names::SIDETONE_APP_NAME => slots::text(&mut draft.identity.app_name, value),
            names::GEN_AI_AGENT_ID => slots::text(&mut draft.identity.agent_id, value),
            name if name.starts_with(FINDING) => Ok(()),
            _ => Err(Why::Unknown),
        },
    );
    for found in found {
        match found {
            Some(Found::Listed(finding)) => draft.findings.listed.push(finding),
            Some(Found::More(more)) => draft.findings.more.push(more),
            None => draft.skip(names::SIDETONE_SECURITY_FINDING, Why::WrongType),
        }
    }
}

const PREFIX: &str = "sidetone.";
const FINDING: &str = "sidetone.finding.";

/// What is only known when all attributes are.
#[derive(Default)]
struct Seen {
    per_chunk: Option<Duration>,
}

fn attribute(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    if !name.starts_with(PREFIX) {
        return Err(Why::Unknown);
    }
    let Draft { response, usage, timing, identity, incomplete, .. } = draft;
    let mut count = None;
    match name {
        names::SIDETONE_OUTCOME => return outcome(&mut draft.outcome, value),
        names::SIDETONE_SURFACE => {
            let surface = value.as_str().and_then(|name| SURFACES.iter().find(|surface| surface.name() == name));
            return match surface {
                Some(surface) => {
                    draft.surface = Some(surface.name());
                    Ok(())
                }
                None if value.as_str() == Some("") => Ok(()),
                None => Err(Why::Unknown),
            };
        }
        names::SIDETONE_HTTP_STATUS_CODE => return status(&mut response.status, value),
        names::SIDETONE_REQUEST_ID => return slots::text(&mut response.request_id, value),
        names::SIDETONE_PROCESSING_MS => return slots::count(&mut response.processing_ms, value),
        names::SIDETONE_RATE_LIMIT_REMAINING_REQUESTS => {
            return slots::count(&mut response.rate_limit.remaining_requests, value);
        }
        names::SIDETONE_RATE_LIMIT_REMAINING_TOKENS => {
            return slots::count(&mut response.rate_limit.remaining_tokens, value);
        }
        names::SIDETONE_ERROR_CODE => return slots::text(&mut draft.error_code, value),
        names::SIDETONE_TIME_TO_FIRST_TOKEN => return slots::seconds(&mut timing.first_output, value),
        names::SIDETONE_TIME_PER_OUTPUT_CHUNK => return slots::seconds(&mut seen.per_chunk, value),
        names::SIDETONE_OUTPUT_CHUNKS => return slots::count(&mut timing.output_chunks, value),
        names::SIDETONE_TOTAL_TOKENS => return slots::count(&mut usage.total, value),
        names::SIDETONE_CACHE_WRITE_1H_TOKENS => return slots::count(&mut usage.cache_write_1h, value),
        names::SIDETONE_ACCEPTED_PREDICTION_TOKENS => return slots::count(&mut usage.accepted_prediction, value),
        names::SIDETONE_REJECTED_PREDICTION_TOKENS => return slots::count(&mut usage.rejected_prediction, value),
        names::SIDETONE_APP_NAME => return slots::text(&mut identity.app_name, value),
        names::SIDETONE_USER_ID => return slots::text(&mut identity.user_id, value),
        names::SIDETONE_SESSION_ID => return slots::text(&mut identity.session_id, value),
        names::SIDETONE_OPERATION => return gen_ai::operation(&mut draft.operation, value),
        names::SIDETONE_REQUEST_SERVICE_TIER => return slots::text(&mut draft.request.service_tier, value),
        names::SIDETONE_RESPONSE_MODEL => return slots::text(&mut response.model, value),
        names::SIDETONE_RESPONSE_STATUS => return slots::text(&mut response.state, value),
        names::SIDETONE_RESPONSE_SYSTEM_FINGERPRINT => return slots::text(&mut response.system_fingerprint, value),
        names::SIDETONE_RESPONSE_FINISH_REASONS => return slots::texts(&mut draft.finish_reasons, value),
        names::SIDETONE_EMBEDDINGS_DIMENSIONS => return slots::count(&mut response.embedding_dimensions, value),
        names::SIDETONE_TIME_TO_FIRST_CHUNK => {
            draft.is_stream = Some(true);
            return slots::seconds(&mut timing.first_chunk, value);
        }
        names::SIDETONE_AGENT_ID => return slots::text(&mut identity.agent_id, value),
        names::SIDETONE_STEP_KIND => return slots::text(&mut draft.step.kind, value),
        names::SIDETONE_STEP_NAME => return slots::text(&mut draft.step.name, value),
        names::SIDETONE_STEP_ID => return slots::text(&mut draft.step.id, value),
        names::SIDETONE_STEP_DESCRIPTION => return gen_ai::text(&mut draft.step.description, value),
        names::SIDETONE_STEP_INPUT => return gen_ai::text(&mut draft.step.input, value),
        names::SIDETONE_STEP_OUTPUT => return gen_ai::text(&mut draft.step.output, value),
        names::SIDETONE_COST_USD => return cost(&mut draft.cost, value),
        // The attempts and findings themselves are events.
        names::SIDETONE_ATTEMPTS | names::SIDETONE_FINDINGS | names::SIDETONE_FINDINGS_HIGH => {}
        names::SIDETONE_INCOMPLETE => {}
        names::SIDETONE_LOST_ITEMS => {
            let taken = slots::count(&mut count, value);
            incomplete.lost_items = count.unwrap_or(0);
            return taken;
        }
        names::SIDETONE_LOST_BYTES => {
            let taken = slots::count(&mut count, value);
            incomplete.lost_bytes = count.unwrap_or(0);
            return taken;
        }
        names::SIDETONE_OVER_LIMIT_BYTES => {
            let taken = slots::count(&mut count, value);
            incomplete.over_limit_bytes = count.unwrap_or(0);
            return taken;
        }
        _ => return Err(Why::Unknown),
    }
    Ok(())
}

fn outcome(slot: &mut Option<Outcome>, value: &Value<'_>) -> Taken {
    let failed = || Outcome::Failed(crate::event::Failure::of(ErrorClass::Other("".into())));
    *slot = Some(match value.as_str() {
        Some("completed") => Outcome::Completed,
        Some("failed") => failed(),
        Some("cancelled") => Outcome::Cancelled,
        Some("unobserved") => Outcome::Unobserved,
        Some("incomplete") => Outcome::Incomplete,
        Some(_) => return Err(Why::Unknown),
        None => return Err(Why::WrongType),
    });
    Ok(())
}

/// An HTTP status.
pub(in crate::dialect) fn status(slot: &mut Option<u16>, value: &Value<'_>) -> Taken {
    let mut number = None;
    let taken = slots::int(&mut number, value);
    let status = number.and_then(|number| u16::try_from(number).ok()).ok_or(Why::WrongType)?;
    slot.get_or_insert(status);
    taken
}

/// What it cost in all; what that is made of isn't told.
pub(in crate::dialect) fn cost(slot: &mut Option<Cost>, value: &Value<'_>) -> Taken {
    let total = slots::number(value).and_then(|amount| Usd::parse(&amount.to_string())).ok_or(Why::WrongType)?;
    slot.get_or_insert_with(|| Cost {
        total,
        parts: [Usd::ZERO; TokenClass::COUNT],
        source: PriceSource::default().into(),
    });
    Ok(())
}

/// The server's message in the description that we give a status: what stands behind class and HTTP status.
pub(super) fn server_message<'s>(said: &'s str, class: &ErrorClass) -> Option<&'s str> {
    let rest = said.strip_prefix(class.as_str())?.strip_prefix(": ")?;
    let Some(behind) = rest.strip_prefix("HTTP ") else { return Some(rest) };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    match behind.get(digits..) {
        Some("") => None,
        Some(behind) if digits == 3 => behind.strip_prefix(": ").or(Some(rest)),
        _ => Some(rest),
    }
}

const ATTEMPT: &[&str] = &[
    names::SIDETONE_ATTEMPT_NUMBER,
    names::ERROR_TYPE,
    names::HTTP_RESPONSE_STATUS_CODE,
    names::HTTP_RESPONSE_HEADER_RETRY_AFTER,
];

fn attempt(event: &EventRecord<'_>, start: std::time::SystemTime) -> Attempt {
    let (mut number, mut code, mut class, mut wait) = (None, None, None, Vec::new());
    for (name, value) in &event.attributes {
        match &**name {
            names::SIDETONE_ATTEMPT_NUMBER => drop(slots::int(&mut number, value)),
            names::ERROR_TYPE => drop(slots::text(&mut class, value)),
            names::HTTP_RESPONSE_STATUS_CODE => drop(status(&mut code, value)),
            names::HTTP_RESPONSE_HEADER_RETRY_AFTER => drop(slots::texts(&mut wait, value)),
            _ => {}
        }
    }
    Attempt {
        number: number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0),
        ended: event.time.and_then(|time| time.duration_since(start).ok()).unwrap_or_default(),
        status: code,
        retry_after: wait.into_iter().next(),
        error: ErrorClass::named(class.as_deref().unwrap_or_default()),
    }
}

enum Found {
    Listed(Finding),
    More(MoreFindings),
}

fn finding(log: &LogRecord<'_>) -> Option<Found> {
    let (mut rule, mut category, mut severity, mut place) = (None, None, None, None);
    let (mut start, mut end, mut excerpt, mut count) = (None, None, None, None);
    for (name, value) in &log.attributes {
        match &**name {
            names::SIDETONE_FINDING_RULE => drop(slots::text(&mut rule, value)),
            names::SIDETONE_FINDING_CATEGORY => drop(slots::text(&mut category, value)),
            names::SIDETONE_FINDING_SEVERITY => drop(slots::text(&mut severity, value)),
            names::SIDETONE_FINDING_PLACE => drop(slots::text(&mut place, value)),
            names::SIDETONE_FINDING_START => drop(slots::count(&mut start, value)),
            names::SIDETONE_FINDING_END => drop(slots::count(&mut end, value)),
            names::SIDETONE_FINDING_EXCERPT => drop(slots::text(&mut excerpt, value)),
            names::SIDETONE_FINDING_COUNT => drop(slots::count(&mut count, value)),
            _ => {}
        }
    }
    let rule = rule?;
    let category = Category::ALL.into_iter().find(|one| Some(one.as_str()) == category.as_deref())?;
    let levels = [Severity::Low, Severity::Medium, Severity::High];
    let severity = levels.into_iter().find(|one| Some(one.as_str()) == severity.as_deref())?;
    if let Some(count) = count {
        return Some(Found::More(MoreFindings { rule, category, severity, count }));
    }
    let at = |at: Option<u64>| usize::try_from(at?).ok();
    let place = Place { field: Field::parse(&place?)?, range: at(start)?..at(end)? };
    Some(Found::Listed(Finding { rule, category, severity, place, excerpt }))
}
